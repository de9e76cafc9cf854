/**
 * The way to one destination outside, for the pods of its roles. Each has an object of its own, so that no change of one
 * touches what another allows: plugins that keep addresses by the place of a rule in its object (kube-router) would drop,
 * or let through at the other's ports, while places shift (docs/decisions/0008).
 */
import type { NetworkPolicy } from "../../../lib/k8s-types.ts";
import { destinationPolicyName } from "../../../lib/names.ts";
import type { Destination } from "../../../sovereignty/policy.ts";
import type { BuildInput } from "./input.ts";
import { opening, portsOf } from "./metadata.ts";
import { podsWithRoles } from "./roles.ts";

/** An empty list of addresses would be every destination, one of ports every port: a destination that has none of them left is none. */
export function buildDestinationPolicy({ name, cidrs, ports, roles }: Destination, { namespace }: Pick<BuildInput, "namespace">): NetworkPolicy | undefined {
  const podSelector = podsWithRoles(roles);
  if (podSelector === undefined || cidrs.length === 0 || ports.length === 0) return undefined;
  return opening({ name: destinationPolicyName(name), namespace }, { podSelector, egress: [{ to: cidrs.toSorted().map((cidr) => ({ ipBlock: { cidr } })), ports: portsOf(ports) }] });
}
