/**
 * What the pods of one role may reach and who may reach them: destinations outside by address, peers in the cluster by
 * namespace and labels, never "any namespace". Serving and Probe are not here: what they reach is the same under every
 * policy, and stands in the seal of their deployment.
 */
import type { NetworkPolicy } from "../../../lib/k8s-types.ts";
import { ROLE } from "../../../lib/labels.ts";
import { rolePolicyName } from "../../../lib/names.ts";
import { byKey } from "../../../lib/order.ts";
import { ROLES, type Destination, type InClusterPeer, type Role } from "../../../sovereignty/policy.ts";
import { buildDnsRule } from "./dns.ts";
import type { BuildInput } from "./input.ts";
import { networkPolicy, podsOf, type EgressRule, type IngressRule, type Rules } from "./metadata.ts";

export const ROLES_WITH_RULES = ["Application", "Fetch", "Gateway", "Purge"] as const satisfies readonly Role[];

/** Every pod that Hoheit did not make: without the label, or with a value that says nothing to Hoheit. */
export const APPLICATION = { key: ROLE, operator: "NotIn", values: ROLES.filter((role) => role !== "Application").toSorted() };

/** Undefined where the policy names nothing for the role. */
export function buildRolePolicy(role: Role, { namespace, policy, nameServers }: BuildInput): NetworkPolicy | undefined {
  const peers = forRole(policy.inCluster, role);
  const ingress = peers.filter(({ direction }) => direction === "Ingress").map(admit);
  const egress = [
    // A name is a way to be heard outside; only who may have to look names up gets it. All others are told addresses.
    ...(role === "Application" ? [buildDnsRule(nameServers)] : []),
    ...forRole(policy.destinations, role).flatMap(reach),
    ...peers.filter(({ direction }) => direction === "Egress").map(talk),
  ];
  if (ingress.length + egress.length === 0) return undefined;
  return networkPolicy({ name: rolePolicyName(role), namespace }, { podSelector: selectorOf(role), policyTypes: ["Ingress", "Egress"], ingress, egress });
}

/** In the order of their names, whatever order they came in. */
const forRole = <T extends Destination | InClusterPeer>(entries: readonly T[], role: Role): T[] =>
  entries.filter(({ roles }) => roles.includes(role)).toSorted(byKey(({ name }) => name));

const selectorOf = (role: Role): NonNullable<Rules["podSelector"]> => (role === "Application" ? { matchExpressions: [APPLICATION] } : { matchLabels: { [ROLE]: role } });

type Ports = Destination["ports"];
type RulePorts = NonNullable<EgressRule["ports"]>;

const portsOf = (ports: Ports): RulePorts => ports.map(({ protocol, port, endPort }) => ({ protocol, port, ...(endPort !== undefined && { endPort }) }));

/** An empty list of addresses would be every destination, one of ports every port: a destination that has none of them left is no rule. */
function reach({ cidrs, ports }: Destination): EgressRule[] {
  if (cidrs.length === 0 || ports.length === 0) return [];
  return [{ to: cidrs.toSorted().map((cidr) => ({ ipBlock: { cidr } })), ports: portsOf(ports) }];
}

/** A peer without ports may use every port: so its schema says. */
const between = ({ ports }: InClusterPeer): { ports?: RulePorts } => (ports.length === 0 ? {} : { ports: portsOf(ports) });

const talk = (peer: InClusterPeer): EgressRule => ({ to: [podsOf(peer.namespace, peer.podSelector.matchLabels)], ...between(peer) });
const admit = (peer: InClusterPeer): IngressRule => ({ from: [podsOf(peer.namespace, peer.podSelector.matchLabels)], ...between(peer) });
