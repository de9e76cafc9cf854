/** Whoever adds a policy can only tighten: what the objects of a namespace let through, packet by packet, before and after. */
import { BlockList, isIPv6 } from "node:net";
import fc from "fast-check";
import { expect, test } from "vitest";
import { canonicalJson } from "../../../lib/hash.ts";
import { effectivePolicy } from "../../../sovereignty/effective.ts";
import { PROFILES, PROTOCOLS, ROLES, type Destination, type InClusterPeer, type Policy } from "../../../sovereignty/policy.ts";
import { selects } from "../../../sovereignty/policies/selector.ts";
import { buildChildren } from "./index.ts";
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
const policy: fc.Arbitrary<Policy> = fc.record({
  name: fc.constantFrom("p", "q", "r", "s"), jurisdictions: fc.record({ profile: fc.constantFrom(...PROFILES), foreignControl: fc.constantFrom("Refuse", "Report") }),
  destinations: fc.uniqueArray(destination, { ...byName, maxLength: 3 }), inCluster: fc.uniqueArray(inClusterPeer, { ...byName, maxLength: 3 }),
});
const policies = fc.uniqueArray(policy, { ...byName, minLength: 1, maxLength: 3 });

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

/** Those that pods of each role may send or be sent. */
function packets(given: readonly Policy[]): Set<string> {
  const { openings } = buildChildren({ namespace: "n", policy: effectivePolicy(given, "2026-11-25")!, clients: [], nameServers: [] });
  return new Set(ROLES.flatMap((role) => openings.filter(({ spec }) => selects(spec?.podSelector ?? {}, { "hoheit.dev/role": role })).flatMap(({ spec }) => [
    ...(spec?.egress ?? []).flatMap((rule) => through(rule, rule.to ?? [])).map((packet) => `${role} to ${packet}`),
    ...(spec?.ingress ?? []).flatMap((rule) => through(rule, rule.from ?? [])).map((packet) => `${role} from ${packet}`),
  ])));
}

test("one policy more never lets a packet through that was not let through before", () => {
  let [fewer, same, any] = [0, 0, 0];
  fc.assert(fc.property(policies, policy, (given, more) => {
    fc.pre(!given.some(({ name }) => name === more.name));
    const before = packets(given);
    const after = packets([...given, more]);
    expect([...after].filter((packet) => !before.has(packet))).toEqual([]);
    [fewer, same, any] = [fewer + Number(after.size < before.size), same + Number(after.size === before.size), any + Number(after.size > 0)];
  }), { numRuns: 400 });
  for (const count of [fewer, same, any]) expect(count, "of each kind there were some").toBeGreaterThan(5);
});
