/** ModelApproval: a decision of a person, bound to bytes. RBAC on this kind is the right to approve; deleting revokes. */
import { z } from "zod";
import { AGE, conditionColumn, defineKind, withRules, type CustomResource } from "../define.ts";
import { conditions, dateTime, manifestDigest, observedGeneration, ownReference, text } from "../fields.ts";

const fields = {
  manifestDigest: manifestDigest("What is approved: the manifest digest of a LanguageModel in this namespace. The approval holds for these bytes under whatever name."),
  activityRef: ownReference("ProcessingActivity", "For what it is approved (Verarbeitungstätigkeit)."),
  decisionReference: text(128, "File reference of the decision (Aktenzeichen), never the name of a person."),
  expiryTime: dateTime("Until when it holds, as RFC 3339, for example 2027-10-01T00:00:00Z. From then on no pod is started anew with these bytes."),
  onExpiry: z.enum(["KeepRunning", "ScaleToZero"]).default("KeepRunning").describe(
    "What happens to running pods at expiryTime. KeepRunning (default) lets them serve on, a pod that is rescheduled included, and rolls out nothing new. ScaleToZero stops them."),
};

/**
 * The part that decides. An approval is judged by it alone: if a CustomResourceDefinition of another version drops some
 * other field, the decision stands and no model of the house is stopped.
 */
export const decision = z.object({ manifestDigest: fields.manifestDigest, activityRef: fields.activityRef, expiryTime: fields.expiryTime, onExpiry: fields.onExpiry });

const spec = withRules(z.object(fields), {
  cel: "self == oldSelf",
  message: "an approval is a decision and does not change: delete it to revoke, create another one to decide anew",
}).describe("The decision. It cannot be changed: delete it to revoke, create another one to decide anew.");

const status = z.object({
  conditions: conditions("Ready, Reconciling, Stalled"),
  observedGeneration: observedGeneration(),
}).describe("What the operator found.");

export const modelApproval = defineKind({
  kind: "ModelApproval",
  plural: "modelapprovals",
  singular: "modelapproval",
  shortNames: ["ma"],
  namespaced: true,
  description:
    "An immutable decision: these bytes may serve this activity until then. Without one no pod starts. Deleting it revokes it: pods that run these bytes are stopped. Who may create this kind may approve.",
  spec,
  status,
  columns: [
    conditionColumn("Ready", "Ready", "status", "Whether the approval is in force"),
    conditionColumn("Reason", "Ready", "reason", "Why it is or is not in force"),
    { name: "Activity", type: "string", jsonPath: ".spec.activityRef.name", description: "For what it is approved" },
    { name: "Decision", type: "string", jsonPath: ".spec.decisionReference", description: "File reference of the decision" },
    { name: "Expires", type: "string", jsonPath: ".spec.expiryTime", description: "Until when it holds" },
    AGE,
    { name: "On Expiry", type: "string", jsonPath: ".spec.onExpiry", description: "What happens to running pods then", wide: true },
    { name: "Digest", type: "string", jsonPath: ".spec.manifestDigest", description: "What is approved", wide: true },
  ],
  selectableFields: [".spec.activityRef.name", ".spec.manifestDigest"],
});

export type ModelApproval = CustomResource<typeof modelApproval>;
/** As much of an approval as a verdict needs. */
export interface Decision {
  readonly metadata: { readonly name: string };
  readonly spec: z.output<typeof decision>;
}
