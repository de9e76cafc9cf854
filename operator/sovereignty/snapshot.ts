/**
 * What a proof is about: the objects of a cluster at one moment, or of a folder of manifests, as they are: unparsed, for a
 * proof must be stricter than whoever wrote them and whoever enforces them. Nothing here says that an object makes sense.
 */
import type { KubeObject } from "../lib/k8s-types.ts";
import type { Policy } from "./policy.ts";

/** Any object of the API, with whatever members it has. */
export type Raw = KubeObject & Readonly<Record<string, unknown>>;

/** One thing that runs pods: a bare Pod, or a pod template of something that makes pods. */
export interface Workload {
  /** `namespace/Kind/name`, for example `assistant/Deployment/mistral`. Unique in a snapshot. */
  readonly id: string;
  readonly namespace: string;
  /** Labels of its pods, those that controllers add left out (pod-template-hash and the like). */
  readonly labels: Readonly<Record<string, string>>;
  /** spec of its pods, as it is. */
  readonly podSpec: Readonly<Record<string, unknown>>;
}

export interface Snapshot {
  /** Namespaces, with their labels. */
  readonly namespaces: readonly Raw[];
  readonly workloads: readonly Workload[];
  /** networking.k8s.io/v1 NetworkPolicies, of all namespaces. */
  readonly networkPolicies: readonly Raw[];
  /** policy.networking.k8s.io/v1alpha2 ClusterNetworkPolicies. */
  readonly clusterNetworkPolicies: readonly Raw[];
  /** Services and EndpointSlices: ways round. */
  readonly services: readonly Raw[];
  readonly endpointSlices: readonly Raw[];
  /** Policies in force for each governed namespace: already the intersection of all that select it. A namespace that is not here is ungoverned. */
  readonly governed: ReadonlyMap<string, Policy>;
  /** Addresses that belong to the cluster, as CIDRs: an address in them may be any pod, Service or node. */
  readonly cluster: { readonly pods: readonly string[]; readonly services: readonly string[]; readonly nodes: readonly string[] };
  /** Addresses of the cluster's name servers as pods are told them, where they are no Services of kube-system (NodeLocal DNSCache). */
  readonly nameServers?: readonly string[] | undefined;
  /** Where the operator and its tripwire run: pods may ask its control port. */
  readonly operatorNamespace: string;
  /** What should have been read and could not be, for example `NetworkPolicy in namespace x: forbidden`. Anything here makes PROVED impossible where it could matter. */
  readonly unreadable: readonly string[];
  /** Kinds present in the cluster that enforce policy and that nobody here understands, for example `CiliumNetworkPolicy`. */
  readonly unknownPolicyKinds: readonly string[];
}
