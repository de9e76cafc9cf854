/** What the kinds ask of proofs and evidence. Where nobody proves, as in `hoheit render`, there is `NO_PROOFS`. */
import type { Context } from "../../../runtime/kind.ts";
import { buildEvidence, type Circumstances } from "../../../sovereignty/evidence/evidence.ts";
import type { NamespaceProof } from "../../../sovereignty/prover/result.ts";
import { sovereigntyPolicy } from "../schema.ts";
import type { EvidenceStore, KeptEvidence } from "./evidence-store.ts";
import type { Answer, ProofKeeper, Proved } from "./keeper.ts";
import { stampOf } from "./stamp.ts";

type Lookup = Pick<Context, "cache">;

export interface Proofs {
  /** What is proved of the cluster, as far as the caches know it (keeper.ts); undefined where nobody proves, or there is no policy to prove. Rejects if the cluster cannot be read. */
  ask(lookup: Lookup): Promise<Answer | undefined>;
  /** Resolves when something has been proved, or cannot be: what depends on more than proofs must go on. */
  settled(lookup: Lookup): Promise<void>;
  /** What was last proved of a namespace; undefined if nothing was, or it was not there. */
  namespace(name: string): NamespaceProof | undefined;
  /**
   * Evidence of a proof, kept unless the newest that is kept says the same; then all but the newest `most` go.
   * @throws EvidenceTooLargeError
   */
  keep(proved: Proved, circumstances: Pick<Circumstances, "guard" | "probes">, most: number): Promise<KeptEvidence>;
}

const NOBODY = "nobody proves anything here";

export const NO_PROOFS: Proofs = {
  ask: () => Promise.resolve(undefined),
  settled: () => Promise.resolve(),
  namespace: () => undefined,
  keep: () => Promise.reject(new Error(NOBODY)),
};

export function proofsOf(keeper: ProofKeeper, store: EvidenceStore): Proofs {
  const ask: Proofs["ask"] = async (lookup) => (lookup.cache(sovereigntyPolicy.resource).list().length === 0 ? undefined : keeper.ask(stampOf(lookup)));
  let kept: { readonly of: Proved; readonly evidence: Promise<KeptEvidence> } | undefined;
  return {
    ask,
    // Why it cannot be proved is said where proofs are asked for: on the SovereigntyPolicy.
    settled: async (lookup) => (keeper.last === undefined ? ask(lookup).then(() => undefined, () => undefined) : undefined),
    namespace: (name) => keeper.last?.proof.namespaces.find(({ namespace }) => namespace === name),
    // Several policies ask for the same; what failed is tried again by the next.
    keep(proved, circumstances, most) {
      if (kept?.of !== proved) {
        const evidence = keepAnew(store, proved, { circumstances, most });
        kept = { of: proved, evidence };
        evidence.catch(() => (kept = undefined));
      }
      return kept.evidence;
    },
  };
}

async function keepAnew(store: EvidenceStore, { snapshot, proof, at }: Proved, { circumstances, most }: { circumstances: Pick<Circumstances, "guard" | "probes">; most: number }): Promise<KeptEvidence> {
  const previous = (await store.last())?.root;
  const asOf = new Date(at).toISOString();
  return store.keep(buildEvidence(snapshot, proof, { ...circumstances, asOf, ...(previous !== undefined && { previous }) }), most);
}
