/**
 * A LanguageModel on a volume is Ready when the volume is there. Whether its bytes are the approved ones is decided where
 * they are read; here the digest is what the author declared.
 */
import { PERSISTENT_VOLUME_CLAIMS } from "../../kube/resources.ts";
import type { Live, PersistentVolumeClaim } from "../../lib/k8s-types.ts";
import { done, waiting, type Outcome } from "../../runtime/outcome.ts";
import type { Context, Controller } from "../../runtime/kind.ts";
import { BY_NAMESPACE, languageModels, modelApprovals, persistentVolumeClaims } from "../caches.ts";
import { whenParsed } from "../parsed.ts";
import { ownRules, readRule } from "../rules.ts";
import type { WantedCondition } from "../../runtime/status.ts";
import { report, type Summary } from "../report.ts";
import { modelApproval, type Decision } from "../model-approval/schema.ts";
import { standing, verdictFor } from "../model-approval/verdict.ts";
import { languageModel, type LanguageModel } from "./schema.ts";

/** How long to wait for a claim that may still come; a watch wakes earlier. */
const RECHECK_MS = 5 * 60_000;

export interface Observed {
  readonly model: LanguageModel;
  readonly claim: PersistentVolumeClaim | undefined;
  readonly approvals: readonly Decision[];
  readonly now: number;
}

/** Reasons of Ready: ClaimBound, ClaimNotFound, ClaimNotBound. Reasons of Approved: InForce, Expired, Missing. */
export function judge({ model, claim, approvals, now }: Observed): Summary {
  const ready = claimCondition(model, claim);
  return {
    conditions: [ready, approvedCondition(model, approvals, now)],
    stalled: false,
    severity: ready.status === "True" ? "Normal" : "Warning",
    fields: { digest: ready.status === "True" ? model.spec.integrity.manifestDigest : undefined },
  };
}

function claimCondition(model: LanguageModel, claim: PersistentVolumeClaim | undefined): WantedCondition {
  const { claimName } = model.spec.source.persistentVolumeClaim;
  const field = "spec.source.persistentVolumeClaim.claimName";
  if (claim === undefined) {
    return { type: "Ready", status: "False", reason: "ClaimNotFound", message: `${field}: there is no PersistentVolumeClaim ${claimName} in namespace ${model.metadata.namespace}: create it or correct the name.` };
  }
  if (claim.status?.phase !== "Bound") {
    return { type: "Ready", status: "False", reason: "ClaimNotBound", message: `PersistentVolumeClaim ${claimName} is ${claim.status?.phase ?? "Pending"}: weights can only be on a bound volume; see kubectl describe pvc ${claimName}.` };
  }
  return { type: "Ready", status: "True", reason: "ClaimBound", message: `PersistentVolumeClaim ${claimName} is bound.` };
}

function approvedCondition(model: LanguageModel, approvals: readonly Decision[], now: number): WantedCondition {
  const { manifestDigest } = model.spec.integrity;
  const verdict = verdictFor(approvals.filter((approval) => approval.spec.manifestDigest === manifestDigest), undefined, now);
  switch (verdict.kind) {
    case "InForce":
      return { type: "Approved", status: "True", reason: "InForce", message: `Approved until ${new Date(verdict.expiresAt).toISOString()}.` };
    case "Expired":
      return { type: "Approved", status: "False", reason: "Expired", message: `ModelApproval ${verdict.approval} expired at ${new Date(verdict.expiredAt).toISOString()}.` };
    case "Missing":
      return { type: "Approved", status: "False", reason: "Missing", message: `No ModelApproval in this namespace approves ${manifestDigest}.` };
  }
}

async function follow(model: Live<LanguageModel>, context: Context): Promise<Outcome> {
  const namespace = model.metadata.namespace ?? "";
  const now = context.clock.now();
  const approvals = standing(context.cache(modelApproval.resource).by(BY_NAMESPACE, namespace));
  const claim = context.cache(PERSISTENT_VOLUME_CLAIMS).get(`${namespace}/${model.spec.source.persistentVolumeClaim.claimName}`);
  await report({ resource: languageModel.resource, live: model }, judge({ model, claim, approvals, now }), context);
  if (claim?.status?.phase !== "Bound") return waiting("ClaimNotBound", RECHECK_MS);
  const ends = approvals.map((approval) => Date.parse(approval.spec.expiryTime) - now).filter((left) => left > 0);
  return ends.length === 0 ? done() : done(Math.min(...ends));
}

/** Models of the namespace of `object`: what may have to look again when a claim or an approval changes. */
const modelsBeside: Controller["reads"][number]["wakes"] = (object, caches) =>
  caches.cache(languageModel.resource).by(BY_NAMESPACE, object.metadata.namespace ?? "").map((model) => model.metadata);

export const languageModelController: Controller = {
  name: "LanguageModel",
  owns: languageModels,
  reads: [{ cache: persistentVolumeClaims, wakes: modelsBeside }, { cache: modelApprovals, wakes: modelsBeside }],
  rules: [...ownRules(languageModel), readRule(PERSISTENT_VOLUME_CLAIMS), readRule(modelApproval.resource)],
  conditions: ["Ready", "Reconciling", "Stalled", "Approved"],
  reconcile: whenParsed(languageModel, follow),
};
