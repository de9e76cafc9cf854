/** A ModelApproval is a decision with an end: in force until its time, for an activity that exists. */
import type { Live } from "../../lib/k8s-types.ts";
import { done, stalled, waiting, type Outcome } from "../../runtime/outcome.ts";
import type { Context, Controller } from "../../runtime/kind.ts";
import { BY_NAMESPACE, modelApprovals, processingActivities } from "../caches.ts";
import { whenParsed } from "../parsed.ts";
import { ownRules, readRule } from "../rules.ts";
import { report, type Summary } from "../report.ts";
import { processingActivity } from "../processing-activity/schema.ts";
import { modelApproval, type ModelApproval } from "./schema.ts";

/** How long to wait for a reference that may still come; a watch wakes earlier. */
const RECHECK_MS = 5 * 60_000;

/** Reasons of Ready: InForce, Expired (its time has come), ActivityNotFound (it approves for an activity that nobody recorded). */
export function judge(approval: ModelApproval, activityExists: boolean, now: number): Summary {
  const { expiryTime, onExpiry, activityRef, manifestDigest } = approval.spec;
  const verdict = (status: "True" | "False", reason: string, message: string): Summary =>
    ({ conditions: [{ type: "Ready", status, reason, message }], stalled: false, severity: status === "True" ? "Normal" : "Warning", fields: {} });
  if (Date.parse(expiryTime) <= now) return { ...verdict("False", "Expired", `Expired at ${expiryTime}: nothing new starts with ${manifestDigest}; running pods: ${onExpiry}. Create a new approval to go on.`), stalled: true };
  if (!activityExists) return verdict("False", "ActivityNotFound", `There is no ProcessingActivity ${activityRef.name} in this namespace: create it, or create an approval for the right one.`);
  return verdict("True", "InForce", `In force until ${expiryTime}.`);
}

async function follow(approval: Live<ModelApproval>, context: Context): Promise<Outcome> {
  const { namespace } = approval.metadata;
  const activity = context.cache(processingActivity.resource).get(`${namespace}/${approval.spec.activityRef.name}`);
  const now = context.clock.now();
  const summary = judge(approval, activity !== undefined, now);
  await report({ resource: modelApproval.resource, live: approval }, summary, context);
  // Looked at again: a wall clock that had gone wrong may be set back.
  if (summary.stalled) return stalled("Expired", "create a new approval", RECHECK_MS);
  return activity === undefined ? waiting("ActivityNotFound", RECHECK_MS) : done(Date.parse(approval.spec.expiryTime) - now);
}

export const modelApprovalController: Controller = {
  name: "ModelApproval",
  owns: modelApprovals,
  reads: [{
    cache: processingActivities,
    wakes: (activity, caches) => caches.cache(modelApproval.resource).by(BY_NAMESPACE, activity.metadata.namespace ?? "").map((approval) => approval.metadata),
  }],
  rules: [...ownRules(modelApproval), readRule(processingActivity.resource)],
  conditions: ["Ready", "Reconciling", "Stalled"],
  reconcile: whenParsed(modelApproval, follow),
};
