/**
 * What the approvals in the namespace allow this deployment to do: start, go on as it is, or stop. Pure.
 *
 * A policy that denies the origin of a model takes the ground from under its approvals, as their end does. What becomes of
 * running pods is therefore what whoever approved has decided for the end: onExpiry. A change of one object of the cluster
 * does not stop every model of a house at once, unless they are to stop so.
 */
import type { Decision } from "../model-approval/schema.ts";
import type { Denial } from "../../sovereignty/origins.ts";
import { mayKeepRunning, verdictFor, type Verdict } from "../model-approval/verdict.ts";
import type { Violation } from "./conditions.ts";
import type { LanguageModelDeployment } from "./schema.ts";

export interface ApprovalInput {
  readonly deployment: LanguageModelDeployment;
  /** All approvals of the namespace. */
  readonly approvals: readonly Decision[];
  /** Digest that the referenced model has now; undefined while there is no model. */
  readonly digest: string | undefined;
  /** Digest that the running pods were approved for; undefined when nothing was ever started. */
  readonly runningDigest: string | undefined;
  /** What policies of the namespace hold against the origin of the model. */
  readonly denials: readonly Denial[];
  readonly now: number;
}

/** Every activity that a client declares needs its own approval; a deployment without clients needs any one. */
function verdicts(input: ApprovalInput, digest: string): { activity: string | undefined; verdict: Verdict }[] {
  const approvals = input.approvals.filter((approval) => approval.spec.manifestDigest === digest);
  const declared = [...new Set(input.deployment.spec.clients.map((client) => client.activityRef.name))].toSorted();
  const activities = declared.length === 0 ? [undefined] : declared;
  return activities.map((activity) => ({ activity, verdict: verdictFor(approvals, activity, input.now) }));
}

/** The same for what runs, where a denied origin is the end of every approval. */
const standing = (input: ApprovalInput, digest: string): ReturnType<typeof verdicts> =>
  verdicts(input.denials.length > 0 && digest === input.digest ? { ...input, now: Infinity } : input, digest);

/** Why nothing new may start, or undefined if it may. */
export function approvalViolation(input: ApprovalInput): Violation | undefined {
  if (input.digest === undefined) return undefined;
  const digest = input.digest;
  const open = verdicts(input, digest).find(({ verdict }) => verdict.kind !== "InForce");
  if (open === undefined) return undefined;
  const forActivity = open.activity === undefined ? "" : ` for activity ${open.activity}`;
  const { verdict } = open;
  if (verdict.kind === "Expired") {
    const what = mustStop(input) ? "it is scaled to zero" : "running pods stay";
    const since = new Date(verdict.expiredAt).toISOString();
    return { reason: "ApprovalExpired", stalled: true, message: `ModelApproval ${verdict.approval} of ${digest}${forActivity} expired at ${since} (onExpiry: ${verdict.onExpiry}): nothing new starts and ${what}. Create a new ModelApproval to go on.` };
  }
  if (mustStop({ ...input, denials: [] })) {
    return { reason: "ApprovalRevoked", stalled: true, message: `The ModelApproval of the running digest ${input.runningDigest}${forActivity} is gone: scaled to zero. Create a ModelApproval for ${digest} to start again.` };
  }
  return { reason: "NotApproved", stalled: true, message: `No ModelApproval in this namespace approves ${digest}${forActivity}: nothing new starts. Who may approve creates one with that manifestDigest and activityRef.` };
}

/** Nobody may use what runs any more: every approval of the running bytes is revoked, or at its end with ScaleToZero. */
export function mustStop(input: ApprovalInput): boolean {
  if (input.runningDigest === undefined) return false;
  return !standing(input, input.runningDigest).some(({ verdict }) => mayKeepRunning(verdict));
}

/** Clients whose activity has an approval of the served bytes. */
export function approvedClients(input: ApprovalInput): LanguageModelDeployment["spec"]["clients"] {
  const served = input.runningDigest ?? input.digest;
  if (served === undefined) return [];
  const open = new Set(standing(input, served).filter(({ verdict }) => mayKeepRunning(verdict)).map(({ activity }) => activity));
  return input.deployment.spec.clients.filter((client) => open.has(client.activityRef.name));
}

/** Milliseconds until the first approval in use runs out: when to look again. */
export function nextExpiryMs(input: ApprovalInput): number | undefined {
  const digests = new Set([input.digest, input.runningDigest].filter((digest) => digest !== undefined));
  const ends = [...digests].flatMap((digest) => verdicts(input, digest)).flatMap(({ verdict }) => (verdict.kind === "InForce" ? [verdict.expiresAt] : []));
  return ends.length === 0 ? undefined : Math.max(0, Math.min(...ends) - input.now);
}
