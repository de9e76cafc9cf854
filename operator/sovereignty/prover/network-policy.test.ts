import { describe, expect, it, test } from "vitest";
import { ALL_ADDRESSES, toCidrs } from "../addresses/cidr.ts";
import { compileNetworkPolicy } from "./network-policy.ts";
import { ALL_PORTS, toRanges } from "./ports.ts";
import { ipBlock, networkPolicy } from "./testing.ts";

const compile = (spec: object): ReturnType<typeof compileNetworkPolicy> => compileNetworkPolicy(networkPolicy("a/p", spec));

describe("a policy is about", () => {
  test.each<[string, object, string]>([
    ["what it names", { policyTypes: ["Egress"] }, "egress"], ["what it names, rules or not", { policyTypes: ["Ingress"], egress: [{}] }, "ingress"], ["both", { policyTypes: ["Egress", "Ingress"] }, "egress ingress"],
    ["ingress, where nothing is named", {}, "ingress"], ["egress as well, where there is a rule for it", { egress: [{}] }, "egress ingress"], ["no egress for an empty list", { egress: [] }, "ingress"],
    ["the same with an empty list of types", { policyTypes: [], egress: [{}] }, "egress ingress"], ["the same with null", { policyTypes: null, egress: null }, "ingress"],
  ])("%s", (_what, spec, directions) => {
    const policy = compile({ podSelector: {}, ...spec });
    expect((["egress", "ingress"] as const).filter((direction) => policy[direction] !== undefined).join(" ")).toBe(directions);
    expect(policy.isSure).toBe(true);
  });

  it("nothing certain, where it names a type of a later API", () => {
    expect(compile({ podSelector: {}, policyTypes: ["Egress", "Forward"] })).toMatchObject({ isSure: false, egress: { isSure: false }, problems: [{ at: { path: "spec.policyTypes[1]" } }] });
  });

  it("every pod, where it names none", () => {
    expect([compile({ policyTypes: ["Egress"] }).subject.size, compileNetworkPolicy({ ...networkPolicy("a/p", {}), spec: undefined }).subject.size]).toEqual([0, 0]);
  });
});

describe("a rule", () => {
  const rulesOf = (egress: readonly object[]): NonNullable<ReturnType<typeof compile>["egress"]>["rules"] => compile({ policyTypes: ["Egress"], egress }).egress?.rules ?? [];

  test.each<[string, object[]]>([["that is empty", [{}]], ["whose peers are an empty list", [{ to: [] }]], ["whose ports are an empty list", [{ to: [], ports: [] }]], ["with nulls", [{ to: null, ports: null }]]])("%s is for everything", (_what, egress) => {
    expect(rulesOf(egress)).toMatchObject([{ at: { path: "spec.egress[0]" }, addresses: { surely: ALL_ADDRESSES, possibly: ALL_ADDRESSES }, addressPorts: { surely: ALL_PORTS }, pods: { isSure: true } }]);
  });

  it("without rules is none", () => {
    for (const egress of [undefined, null, []]) expect(compile({ policyTypes: ["Egress"], egress }).egress?.rules).toEqual([]);
  });

  it("has one part for each peer, with the addresses that its exceptions leave", () => {
    const [first, second] = rulesOf([{ to: [ipBlock("10.0.0.0/8", ["10.0.0.0/9", "10.128.0.0/16"]), { podSelector: {} }] }]);
    expect(toCidrs(first!.addresses.surely)).toEqual(["10.129.0.0/16", "10.130.0.0/15", "10.132.0.0/14", "10.136.0.0/13", "10.144.0.0/12", "10.160.0.0/11", "10.192.0.0/10"]);
    expect([first?.pods, second?.addresses.possibly, second?.pods?.namespaces]).toEqual([undefined, [], undefined]);
    expect(second?.pods?.pods.size).toBe(0);
  });

  test.each<[string, unknown, string]>([
    ["a port is one of TCP", { port: 80 }, "TCP 80-80"], ["a protocol alone is all its ports", { protocol: "UDP" }, "UDP 1-65535"], ["nothing is all of TCP", {}, "TCP 1-65535"], ["a range", { protocol: "SCTP", port: 5, endPort: 6 }, "SCTP 5-6"],
    ["a name is no port of an address", { port: "http" }, ""],
  ])("%s", (_what, port, expected) => {
    const [rule] = rulesOf([{ to: [ipBlock("8.8.8.8/32")], ports: [port] }]);
    expect(toRanges(rule!.addressPorts.surely).map((range) => `${range.protocol} ${range.port}-${range.endPort}`).join()).toBe(expected);
    expect(rule?.problems).toEqual([]);
  });

  it("with a name for a port may be at any port of its protocol of a pod", () => {
    const [rule] = rulesOf([{ to: [{ podSelector: {} }], ports: [{ protocol: "UDP", port: "dns" }, { port: 1 }] }]);
    expect([toRanges(rule!.podPorts.surely), toRanges(rule!.podPorts.possibly), rule?.portNames]).toEqual([
      [{ protocol: "TCP", port: 1, endPort: 1 }], [{ protocol: "TCP", port: 1, endPort: 1 }, { protocol: "UDP", port: 1, endPort: 65_535 }], [{ protocol: "UDP", name: "dns" }],
    ]);
  });

  test.each(["8080", "HTTP", "", "a".repeat(16), "-a", "a--b"])("a port called %j has no such name", (port) => {
    expect(rulesOf([{ ports: [{ port }] }])[0]?.problems).toMatchObject([{ at: { path: "spec.egress[0].ports[0].port" } }]);
  });

  it("that is unclear leaves the others what they are", () => {
    const rules = rulesOf([{ to: [ipBlock("10.0.0.0/33"), ipBlock("8.8.8.8/32")] }, { ports: [{ port: -1 }] }]);
    expect(rules.map(({ addresses, problems }) => [addresses.surely.length, addresses.possibly === ALL_ADDRESSES, problems.length])).toEqual([[0, true, 1], [1, false, 0], [0, true, 1]]);
  });
});
