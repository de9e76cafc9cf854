/** What all subjects of a proof have in common: namespaces and their labels, the cluster's addresses and policies, what is missing. */
import { ALL_ADDRESSES, parseAddress, parseCidr } from "../addresses/cidr.ts";
import { CLASSES } from "../addresses/classes.ts";
import { difference, intersection, setOf, union, type Interval, type IntervalSet } from "../addresses/intervals.ts";
import { NAMESPACE_NAME } from "../../lib/labels.ts";
import { byKey } from "../../lib/order.ts";
import type { Snapshot } from "../snapshot.ts";
import type { ByNamespace } from "./by-namespace.ts";
import { compileClusterNetworkPolicy } from "./cluster-network-policy.ts";
import { ANYTHING } from "./domain.ts";
import { DNS_PORT, KUBE_SYSTEM, permitter } from "./permitted.ts";
import { remembering } from "./remembering.ts";
import type { Missing } from "./result.ts";
import type { ClusterPolicy } from "./rule.ts";
import { exactlyWith, match, textOfSelector, type Labelled, type Selector } from "./selector.ts";

/** Every cluster has them, whether a folder of manifests says so or not. */
const ALWAYS_THERE = ["default", "kube-node-lease", "kube-public", KUBE_SYSTEM];

export interface World {
  readonly snapshot: Snapshot;
  /** Every namespace that is there, by name, sorted. */
  readonly namespaces: ReadonlyMap<string, Labelled>;
  /** Names of the namespaces that the selector takes, or may take; one that it names is among them even if it is not there. Sorted. */
  namesOf(selector: Selector): readonly string[];
  labelsOf(namespace: string): Labelled;
  /** Addresses that may be any pod, Service or node. */
  readonly clusterAddresses: IntervalSet;
  /** Those of pods and nodes alone. */
  readonly podAddresses: IntervalSet;
  /** All others, but those of loopback, which never leave the pod. */
  readonly outside: IntervalSet;
  /** Where pods may ask for names. */
  readonly nameServers: IntervalSet;
  readonly permitted: ReturnType<typeof permitter>;
  readonly admin: readonly ClusterPolicy[];
  readonly baseline: readonly ClusterPolicy[];
  /** What could not be read or understood and matters everywhere, or in this namespace. */
  missingIn(namespace: string): readonly Missing[];
}

export function buildWorld(snapshot: Snapshot, objects: ByNamespace): World {
  const namespaces = namespacesOf(snapshot, objects);
  const { addresses, missing } = clusterRanges(snapshot);
  const policies = snapshot.clusterNetworkPolicies.map((raw) => compileClusterNetworkPolicy(raw, addresses.nodes)).toSorted(byKey(({ at }) => at.object));
  const clusterAddresses = union(addresses.pods, addresses.services, addresses.nodes);
  const nameServers = nameServersOf(snapshot, clusterAddresses);
  return {
    snapshot,
    namespaces,
    namesOf: remembering((selector) => namesTaken(selector, namespaces), textOfSelector),
    labelsOf: (namespace) => namespaces.get(namespace) ?? unlisted(namespace),
    clusterAddresses,
    podAddresses: union(addresses.pods, addresses.nodes),
    outside: difference(ALL_ADDRESSES, union(clusterAddresses, CLASSES.get("Loopback") ?? [])),
    nameServers,
    permitted: permitter({ nameServers, operatorNamespace: snapshot.operatorNamespace }),
    admin: policies.filter(({ tier }) => tier !== "Baseline"),
    baseline: policies.filter(({ tier }) => tier === "Baseline"),
    missingIn: missingBy(snapshot, missing),
  };
}

function namespacesOf({ namespaces, governed }: Snapshot, { workloads, networkPolicies }: ByNamespace): ReadonlyMap<string, Labelled> {
  const all = new Map(namespaces.map(({ metadata }) => [metadata.name, listedAs(metadata.name, metadata.labels)]));
  const add = (name: string, labelled: (name: string) => Labelled): unknown => all.has(name) || all.set(name, labelled(name));
  for (const name of ALWAYS_THERE) add(name, listedAs);
  for (const named of [governed, workloads, networkPolicies]) for (const name of named.keys()) add(name, unlisted);
  return new Map([...all.keys()].toSorted().map((name) => [name, all.get(name) ?? unlisted(name)]));
}

/** The API server gives each namespace a label with its name, whatever its manifest says. */
const listedAs = (name: string, labels: Readonly<Record<string, string>> = {}): Labelled =>
  exactlyWith(labels[NAMESPACE_NAME] === name ? labels : { ...labels, [NAMESPACE_NAME]: name });

const unlisted = (name: string): Labelled => ({ labels: { [NAMESPACE_NAME]: name }, other: () => ANYTHING });

function namesTaken(selector: Selector, namespaces: ReadonlyMap<string, Labelled>): readonly string[] {
  const byName = selector.get(NAMESPACE_NAME) ?? ANYTHING;
  const mayTake = (name: string): boolean => match(selector, namespaces.get(name) ?? unlisted(name)) !== "No";
  return byName.except ? [...namespaces.keys()].filter(mayTake) : byName.values.filter((name) => !namespaces.has(name) || mayTake(name));
}

type ClusterAddresses = Readonly<Record<keyof Snapshot["cluster"], IntervalSet>>;

function clusterRanges({ cluster }: Snapshot): { addresses: ClusterAddresses; missing: Missing[] } {
  const missing: Missing[] = [];
  const rangesOf = (kind: keyof Snapshot["cluster"]): IntervalSet => setOf(cluster[kind].flatMap((cidr): Interval[] => {
    const parsed = parseCidr(cidr);
    if (parsed.kind === "Exact") return [parsed.range];
    missing.push({ kind: "Unreadable", message: `The addresses of the cluster's ${kind} are not known: ${JSON.stringify(cidr)} ${parsed.why}.` });
    return [];
  }));
  return { addresses: { pods: rangesOf("pods"), services: rangesOf("services"), nodes: rangesOf("nodes") }, missing };
}

/** Addresses of Services of kube-system with port 53, and those that pods are told, if they are in the cluster or on the node itself. */
function nameServersOf({ services, nameServers = [] }: Snapshot, clusterAddresses: IntervalSet): IntervalSet {
  const ofServices = services.filter(({ metadata }) => metadata.namespace === KUBE_SYSTEM).flatMap((service) => addressesOfService(service["spec"]));
  const near = union(clusterAddresses, CLASSES.get("LinkLocal") ?? []);
  return union(setOf(ofServices.flatMap(pointOf)), intersection(setOf(nameServers.flatMap(pointOf)), near));
}

function addressesOfService(spec: unknown): unknown[] {
  const { ports, clusterIP, clusterIPs } = (typeof spec === "object" && spec !== null ? spec : {}) as Readonly<Record<string, unknown>>;
  const answers = Array.isArray(ports) && ports.some((one: { readonly port?: unknown } | null) => one?.port === DNS_PORT);
  return answers ? [clusterIP, ...(Array.isArray(clusterIPs) ? (clusterIPs as unknown[]) : [])] : [];
}

function pointOf(address: unknown): Interval[] {
  const parsed = typeof address === "string" ? parseAddress(address) : undefined;
  return parsed?.kind === "Exact" ? [{ first: parsed.address, last: parsed.address }] : [];
}

function missingBy({ unreadable, unknownPolicyKinds }: Snapshot, ranges: readonly Missing[]): World["missingIn"] {
  const unread = unreadable.toSorted().map((what) => ({ namespace: / in namespace ([^\s:]+)/.exec(what)?.[1], missing: { kind: "Unreadable", message: `${what}: it may let through, or be let through, what nobody sees here.` } as const }));
  const unknown = unknownPolicyKinds.toSorted().map((kind) => ({ kind: "UnknownKind", message: `There are objects of kind ${kind}, which this version of Hoheit does not understand: they may let through what it does not see.` }) as const);
  const everywhere = [...ranges, ...unknown, ...unread.filter(({ namespace }) => namespace === undefined).map(({ missing }) => missing)];
  return remembering((name) => [...everywhere, ...unread.filter(({ namespace }) => namespace === name).map(({ missing }) => missing)]);
}
