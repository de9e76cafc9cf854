/**
 * The policy in force where several hold: what all of them allow. Whoever adds a policy can therefore only tighten, whatever
 * it says, and the order in which policies came is nothing (effective.test.ts shows both for any policies).
 *
 * A destination is a box: addresses x ports x roles. Two policies allow together what lies in a box of either, so every
 * pair of boxes that meet is a box of the result. Boxes that violate the strictest jurisdictions are dropped before: a
 * destination that no policy alone would put in force is in none.
 */
import { canonicalJson } from "../lib/hash.ts";
import { byKey } from "../lib/order.ts";
import { parseCidr, toCidrs } from "./addresses/cidr.ts";
import { intersection, setOf, type IntervalSet } from "./addresses/intervals.ts";
import { isInside, judgeDestination } from "./jurisdiction/judge.ts";
import { PROFILES, PROTOCOLS, ROLES, type Destination, type InClusterPeer, type Policy, type Protocol, type Role } from "./policy.ts";

type Ports = Destination["ports"];

/**
 * What all of `policies` allow, as one policy; undefined if there are none: then nothing is governed. Its name is all of
 * theirs, joined by `+`. Policies of one name are one policy.
 *
 * @param today YYYY-MM-DD, UTC: adequacy decisions begin and end
 */
export function effectivePolicy(policies: readonly Policy[], today: string): Policy | undefined {
  const sorted = [...new Map(policies.map((policy) => [policy.name, policy])).values()].toSorted(byKey(({ name }) => name));
  const jurisdictions = strictest(sorted);
  return sorted.map((policy) => ({ ...policy, jurisdictions }))
    .map((policy) => tidy({ ...policy, destinations: destinationsInForce(policy, today) }))
    .reduce<Policy | undefined>((all, policy) => (all === undefined ? policy : both(all, policy)), undefined);
}

/** Destinations of a policy that keep to its own jurisdictions. */
export const destinationsInForce = ({ destinations, jurisdictions }: Policy, today: string): Destination[] =>
  destinations.filter((destination) => isInside(judgeDestination(destination, jurisdictions, today)));

/** Profiles are a chain, each inside of the next. */
function strictest(policies: readonly Policy[]): Policy["jurisdictions"] {
  const named = policies.map(({ jurisdictions }) => jurisdictions);
  return {
    profile: PROFILES.find((profile) => named.some((one) => one.profile === profile)) ?? "DE",
    foreignControl: named.some(({ foreignControl }) => foreignControl === "Refuse") ? "Refuse" : "Report",
  };
}

/** The same policy in one form, so that equal policies are equal objects: lists sorted, what says nothing left out. */
const tidy = ({ name, jurisdictions, destinations, inCluster }: Policy): Policy => ({
  name, jurisdictions,
  destinations: inOrder(destinations.map((one) => ({ ...one, cidrs: toCidrs(addressesOf(one)), ports: portsOf(setsOf(one.ports)), roles: inRoleOrder(one.roles) })).filter(saysSomething)),
  inCluster: inOrder(inCluster.flatMap(tidyPeer)),
});

/** Entries that hold no port, as a range that ends before it begins, must not become no entry, which is every port. */
function tidyPeer(peer: InClusterPeer): InClusterPeer[] {
  const ports = portsOf(setsOf(peer.ports));
  const isEmpty = peer.roles.length === 0 || (ports.length === 0 && peer.ports.length > 0);
  return isEmpty ? [] : [{ ...peer, ports, roles: inRoleOrder(peer.roles) }];
}

const both = (a: Policy, b: Policy): Policy => ({
  name: `${a.name}+${b.name}`,
  jurisdictions: a.jurisdictions,
  destinations: inOrder(pairs(a.destinations, b.destinations, commonDestination)),
  inCluster: inOrder(pairs(a.inCluster, b.inCluster, commonPeer)),
});

const pairs = <T>(left: readonly T[], right: readonly T[], common: (a: T, b: T) => T | undefined): T[] =>
  left.flatMap((a) => right.flatMap((b) => common(a, b) ?? []));

/** By name and, where names are equal, by all else. */
const inOrder = <T extends { readonly name: string }>(items: readonly T[]): T[] => items.toSorted(byKey((item) => `${item.name} ${canonicalJson(item)}`));

const saysSomething = ({ cidrs, ports, roles }: Destination): boolean => cidrs.length > 0 && ports.length > 0 && roles.length > 0;

const joined = (a: string, b: string): string => (a === b ? a : `${a}+${b}`);

/** What is said of it is what the first policy says: both are inside. */
function commonDestination(a: Destination, b: Destination): Destination | undefined {
  const common = {
    ...a,
    name: joined(a.name, b.name),
    cidrs: toCidrs(intersection(addressesOf(a), addressesOf(b))),
    ports: commonPorts(a.ports, b.ports),
    roles: a.roles.filter((role) => b.roles.includes(role)),
  };
  return saysSomething(common) ? common : undefined;
}

/** Selectors are compared, not intersected: a peer is one only if both name it alike. */
function commonPeer(a: InClusterPeer, b: InClusterPeer): InClusterPeer | undefined {
  if (canonicalJson(identityOf(a)) !== canonicalJson(identityOf(b))) return undefined;
  const roles = a.roles.filter((role) => b.roles.includes(role));
  const ports = commonPeerPorts(a.ports, b.ports);
  return ports === undefined || roles.length === 0 ? undefined : { ...a, name: joined(a.name, b.name), ports, roles };
}

const identityOf = ({ namespace, podSelector, direction }: InClusterPeer): unknown => [namespace, podSelector.matchLabels, direction];

/** Without an entry a peer has every port; undefined means that none is left. */
function commonPeerPorts(a: Ports, b: Ports): Ports | undefined {
  if (a.length === 0) return b;
  if (b.length === 0) return a;
  const common = commonPorts(a, b);
  return common.length === 0 ? undefined : common;
}

/** What cannot be read is no address. */
const addressesOf = ({ cidrs }: Destination): IntervalSet => setOf(cidrs.map(parseCidr).flatMap((parsed) => (parsed.kind === "Exact" ? [parsed.range] : [])));

/** Ports as sets, one for each of PROTOCOLS. */
type PortSets = readonly IntervalSet[];

const setsOf = (ports: Ports): PortSets => PROTOCOLS.map((protocol) => setOf(ports.filter((one) => one.protocol === protocol).map(rangeOf)));

const rangeOf = ({ port, endPort = port }: Ports[number]): { first: bigint; last: bigint } => ({ first: BigInt(port), last: BigInt(endPort) });

const portsOf = (sets: PortSets): Ports => sets.flatMap((set, at) => set.map(({ first, last }) => entryOf(first, last, PROTOCOLS[at] ?? "TCP")));

const entryOf = (first: bigint, last: bigint, protocol: Protocol): Ports[number] => ({ port: Number(first), ...(last > first && { endPort: Number(last) }), protocol });

const commonPorts = (a: Ports, b: Ports): Ports => {
  const right = setsOf(b);
  return portsOf(setsOf(a).map((set, at) => intersection(set, right[at] ?? [])));
};

const inRoleOrder = (roles: readonly Role[]): Role[] => ROLES.filter((role) => roles.includes(role));
