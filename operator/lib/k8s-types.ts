/**
 * The shapes of Kubernetes objects as they are on the wire: plain JSON, times as strings.
 *
 * client-node's model classes are used for their types only. They rename some fields (`_from`) and read times into
 * `Date`; `Plain` undoes both, so that a builder's object literal is exactly what the API server gets.
 */
import type {
  V1ConfigMap, V1CronJob, V1Deployment, V1Job, V1LabelSelector, V1Lease, V1Namespace, V1NetworkPolicy, V1Node, V1PersistentVolumeClaim, V1Pod,
  V1PodDisruptionBudget, V1PodSpec, V1PodTemplateSpec, V1SelfSubjectReview, V1Container, V1Service, V1ServiceAccount, EventsV1Event,
  V1ValidatingAdmissionPolicy, V1ValidatingAdmissionPolicyBinding,
} from "@kubernetes/client-node";

/** A client-node model as JSON: `_from` becomes `from`, `Date` becomes an RFC 3339 string. */
export type Plain<T> =
  T extends Date ? string
  : T extends (infer I)[] ? Plain<I>[]
  : T extends object ? { [K in keyof T as K extends `_${infer Name}` ? Name : K]: Plain<T[K]> }
  : T;

export interface OwnerReference {
  apiVersion: string;
  kind: string;
  name: string;
  uid: string;
  controller?: boolean;
  blockOwnerDeletion?: boolean;
}

/** Metadata of an object that we write or read. What the server sets is optional here and present on `Live` objects. */
export interface ObjectMeta {
  name: string;
  namespace?: string;
  uid?: string;
  resourceVersion?: string;
  generation?: number;
  creationTimestamp?: string;
  deletionTimestamp?: string;
  labels?: Record<string, string>;
  annotations?: Record<string, string>;
  finalizers?: string[];
  ownerReferences?: OwnerReference[];
}

/** Any object of the API, as JSON. */
export interface KubeObject {
  apiVersion: string;
  kind: string;
  metadata: ObjectMeta;
}

/** An object that came from the API server: it has an identity and a version. */
export type Live<T extends KubeObject = KubeObject> = T & { metadata: ObjectMeta & { uid: string; resourceVersion: string } };

type Typed<T, Kind extends string> = Omit<Plain<T>, "apiVersion" | "kind" | "metadata"> & { apiVersion: string; kind: Kind; metadata: ObjectMeta };

export type Deployment = Typed<V1Deployment, "Deployment">;
export type ConfigMap = Typed<V1ConfigMap, "ConfigMap">;
export type Service = Typed<V1Service, "Service">;
export type ServiceAccount = Typed<V1ServiceAccount, "ServiceAccount">;
export type Namespace = Typed<V1Namespace, "Namespace">;
export type NetworkPolicy = Typed<V1NetworkPolicy, "NetworkPolicy">;
export type PodDisruptionBudget = Typed<V1PodDisruptionBudget, "PodDisruptionBudget">;
export type Pod = Typed<V1Pod, "Pod">;
export type Node = Typed<V1Node, "Node">;
export type PersistentVolumeClaim = Typed<V1PersistentVolumeClaim, "PersistentVolumeClaim">;
export type Lease = Typed<V1Lease, "Lease">;
export type CronJob = Typed<V1CronJob, "CronJob">;
export type Job = Typed<V1Job, "Job">;
export type ValidatingAdmissionPolicy = Typed<V1ValidatingAdmissionPolicy, "ValidatingAdmissionPolicy">;
export type ValidatingAdmissionPolicyBinding = Typed<V1ValidatingAdmissionPolicyBinding, "ValidatingAdmissionPolicyBinding">;
export type SelfSubjectReview = Typed<V1SelfSubjectReview, "SelfSubjectReview">;
export type KubeEvent = Typed<EventsV1Event, "Event">;

export type LabelSelector = Plain<V1LabelSelector>;

/** Pods of a ClusterNetworkPolicy: all of some namespaces, or some of some. */
export type ClusterPods = { namespaces: LabelSelector } | { pods: { namespaceSelector: LabelSelector; podSelector: LabelSelector } };

interface ClusterRule {
  name: string;
  action: "Accept" | "Deny" | "Pass";
}

/** policy.networking.k8s.io/v1alpha2, which client-node does not know; of it what we write. */
export interface ClusterNetworkPolicy extends KubeObject {
  kind: "ClusterNetworkPolicy";
  spec: {
    tier: "Admin" | "Baseline";
    priority: number;
    subject: ClusterPods;
    ingress?: (ClusterRule & { from: ClusterPods[] })[];
    egress?: (ClusterRule & { to: (ClusterPods | { networks: string[] })[] })[];
  };
}

export type PodSpec = Plain<V1PodSpec>;
export type PodTemplate = Plain<V1PodTemplateSpec>;
export type Container = Plain<V1Container>;

/** metav1.Condition. `lastTransitionTime` moves only when `status` flips. */
export interface Condition {
  type: string;
  status: "True" | "False" | "Unknown";
  reason: string;
  message: string;
  lastTransitionTime: string;
  observedGeneration: number;
}

/** What identifies an object of a known resource; `namespace` is absent for cluster-scoped ones. */
export interface ObjectRef {
  namespace?: string;
  name: string;
}

/** `namespace/name`, or `name` for a cluster-scoped object: the key of caches and queues. */
export function keyOf(ref: ObjectRef): string {
  return ref.namespace === undefined ? ref.name : `${ref.namespace}/${ref.name}`;
}

/** The reverse of `keyOf`. */
export function refOf(key: string): ObjectRef {
  const slash = key.indexOf("/");
  return slash < 0 ? { name: key } : { namespace: key.slice(0, slash), name: key.slice(slash + 1) };
}
