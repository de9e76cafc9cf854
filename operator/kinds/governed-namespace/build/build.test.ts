import fc from "fast-check";
import { describe, expect, it, test } from "vitest";
import { canonicalJson } from "../../../lib/hash.ts";
import type { NetworkPolicy } from "../../../lib/k8s-types.ts";
import { probeLabels, servingLabels } from "../../../lib/labels.ts";
import { PROTOCOLS, ROLES, type Destination, type InClusterPeer, type Policy } from "../../../sovereignty/policy.ts";
import { dividing, openings as waysOut } from "../../../sovereignty/policies/egress.ts";
import { selects, type Labels } from "../../../sovereignty/policies/selector.ts";
import { isNodeLocal } from "./dns.ts";
import type { EgressRule, Peer } from "./metadata.ts";
import { buildChildren, type BuildInput, type ModelClient } from "./index.ts";

const OPERATOR = { name: "IT-Verbund", country: "DE", controlledFrom: "DE" };
const destination = (name: string, over: Partial<Destination> = {}): Destination =>
  ({ name, cidrs: ["198.51.100.7/32"], ports: [{ port: 443, protocol: "TCP" }], country: "DE", operator: OPERATOR, purpose: "weights", roles: ["Fetch"], ...over });
const input = (over: Partial<BuildInput> = {}): BuildInput => ({ namespace: "n", policy: { destinations: [], inCluster: [] }, clients: [], nameServers: [], ...over });
const names = (given: BuildInput): string[] => buildChildren(given).openings.map(({ metadata }) => metadata.name);

describe("each destination has a policy of its own", () => {
  it("beside the one with DNS that Application always has", () => {
    expect(names(input())).toEqual(["hoheit-application"]);
    expect(names(input({ policy: { destinations: [destination("a"), destination("b", { roles: ["Gateway", "Fetch"] })], inCluster: [] } }))).toEqual(["hoheit-application", "hoheit-destination-a", "hoheit-destination-b"]);
  });

  it.each([
    [["Fetch"], { matchLabels: { "hoheit.dev/role": "Fetch" } }],
    [["Purge", "Fetch", "Serving"], { matchExpressions: [{ key: "hoheit.dev/role", operator: "In", values: ["Fetch", "Purge"] }] }],
    [["Application"], { matchExpressions: [{ key: "hoheit.dev/role", operator: "NotIn", values: ["Fetch", "Gateway", "Probe", "Purge", "Serving"] }] }],
    [["Fetch", "Application"], { matchExpressions: [{ key: "hoheit.dev/role", operator: "NotIn", values: ["Gateway", "Probe", "Purge", "Serving"] }] }],
  ] as const)("for the pods of its roles: %s", (roles, expected) => {
    const [, opening] = buildChildren(input({ policy: { destinations: [destination("a", { roles })], inCluster: [] } })).openings;
    expect(opening?.spec?.podSelector).toEqual(expected);
  });

  it.each([{ cidrs: [] }, { ports: [] }, { roles: ["Serving", "Probe"] as const }])("unless nothing is left of it: %j; a list without an entry would be everything", (empty) => {
    expect(names(input({ policy: { destinations: [destination("a", empty)], inCluster: [] } }))).toEqual(["hoheit-application"]);
  });

  it("which says the same whatever else the policy names: no change of one touches what another allows", () => {
    const about = (...destinations: Destination[]) => buildChildren(input({ policy: { destinations, inCluster: [] } })).openings.find(({ metadata }) => metadata.name === "hoheit-destination-m");
    const alone = about(destination("m"));
    expect(alone?.spec?.egress).toHaveLength(1);
    expect([about(destination("a"), destination("m")), about(destination("z"), destination("m"), destination("a"))]).toEqual([alone, alone]);
  });
});

describe("DNS", () => {
  it.each([
    ["169.254.20.10", true], ["169.254.0.1", true], ["10.96.0.10", false], ["169.254.169.254", false], ["169.254.169.253", false], ["169.254.170.2", false],
    ["fe80::1", false], ["fd00::10", false], ["2001:db8::53", false], ["nonsense", false],
  ])("%s is a cache on the node: %s", (address, expected) => expect(isNodeLocal(address)).toBe(expected));

  it("is asked of the pods of the cluster, and of the caches on nodes", () => {
    const [application] = buildChildren(input({ nameServers: ["169.254.20.11", "10.96.0.10", "169.254.20.10", "169.254.20.10"] })).openings;
    expect(application?.spec?.egress).toEqual([{
      to: [
        { namespaceSelector: { matchLabels: { "kubernetes.io/metadata.name": "kube-system" } }, podSelector: { matchLabels: { "k8s-app": "kube-dns" } } },
        { ipBlock: { cidr: "169.254.20.10/32" } }, { ipBlock: { cidr: "169.254.20.11/32" } },
      ],
      ports: [{ protocol: "UDP", port: 53 }, { protocol: "TCP", port: 53 }],
    }]);
  });
});

// --- any input

const word = fc.constantFrom("a", "b", "c", "d", "e");
const cidr = fc.constantFrom("198.51.100.7/32", "198.51.100.0/24", "203.0.113.0/28", "2001:db8:1::7/128", "2001:db8::/32");
const port = fc.record({ port: fc.integer({ min: 1, max: 9 }), endPort: fc.option(fc.integer({ min: 10, max: 19 }), { nil: undefined }), protocol: fc.constantFrom(...PROTOCOLS) });
const roles = fc.uniqueArray(fc.constantFrom(...ROLES), { minLength: 1 });
const labels = fc.dictionary(fc.constantFrom("app", "tier", "hoheit.dev/role"), fc.constantFrom("a", "Serving", "Fetch", "Application"), { minKeys: 1 });
const destinations = fc.uniqueArray(fc.record({ name: word, cidrs: fc.uniqueArray(cidr, { maxLength: 4 }), ports: fc.array(port, { maxLength: 2 }), roles }).map((some) => destination(some.name, some)), { selector: ({ name }) => name });
const inCluster: fc.Arbitrary<InClusterPeer[]> = fc.uniqueArray(
  fc.record({ name: word, namespace: word, podSelector: fc.record({ matchLabels: labels }), direction: fc.constantFrom("Ingress" as const, "Egress" as const), ports: fc.array(port, { maxLength: 2 }), roles }), { selector: ({ name }) => name });
const clients: fc.Arbitrary<ModelClient[]> = fc.uniqueArray(
  fc.record({ entry: fc.string({ minLength: 1 }), podSelector: labels, deployment: fc.record({ namespace: word, name: word }) }), { selector: ({ entry }) => entry });
const inputs: fc.Arbitrary<BuildInput> = fc.record({
  namespace: word, policy: fc.record({ destinations, inCluster }), clients, nameServers: fc.array(fc.constantFrom("169.254.20.10", "10.96.0.10", "169.254.169.254"), { maxLength: 2 }),
});

const specOf = ({ spec }: NetworkPolicy): NonNullable<NetworkPolicy["spec"]> => spec ?? {};
const sidesOf = ({ ingress = [], egress = [] }: NonNullable<NetworkPolicy["spec"]>): { peers: readonly Peer[]; ports: EgressRule["ports"] }[] =>
  [...ingress.map(({ from = [], ports }) => ({ peers: from, ports })), ...egress.map(({ to = [], ports }) => ({ peers: to, ports }))];

/** Addresses at named ports, or pods with a label of a namespace with a name. */
function isNarrow({ ipBlock, namespaceSelector, podSelector }: Peer, ports: EgressRule["ports"]): boolean {
  if (ipBlock !== undefined) return ports !== undefined && namespaceSelector === undefined && podSelector === undefined;
  return Object.keys(namespaceSelector?.matchLabels ?? {}).join() === "kubernetes.io/metadata.name" && Object.keys(podSelector?.matchLabels ?? {}).length > 0;
}

const anyPod: fc.Arbitrary<Labels> = fc.dictionary(fc.constantFrom("app", "tier", "hoheit.dev/role"), fc.constantFrom("a", "Serving", "Probe", "Fetch", "Purge", "Gateway", "Application", "New"));

describe("whatever a policy says", () => {
  test("no rule is for every peer, every pod of every namespace, or for every port of an address", () => {
    fc.assert(fc.property(inputs, (given) => {
      const rules = buildChildren(given).openings.flatMap((one) => sidesOf(specOf(one)));
      for (const { peers, ports } of rules) expect([peers.length > 0, ports === undefined || ports.length > 0]).toEqual([true, true]);
      for (const { peers, ports } of rules) for (const peer of peers) expect(isNarrow(peer, ports)).toBe(true);
    }));
  });

  test("addresses are opened only to pods of the roles for which the policy names them", () => {
    let opened = 0;
    fc.assert(fc.property(inputs, anyPod, (given, pod) => {
      const said = pod["hoheit.dev/role"];
      const role = ROLES.find((one) => one === said) ?? "Application";
      const reached = buildChildren(given).openings.filter((one) => selects(specOf(one).podSelector ?? {}, pod)).flatMap((one) => specOf(one).egress ?? []).flatMap(({ to = [] }) => to.flatMap(({ ipBlock }) => ipBlock?.cidr ?? []));
      const named = given.policy.destinations.filter((one) => one.roles.includes(role) && one.ports.length > 0).flatMap(({ cidrs }) => cidrs);
      const dns = role === "Application" && given.nameServers.includes("169.254.20.10") ? ["169.254.20.10/32"] : [];
      const wanted = role === "Serving" || role === "Probe" ? [] : [...named, ...dns];
      opened += reached.length;
      expect(new Set(reached)).toEqual(new Set(wanted));
    }), { numRuns: 500 });
    expect(opened).toBeGreaterThan(100);
  });

  test("model servers and probes get nothing, whoever declares them as clients, and no labels of a pod get it past the default", () => {
    fc.assert(fc.property(inputs, anyPod, (given, pod) => {
      const { defaultDeny, openings } = buildChildren(given);
      // What EgressSealed of a deployment looks at.
      const pods = [servingLabels("a"), probeLabels("a")];
      expect([waysOut([defaultDeny, ...openings], pods), dividing([defaultDeny, ...openings], pods)]).toEqual([[], []]);
      for (const sealed of [servingLabels("a"), probeLabels("a")]) for (const one of openings) expect(selects(specOf(one).podSelector ?? {}, { ...pod, ...sealed })).toBe(false);
      expect(selects(specOf(defaultDeny).podSelector ?? {}, pod)).toBe(true);
      expect(specOf(defaultDeny)).toEqual({ podSelector: {}, policyTypes: ["Ingress", "Egress"], ingress: [], egress: [] });
    }));
  });

  test("the same objects come of it in whatever order it is said, and no two of one name", () => {
    fc.assert(fc.property(inputs, (given) => {
      const { policy } = given;
      const reversed: Pick<Policy, "destinations" | "inCluster"> = {
        destinations: policy.destinations.toReversed().map((one) => ({ ...one, cidrs: one.cidrs.toReversed(), roles: one.roles.toReversed() })), inCluster: policy.inCluster.toReversed(),
      };
      const built = buildChildren(given);
      expect(canonicalJson(buildChildren({ ...given, policy: reversed, clients: given.clients.toReversed(), nameServers: given.nameServers.toReversed() }))).toBe(canonicalJson(built));
      expect(new Set(names(given)).size).toBe(built.openings.length);
    }));
  });
});
