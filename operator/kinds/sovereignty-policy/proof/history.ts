/** What changed from one evidence to the next, from those that are kept: a restart forgets nothing. */
import type { KubeApi } from "../../../kube/api.ts";
import { CONFIG_MAPS } from "../../../kube/resources.ts";
import { EVIDENCE } from "../../../lib/labels.ts";
import type { Bundle, RootList } from "../../../sovereignty/evidence/evidence.ts";
import type { Flip } from "../../../sovereignty/verdict.ts";
import { oldestFirst, rootIn, valueIn } from "./evidence-data.ts";
import { flipsBetween, verdictsOf, type State, type Verdicts } from "./flips.ts";

export interface History {
  /** Of the oldest evidence that is kept. */
  readonly since: string;
  /** The newest first. */
  readonly flips: readonly Flip[];
  /** The newest evidence. */
  readonly root: string;
  readonly previousRoot?: string;
}

/** Undefined while no evidence is kept. */
export async function readHistory(api: Pick<KubeApi, "list">, namespace: string): Promise<History | undefined> {
  const of = async (part: "Root" | "Bundle") => (await api.list(CONFIG_MAPS, { namespace, labelSelector: `${EVIDENCE}=${part}` })).items;
  const bundles = new Map((await of("Bundle")).flatMap((live) => verdictsIn(valueIn(live))));
  const roots = oldestFirst((await of("Root")).flatMap((live) => rootIn(live) ?? []));
  const [oldest, newest] = [roots[0], roots.at(-1)];
  if (oldest === undefined || newest === undefined) return undefined;
  const states = roots.map((root) => stateOf(root, bundles));
  const flips = states.flatMap((state, at) => flipsBetween(states[at - 1], state));
  const { previous } = newest.facts;
  return { since: oldest.facts.asOf, flips: flips.toReversed(), root: newest.root, ...(previous !== undefined && { previousRoot: previous }) };
}

/** By the hash of the bundle; what is none says nothing. */
function verdictsIn(value: unknown): [string, Verdicts][] {
  const { sha256, proof } = (value ?? {}) as Partial<Bundle>;
  return sha256 === undefined || proof === undefined ? [] : [[sha256, verdictsOf(proof)]];
}

/** A bundle that is gone says nothing of its namespace. */
function stateOf({ facts, bundles }: RootList, verdicts: ReadonlyMap<string, Verdicts>): State {
  const known = bundles.flatMap(({ namespace, sha256 }) => {
    const found = verdicts.get(sha256);
    return found === undefined ? [] : [[namespace, found] as const];
  });
  return { time: facts.asOf, verdicts: new Map(known) };
}
