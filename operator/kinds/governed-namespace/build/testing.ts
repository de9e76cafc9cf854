/** A small world for tests by properties: policies that name some of its addresses and pods, and every packet that objects let through. */
import { BlockList, isIPv6 } from "node:net";
import fc from "fast-check";
import { canonicalJson } from "../../../lib/hash.ts";
import type { NetworkPolicy } from "../../../lib/k8s-types.ts";
import { effectivePolicy } from "../../../sovereignty/effective.ts";
import { PROFILES, PROTOCOLS, ROLES, type Destination, type InClusterPeer, type Policy } from "../../../sovereignty/policy.ts";
import { selects } from "../../../sovereignty/policies/selector.ts";
import { buildChildren, type Children } from "./index.ts";
import type { EgressRule, IngressRule, Peer } from "./metadata.ts";

const word = fc.constantFrom("a", "b", "c");
const roles = fc.uniqueArray(fc.constantFrom(...ROLES), { minLength: 1 });
const port = fc.record({ port: fc.integer({ min: 1, max: 6 }), endPort: fc.option(fc.integer({ min: 1, max: 9 }), { nil: undefined }), protocol: fc.constantFrom(...PROTOCOLS) });
const cidr = fc.constantFrom("198.51.100.0/24", "198.51.100.0/25", "198.51.100.7/32", "198.51.0.0/16", "2001:db8::/32", "2001:db8:1::/48", "2001:db8:1::7/128");
const destination: fc.Arbitrary<Destination> = fc.record({
  name: word, cidrs: fc.uniqueArray(cidr, { minLength: 1, maxLength: 3 }), ports: fc.array(port, { minLength: 1, maxLength: 3 }), country: fc.constantFrom("DE", "DE", "DE", "FR", "US"),
  operator: fc.record({ name: word, country: fc.constantFrom("DE", "DE", "NO"), controlledFrom: fc.constantFrom("DE", "DE", "DE", "US") }), purpose: word, roles,
});
const inClusterPeer: fc.Arbitrary<InClusterPeer> = fc.record({
  name: word, namespace: word, podSelector: fc.record({ matchLabels: fc.constantFrom<Record<string, string>>({ app: "a" }, { app: "b" }) }), direction: fc.constantFrom("Ingress", "Egress"), ports: fc.array(port, { maxLength: 2 }), roles,
});
const byName = { selector: ({ name }: { name: string }): string => name };
export const policy: fc.Arbitrary<Policy> = fc.record({
  name: fc.constantFrom("p", "q", "r", "s"), jurisdictions: fc.record({ profile: fc.constantFrom(...PROFILES), foreignControl: fc.constantFrom("Refuse", "Report") }),
  destinations: fc.uniqueArray(destination, { ...byName, maxLength: 3 }), inCluster: fc.uniqueArray(inClusterPeer, { ...byName, maxLength: 3 }),
});
/** One to three, of different names. */
export const policies = fc.uniqueArray(policy, { ...byName, minLength: 1, maxLength: 3 });

const ADDRESSES = ["198.51.100.7", "198.51.100.200", "198.51.7.7", "203.0.113.1", "2001:db8:1::7", "2001:db8:1::8", "2001:db8:2::1", "3fff::1"];
const PEERS = ["a", "b", "c"].flatMap((namespace) => ["a", "b"].map((app) => canonicalJson({ namespaceSelector: { matchLabels: { "kubernetes.io/metadata.name": namespace } }, podSelector: { matchLabels: { app } } })));

function isFor({ ipBlock, ...pods }: Peer, target: string): boolean {
  if (ipBlock === undefined) return canonicalJson(pods) === target;
  if (target.startsWith("{")) return false;
  const [address = "", length] = ipBlock.cidr.split("/");
  const list = new BlockList();
  list.addSubnet(address, Number(length), isIPv6(address) ? "ipv6" : "ipv4");
  return list.check(target, isIPv6(target) ? "ipv6" : "ipv4");
}

const hasPort = (ports: EgressRule["ports"], protocol: string, number: number): boolean =>
  ports === undefined || ports.some((one) => one.protocol === protocol && Number(one.port) <= number && number <= (one.endPort ?? Number(one.port)));

const PORTS = PROTOCOLS.flatMap((protocol) => Array.from({ length: 10 }, (_, index) => ({ protocol, number: index + 1 })));

/** Packets of a small world that a rule lets through, in words. */
const through = ({ ports }: EgressRule | IngressRule, peers: readonly Peer[]): string[] =>
  [...ADDRESSES, ...PEERS].filter((target) => peers.some((peer) => isFor(peer, target)))
    .flatMap((target) => PORTS.filter(({ protocol, number }) => hasPort(ports, protocol, number)).map(({ protocol, number }) => `${target} ${protocol} ${number}`));

/** What a namespace gets under these policies; nothing is opened where there are none. */
export function childrenUnder(given: readonly Policy[]): Children {
  const policy = effectivePolicy(given, "2026-11-25") ?? { destinations: [], inCluster: [] };
  return buildChildren({ namespace: "n", policy, clients: [], nameServers: [] });
}

/** Packets that pods of each role may send or be sent, in words. */
export function packetsThrough(policies: readonly NetworkPolicy[]): Set<string> {
  return new Set(ROLES.flatMap((role) => policies.filter(({ spec }) => selects(spec?.podSelector ?? {}, { "hoheit.dev/role": role })).flatMap(({ spec }) => [
    ...(spec?.egress ?? []).flatMap((rule) => through(rule, rule.to ?? [])).map((packet) => `${role} to ${packet}`),
    ...(spec?.ingress ?? []).flatMap((rule) => through(rule, rule.from ?? [])).map((packet) => `${role} from ${packet}`),
  ])));
}
