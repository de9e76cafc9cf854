/** What the kinds ask of proofs and evidence. Where nobody proves, as in `hoheit render`, there is `NO_PROOFS`. */
import { NAMESPACES } from "../../../kube/resources.ts";
import type { Live } from "../../../lib/k8s-types.ts";
import type { Context } from "../../../runtime/kind.ts";
import { buildEvidenceStepByStep, type Circumstances } from "../../../sovereignty/evidence/evidence.ts";
import type { DataSet } from "../../../sovereignty/datasets/data-set.ts";
import { placesIn } from "../../../sovereignty/datasets/places.ts";
import type { NamespaceProof } from "../../../sovereignty/prover/result.ts";
import type { Flip } from "../../../sovereignty/verdict.ts";
import { takes } from "../../governed-namespace/governance.ts";
import { sovereigntyPolicy } from "../schema.ts";
import { contentStepByStep } from "./evidence-data.ts";
import type { EvidenceStore, KeptEvidence } from "./evidence-store.ts";
import { flipsBetween, verdictsOf, type State } from "./flips.ts";
import { inTurns } from "./in-turns.ts";
import { LONGEST_AGE_MS, type Answer, type ProofKeeper, type Proved } from "./keeper.ts";
import { isAbout, stampOf } from "./stamp.ts";

type Lookup = Pick<Context, "cache">;

export interface Proofs {
  /** What is proved of the cluster, as far as the caches know it (keeper.ts); undefined where nobody proves, or there is no policy to prove. Rejects if the cluster cannot be read. */
  ask(lookup: Lookup): Promise<Answer | undefined>;
  /** Resolves when something has been proved of the policies that there are, or cannot be: what depends on more than proofs must go on. */
  settled(lookup: Lookup): Promise<void>;
  /** What was last proved of the cluster, and how long that took, in milliseconds. */
  last(): ProofKeeper["last"];
  /** What was last proved of a namespace; undefined if nothing was of the policies that govern it now, or if that is long ago. */
  namespace(name: string, lookup: Lookup): NamespaceProof | undefined;
  /**
   * Evidence of a proof, kept unless the newest that is kept says the same; then all but the newest `most` go.
   * @throws EvidenceTooLargeError
   */
  keep(proved: Proved, given: Given, most: number): Promise<Kept>;
}

/** What evidence says beside what was proved. */
export interface Given extends Pick<Circumstances, "guard" | "probes"> {
  readonly dataSets: readonly DataSet[];
  /** YYYY-MM-DD, UTC: adequacy decisions begin and end. */
  readonly today: string;
}

export interface Kept {
  readonly evidence: KeptEvidence;
  /** What this process saw flip between the proof before and this one. */
  readonly flips: readonly Flip[];
}

const NOBODY = "nobody proves anything here";

export const NO_PROOFS: Proofs = {
  ask: () => Promise.resolve(undefined),
  settled: () => Promise.resolve(),
  last: () => undefined,
  namespace: () => undefined,
  keep: () => Promise.reject(new Error(NOBODY)),
};

/** A proof is made again after LONGEST_AGE_MS at the latest. One that is so much older, those who should ask have not got to. */
const FORGOTTEN_MS = 3 * LONGEST_AGE_MS;

interface Parts {
  readonly keeper: ProofKeeper;
  readonly store: EvidenceStore;
  /** Milliseconds of a clock that never goes back. */
  readonly monotonic: () => number;
  /** Told once of what flipped from one proof to the next. */
  readonly onFlips: (flips: readonly Flip[]) => void;
}

interface Keeping {
  readonly of: Proved;
  /** Hashes of those that were known. */
  readonly dataSets: string;
  readonly kept: Promise<Kept>;
}

export function proofsOf({ keeper, onFlips, ...writing }: Parts): Proofs {
  const ask: Proofs["ask"] = async (lookup) => (lookup.cache(sovereigntyPolicy.resource).list().length === 0 ? undefined : keeper.ask(stampOf(lookup)));
  const lastAbout = (policies: readonly Live[]): Proved | undefined => {
    const { last } = keeper;
    return last !== undefined && writing.monotonic() - last.end < FORGOTTEN_MS && isAbout(last.stamp, policies) ? last : undefined;
  };
  let before: State | undefined;
  let last: Keeping | undefined;
  const keepAnew = async (proved: Proved, given: Given, most: number): Promise<Kept> => {
    const evidence = await keepEvidence(writing, proved, { given, most });
    const now: State = { time: new Date(proved.at).toISOString(), verdicts: new Map(proved.proof.namespaces.map((proof) => [proof.namespace, verdictsOf(proof)])) };
    const flips = flipsBetween(before, now);
    before = now;
    onFlips(flips);
    return { evidence, flips };
  };
  return {
    ask,
    // Why it cannot be proved is said where proofs are asked for: on the SovereigntyPolicy.
    settled: async (lookup) => (lastAbout(lookup.cache(sovereigntyPolicy.resource).list()) === undefined ? ask(lookup).then(() => undefined, () => undefined) : undefined),
    last: () => keeper.last,
    namespace(name, { cache }) {
      const live = cache(NAMESPACES).get(name);
      const governing = live === undefined ? [] : cache(sovereigntyPolicy.resource).list().filter((policy) => takes(policy, live));
      return governing.length === 0 ? undefined : lastAbout(governing)?.proof.namespaces.find(({ namespace }) => namespace === name);
    },
    // Several policies ask for the same, or late for less; what failed is tried again by the next.
    keep(proved, given, most) {
      const dataSets = given.dataSets.map(({ sha256 }) => sha256).join();
      if (last !== undefined && (last.of.number > proved.number || (last.of === proved && last.dataSets === dataSets))) return last.kept;
      // Each names the one before, and the store knows what is there: one at a time.
      const kept = Promise.resolve(last?.kept).catch(() => undefined).then(() => keepAnew(proved, given, most));
      const keeping = { of: proved, dataSets, kept };
      last = keeping;
      kept.catch(() => (last = last === keeping ? undefined : last));
      return kept;
    },
  };
}

async function keepEvidence({ store, monotonic }: Pick<Parts, "store" | "monotonic">, { snapshot, proof, at }: Proved, { given: { today, ...given }, most }: { given: Given; most: number }): Promise<KeptEvidence> {
  const previous = (await store.last())?.root;
  const circumstances: Circumstances = { ...given, asOf: new Date(at).toISOString(), ...(previous !== undefined && { previous }), places: placesIn(snapshot.governed, given.dataSets, today) };
  const evidence = await inTurns(buildEvidenceStepByStep(snapshot, proof, circumstances), monotonic);
  return store.keep(evidence, await inTurns(contentStepByStep(evidence), monotonic), most);
}
