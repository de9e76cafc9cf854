/** What a pass over a SovereigntyPolicy learns of proofs: what is proved of its namespaces, and the evidence that is kept of it. */
import type { Context } from "../../../runtime/kind.ts";
import type { NamespaceProof } from "../../../sovereignty/prover/result.ts";
import type { Flip } from "../../../sovereignty/verdict.ts";
import type { LanguageModelDeployment } from "../../language-model-deployment/schema.ts";
import { GUARDED } from "../conditions.ts";
import type { Observed } from "../observe.ts";
import type { SovereigntyPolicy } from "../schema.ts";
import type { KeptEvidence } from "./evidence-store.ts";
import type { Proofs } from "./proofs.ts";

export interface Learned {
  /** Namespaces that the policy governs. */
  readonly governed: readonly string[];
  /** What is proved of them; undefined while nothing is. */
  readonly proofs: readonly NamespaceProof[] | undefined;
  readonly evidence: KeptEvidence | undefined;
  /** Verdicts in these namespaces that this evidence is the first to tell of. */
  readonly flips: readonly Flip[];
  /** Why there is no proof, or no evidence of it: a sentence. */
  readonly failure: string | undefined;
  /** When asking again may bring something newer, in milliseconds from now. */
  readonly askAgainMs: number;
}

/** What failed is tried again after so long. */
const RETRY_MS = 10_000;

/** Never rejects: whatever else a pass found is reported, too. */
export async function learn({ policy, policies, states, allDeployments }: Observed, context: Pick<Context, "cache">, proofs: Proofs): Promise<Learned> {
  const governed = states.filter(({ reason }) => reason !== "Exempt").map(({ namespace }) => namespace);
  const nothing: Learned = { governed, proofs: undefined, evidence: undefined, flips: [], failure: undefined, askAgainMs: Infinity };
  const answer = await proofs.ask(context).catch(messageOf);
  if (typeof answer === "string") return { ...nothing, failure: `The cluster cannot be read: ${answer}.`, askAgainMs: RETRY_MS };
  if (answer === undefined) return nothing;
  const { proved, askAgainMs } = answer;
  const found = proved.proof.namespaces.filter(({ namespace }) => governed.includes(namespace));
  const most = Math.max(...policies.map(({ spec }) => spec.evidence.keep));
  const kept = await proofs.keep(proved, circumstancesOf(policies, allDeployments), most).catch(messageOf);
  if (typeof kept === "string") return { ...nothing, proofs: found, failure: `Evidence of it cannot be kept: ${kept}.`, askAgainMs: Math.min(RETRY_MS, askAgainMs) };
  const isNews = policy.status?.evidence?.root !== kept.evidence.root;
  const flips = isNews ? kept.flips.filter(({ namespace }) => governed.includes(namespace)) : [];
  return { ...nothing, proofs: found, evidence: kept.evidence, flips, askAgainMs };
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error)).replace(/\.$/, "");

/** What guard and probes showed, as the status of others has it. */
function circumstancesOf(policies: readonly SovereigntyPolicy[], deployments: readonly LanguageModelDeployment[]): { readonly guard: unknown; readonly probes: unknown } {
  const guard = policies.map(({ metadata: { name }, status }) => {
    const condition = status?.conditions?.find(({ type }) => type === GUARDED);
    return { policy: name, status: condition?.status ?? "Unknown", reason: condition?.reason ?? "NotProbed" };
  });
  const probes = deployments.flatMap(({ metadata: { namespace, name }, status }) => (status?.probe === undefined ? [] : [{ namespace, name, ...status.probe }]));
  return { guard, probes };
}
