/** The way to, or from, one peer in the cluster, for the pods of its roles: by namespace and labels, never "any namespace". An object of its own, as for destinations. */
import type { NetworkPolicy } from "../../../lib/k8s-types.ts";
import { peerPolicyName } from "../../../lib/names.ts";
import type { InClusterPeer } from "../../../sovereignty/policy.ts";
import type { BuildInput } from "./input.ts";
import { opening, podsOf, portsOf } from "./metadata.ts";
import { podsWithRoles } from "./roles.ts";

export function buildPeerPolicy({ name, namespace: where, podSelector: { matchLabels }, direction, ports, roles }: InClusterPeer, { namespace }: Pick<BuildInput, "namespace">): NetworkPolicy | undefined {
  const podSelector = podsWithRoles(roles);
  if (podSelector === undefined) return undefined;
  const peers = [podsOf(where, matchLabels)];
  // A peer without ports may use every port: so its schema says.
  const at = ports.length === 0 ? {} : { ports: portsOf(ports) };
  return opening({ name: peerPolicyName(name), namespace }, { podSelector, ...(direction === "Ingress" ? { ingress: [{ from: peers, ...at }] } : { egress: [{ to: peers, ...at }] }) });
}
