/**
 * What the kinds read, and how much of it they keep. One spec for a resource, shared by every kind that reads it.
 *
 * Pods and Nodes are many and large: only what a decision needs stays in memory (test/bench/cache-memory.ts measures).
 * Children are filtered by our label on the server, so objects of others cost nothing here.
 */
import type { CacheSpec } from "../kube/cache.ts";
import { CONFIG_MAPS, DEPLOYMENTS, NETWORK_POLICIES, NODES, PERSISTENT_VOLUME_CLAIMS, PODS, POD_DISRUPTION_BUDGETS, SERVICES, SERVICE_ACCOUNTS, type Resource } from "../kube/resources.ts";
import type { KubeObject, Live, Node, ObjectMeta, PersistentVolumeClaim, Pod, Service } from "../lib/k8s-types.ts";
import { DEPLOYMENT, HOHEIT, MANAGED_BY, OF_HOHEIT } from "../lib/labels.ts";
import { API_GROUP } from "../lib/names.ts";
import { languageModelDeployment } from "./language-model-deployment/schema.ts";
import { languageModel } from "./language-model/schema.ts";
import { modelApproval } from "./model-approval/schema.ts";
import { processingActivity } from "./processing-activity/schema.ts";

/** Index of our own kinds: references stay in a namespace, so that is how they are looked up. */
export const BY_NAMESPACE = "namespace";

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
export const languageModelDeployments = own(languageModelDeployment.resource);

const OURS = `${MANAGED_BY}=${HOHEIT}`;

const child = <T extends KubeObject>(resource: Resource<T>): CacheSpec<T> => ({ resource, labelSelector: OURS, keep: withoutNotes });

export const deployments = child(DEPLOYMENTS);
export const configMaps = child(CONFIG_MAPS);
/** Those of deployments and, which Helm and not we manage, that of the tripwire: one watch for both. */
export const services: CacheSpec<Service> = { ...child(SERVICES), labelSelector: OF_HOHEIT };
export const serviceAccounts = child(SERVICE_ACCOUNTS);
export const networkPolicies = child(NETWORK_POLICIES);
export const podDisruptionBudgets = child(POD_DISRUPTION_BUDGETS);

const identity = ({ name, namespace, uid, resourceVersion, deletionTimestamp, labels }: Live["metadata"]): Live["metadata"] =>
  prune({ name, namespace, uid, resourceVersion, deletionTimestamp, labels }) as ObjectMeta & Live["metadata"];

/** Drops undefined members: they would cost memory and break comparisons. */
const prune = <T extends object>(object: T): T => Object.fromEntries(Object.entries(object).filter(([, value]) => value !== undefined)) as T;

/** Index of pods by `namespace/deployment`. */
export const POD_BY_DEPLOYMENT = "deployment";

export const pods: CacheSpec<Pod> = {
  resource: PODS,
  labelSelector: OURS,
  keep(pod) {
    const { conditions, containerStatuses, initContainerStatuses, phase } = pod.status ?? {};
    return {
      apiVersion: pod.apiVersion,
      kind: pod.kind,
      metadata: identity(pod.metadata),
      status: prune({ phase, conditions, containerStatuses, initContainerStatuses }),
    } as Live<Pod>;
  },
  index(pod) {
    const name = pod.metadata.labels?.[DEPLOYMENT];
    return name === undefined ? {} : { [POD_BY_DEPLOYMENT]: [`${pod.metadata.namespace}/${name}`] };
  },
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
