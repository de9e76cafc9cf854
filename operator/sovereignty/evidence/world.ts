/** A snapshot, cut down to what one question is about: the point evaluator looks through all that it is given. */
import { parseAddress } from "../point/address.ts";
import { isSubjectOf } from "../point/network-policy.ts";
import { addressEnd, podEnd } from "../point/party.ts";
import type { Policy } from "../policy.ts";
import type { Raw, Snapshot, Workload } from "../snapshot.ts";

export class Worlds {
  readonly snapshot: Snapshot;
  private readonly policies: ReadonlyMap<string, readonly Raw[]>;
  private readonly workloads: ReadonlyMap<string, readonly Workload[]>;

  constructor(snapshot: Snapshot) {
    this.snapshot = snapshot;
    this.policies = Map.groupBy(snapshot.networkPolicies, ({ metadata }) => metadata.namespace ?? "");
    this.workloads = Map.groupBy(snapshot.workloads, ({ namespace }) => namespace);
  }

  workloadsIn(namespace: string): readonly Workload[] {
    return this.workloads.get(namespace) ?? [];
  }

  /** With the NetworkPolicies of these namespaces, and these workloads. */
  of(namespaces: readonly string[], workloads: readonly Workload[]): Snapshot {
    return { ...this.snapshot, workloads, networkPolicies: [...new Set(namespaces)].flatMap((namespace) => this.policies.get(namespace) ?? []) };
  }

  /** Whether an address may be that of a pod, a Service or a node. */
  isInCluster(address: string): boolean {
    const parsed = parseAddress(address);
    if (parsed === undefined) return false;
    const { mayBePod, mayBeNode } = addressEnd(this.snapshot, parsed);
    return mayBePod || mayBeNode;
  }
}

/** The same without NetworkPolicies that have nothing to do with any of these pods. */
export function about(world: Snapshot, pods: readonly Workload[]): Snapshot {
  const ends = pods.map((pod) => podEnd(world, pod, "IPv4"));
  return { ...world, networkPolicies: world.networkPolicies.filter((policy) => ends.some((end) => isSubjectOf(policy, end) !== false)) };
}

/** Every rule that says where pods may go. */
export const rulesOf = ({ networkPolicies, clusterNetworkPolicies }: Snapshot): unknown[] => [...networkPolicies, ...clusterNetworkPolicies].flatMap((raw) => {
  const { egress } = (raw["spec"] ?? {}) as { readonly egress?: unknown };
  return Array.isArray(egress) ? (egress as unknown[]) : [];
});

/** Where a policy says that they may, and where the cluster is. */
export function placesOf({ cluster, nameServers = [] }: Snapshot, { destinations }: Policy): unknown[] {
  const hosts = nameServers.map((address) => `${address}/${address.includes(":") ? 128 : 32}`);
  return [...destinations, ...Object.values(cluster), hosts];
}
