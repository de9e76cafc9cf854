/**
 * May these bytes be served for these activities, now? Pure; shared by the model, the deployment and `hoheit render`.
 *
 * An approval is a human decision about a digest and an activity, with an end. What it decides is new starts: a pod that
 * is rescheduled is not one. Revoked is an approval that was deleted; a running deployment then loses its ground.
 */
import type { Live } from "../../lib/k8s-types.ts";
import { withoutNulls } from "../violations.ts";
import { decision, type Decision } from "./schema.ts";

export type Verdict =
  | { readonly kind: "InForce"; readonly expiresAt: number }
  | { readonly kind: "Expired"; readonly approval: string; readonly expiredAt: number; readonly onExpiry: "KeepRunning" | "ScaleToZero" }
  | { readonly kind: "Missing" };

/**
 * The verdict of the approvals for one activity, in which the decision that lasts longest supersedes the others. For any
 * activity (`undefined`) it is the best verdict that one of them has: the end of one is not the end of another.
 */
export function verdictFor(approvals: readonly Decision[], activity: string | undefined, now: number): Verdict {
  if (activity === undefined) {
    const activities = [...new Set(approvals.map(({ spec }) => spec.activityRef.name))].toSorted();
    return activities.map((one) => verdictFor(approvals, one, now)).toSorted((a, b) => rankOf(b) - rankOf(a))[0] ?? { kind: "Missing" };
  }
  const last = approvals
    .filter((approval) => approval.spec.activityRef.name === activity)
    .toSorted((a, b) => Date.parse(b.spec.expiryTime) - Date.parse(a.spec.expiryTime) || (a.metadata.name < b.metadata.name ? -1 : 1))[0];
  if (last === undefined) return { kind: "Missing" };
  const expiry = Date.parse(last.spec.expiryTime);
  if (expiry > now) return { kind: "InForce", expiresAt: expiry };
  return { kind: "Expired", approval: last.metadata.name, expiredAt: expiry, onExpiry: last.spec.onExpiry };
}

/** What lets more go on is more; of two in force the one that lasts longer. */
const rankOf = (verdict: Verdict): number => (verdict.kind === "InForce" ? verdict.expiresAt : mayKeepRunning(verdict) ? 1 : 0);

/** In force, or expired by a decision that lets what runs go on. */
export const mayKeepRunning = (verdict: Verdict): boolean =>
  verdict.kind === "InForce" || (verdict.kind === "Expired" && verdict.onExpiry === "KeepRunning");

/** The decisions that stand: one that is being deleted is revoked, though somebody's finalizer still holds it. */
export function standing(approvals: readonly Live[]): Decision[] {
  return approvals.filter(({ metadata }) => metadata.deletionTimestamp === undefined).flatMap((live) => {
    const parsed = decision.safeParse(withoutNulls((live as { spec?: unknown }).spec));
    return parsed.success ? [{ metadata: live.metadata, spec: parsed.data }] : [];
  });
}
