/** What changed from one evidence to the next, from those that are kept: a restart forgets nothing. */
import type { KubeApi } from "../../../kube/api.ts";
import { CONFIG_MAPS } from "../../../kube/resources.ts";
import { EVIDENCE } from "../../../lib/labels.ts";
import type { Bundle } from "../../../sovereignty/evidence/evidence.ts";
import type { Flip, Verdict } from "../../../sovereignty/verdict.ts";
import { rootIn, valueIn, type RootList } from "./evidence-data.ts";

export interface History {
  /** Of the oldest evidence that is kept. */
  readonly since: string;
  /** The newest first. */
  readonly flips: readonly Flip[];
  /** The newest evidence. */
  readonly root: string;
  readonly previousRoot?: string;
}

/** Verdicts of a namespace: under "" its own, under their ids those of its workloads. */
type Verdicts = ReadonlyMap<string, Verdict>;

const NONE: Verdicts = new Map();

/** Undefined while no evidence is kept. */
export async function readHistory(api: Pick<KubeApi, "list">, namespace: string): Promise<History | undefined> {
  const of = async (part: "Root" | "Bundle") => (await api.list(CONFIG_MAPS, { namespace, labelSelector: `${EVIDENCE}=${part}` })).items;
  const bundles = new Map((await of("Bundle")).flatMap((live) => verdictsIn(valueIn(live))));
  const roots = (await of("Root")).flatMap((live) => rootIn(live) ?? []).toSorted((a, b) => Date.parse(a.facts.asOf) - Date.parse(b.facts.asOf));
  const [oldest, newest] = [roots[0], roots.at(-1)];
  if (oldest === undefined || newest === undefined) return undefined;
  const states = roots.map((root) => ({ time: root.facts.asOf, verdicts: verdictsOf(root, bundles) }));
  const flips = states.flatMap((state, at) => flipsBetween(states[at - 1]?.verdicts, state));
  const { previous } = newest.facts;
  return { since: oldest.facts.asOf, flips: flips.toReversed(), root: newest.root, ...(previous !== undefined && { previousRoot: previous }) };
}

/** By the hash of the bundle; what is none says nothing. */
function verdictsIn(value: unknown): [string, Verdicts][] {
  const { sha256, proof } = (value ?? {}) as Partial<Bundle>;
  if (sha256 === undefined || proof === undefined) return [];
  return [[sha256, new Map([["", proof.verdict], ...proof.workloads.map(({ id, verdict }) => [id, verdict] as const)])]];
}

const verdictsOf = (root: RootList, bundles: ReadonlyMap<string, Verdicts>): ReadonlyMap<string, Verdicts> =>
  new Map(root.bundles.map(({ namespace, sha256 }) => [namespace, bundles.get(sha256) ?? NONE]));

/** The first evidence is where history begins: there nothing flipped. */
function flipsBetween(before: ReadonlyMap<string, Verdicts> | undefined, { time, verdicts }: { time: string; verdicts: ReadonlyMap<string, Verdicts> }): Flip[] {
  if (before === undefined) return [];
  const namespaces = [...new Set([...before.keys(), ...verdicts.keys()])].toSorted();
  return namespaces.flatMap((namespace) => {
    const [was, is] = [before.get(namespace) ?? NONE, verdicts.get(namespace) ?? NONE];
    const names = was === is ? [] : [...new Set([...was.keys(), ...is.keys()])].toSorted();
    return names.filter((name) => was.get(name) !== is.get(name)).map((name) => flipOf({ time, namespace, name }, was.get(name), is.get(name)));
  });
}

const flipOf = ({ time, namespace, name }: { time: string; namespace: string; name: string }, from: Verdict | undefined, to: Verdict | undefined): Flip =>
  ({ time, namespace, ...(name !== "" && { workload: name }), ...(from !== undefined && { from }), ...(to !== undefined && { to }) });
