/** Label and annotation keys, and the label sets of what Hoheit makes. Values never carry raw user text. */
import { API_GROUP } from "./names.ts";

export const MANAGED_BY = "app.kubernetes.io/managed-by";
/** The value of `managed-by`; caches of children are filtered by it. */
export const HOHEIT = "hoheit";

const PART_OF = "app.kubernetes.io/part-of";
/** On every Service that the operator reads: those of deployments and that of the tripwire. */
export const OF_HOHEIT = `${PART_OF}=${HOHEIT}`;

/** Labels of the operator's own pods. The seal lets pods with these labels in the operator's namespace be asked; the chart sets them. */
export const OPERATOR_LABELS: Readonly<Record<string, string>> = { "app.kubernetes.io/name": HOHEIT, "app.kubernetes.io/component": "operator" };

/** Set by the API server on every namespace and protected from change, unlike labels of our own (KEP-2161). */
export const NAMESPACE_NAME = "kubernetes.io/metadata.name";

/** What a pod may reach depends on its role alone (product.md). */
export const ROLE = `${API_GROUP}/role`;
type Role = "Serving" | "Probe";

/** Selector label of the pods of one LanguageModelDeployment; for ever. */
export const DEPLOYMENT = `${API_GROUP}/deployment`;

/** Hash of what we last applied: tells a removed field from one that was never ours (see runtime/execute.ts). */
export const APPLIED_HASH = `${API_GROUP}/applied`;
/** Which revision of the pod template a Deployment runs (an operator upgrade restarts nothing). */
export const TEMPLATE_REVISION = `${API_GROUP}/template-revision`;
/** Hash of what the pod template was rendered from; the same inputs keep their revision. */
export const TEMPLATE_INPUTS = `${API_GROUP}/template-inputs`;
/** Digest of the weights that the pods of a Deployment were approved for. */
export const MODEL_DIGEST = `${API_GROUP}/model-digest`;
/** On a governed namespace: hash of the policies that were seen in force. The guard lets no pod start where it is missing. */
export const SEALED = `${API_GROUP}/sealed`;
/** On a namespace that is governed no more: when its policies come off (RFC 3339). */
export const RELEASE_TIME = `${API_GROUP}/release-time`;
/** On a governed namespace, set by who may govern: `Allow` lets people connect to its pods through the API server. */
export const CONNECTIONS = `${API_GROUP}/connections`;
/** On an object that nobody means: the guard judges it without any excuse. */
export const GUARD_PROBE = `${API_GROUP}/guard-probe`;
/** On a NetworkPolicy of a client: the deployment and the entry of its `spec.clients` that it is for. */
export const CLIENT_OF = `${API_GROUP}/client-of`;
/** On ConfigMaps that evidence is kept in: `Root` or `Bundle`. Not `managed-by`, so that they are in no cache. */
export const EVIDENCE = `${API_GROUP}/evidence`;
/** On a root: hash of what it says, without times. */
export const EVIDENCE_CONTENT = `${API_GROUP}/evidence-content`;
/** Image that the gate of a Deployment's pods runs from: the same until the pods are made anew for another reason. */
export const GATE_IMAGE = `${API_GROUP}/gate-image`;

/** `app.kubernetes.io/name` of the pods that Hoheit makes: policies of others must not select by it. */
export const MADE_APPS: readonly string[] = ["vllm"];

/** Every pod of this deployment, probes included: what the seal holds. */
export const sealSelector = (deployment: string): Record<string, string> => ({ [DEPLOYMENT]: deployment });

/** The model servers of this deployment, and nothing else: Deployment, Service, PodDisruptionBudget and autoscalers select by it. */
export const servingSelector = (deployment: string): Record<string, string> => ({ ...sealSelector(deployment), [ROLE]: "Serving" satisfies Role });

/** Labels of every child of a deployment, in the field's recommended vocabulary. */
export function servingLabels(deployment: string): Record<string, string> {
  return {
    "app.kubernetes.io/name": "vllm",
    "app.kubernetes.io/instance": deployment,
    "app.kubernetes.io/component": "model-server",
    [PART_OF]: HOHEIT,
    [MANAGED_BY]: HOHEIT,
    [DEPLOYMENT]: deployment,
    [ROLE]: "Serving" satisfies Role,
  };
}

/** Labels of what a governed namespace gets. No label of a deployment: these hold whatever deployments there are. */
export const governanceLabels = (): Record<string, string> => ({ "app.kubernetes.io/component": "governance", [PART_OF]: HOHEIT, [MANAGED_BY]: HOHEIT });

export const evidenceLabels = (part: "Root" | "Bundle"): Record<string, string> => ({ "app.kubernetes.io/component": "evidence", [PART_OF]: HOHEIT, [EVIDENCE]: part });

/** Labels of the pods that probe the seal: those of the model servers, but for what they are. */
export function probeLabels(deployment: string): Record<string, string> {
  return { ...servingLabels(deployment), "app.kubernetes.io/component": "probe", [ROLE]: "Probe" satisfies Role };
}
