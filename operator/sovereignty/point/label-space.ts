/**
 * Pods with any labels: what may a pod do that does not exist yet? Selectors tell pods apart only by the keys that they
 * name and, for each, the values that they name, any other value, and none: a finite space, which is walked.
 */
import { ROLE } from "../../lib/labels.ts";
import { ROLES, type Role } from "../policy.ts";
import type { Raw, Snapshot, Workload } from "../snapshot.ts";
import { isClusterSubjectOf } from "./cluster-network-policy.ts";
import { isSubjectOf } from "./network-policy.ts";
import { podEnd } from "./party.ts";
import type { Members } from "./shape.ts";

/** Beyond these many kinds of pods the space is not walked. */
export const MOST_KINDS = 4096;

/** No label has this value: it is longer than the API allows. */
const OTHER = "x".repeat(64);

export interface Space {
  readonly namespace: string;
  /** Pods of this role alone. */
  readonly role?: Role | undefined;
  /** Namespace of the receiver, whose rules may tell senders apart, too; none for a packet to an address. */
  readonly receiver?: string | undefined;
}

/** One pod of each kind that policies may tell apart, as a workload `namespace/*`; undefined if there are too many. */
export function podsOf(snapshot: Snapshot, space: Space): Workload[] | undefined {
  const { namespace, role } = space;
  const values = valuesByKey(partsAbout(snapshot, space));
  if (role === "Application") values.set(ROLE, new Set([...(values.get(ROLE) ?? [])].filter((value) => !ROLES.includes(value as Role))));
  else if (role !== undefined) values.delete(ROLE);
  const fixed: Record<string, string> = role === undefined || role === "Application" ? {} : { [ROLE]: role };
  const kinds: Workload[] = [];
  for (const labels of labelSets([...values])) {
    if (kinds.length === MOST_KINDS) return undefined;
    kinds.push({ id: `${namespace}/*`, namespace, labels: { ...labels, ...fixed }, podSpec: {} });
  }
  return kinds;
}

/** The same without those that the same policies select: to whoever goes to an address they are one. */
export function distinct(snapshot: Snapshot, pods: readonly Workload[]): Workload[] {
  const kinds = new Map<string, Workload>();
  for (const workload of pods) {
    const pod = podEnd(snapshot, workload, "IPv4");
    const selectedBy = [...snapshot.networkPolicies.map((policy) => isSubjectOf(policy, pod)), ...snapshot.clusterNetworkPolicies.map((policy) => isClusterSubjectOf(policy, pod))];
    const key = JSON.stringify(selectedBy);
    if (!kinds.has(key)) kinds.set(key, workload);
  }
  return [...kinds.values()];
}

/** The parts of policies that may tell senders of this namespace apart. */
function partsAbout({ networkPolicies, clusterNetworkPolicies }: Snapshot, { namespace, receiver }: Space): unknown[] {
  const specs = (policies: readonly Raw[]): Members[] => policies.map((policy) => policy["spec"] as Members | null | undefined).filter((spec) => typeof spec === "object" && spec !== null);
  const of = (name: string | undefined): Members[] => specs(networkPolicies.filter(({ metadata }) => metadata.namespace === name));
  return [
    ...of(namespace).map(({ podSelector }) => ({ podSelector })), ...of(receiver).map(({ ingress }) => ingress),
    ...specs(clusterNetworkPolicies).flatMap(({ subject, ingress }) => [subject, receiver === undefined ? undefined : ingress]),
  ];
}

/** Keys and values of every pod selector in these. */
function valuesByKey(parts: readonly unknown[]): Map<string, Set<string>> {
  const found = new Map<string, Set<string>>();
  for (const [key, value] of parts.flatMap((part) => [...pairsIn(part, false)])) {
    const known = found.get(key) ?? new Set<string>();
    found.set(key, typeof value === "string" ? known.add(value) : known);
  }
  return found;
}

/** Keys and values that the selectors within a value name; a key without a value is one that may be there or not. */
function* pairsIn(value: unknown, isSelector: boolean): Generator<readonly [key: string, value?: unknown]> {
  if (typeof value !== "object" || value === null) return;
  if (isSelector) yield* pairsOf(value as Members);
  for (const [name, member] of Object.entries(value)) yield* pairsIn(member, isSelector || name === "podSelector");
}

/** `matchLabels`, and `key` and `values` of an expression. */
function* pairsOf({ key, values, matchLabels }: Members): Generator<readonly [key: string, value?: unknown]> {
  if (typeof matchLabels === "object" && matchLabels !== null) yield* Object.entries(matchLabels);
  if (typeof key !== "string") return;
  yield [key];
  if (Array.isArray(values)) yield* values.map((value) => [key, value] as const);
}

/** Every way to give each key one of its values, another one, or none. */
function* labelSets(keys: readonly (readonly [string, ReadonlySet<string>])[]): Generator<Record<string, string>> {
  const [first, ...rest] = keys;
  if (first === undefined) return yield {};
  const [key, values] = first;
  for (const labels of labelSets(rest)) {
    yield labels;
    for (const value of [...values, OTHER]) yield { ...labels, [key]: value };
  }
}
