/**
 * What the kinds read, and how much of it they keep. One spec for a resource, shared by every kind that reads it.
 *
 * Pods and Nodes are many and large: only what a decision needs stays in memory (test/bench/cache-memory.ts measures).
 * Children are filtered by our label on the server, so objects of others cost nothing here.
 */
import type { CacheSpec } from "../kube/cache.ts";
import { CONFIG_MAPS, CRON_JOBS, DEPLOYMENTS, JOBS, NAMESPACES, NETWORK_POLICIES, NODES, PERSISTENT_VOLUME_CLAIMS, PODS, POD_DISRUPTION_BUDGETS, SERVICES, SERVICE_ACCOUNTS, VALIDATING_ADMISSION_POLICIES, VALIDATING_ADMISSION_POLICY_BINDINGS, type Resource } from "../kube/resources.ts";
import type { Condition, CronJob, Job, KubeObject, Live, Namespace, NetworkPolicy, Node, ObjectMeta, PersistentVolumeClaim, Pod, Service } from "../lib/k8s-types.ts";
import { DEPLOYMENT, HOHEIT, MANAGED_BY, OF_HOHEIT, ROLE } from "../lib/labels.ts";
import { API_GROUP, RESERVED_PREFIX } from "../lib/names.ts";
import type { CustomResource } from "./define.ts";
import { contentOf } from "./language-model-deployment/probe-content.ts";
import { languageModelDeployment, type LanguageModelDeployment } from "./language-model-deployment/schema.ts";
import { languageModel } from "./language-model/schema.ts";
import { modelApproval } from "./model-approval/schema.ts";
import { processingActivity } from "./processing-activity/schema.ts";
import { PROVED } from "./sovereignty-policy/conditions.ts";
import { sovereigntyPolicy } from "./sovereignty-policy/schema.ts";

/** Index of our own kinds: references stay in a namespace, so that is how they are looked up. */
export const BY_NAMESPACE = "namespace";
/** Index of deployments by the namespaces in which their clients run. */
export const BY_CLIENT = "client";

/**
 * Annotations are up to 256 KiB of whatever a tenant or a tool writes there (`last-applied-configuration`), on any number
 * of objects: only ours are kept.
 */
function withoutNotes<T extends KubeObject>(object: Live<T>): Live<T> {
  const { annotations, ...metadata } = object.metadata;
  const ours = Object.entries(annotations ?? {}).filter(([key]) => key.startsWith(`${API_GROUP}/`));
  return { ...object, metadata: { ...metadata, ...(ours.length > 0 && { annotations: Object.fromEntries(ours) }) } };
}

const own = <T extends KubeObject>(resource: Resource<T>): CacheSpec<T> => ({
  resource,
  keep: withoutNotes,
  index: (object) => ({ [BY_NAMESPACE]: [object.metadata.namespace ?? ""] }),
});

export const processingActivities = own(processingActivity.resource);
export const languageModels = own(languageModel.resource);
export const modelApprovals = own(modelApproval.resource);

/** Namespaces of the clients of a deployment as it was written: without defaults, parsed or not. */
export const clientNamespaces = ({ spec }: { readonly spec: { readonly clients?: readonly { readonly namespace: string }[] } }): string[] => [...new Set((spec.clients ?? []).map(({ namespace }) => namespace))];

/** Found by the namespaces of their clients, too. */
export const languageModelDeployments: CacheSpec<LanguageModelDeployment> = {
  ...own(languageModelDeployment.resource),
  index: (deployment) => ({ [BY_NAMESPACE]: [deployment.metadata.namespace ?? ""], [BY_CLIENT]: clientNamespaces(deployment) }),
};

/** All of them at once, so without the index. */
export const sovereigntyPolicies: CacheSpec<CustomResource<typeof sovereigntyPolicy>> = { resource: sovereigntyPolicy.resource, keep: withoutNotes };

/** What matters of a policy to those whom it governs, and of a namespace to what runs elsewhere: neither status nor marks. */
export const byUidAndSpec = (object: Live): unknown => [object.metadata.uid, (object as { readonly spec?: unknown }).spec];
/** What matters of a policy where it was proved what all policies let through: besides, what came of the last proof, be there evidence of it or not. */
export const bySpecAndProof = (object: Live): unknown => {
  const { status } = object as { readonly status?: { readonly evidence?: { readonly root?: string }; readonly conditions?: readonly Condition[] } };
  return [byUidAndSpec(object), status?.evidence?.root, status?.conditions?.find(({ type }) => type === PROVED)?.message];
};
export const byUidAndLabels = ({ metadata: { uid, labels } }: Live): unknown => [uid, labels];

const OURS = `${MANAGED_BY}=${HOHEIT}`;

const child = <T extends KubeObject>(resource: Resource<T>): CacheSpec<T> => ({ resource, labelSelector: OURS, keep: withoutNotes });

export const deployments = child(DEPLOYMENTS);
export const configMaps = child(CONFIG_MAPS);
/** Those of deployments and, which Helm and not we manage, that of the tripwire: one watch for both. */
export const services: CacheSpec<Service> = { ...child(SERVICES), labelSelector: OF_HOHEIT };
export const serviceAccounts = child(SERVICE_ACCOUNTS);

/**
 * Whether a policy can only ever select pods of the deployment that it is named after: what our seals are, told by what
 * they say and not by labels, which anybody can write. All others are looked at for every deployment of their namespace,
 * and those of a governed namespace are looked for by their names.
 */
export const isSealLike = ({ metadata, spec }: NetworkPolicy): boolean => spec?.podSelector?.matchLabels?.[DEPLOYMENT] === metadata.name && !metadata.name.startsWith(RESERVED_PREFIX);

/**
 * All of them: one of anybody can open a seal. Of those that we did not make only what decides that is kept: whom they
 * select, and how many egress rules they have.
 */
export const networkPolicies: CacheSpec<NetworkPolicy> = {
  resource: NETWORK_POLICIES,
  keep(policy) {
    const kept = withoutNotes(policy);
    if (policy.metadata.labels?.[MANAGED_BY] === HOHEIT || isSealLike(policy)) return kept;
    const { podSelector = {}, policyTypes, egress = [] } = policy.spec ?? {};
    return { ...kept, spec: { podSelector, ...(policyTypes !== undefined && { policyTypes }), egress: egress.map(() => ({})) } };
  },
  index: (policy) => (isSealLike(policy) ? {} : { [BY_NAMESPACE]: [policy.metadata.namespace ?? ""] }),
};

/** Of a namespace: by what policies select it, and what we noted on it. */
export const namespaces: CacheSpec<Namespace> = {
  resource: NAMESPACES,
  keep(namespace) {
    const { apiVersion, kind, metadata } = withoutNotes(namespace);
    return { apiVersion, kind, metadata: { ...identity(metadata), ...(metadata.annotations !== undefined && { annotations: metadata.annotations }) } };
  },
};

/** Its status moves with every run and decides nothing. */
export const cronJobs: CacheSpec<CronJob> = {
  ...child(CRON_JOBS),
  keep(cronJob) {
    const { status: _, ...kept } = withoutNotes(cronJob);
    return kept;
  },
};

/** The guard of SovereigntyPolicies. */
export const admissionPolicies = child(VALIDATING_ADMISSION_POLICIES);
export const admissionPolicyBindings = child(VALIDATING_ADMISSION_POLICY_BINDINGS);

export const podDisruptionBudgets = child(POD_DISRUPTION_BUDGETS);

const identity = ({ name, namespace, uid, resourceVersion, deletionTimestamp, labels }: Live["metadata"]): Live["metadata"] =>
  prune({ name, namespace, uid, resourceVersion, deletionTimestamp, labels }) as ObjectMeta & Live["metadata"];

/** Drops undefined members: they would cost memory and break comparisons. */
const prune = <T extends object>(object: T): T => Object.fromEntries(Object.entries(object).filter(([, value]) => value !== undefined)) as T;

/** Index of pods and Jobs by `namespace/deployment`. */
export const BY_DEPLOYMENT = "deployment";

function byDeployment({ metadata }: Live): Readonly<Record<string, readonly string[]>> {
  const name = metadata.labels?.[DEPLOYMENT];
  return name === undefined ? {} : { [BY_DEPLOYMENT]: [`${metadata.namespace}/${name}`] };
}

/** Jobs tie a probe's pod to its CronJob; how they fare is seen in the pod. */
export const jobs: CacheSpec<Job> = {
  resource: JOBS,
  labelSelector: OURS,
  keep: ({ apiVersion, kind, metadata }) => ({ apiVersion, kind, metadata: { ...identity(metadata), ownerReferences: metadata.ownerReferences ?? [] } }),
  index: byDeployment,
};

/** Whether a pod is there to try the seal; any other is a model server. */
export const isProbe = ({ metadata }: Live): boolean => metadata.labels?.[ROLE] === "Probe";

/** Of a probe's pod: what it runs, who made it, when, and how its container fares. */
function keepProbe(pod: Live<Pod>): Live<Pod> {
  const { ownerReferences, creationTimestamp } = pod.metadata;
  return {
    apiVersion: pod.apiVersion,
    kind: pod.kind,
    metadata: prune({ ...identity(pod.metadata), ownerReferences, creationTimestamp }),
    spec: contentOf(pod.spec),
    status: { containerStatuses: (pod.status?.containerStatuses ?? []).map(({ name, state }) => ({ name, state })) },
  } as unknown as Live<Pod>;
}

export const pods: CacheSpec<Pod> = {
  resource: PODS,
  labelSelector: OURS,
  keep(pod) {
    if (isProbe(pod)) return keepProbe(pod);
    const { conditions, containerStatuses, initContainerStatuses, phase } = pod.status ?? {};
    return {
      apiVersion: pod.apiVersion,
      kind: pod.kind,
      metadata: identity(pod.metadata),
      status: prune({ phase, conditions, containerStatuses, initContainerStatuses }),
    } as Live<Pod>;
  },
  index: byDeployment,
};

export const nodes: CacheSpec<Node> = {
  resource: NODES,
  keep(node) {
    const { name, uid, resourceVersion } = node.metadata;
    return { apiVersion: node.apiVersion, kind: node.kind, metadata: { name, uid, resourceVersion }, status: { allocatable: node.status?.allocatable ?? {} } };
  },
};

export const persistentVolumeClaims: CacheSpec<PersistentVolumeClaim> = {
  resource: PERSISTENT_VOLUME_CLAIMS,
  keep(claim) {
    const status = prune({ phase: claim.status?.phase, accessModes: claim.status?.accessModes });
    return { apiVersion: claim.apiVersion, kind: claim.kind, metadata: identity(claim.metadata), status } as Live<PersistentVolumeClaim>;
  },
};
