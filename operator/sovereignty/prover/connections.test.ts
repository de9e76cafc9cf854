import fc from "fast-check";
import { describe, expect, it, test } from "vitest";
import { clusters } from "./arbitraries.ts";
import { connections, type Connection } from "./connections.ts";
import { clusterPolicy, deny, ipBlock, networkPolicy, snapshot, toNamespace, workload, type Rule } from "./testing.ts";

const WORLD = ["0.0.0.0/0", "::/0"];
const EVERY_PORT = ["TCP", "UDP", "SCTP"].map((protocol) => ({ protocol, port: 1, endPort: 65_535 }));
const tcp = (port: number): object => ({ protocol: "TCP", port, endPort: port });

/** `a,b -> c TCP 80`, for reading. */
const shown = ({ from, to, ports }: Connection): string => {
  const end = (one: Connection["from"]): string => ("workloads" in one ? one.workloads : one.addresses).join(",");
  return `${end(from)} -> ${end(to)} ${ports.map(({ protocol, port, endPort }) => `${protocol} ${port}${endPort === port ? "" : `-${endPort}`}`).join(", ")}`;
};

const opening = (id: string, direction: "egress" | "ingress", rules: readonly Rule[], podSelector: object = {}): ReturnType<typeof networkPolicy> =>
  networkPolicy(id, { podSelector, policyTypes: [direction === "egress" ? "Egress" : "Ingress"], [direction]: rules });

describe("connections of a cluster", () => {
  it("without rules are three lines, however many workloads there are", () => {
    const workloads = Array.from({ length: 20 }, (_, i) => workload(`n${i % 4}/Pod/p${String(i).padStart(2, "0")}`, { app: `${i}` }));
    const ids = workloads.map(({ id }) => id).toSorted();
    expect(connections(snapshot({ governed: [], workloads }))).toEqual([
      { from: { addresses: WORLD }, to: { workloads: ids }, ports: EVERY_PORT }, { from: { workloads: ids }, to: { addresses: WORLD }, ports: EVERY_PORT }, { from: { workloads: ids }, to: { workloads: ids }, ports: EVERY_PORT },
    ]);
  });

  it("need the egress rule of the one and the ingress rule of the other", () => {
    const workloads = [workload("a/Pod/client", { app: "client" }), workload("b/Pod/server", { app: "server" }), workload("b/Pod/other")];
    const out = opening("a/out", "egress", [{ to: [toNamespace("b")], ports: [{ port: 80 }, { port: 443 }] }]);
    const into = opening("b/in", "ingress", [{ from: [{ namespaceSelector: { matchLabels: { "kubernetes.io/metadata.name": "a" } } }], ports: [{ port: 443 }, { port: 444 }] }], { matchLabels: { app: "server" } });
    const said = (networkPolicies: Parameters<typeof snapshot>[0]["networkPolicies"] = []): string[] => connections(snapshot({ governed: ["a", "b"], workloads, networkPolicies })).map(shown);
    expect(said([deny("a"), deny("b"), out, into])).toEqual(["a/Pod/client -> b/Pod/server TCP 443"]);
    expect(said([deny("a"), deny("b"), out])).toEqual([]);
    expect(said([deny("a"), deny("b"), into])).toEqual([]);
    expect(said([deny("a"), networkPolicy("b/out", { podSelector: {}, policyTypes: ["Egress"] }), out])).toEqual(["0.0.0.0/0,::/0 -> b/Pod/other,b/Pod/server TCP 1-65535, UDP 1-65535, SCTP 1-65535", "a/Pod/client -> b/Pod/other,b/Pod/server TCP 80, TCP 443"]);
  });

  it("to and from addresses are those of the rules, both families", () => {
    const rules = [ipBlock("198.51.100.0/24", ["198.51.100.128/25"]), ipBlock("2001:db8::/32")];
    expect(connections(snapshot({ networkPolicies: [deny("a"), opening("a/out", "egress", [{ to: rules, ports: [{ port: 443 }] }]), opening("a/in", "ingress", [{ from: rules, ports: [{ protocol: "UDP", port: 5, endPort: 9 }] }])] }))).toEqual([
      { from: { addresses: ["198.51.100.0/25", "2001:db8::/32"] }, to: { workloads: ["a/Deployment/app"] }, ports: [{ protocol: "UDP", port: 5, endPort: 9 }] },
      { from: { workloads: ["a/Deployment/app"] }, to: { addresses: ["198.51.100.0/25", "2001:db8::/32"] }, ports: [tcp(443)] },
    ]);
  });

  it("by the name of a port mean what the receiver calls so", () => {
    const containers = (...ports: object[]): Rule => ({ containers: [{ name: "c", ports }] });
    const workloads = [workload("a/Pod/client"), workload("a/Pod/one", {}, containers({ name: "http", containerPort: 8080 })), workload("a/Pod/two", {}, { ...containers({ name: "web", containerPort: 8081 }), initContainers: [{ ports: [{ name: "http", containerPort: 9090, protocol: "TCP" }, { name: "http", containerPort: 53, protocol: "UDP" }] }] })];
    const policies = [networkPolicy("a/out", { podSelector: {}, policyTypes: ["Egress"], egress: [{ to: [{ podSelector: {} }], ports: [{ port: "http" }] }] }), opening("a/in", "ingress", [{ from: [{ podSelector: {} }] }])];
    expect(connections(snapshot({ workloads, networkPolicies: policies })).map(shown)).toEqual(["a/Pod/client,a/Pod/one,a/Pod/two -> a/Pod/one TCP 8080", "a/Pod/client,a/Pod/one,a/Pod/two -> a/Pod/two TCP 9090"]);
    const byAddress = [networkPolicy("a/out", { podSelector: {}, policyTypes: ["Egress"], egress: [{ to: [ipBlock("0.0.0.0/0")], ports: [{ port: "web" }] }] }), policies[1]!];
    expect(connections(snapshot({ workloads, networkPolicies: byAddress })).map(shown)).toEqual(["a/Pod/client,a/Pod/one,a/Pod/two -> a/Pod/two TCP 8081"]);
    const broken = [workload("a/Pod/broken", {}, { containers: "none" })];
    expect(connections(snapshot({ workloads: broken, networkPolicies: policies })).map(shown)).toEqual(["a/Pod/broken -> a/Pod/broken TCP 1-65535"]);
  });

  it("are what ClusterNetworkPolicies leave of them, in both directions", () => {
    const workloads = [workload("a/Pod/a"), workload("b/Pod/b")];
    const noB = { tier: "Admin", priority: 1, subject: { namespaces: { matchLabels: { "kubernetes.io/metadata.name": "a" } } } };
    const peers = [{ namespaces: { matchLabels: { "kubernetes.io/metadata.name": "b" } } }];
    const said = (spec: object): string[] => connections(snapshot({ governed: ["a", "b"], workloads, clusterNetworkPolicies: [clusterPolicy("c", { ...noB, ...spec })] })).map(shown).filter((line) => !line.includes("::/0"));
    const all = "TCP 1-65535, UDP 1-65535, SCTP 1-65535";
    expect(said({ egress: [{ action: "Deny", to: peers }] })).toEqual([`a/Pod/a -> a/Pod/a ${all}`, `b/Pod/b -> a/Pod/a,b/Pod/b ${all}`]);
    expect(said({ ingress: [{ action: "Deny", from: peers, protocols: [{ udp: { destinationPort: { number: 53 } } }] }] })).toContain("b/Pod/b -> a/Pod/a TCP 1-65535, UDP 1-52, UDP 54-65535, SCTP 1-65535");
  });

  test("do not depend on the order in which anything is said, and each pair stands in lines of different ports", () => {
    fc.assert(fc.property(clusters, (cluster) => {
      const said = connections(cluster);
      const reversed = { ...cluster, workloads: cluster.workloads.toReversed(), networkPolicies: cluster.networkPolicies.toReversed(), clusterNetworkPolicies: cluster.clusterNetworkPolicies.toReversed(), namespaces: cluster.namespaces.toReversed() };
      expect(connections(reversed)).toEqual(said);
      const pairs = said.flatMap(({ from, to }) => ("workloads" in from && "workloads" in to ? from.workloads.flatMap((one) => to.workloads.map((other) => `${one} ${other}`)) : []));
      expect(new Set(pairs).size).toBe(pairs.length);
    }), { numRuns: 200 });
  });

  test("of two workloads do not depend on which others are of their kinds", () => {
    fc.assert(fc.property(clusters, (cluster) => {
      const between = (all: readonly Connection[], one: string, other: string): string[] => all
        .filter(({ from, to }) => "workloads" in from && "workloads" in to && from.workloads.includes(one) && to.workloads.includes(other)).map(({ ports }) => JSON.stringify(ports));
      const said = connections(cluster);
      for (const one of cluster.workloads) for (const other of cluster.workloads) {
        const alone = connections({ ...cluster, workloads: one === other ? [one] : [one, other] });
        expect(between(said, one.id, other.id)).toEqual(between(alone, one.id, other.id));
      }
    }), { numRuns: 100 });
  });
});
