/** What a pass over a SovereigntyPolicy learns of proofs: what is proved of its namespaces, and the evidence that is kept of it. */
import type { Context } from "../../../runtime/kind.ts";
import type { NamespaceProof } from "../../../sovereignty/prover/result.ts";
import type { Flip } from "../../../sovereignty/verdict.ts";
import { GUARDED } from "../conditions.ts";
import type { Observed } from "../observe.ts";
import { dayOf } from "../policy.ts";
import { readAgainMs, type DataSets } from "./data-sets.ts";
import type { KeptEvidence } from "./evidence-store.ts";
import { RETRY_MS } from "./keeper.ts";
import type { Given, Proofs } from "./proofs.ts";
import { isAbout } from "./stamp.ts";
import { findingsOf, setsOf } from "./whereabouts.ts";

export interface Learned {
  /** Namespaces that the policy governs. */
  readonly governed: readonly string[];
  /** What is proved of them; undefined while nothing is. */
  readonly proofs: readonly NamespaceProof[] | undefined;
  readonly evidence: KeptEvidence | undefined;
  /** Verdicts in these namespaces that this evidence is the first to tell of. */
  readonly flips: readonly Flip[];
  /** Sentences about where declared destinations are. */
  readonly findings: readonly string[];
  /** Why there is no proof, or no evidence of it: a sentence. */
  readonly failure: string | undefined;
  /** When asking again may bring something newer, in milliseconds from now. */
  readonly askAgainMs: number;
}

interface Sources {
  readonly proofs: Proofs;
  readonly dataSets: DataSets;
}

/** Never rejects: whatever else a pass found is reported, too. */
export async function learn(observed: Observed, context: Pick<Context, "cache">, { proofs, dataSets }: Sources): Promise<Learned> {
  const { policy, policies, states, now } = observed;
  const governed = states.filter(({ reason }) => reason !== "Exempt").map(({ namespace }) => namespace);
  const readings = await dataSets.of(policy).catch(messageOf);
  const located = typeof readings === "string" ? { findings: [`spec.dataSets: ${readings}.`], askAgainMs: RETRY_MS } : { findings: findingsOf(policy, readings, now), askAgainMs: readAgainMs(readings) };
  const nothing: Learned = { governed, proofs: undefined, evidence: undefined, flips: [], failure: undefined, ...located };
  const soon = (ms: number): Pick<Learned, "askAgainMs"> => ({ askAgainMs: Math.min(ms, located.askAgainMs) });
  const answer = await proofs.ask(context).catch(messageOf);
  if (typeof answer === "string") return { ...nothing, failure: `The cluster cannot be read: ${answer}.`, ...soon(RETRY_MS) };
  if (answer === undefined) return nothing;
  const { proved, askAgainMs } = answer;
  const holding = policies.filter(({ metadata: { name } }) => states.some((state) => state.policies.includes(name)));
  if (!isAbout(proved.stamp, holding)) return { ...nothing, failure: "Nothing has been proved since the policies changed that govern these namespaces.", ...soon(askAgainMs) };
  const found = proved.proof.namespaces.filter(({ namespace }) => governed.includes(namespace));
  const most = Math.max(...policies.map(({ spec }) => spec.evidence.keep));
  const kept = await circumstancesOf(observed, dataSets).then((circumstances) => proofs.keep(proved, circumstances, most)).catch(messageOf);
  if (typeof kept === "string") return { ...nothing, proofs: found, failure: `Evidence of it cannot be kept: ${kept}.`, ...soon(Math.min(RETRY_MS, askAgainMs)) };
  const isNews = policy.status?.evidence?.root !== kept.evidence.root;
  const flips = isNews ? kept.flips.filter(({ namespace }) => governed.includes(namespace)) : [];
  return { ...nothing, proofs: found, evidence: kept.evidence, flips, ...soon(askAgainMs) };
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error)).replace(/\.$/, "");

/** What guard and probes showed, as the status of others has it, and all data sets that any policy names. */
async function circumstancesOf({ policies, allDeployments, now }: Observed, dataSets: DataSets): Promise<Given> {
  const guard = policies.map(({ metadata: { name }, status }) => {
    const condition = status?.conditions?.find(({ type }) => type === GUARDED);
    return { policy: name, status: condition?.status ?? "Unknown", reason: condition?.reason ?? "NotProbed" };
  });
  const probes = allDeployments.flatMap(({ metadata: { namespace, name }, status }) => (status?.probe === undefined ? [] : [{ namespace, name, ...status.probe }]));
  const sets = setsOf((await Promise.all(policies.map((policy) => dataSets.of(policy)))).flat());
  return { guard, probes, dataSets: sets, today: dayOf(now) };
}
