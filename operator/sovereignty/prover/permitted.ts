/** What a SovereigntyPolicy lets pods of one role reach, and what they may reach under any policy. */
import { parseCidr } from "../addresses/cidr.ts";
import { setOf, type IntervalSet } from "../addresses/intervals.ts";
import { OPERATOR_LABELS } from "../../lib/labels.ts";
import { CONTROL_PORT } from "../../lib/names.ts";
import { byKey } from "../../lib/order.ts";
import type { Destination, InClusterPeer, Policy, Role } from "../policy.ts";
import { ALL_PORTS, portsOf } from "./ports.ts";
import { remembering } from "./remembering.ts";
import type { PodTraffic } from "./result.ts";
import { minus, plus, traffic, type Traffic } from "./traffic.ts";

export interface Permitted {
  /** By name. */
  readonly destinations: readonly { readonly name: string; readonly traffic: Traffic }[];
  /** Name servers that are no destination. */
  readonly dns: Traffic;
  /** All addresses together. */
  readonly addresses: Traffic;
  readonly pods: readonly PermittedPods[];
}

export interface PermittedPods {
  readonly as: Exclude<PodTraffic["as"], "Governed" | "Relay">;
  readonly namespace: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly ports: IntervalSet;
}

/** What a cluster permits under any policy. */
export interface AlwaysPermitted {
  /** Addresses where pods may ask for names. */
  readonly nameServers: IntervalSet;
  readonly operatorNamespace: string;
}

export const KUBE_SYSTEM = "kube-system";
export const DNS_PORT = 53;
const ON_DNS_PORT = portsOf([{ protocol: "TCP", port: DNS_PORT }, { protocol: "UDP", port: DNS_PORT }]);
const ON_CONTROL_PORT = portsOf([{ protocol: "TCP", port: CONTROL_PORT }, { protocol: "UDP", port: CONTROL_PORT }]);

/** One answer for all namespaces with the same policy and all roles of which it says the same: equal answers are the same object. */
export function permitter(always: AlwaysPermitted): (policy: Policy, role: Role) => Permitted {
  const permitted = remembering((entries: Entries) => permittedBy(entries, always), (entries) => JSON.stringify(entries));
  const byRole = remembering((policy: Policy) => remembering((role: Role) => permitted(entriesFor(role, policy))), textOfPolicy);
  return (policy, role) => byRole(policy)(role);
}

const texts = new WeakMap<Policy, string>();

/** Equal for equal policies; made once for each object, for a thousand namespaces may share one. */
export function textOfPolicy(policy: Policy): string {
  const text = texts.get(policy) ?? JSON.stringify(policy);
  texts.set(policy, text);
  return text;
}

/** What a policy says of a role. */
interface Entries {
  readonly destinations: readonly Destination[];
  readonly peers: readonly InClusterPeer[];
  readonly mayAskForNames: boolean;
}

function entriesFor(role: Role, { destinations, inCluster }: Policy): Entries {
  const ofRole = <T extends { readonly name: string; readonly roles: readonly Role[] }>(entries: readonly T[]): T[] => entries.filter(({ roles }) => roles.includes(role)).toSorted(byKey(({ name }) => name));
  return { destinations: ofRole(destinations), peers: ofRole(inCluster).filter(({ direction }) => direction === "Egress"), mayAskForNames: role === "Application" };
}

function permittedBy({ destinations: entries, peers, mayAskForNames }: Entries, { nameServers, operatorNamespace }: AlwaysPermitted): Permitted {
  const destinations = entries.map((one) => ({ name: one.name, traffic: trafficOf(one) }));
  const declared = plus(destinations.map((one) => one.traffic));
  const dns = mayAskForNames ? minus(traffic(ON_DNS_PORT, nameServers), declared) : [];
  return {
    destinations,
    dns,
    addresses: plus([declared, dns]),
    pods: [
      // A peer without ports may be asked at every port (InClusterPeer).
      ...peers.map(({ namespace, podSelector, ports }) => ({ as: "InClusterPeer" as const, namespace, labels: podSelector.matchLabels, ports: ports.length === 0 ? ALL_PORTS : portsOf(ports) })),
      { as: "Operator", namespace: operatorNamespace, labels: OPERATOR_LABELS, ports: ON_CONTROL_PORT },
      ...(mayAskForNames ? [{ as: "DNS" as const, namespace: KUBE_SYSTEM, labels: {}, ports: ON_DNS_PORT }] : []),
    ],
  };
}

/** A CIDR that has not exactly one reading declares nothing. */
function trafficOf({ cidrs, ports }: Destination): Traffic {
  const addresses = cidrs.map(parseCidr).flatMap((parsed) => (parsed.kind === "Exact" ? [parsed.range] : []));
  return traffic(portsOf(ports), setOf(addresses));
}
