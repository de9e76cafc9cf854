import fc from "fast-check";
import { describe, expect, it, test } from "vitest";
import { contains, setOf } from "./addresses/intervals.ts";
import { parseAddress, parseCidr } from "./addresses/cidr.ts";
import { destinationsInForce, effectivePolicy } from "./effective.ts";
import { PROFILES, type Destination, type InClusterPeer, type Policy, type Protocol, type Role } from "./policy.ts";

const TODAY = "2026-11-25";

// --- what a policy allows, said in another way than effective.ts does: by one packet

interface Packet {
  readonly role: Role;
  readonly address: string;
  readonly peer: Pick<InClusterPeer, "namespace" | "podSelector" | "direction">;
  readonly protocol: Protocol;
  readonly port: number;
}

const isIn = (ports: Destination["ports"], { protocol, port }: Packet): boolean => ports.some((one) => one.protocol === protocol && one.port <= port && port <= (one.endPort ?? one.port));

function holds(cidr: string, address: string): boolean {
  const [range, point] = [parseCidr(cidr), parseAddress(address)];
  return range.kind === "Exact" && point.kind === "Exact" && contains(setOf([range.range]), point.address);
}

const reaches = ({ destinations }: Pick<Policy, "destinations">, packet: Packet): boolean =>
  destinations.some((one) => one.roles.includes(packet.role) && isIn(one.ports, packet) && one.cidrs.some((cidr) => holds(cidr, packet.address)));

const talks = ({ inCluster }: Policy, packet: Packet): boolean =>
  inCluster.some((one) => one.roles.includes(packet.role) && (one.ports.length === 0 || isIn(one.ports, packet)) && one.direction === packet.peer.direction &&
    one.namespace === packet.peer.namespace && JSON.stringify(one.podSelector) === JSON.stringify(packet.peer.podSelector));

const allowed = (policy: Policy, packet: Packet): readonly [boolean, boolean] => [reaches(policy, packet), talks(policy, packet)];

// --- a world so small that policies meet

const roles = fc.subarray<Role>(["Fetch", "Gateway", "Application"]);
const CIDRS = ["10.0.0.0/8", "10.1.0.0/16", "10.1.2.0/31", "10.1.2.0/32", "10.1.2.1/32", "2001:db8::/32", "2001:db8::/64", "2001:db8::7/128", "010.1.2.0/32"];
const ADDRESSES = ["10.1.2.0", "10.1.2.1", "10.1.2.2", "8.1.2.0", "2001:db8::7", "2001:db8::8"];
const ports = fc.array(fc.record({ port: fc.integer({ min: 1, max: 3 }), endPort: fc.option(fc.integer({ min: 1, max: 5 }), { nil: undefined, freq: 2 }), protocol: fc.constantFrom<Protocol>("TCP", "UDP") }), { minLength: 1, maxLength: 3 });
const country = fc.oneof({ weight: 12, arbitrary: fc.constant("DE") }, { weight: 1, arbitrary: fc.constantFrom("FR", "NO", "CH", "US") });
const operator = fc.record({ name: fc.constant("A"), country, controlledFrom: country });
const name = fc.constantFrom("a", "b", "c");
const uniquely = <T extends { readonly name: string }>(item: fc.Arbitrary<T>): fc.Arbitrary<T[]> => fc.uniqueArray(item, { selector: (one) => one.name, minLength: 1, maxLength: 3 });
const destinations = uniquely<Destination>(fc.record({ name, cidrs: fc.subarray(CIDRS), ports, country, operator, purpose: fc.constant("weights"), roles }));
const peer = { namespace: fc.constantFrom("x", "y"), podSelector: fc.record({ matchLabels: fc.record({ app: fc.constantFrom("ui", "db") }) }), direction: fc.constantFrom<"Ingress" | "Egress">("Ingress", "Egress") };
const inCluster = uniquely<InClusterPeer>(fc.record({ name, ...peer, ports: fc.oneof(ports, fc.constant([])), roles }));
const policy: fc.Arbitrary<Policy> = fc.record({
  name: fc.constantFrom("p", "q", "r", "s"), destinations, inCluster,
  jurisdictions: fc.record({ profile: fc.constantFrom(...PROFILES), foreignControl: fc.constantFrom<"Refuse" | "Report">("Refuse", "Report") }),
});
/** Of different names: two objects of a cluster never share one. */
const policies = (minLength: number): fc.Arbitrary<Policy[]> => fc.uniqueArray(policy, { selector: (one) => one.name, minLength, maxLength: 4 });
const packet: fc.Arbitrary<Packet> = fc.record({
  role: fc.constantFrom<Role>("Fetch", "Gateway", "Application"), address: fc.constantFrom(...ADDRESSES), peer: fc.record(peer), protocol: fc.constantFrom<Protocol>("TCP", "UDP"), port: fc.integer({ min: 1, max: 6 }),
});

const effective = (all: readonly Policy[]): Policy => {
  const policyOf = effectivePolicy(all, TODAY);
  if (policyOf === undefined) throw new Error("no policies");
  return policyOf;
};
/** What a policy allows by itself: destinations that violate its jurisdictions are not in force. */
const alone = (one: Policy): Policy => ({ ...one, destinations: destinationsInForce(one, TODAY) });

describe("whatever policies there are", () => {
  test("adding one never allows more: who may only add may only tighten", () => {
    const seen = { kept: 0, taken: 0 };
    fc.assert(fc.property(policies(2), packet, ([added, ...rest], one) => {
      if (added === undefined) return;
      const [before, after] = [allowed(effective(rest), one), allowed(effective([added, ...rest]), one)];
      for (const [at, isAllowed] of after.entries()) {
        if (isAllowed) expect(before[at]).toBe(true);
        if (before[at] === true) seen[isAllowed ? "kept" : "taken"] += 1;
      }
    }), { numRuns: 5_000 });
    expect(seen.kept).toBeGreaterThan(5);
    expect(seen.taken).toBeGreaterThan(5);
  });

  test("what is allowed every one of them allows, and what every one allows under the strictest jurisdictions is allowed", () => {
    let both = 0;
    fc.assert(fc.property(policies(1), packet, (all, one) => {
      const together = effective(all);
      const strict = all.map((each) => ({ ...each, jurisdictions: together.jurisdictions }));
      expect(allowed(together, one)).toEqual([strict.every((each) => reaches(alone(each), one)), all.every((each) => talks(each, one))]);
      if (all.length > 1 && (reaches(together, one) || talks(together, one))) both += 1;
    }), { numRuns: 5_000 });
    expect(both).toBeGreaterThan(5);
  });

  test("their order is nothing, and neither is naming one twice", () => {
    fc.assert(fc.property(policies(1).chain((all) => fc.tuple(fc.constant(all), fc.shuffledSubarray(all, { minLength: all.length }))), ([all, shuffled]) => {
      expect(effective([...shuffled, ...shuffled])).toEqual(effective(all));
    }));
  });

  test("the result is a policy with the same result, and its lists have no empty end", () => {
    fc.assert(fc.property(policies(1), (all) => {
      const together = effective(all);
      expect(effective([together])).toEqual(together);
      for (const one of together.destinations) expect([one.cidrs.length, one.ports.length, one.roles.length]).not.toContain(0);
      expect(new Set(together.destinations.map((one) => one.name)).size).toBe(together.destinations.length);
    }));
  });
});

const destination: Destination = {
  name: "mirror", cidrs: ["198.51.100.0/24"], ports: [{ port: 443, protocol: "TCP" }], country: "FR", operator: { name: "A", country: "DE", controlledFrom: "US" }, purpose: "weights", roles: ["Fetch"],
};
const ingress: InClusterPeer = { name: "ingress", namespace: "ingress", podSelector: { matchLabels: { app: "nginx" } }, direction: "Ingress", ports: [], roles: ["Application"] };
const land: Policy = { name: "land", jurisdictions: { profile: "EEA", foreignControl: "Report" }, destinations: [destination], inCluster: [ingress] };

describe("two policies", () => {
  it("none is none", () => expect(effectivePolicy([], TODAY)).toBeUndefined());

  it("meet in the narrower range, the common ports and the common roles, under both names", () => {
    const city = { ...land, name: "city", destinations: [{ ...destination, name: "models", cidrs: ["198.51.100.7/32", "203.0.113.0/24"], ports: [{ port: 1, endPort: 1000, protocol: "TCP" as const }], roles: ["Fetch", "Purge"] as const }] };
    expect(effective([land, city])).toMatchObject({ name: "city+land", destinations: [{ name: "models+mirror", cidrs: ["198.51.100.7/32"], ports: [{ port: 443, protocol: "TCP" }], roles: ["Fetch"] }] });
  });

  it("have the stricter profile, and who refuses foreign control refuses it for both", () => {
    expect(effective([land, { ...land, name: "city", jurisdictions: { profile: "DE", foreignControl: "Report" } }])).toMatchObject({ jurisdictions: { profile: "DE" }, destinations: [] });
    expect(effective([land, { ...land, name: "city", jurisdictions: { profile: "EEA", foreignControl: "Refuse" } }])).toMatchObject({ jurisdictions: { foreignControl: "Refuse" }, destinations: [] });
    expect(effective([land, { ...land, name: "city" }]).destinations).toHaveLength(1);
  });

  it("have the peers that both name alike, with the ports that both name", () => {
    const peers = (...inCluster: InClusterPeer[]): InClusterPeer["ports"][] => effective([land, { ...land, name: "city", inCluster }]).inCluster.map((one) => one.ports);
    const at = (port: number) => ({ ...ingress, ports: [{ port, protocol: "TCP" as const }] });
    expect(peers(ingress)).toEqual([[]]);
    expect(peers(at(80))).toEqual([[{ port: 80, protocol: "TCP" }]]);
    expect(peers({ ...ingress, podSelector: { matchLabels: { app: "nginx", tier: "x" } } }, { ...ingress, direction: "Egress" }, { ...ingress, namespace: "other" })).toEqual([]);
    expect(effective([{ ...land, inCluster: [at(80)] }, { ...land, name: "city", inCluster: [at(81)] }]).inCluster).toEqual([]);
  });

  it("and a peer whose ports hold nothing does not get every port by that", () => {
    expect(effective([{ ...land, inCluster: [{ ...ingress, ports: [{ port: 9, endPort: 1, protocol: "TCP" }] }] }]).inCluster).toEqual([]);
  });
});
