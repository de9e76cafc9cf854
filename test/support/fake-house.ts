/** A fake cluster in which everything that deployment `a` refers to is there: what tests of a reconcile begin with. */
import { FakeCluster } from "./fake-cluster.ts";
import { activity, approval, lm, lmd, OPERATOR, TRIPWIRE } from "./makers.ts";
import { languageModelDeploymentController } from "../../operator/kinds/language-model-deployment/controller.ts";
import { languageModelDeployment } from "../../operator/kinds/language-model-deployment/schema.ts";
import { languageModel } from "../../operator/kinds/language-model/schema.ts";
import { modelApproval } from "../../operator/kinds/model-approval/schema.ts";
import { processingActivity } from "../../operator/kinds/processing-activity/schema.ts";
import { NO_PROOFS } from "../../operator/kinds/sovereignty-policy/proof/proofs.ts";
import { SERVICES } from "../../operator/kube/resources.ts";
import type { Condition, Service } from "../../operator/lib/k8s-types.ts";
import { TRIPWIRE_SERVICE } from "../../operator/lib/names.ts";
import type { Outcome } from "../../operator/runtime/outcome.ts";

export const controller = languageModelDeploymentController({ metricsScraper: undefined, operator: OPERATOR, proofs: NO_PROOFS });
export const { resource } = languageModelDeployment;
export const ref = { namespace: "assistant", name: "a" };
const readyModel = lm().status({ observedGeneration: 1, conditions: [{ type: "Ready", status: "True", reason: "ClaimBound", message: "", lastTransitionTime: "2026-01-01T00:00:00Z", observedGeneration: 1 }] });

/** The Service of the chart. */
export const tripwire = (): Service => ({
  apiVersion: "v1", kind: "Service", metadata: { namespace: OPERATOR.namespace, name: TRIPWIRE_SERVICE, labels: { "app.kubernetes.io/part-of": "hoheit" } }, spec: { clusterIPs: [...TRIPWIRE.addresses] },
});

/** Everything that deployment `a` refers to, and `a` itself. */
export const furnished = (): FakeCluster => furnish(new FakeCluster(controller));

export function furnish(cluster: FakeCluster): FakeCluster {
  cluster.put(processingActivity.resource, activity().live());
  cluster.put(languageModel.resource, readyModel.live());
  cluster.put(modelApproval.resource, approval().live());
  cluster.put(resource, lmd("a").live());
  cluster.put(SERVICES, tripwire());
  return cluster;
}

export const reconcile = (cluster: FakeCluster): Promise<Outcome> => controller.reconcile(ref, cluster.context);

/** Reason of the Ready condition. */
export function reasonOf(cluster: FakeCluster): string | undefined {
  const { status } = cluster.live(resource, ref) as unknown as { status?: { conditions?: readonly Condition[] } };
  return status?.conditions?.find(({ type }) => type === "Ready")?.reason;
}
