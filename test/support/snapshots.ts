/** Snapshots for tests, as short as what they are about. */
import type { Policy } from "../../operator/sovereignty/policy.ts";
import type { Raw, Snapshot, Workload } from "../../operator/sovereignty/snapshot.ts";

/** A snapshot with nothing in it but what is given. */
export const snapshotOf = (given: Partial<Snapshot> = {}): Snapshot => ({
  namespaces: [], workloads: [], networkPolicies: [], clusterNetworkPolicies: [], services: [], endpointSlices: [], governed: new Map(),
  cluster: { pods: [], services: [], nodes: [] }, operatorNamespace: "hoheit-system", unreadable: [], unknownPolicyKinds: [], ...given,
});

export const namespace = (name: string, labels: Record<string, string> = {}): Raw => ({ apiVersion: "v1", kind: "Namespace", metadata: { name, labels } });

/** `id` as in `town/Deployment/chat`. */
export const workload = (id: string, labels: Record<string, string> = {}, podSpec: Record<string, unknown> = {}): Workload =>
  ({ id, namespace: id.split("/", 1)[0] ?? "", labels, podSpec });

/** `id` as in `town/closed`. */
export function networkPolicy(id: string, spec: unknown): Raw {
  const [inside = "", name = ""] = id.split("/");
  return { apiVersion: "networking.k8s.io/v1", kind: "NetworkPolicy", metadata: { namespace: inside, name }, spec };
}

export const clusterNetworkPolicy = (name: string, spec: unknown): Raw =>
  ({ apiVersion: "policy.networking.k8s.io/v1alpha2", kind: "ClusterNetworkPolicy", metadata: { name }, spec });

/** A policy that lets nothing out but what is given. */
export const sovereigntyPolicy = (given: Partial<Policy> = {}): Policy =>
  ({ name: "land", jurisdictions: { profile: "EEA", foreignControl: "Refuse" }, destinations: [], inCluster: [], ...given });
