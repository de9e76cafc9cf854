/**
 * Makes a snapshot of objects, whether they come from a cluster or from a folder: what runs pods, which policy is in force
 * where, and where the cluster's addresses are, as far as objects say it.
 */
import { isExempt, takes } from "../../kinds/governed-namespace/governance.ts";
import type { SovereigntyPolicy } from "../../kinds/sovereignty-policy/schema.ts";
import { policyOf } from "../../kinds/sovereignty-policy/policy.ts";
import type { Namespace } from "../../lib/k8s-types.ts";
import { NAMESPACE_NAME } from "../../lib/labels.ts";
import { effectivePolicy } from "../../sovereignty/effective.ts";
import type { Policy } from "../../sovereignty/policy.ts";
import { remembering } from "../../sovereignty/prover/remembering.ts";
import type { Raw, Snapshot } from "../../sovereignty/snapshot.ts";
import { workloadsOf } from "./workloads.ts";

/** What was found, and what was not. */
export interface Found {
  readonly objects: readonly Raw[];
  readonly policies: readonly SovereigntyPolicy[];
  readonly unreadable: readonly string[];
}

/** What no object says. */
export interface Surroundings {
  /** Where pods, Services and nodes have their addresses, beside what objects say. */
  readonly cluster: Snapshot["cluster"];
  readonly nameServers: readonly string[];
  readonly operatorNamespace: string;
  /** YYYY-MM-DD, UTC. */
  readonly today: string;
}

const UNDERSTOOD = { NetworkPolicy: "networking.k8s.io/v1", ClusterNetworkPolicy: "policy.networking.k8s.io/v1alpha2" } as const;

/** Kinds that enforce policy and are not understood here: of Calico, Cilium, Antrea, OVN-Kubernetes, and earlier versions of the API. */
export const isUnknownPolicy = ({ apiVersion, kind }: Pick<Raw, "apiVersion" | "kind">): boolean =>
  (kind.endsWith("NetworkPolicy") || kind === "EgressFirewall") && !Object.entries(UNDERSTOOD).some(([known, version]) => known === kind && version === apiVersion);

export function assemble({ objects, policies, unreadable }: Found, surroundings: Surroundings): Snapshot {
  const { cluster, nameServers, operatorNamespace } = surroundings;
  const ofKind = (kind: string, apiVersion: string): Raw[] => objects.filter((object) => object.kind === kind && object.apiVersion === apiVersion);
  const [namespaces, services, nodes] = [ofKind("Namespace", "v1"), ofKind("Service", "v1"), ofKind("Node", "v1")];
  const unknown = objects.filter(isUnknownPolicy);
  return {
    namespaces, services,
    workloads: workloadsOf(objects),
    networkPolicies: ofKind("NetworkPolicy", UNDERSTOOD.NetworkPolicy),
    clusterNetworkPolicies: ofKind("ClusterNetworkPolicy", UNDERSTOOD.ClusterNetworkPolicy),
    endpointSlices: ofKind("EndpointSlice", "discovery.k8s.io/v1"),
    governed: governedBy({ policies, namespaces }, surroundings),
    cluster: {
      pods: [...cluster.pods, ...nodes.flatMap((node) => textsIn(node["spec"], "podCIDRs"))],
      services: [...cluster.services, ...ofKind("ServiceCIDR", "networking.k8s.io/v1").flatMap((range) => textsIn(range["spec"], "cidrs"))],
      nodes: [...cluster.nodes, ...nodes.flatMap(addressesOfNode)],
    },
    nameServers, operatorNamespace, unreadable,
    unknownPolicyKinds: [...new Set(unknown.map(({ kind, apiVersion }) => `${kind} (${apiVersion})`))].toSorted(),
  };
}

/** The intersection of all policies that select a namespace; the operator's own and those of Kubernetes are never governed. */
function governedBy({ policies, namespaces }: { policies: readonly SovereigntyPolicy[]; namespaces: readonly Raw[] }, { operatorNamespace, today }: Surroundings): Map<string, Policy> {
  // A thousand namespaces have the same few policies, and to intersect long ones takes milliseconds.
  const together = remembering((selecting: readonly SovereigntyPolicy[]) => effectivePolicy(selecting.map(policyOf), today), (selecting) => selecting.map((one) => policies.indexOf(one)).join(" "));
  return new Map(namespaces.filter(({ metadata }) => !isExempt(metadata.name, operatorNamespace)).flatMap(({ metadata }) => {
    const named: Namespace = { apiVersion: "v1", kind: "Namespace", metadata: { ...metadata, labels: { ...metadata.labels, [NAMESPACE_NAME]: metadata.name } } };
    const policy = together(policies.filter((one) => takes(one, named)));
    return policy === undefined ? [] : [[metadata.name, policy] as const];
  }));
}

function textsIn(members: unknown, key: string): string[] {
  const list = (members as Readonly<Record<string, unknown>> | null | undefined)?.[key];
  return Array.isArray(list) ? list.filter((one): one is string => typeof one === "string") : [];
}

/** Names of nodes are no addresses. */
function addressesOfNode(node: Raw): string[] {
  const { addresses } = (node["status"] ?? {}) as { readonly addresses?: readonly { readonly type?: unknown; readonly address?: unknown }[] };
  return (addresses ?? []).flatMap(({ type, address }) => (typeof address === "string" && (type === "InternalIP" || type === "ExternalIP") ? [`${address}/${address.includes(":") ? 128 : 32}`] : []));
}
