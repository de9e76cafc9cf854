/** The resources that Hoheit reads or writes: where they live in the API. Kinds of our own declare theirs in `kinds/`. */
import type {
  ClusterNetworkPolicy, ConfigMap, CronJob, Deployment, Job, KubeEvent, KubeObject, Lease, Namespace, NetworkPolicy, Node, PersistentVolumeClaim, Pod, PodDisruptionBudget, SelfSubjectReview, Service, ServiceAccount,
  ValidatingAdmissionPolicy, ValidatingAdmissionPolicyBinding,
} from "../lib/k8s-types.ts";

/** One REST resource. `T` is the shape of its objects; the phantom member carries it and never exists at run time. */
export interface Resource<T extends KubeObject = KubeObject> {
  readonly group: string;
  readonly version: string;
  readonly plural: string;
  readonly kind: string;
  readonly namespaced: boolean;
  readonly shape?: T;
}

const resource = <T extends KubeObject>(group: string, version: string, plural: string, kind: string): Resource<T> =>
  ({ group, version, plural, kind, namespaced: true });

export const DEPLOYMENTS = resource<Deployment>("apps", "v1", "deployments", "Deployment");
export const CONFIG_MAPS = resource<ConfigMap>("", "v1", "configmaps", "ConfigMap");
export const SERVICES = resource<Service>("", "v1", "services", "Service");
export const SERVICE_ACCOUNTS = resource<ServiceAccount>("", "v1", "serviceaccounts", "ServiceAccount");
export const NAMESPACES: Resource<Namespace> = { ...resource<Namespace>("", "v1", "namespaces", "Namespace"), namespaced: false };
export const NETWORK_POLICIES = resource<NetworkPolicy>("networking.k8s.io", "v1", "networkpolicies", "NetworkPolicy");
export const POD_DISRUPTION_BUDGETS = resource<PodDisruptionBudget>("policy", "v1", "poddisruptionbudgets", "PodDisruptionBudget");
export const PODS = resource<Pod>("", "v1", "pods", "Pod");
export const NODES: Resource<Node> = { ...resource<Node>("", "v1", "nodes", "Node"), namespaced: false };
export const PERSISTENT_VOLUME_CLAIMS = resource<PersistentVolumeClaim>("", "v1", "persistentvolumeclaims", "PersistentVolumeClaim");
export const CRON_JOBS = resource<CronJob>("batch", "v1", "cronjobs", "CronJob");
export const JOBS = resource<Job>("batch", "v1", "jobs", "Job");
/** What makes pods, and what Services lead to: only looked at, whatever shape it has. */
export const REPLICA_SETS = resource("apps", "v1", "replicasets", "ReplicaSet");
export const STATEFUL_SETS = resource("apps", "v1", "statefulsets", "StatefulSet");
export const DAEMON_SETS = resource("apps", "v1", "daemonsets", "DaemonSet");
export const REPLICATION_CONTROLLERS = resource("", "v1", "replicationcontrollers", "ReplicationController");
export const POD_TEMPLATES = resource("", "v1", "podtemplates", "PodTemplate");
export const ENDPOINTS = resource("", "v1", "endpoints", "Endpoints");
export const ENDPOINT_SLICES = resource("discovery.k8s.io", "v1", "endpointslices", "EndpointSlice");
export const LEASES = resource<Lease>("coordination.k8s.io", "v1", "leases", "Lease");
export const VALIDATING_ADMISSION_POLICIES: Resource<ValidatingAdmissionPolicy> =
  { ...resource<ValidatingAdmissionPolicy>("admissionregistration.k8s.io", "v1", "validatingadmissionpolicies", "ValidatingAdmissionPolicy"), namespaced: false };
export const VALIDATING_ADMISSION_POLICY_BINDINGS: Resource<ValidatingAdmissionPolicyBinding> =
  { ...resource<ValidatingAdmissionPolicyBinding>("admissionregistration.k8s.io", "v1", "validatingadmissionpolicybindings", "ValidatingAdmissionPolicyBinding"), namespaced: false };
/** Not part of Kubernetes: a cluster serves it if somebody installed it (network-policy-api), often with the network plugin. */
export const CLUSTER_NETWORK_POLICIES: Resource<ClusterNetworkPolicy> =
  { ...resource<ClusterNetworkPolicy>("policy.networking.k8s.io", "v1alpha2", "clusternetworkpolicies", "ClusterNetworkPolicy"), namespaced: false };
/** Answers who asks; nothing is stored. */
export const SELF_SUBJECT_REVIEWS: Resource<SelfSubjectReview> =
  { ...resource<SelfSubjectReview>("authentication.k8s.io", "v1", "selfsubjectreviews", "SelfSubjectReview"), namespaced: false };
export const EVENTS = resource<KubeEvent>("events.k8s.io", "v1", "events", "Event");

/** `apps/v1`, or `v1` for the core group. */
export function apiVersionOf(of: Resource): string {
  return of.group === "" ? of.version : `${of.group}/${of.version}`;
}

/** The name that RBAC, metrics and messages use: `deployments.apps`, `pods`. */
export function resourceName(of: Resource): string {
  return of.group === "" ? of.plural : `${of.plural}.${of.group}`;
}
