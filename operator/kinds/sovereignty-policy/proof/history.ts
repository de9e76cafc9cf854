/** What changed from one evidence to the next, from those that are kept: a restart forgets nothing. */
import type { KubeClient } from "../../../kube/client.ts";
import { CONFIG_MAPS } from "../../../kube/resources.ts";
import type { ConfigMap } from "../../../lib/k8s-types.ts";
import { EVIDENCE } from "../../../lib/labels.ts";
import type { Bundle, RootList } from "../../../sovereignty/evidence/evidence.ts";
import type { PlaceOf } from "../../../sovereignty/datasets/places.ts";
import type { Flip } from "../../../sovereignty/verdict.ts";
import { oldestFirst, rootIn, valueIn } from "./evidence-data.ts";
import { AT_ONCE } from "./evidence-store.ts";
import { flipsBetween, verdictsOf, type State, type Verdicts } from "./flips.ts";

export interface History {
  /** Of the oldest evidence that is kept. */
  readonly since: string;
  /** The newest first. */
  readonly flips: readonly Flip[];
  /** The newest evidence. */
  readonly root: string;
  /** In it, by namespace: where data sets say that declared destinations are. Nothing where there are none. */
  readonly places: ReadonlyMap<string, readonly PlaceOf[]>;
  readonly previousRoot?: string;
}

/** Undefined while no evidence is kept. */
export async function readHistory(api: Pick<KubeClient, "scan">, namespace: string): Promise<History | undefined> {
  // Of all that is kept only what is told again stays in memory.
  const of = async <T>(part: "Root" | "Bundle", said: (live: ConfigMap) => readonly T[]): Promise<T[]> => {
    const all: T[] = [];
    await api.scan(CONFIG_MAPS, { namespace, labelSelector: `${EVIDENCE}=${part}`, limit: AT_ONCE }, (live) => all.push(...said(live)));
    return all;
  };
  const bundles = new Map(await of("Bundle", (live) => saidIn(valueIn(live))));
  const roots = oldestFirst(await of("Root", (live) => [rootIn(live)].filter((root) => root !== undefined)));
  const [oldest, newest] = [roots[0], roots.at(-1)];
  if (oldest === undefined || newest === undefined) return undefined;
  const states = roots.map((root) => stateOf(root, bundles));
  const flips = states.flatMap((state, at) => flipsBetween(states[at - 1], state));
  const { previous } = newest.facts;
  return { since: oldest.facts.asOf, flips: flips.toReversed(), root: newest.root, places: placesIn(newest, bundles), ...(previous !== undefined && { previousRoot: previous }) };
}

/** What a bundle says that is told again. */
interface Said extends Pick<Bundle, "places"> {
  readonly verdicts: Verdicts;
}

/** By the hash of the bundle; what is none says nothing. */
function saidIn(value: unknown): [string, Said][] {
  const { sha256, proof, places } = (value ?? {}) as Partial<Bundle>;
  return sha256 === undefined || proof === undefined ? [] : [[sha256, { verdicts: verdictsOf(proof), ...(places !== undefined && { places }) }]];
}

function placesIn({ bundles }: RootList, said: ReadonlyMap<string, Said>): History["places"] {
  return new Map(bundles.flatMap(({ namespace, sha256 }) => {
    const places = said.get(sha256)?.places;
    return places === undefined ? [] : [[namespace, places] as const];
  }));
}

/** A bundle that is gone says nothing of its namespace. */
function stateOf({ facts, bundles }: RootList, said: ReadonlyMap<string, Said>): State {
  const known = bundles.flatMap(({ namespace, sha256 }) => {
    const found = said.get(sha256);
    return found === undefined ? [] : [[namespace, found.verdicts] as const];
  });
  return { time: facts.asOf, verdicts: new Map(known) };
}
