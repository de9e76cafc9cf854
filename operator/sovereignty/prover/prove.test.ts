import { describe, expect, it, test } from "vitest";
import { OPERATOR_LABELS } from "../../lib/labels.ts";
import { prove } from "./prove.ts";
import type { SubjectProof } from "./result.ts";
import { clusterPolicy, deny, destination, ipBlock, namespace, networkPolicy, peer, service, slice, snapshot, sovereignty, toNamespace, workload, type Rule } from "./testing.ts";

const HTTPS = [{ protocol: "TCP", port: 443 }];

/** What is said of `a/Deployment/app` under these egress rules beside a default deny. */
function underRules(egress: readonly Rule[], over: Parameters<typeof snapshot>[0] = {}): SubjectProof {
  const proof = prove(snapshot({ networkPolicies: [deny("a"), networkPolicy("a/rules", { podSelector: {}, policyTypes: ["Egress"], egress })], ...over }));
  return proof.namespaces.find((one) => one.namespace === "a")!.workloads[0]!;
}

describe("a pod that nothing lets out is proved", () => {
  it("and what isolates it is named", () => {
    const proof = prove(snapshot({ networkPolicies: [deny("a")] }));
    expect(proof.verdict).toBe("PROVED");
    const [a] = proof.namespaces;
    expect(a).toMatchObject({ namespace: "a", policy: "land", verdict: "PROVED", findings: [] });
    expect(a?.workloads).toEqual([{
      id: "a/Deployment/app", role: "Application", verdict: "PROVED", isolatedBy: [{ kind: "NetworkPolicy", object: "a/deny", path: "" }],
      allowed: { destinations: [], dns: [], cluster: [], outside: [], pods: [] }, missing: [],
    }]);
    expect(a?.labelSpace.map(({ id, role, verdict }) => `${id} ${role} ${verdict}`)).toEqual(["Serving", "Fetch", "Purge", "Probe", "Gateway", "Application"].map((role) => `a/* ${role} PROVED`));
  });

  it("although a declared destination is open, as far as its ports and addresses go", () => {
    const mirror = destination("mirror", { cidrs: ["198.51.100.0/24", "2001:db8:1::/64"], roles: ["Application"] });
    const governed = sovereignty({ destinations: [mirror] });
    const inside = underRules([{ to: [ipBlock("198.51.100.0/25"), ipBlock("2001:db8:1::7/128")], ports: HTTPS }], { policy: governed });
    expect(inside).toMatchObject({ verdict: "PROVED", allowed: { destinations: [{ name: "mirror", traffic: [{ addresses: ["198.51.100.0/25", "2001:db8:1::7/128"], ports: [{ protocol: "TCP", port: 443, endPort: 443 }] }] }] } });
    expect(underRules([{ to: [ipBlock("198.51.100.0/23")], ports: HTTPS }], { policy: governed }).verdict).toBe("REFUTED");
    expect(underRules([{ to: [ipBlock("198.51.100.0/25")], ports: [{ port: 444 }] }], { policy: governed }).verdict).toBe("REFUTED");
    expect(underRules([{ to: [ipBlock("198.51.100.0/25")] }], { policy: governed }).verdict).toBe("REFUTED");
    expect(underRules([{ to: [ipBlock("198.51.100.0/25")], ports: HTTPS }], { policy: sovereignty({ destinations: [{ ...mirror, roles: ["Fetch"] }] }) }).verdict).toBe("REFUTED");
  });

  it("by the cluster's name servers, if it is an Application", () => {
    const dns = { to: [toNamespace("kube-system")], ports: [{ protocol: "UDP", port: 53 }, { protocol: "TCP", port: 53 }] };
    expect(underRules([dns]).verdict).toBe("PROVED");
    const services = [service("kube-system/kube-dns", { clusterIP: "10.96.0.10", clusterIPs: ["10.96.0.10", "fd00:96::a"], ports: [{ port: 53, protocol: "UDP" }] })];
    const byAddress = [{ to: [ipBlock("10.96.0.10/32"), ipBlock("fd00:96::a/128"), ipBlock("169.254.20.10/32")], ports: dns.ports }];
    expect(underRules(byAddress, { services, nameServers: ["169.254.20.10", "8.8.8.8"] }).verdict).toBe("PROVED");
    expect(underRules(byAddress, { services })).toMatchObject({ verdict: "REFUTED", counterexample: { addressClass: "LinkLocal" } });
    expect(underRules([{ to: [ipBlock("8.8.8.8/32")], ports: dns.ports }], { nameServers: ["8.8.8.8"] }).verdict).toBe("REFUTED");
    expect(underRules([{ ...dns, ports: [{ protocol: "TCP", port: 54 }] }])).toMatchObject({ verdict: "UNDETERMINED", missing: [{ kind: "Relay", relays: ["kube-system/*"] }] });
    expect(underRules([{ ...dns, ports: [{ protocol: "UDP", port: "dns" }] }]).verdict).toBe("UNDETERMINED");
    expect(underRules([dns], { workloads: [workload("a/Deployment/app", { "hoheit.dev/role": "Serving" })] }).verdict).toBe("UNDETERMINED");
  });

  it("by the control port of the tripwire", () => {
    const control = { to: [toNamespace("hoheit-system", { ...OPERATOR_LABELS })], ports: [{ protocol: "TCP", port: 8446 }, { protocol: "UDP", port: 8446 }] };
    expect(underRules([control])).toMatchObject({ verdict: "PROVED", allowed: { pods: [{ namespaces: ["hoheit-system"], as: "Operator" }] } });
    expect(underRules([{ ...control, ports: [{ port: 8447 }] }]).verdict).toBe("UNDETERMINED");
    expect(underRules([{ ...control, to: [toNamespace("hoheit-system")] }]).verdict).toBe("UNDETERMINED");
  });

  it("by peers that the policy names, at the ports that it names", () => {
    const policy = sovereignty({ inCluster: [peer("sso", "sso", { app: "keycloak" }, { ports: [{ port: 8443, protocol: "TCP" }] })] });
    const to = (labels: Record<string, string>, ports?: unknown): Rule[] => [{ to: [toNamespace("sso", labels)], ...(ports !== undefined && { ports }) }];
    expect(underRules(to({ app: "keycloak", tier: "web" }, [{ port: 8443 }]), { policy })).toMatchObject({ verdict: "PROVED", allowed: { pods: [{ namespaces: ["sso"], selector: "app=keycloak,tier=web", as: "InClusterPeer" }] } });
    expect(underRules(to({ app: "keycloak" }), { policy })).toMatchObject({ verdict: "UNDETERMINED", missing: [{ kind: "Relay" }] });
    expect(underRules(to({ tier: "web" }, [{ port: 8443 }]), { policy }).verdict).toBe("UNDETERMINED");
    expect(underRules(to({ app: "keycloak" }), { policy: sovereignty({ inCluster: [peer("sso", "sso", { app: "keycloak" })] }) }).verdict).toBe("PROVED");
    expect(underRules(to({ app: "keycloak" }), { policy: sovereignty({ inCluster: [peer("sso", "sso", { app: "keycloak" }, { direction: "Ingress" })] }) }).verdict).toBe("UNDETERMINED");
  });
});

describe("a packet that gets out refutes", () => {
  test.each<[string, Rule[], object, string]>([
    ["to everywhere", [{}], { address: "1.0.0.0", family: "IPv4", protocol: "TCP", port: 443 }, "spec.egress[0]"],
    ["with an empty list of peers", [{ to: [], ports: HTTPS }], { address: "1.0.0.0", port: 443 }, "spec.egress[0]"],
    ["with all addresses of IPv6", [{ to: [ipBlock("::/0")] }], { address: "2000::", family: "IPv6" }, "spec.egress[0].to[0]"],
    ["by one half", [{ to: [toNamespace("a")] }, { to: [ipBlock("127.0.0.0/8"), ipBlock("128.0.0.0/1")] }], { address: "128.0.0.0" }, "spec.egress[1].to[1]"],
    ["to a single address by UDP", [{ to: [ipBlock("8.8.8.8/32")], ports: [{ protocol: "UDP", port: 50, endPort: 60 }] }], { address: "8.8.8.8", protocol: "UDP", port: 50 }, "spec.egress[0].to[0]"],
    ["by SCTP", [{ to: [ipBlock("8.8.8.8/32")], ports: [{ protocol: "SCTP" }] }], { protocol: "SCTP", port: 1 }, "spec.egress[0].to[0]"],
    ["in the hole of no exception", [{ to: [ipBlock("8.0.0.0/7", ["8.0.0.0/8"])] }], { address: "9.0.0.0" }, "spec.egress[0].to[0]"],
    ["to the metadata address", [{ to: [ipBlock("169.254.169.254/32")] }], { address: "169.254.169.254" }, "spec.egress[0].to[0]"],
  ])("%s", (_what, egress, packet, path) => {
    const at = { kind: "NetworkPolicy", object: "a/rules", path };
    const proof = underRules(egress);
    // A rule whose only peer has to go has to go itself.
    const removal = path.replace(/^spec\.egress\[0\]\.to\[0\]$/, "spec.egress[0]");
    expect(proof).toMatchObject({ verdict: "REFUTED", counterexample: { packet: { from: "a/Deployment/app", ...packet }, allowedBy: [at] }, removals: [{ ...at, path: removal }] });
    expect(proof.counterexample?.repair).toBe(`Remove ${removal} of NetworkPolicy a/rules.`);
  });

  it("of a pod that nothing isolates", () => {
    for (const networkPolicies of [[], [networkPolicy("a/in", { podSelector: {}, policyTypes: ["Ingress"] })], [networkPolicy("a/other", { podSelector: { matchLabels: { app: "other" } }, policyTypes: ["Egress"] })]]) {
      const [proof] = prove(snapshot({ networkPolicies })).namespaces[0]!.workloads;
      expect(proof).toMatchObject({ verdict: "REFUTED", isolatedBy: [], removals: [], counterexample: { allowedBy: [] } });
      expect(proof?.counterexample?.repair).toMatch(/^Add a NetworkPolicy with an empty podSelector and policyTypes \[Egress\] to namespace a/);
    }
  });

  it("of a pod that only rules isolate which have to go: then a rule is missing, too", () => {
    const implied = networkPolicy("a/rules", { podSelector: {}, egress: [{ to: [ipBlock("8.8.8.8/32")] }] });
    const named = networkPolicy("a/rules", { podSelector: {}, policyTypes: ["Egress"], egress: [{ to: [ipBlock("8.8.8.8/32")] }] });
    const repairOf = (policy: typeof implied): string | undefined => prove(snapshot({ networkPolicies: [policy] })).namespaces[0]!.workloads[0]?.counterexample?.repair;
    expect(repairOf(named)).toBe("Remove spec.egress[0] of NetworkPolicy a/rules.");
    expect(repairOf(implied)).toMatch(/^Remove spec\.egress\[0\] of NetworkPolicy a\/rules, and add a NetworkPolicy/);
  });

  it("and every rule that lets it through has to go, no other", () => {
    const proof = underRules([{ to: [ipBlock("8.8.8.0/24")] }, { to: [ipBlock("8.8.8.8/32"), ipBlock("9.9.9.9/32")] }, { to: [toNamespace("a")] }]);
    expect(proof.removals?.map(({ path }) => path)).toEqual(["spec.egress[0]", "spec.egress[1]"]);
    expect(proof.counterexample?.allowedBy.map(({ path }) => path)).toEqual(["spec.egress[0].to[0]"]);
  });
});

describe("nothing is said of what nothing holds", () => {
  it("in a namespace that no policy selects, or on the node's network", () => {
    const proof = prove(snapshot({ workloads: [workload("a/Deployment/app", {}, { hostNetwork: true }), workload("b/Pod/app")], networkPolicies: [deny("a"), deny("b")] }));
    expect(proof.namespaces.map(({ namespace, verdict, workloads }) => [namespace, verdict, workloads[0]?.verdict, workloads[0]?.missing[0]?.kind])).toEqual([
      ["a", "UNGOVERNED", "UNGOVERNED", "HostNetwork"], ["b", "UNGOVERNED", "UNGOVERNED", "NoPolicy"],
    ]);
    expect(proof.verdict).toBe("UNGOVERNED");
    expect(prove(snapshot({ governed: [] })).verdict).toBe("UNGOVERNED");
  });
});

describe("what could not be read or understood leaves it undetermined", () => {
  test.each<[string, Rule[], string]>([
    ["a CIDR with leading zeros", [{ to: [ipBlock("010.0.0.0/8")] }], "spec.egress[0].to[0].ipBlock.cidr"],
    ["a CIDR with host bits", [{ to: [ipBlock("198.51.100.7/24")], ports: HTTPS }], "spec.egress[0].to[0].ipBlock.cidr"],
    ["an IPv4-mapped CIDR", [{ to: [ipBlock("::ffff:8.8.8.8/128")] }], "spec.egress[0].to[0].ipBlock.cidr"],
    ["an exception that is none", [{ to: [ipBlock("10.0.0.0/8", ["10.0.0.0/33"])] }], "spec.egress[0].to[0].ipBlock.except[0]"],
    ["an exception elsewhere", [{ to: [ipBlock("10.0.0.0/8", ["11.0.0.0/16"])] }], "spec.egress[0].to[0].ipBlock.except[0]"],
    ["an exception of everything", [{ to: [ipBlock("10.0.0.0/8", ["10.0.0.0/8"])] }], "spec.egress[0].to[0].ipBlock.except[0]"],
    ["an operator of a later API", [{ to: [{ podSelector: { matchExpressions: [{ key: "a", operator: "Gt", values: ["1"] }] } }] }], "spec.egress[0].to[0].podSelector.matchExpressions[0].operator"],
    ["a peer that names nobody", [{ to: [{}] }], "spec.egress[0].to[0]"],
    ["a peer with a member of a later API", [{ to: [{ podSelector: {}, clusterSelector: {} }] }], "spec.egress[0].to[0].clusterSelector"],
    ["a rule with a member of a later API", [{ to: [{ podSelector: {} }], action: "Log" }], "spec.egress[0].action"],
    ["a protocol of a later API", [{ to: [{ podSelector: {} }], ports: [{ protocol: "QUIC" }] }], "spec.egress[0].ports[0].protocol"],
    ["an endPort before its port", [{ to: [{ podSelector: {} }], ports: [{ port: 9, endPort: 8 }] }], "spec.egress[0].ports[0].endPort"],
    ["an endPort beside a name", [{ to: [{ podSelector: {} }], ports: [{ port: "http", endPort: 8 }] }], "spec.egress[0].ports[0].endPort"],
    ["a port beyond all ports", [{ to: [{ podSelector: {} }], ports: [{ port: 65_536 }] }], "spec.egress[0].ports[0].port"],
    ["peers that are no list", [{ to: { podSelector: {} } }], "spec.egress[0].to"],
  ])("%s", (_what, egress, path) => {
    const proof = underRules(egress);
    expect(proof).toMatchObject({ verdict: "UNDETERMINED", missing: expect.arrayContaining([expect.objectContaining({ kind: "Unclear", at: { kind: "NetworkPolicy", object: "a/rules", path } })]) });
    expect(proof.missing.find(({ kind }) => kind === "Unclear")?.message).toContain(`${path} of NetworkPolicy a/rules `);
  });

  it("a policy that cannot be read may hold every pod, and let it go anywhere", () => {
    const broken = networkPolicy("a/broken", { podSelector: { matchLabels: { app: "x y" } }, policyTypes: ["Egress"] });
    expect(prove(snapshot({ networkPolicies: [broken] })).namespaces[0]!.workloads[0]).toMatchObject({ verdict: "UNDETERMINED", isolatedBy: [] });
    expect(prove(snapshot({ networkPolicies: [deny("a"), broken] })).namespaces[0]!.workloads[0]).toMatchObject({ verdict: "UNDETERMINED", missing: [{ kind: "Unclear", at: { path: "spec.podSelector.matchLabels[app]" } }, { kind: "Relay" }] });
  });

  it("an input that could not be read, where it matters", () => {
    const said = (unreadable: string[], unknownPolicyKinds: string[] = []): string[] =>
      prove(snapshot({ governed: ["a", "b"], workloads: [workload("a/Pod/a"), workload("b/Pod/b")], networkPolicies: [deny("a"), deny("b")], unreadable, unknownPolicyKinds })).namespaces.map(({ verdict }) => verdict);
    expect(said([])).toEqual(["PROVED", "PROVED"]);
    expect(said(["NetworkPolicy in namespace a: forbidden"])).toEqual(["UNDETERMINED", "PROVED"]);
    expect(said(["ClusterNetworkPolicy: forbidden"])).toEqual(["UNDETERMINED", "UNDETERMINED"]);
    expect(said([], ["CiliumNetworkPolicy"])).toEqual(["UNDETERMINED", "UNDETERMINED"]);
  });

  it("a policy that selects by labels that controllers add", () => {
    const opening = networkPolicy("a/opening", { podSelector: { matchLabels: { "pod-template-hash": "5d9f" } }, policyTypes: ["Egress"], egress: [{ to: [ipBlock("8.8.8.8/32")] }] });
    expect(prove(snapshot({ networkPolicies: [deny("a"), opening] })).namespaces[0]!.workloads[0]).toMatchObject({ verdict: "UNDETERMINED", missing: [{ kind: "Unclear", at: { object: "a/opening" } }] });
  });

  it("addresses of the cluster, unless they are declared", () => {
    const cluster = { pods: ["10.244.0.0/16"], services: ["10.96.0.0/12"], nodes: ["192.0.2.1/32"] };
    const egress = [{ to: [ipBlock("10.96.0.0/16")], ports: HTTPS }];
    expect(underRules(egress, { cluster })).toMatchObject({ verdict: "UNDETERMINED", missing: [{ kind: "ClusterRange", at: { path: "spec.egress[0].to[0]" } }] });
    expect(underRules(egress, { cluster, policy: sovereignty({ destinations: [destination("vip", { cidrs: ["10.96.0.0/16"], roles: ["Application"] })] }) }).verdict).toBe("PROVED");
    expect(underRules(egress)).toMatchObject({ verdict: "REFUTED", counterexample: { addressClass: "Private" } });
    expect(underRules([{ to: [ipBlock("127.0.0.0/8"), ipBlock("::1/128")] }])).toMatchObject({ verdict: "PROVED", allowed: { outside: [] } });
  });
});

describe("a peer in the cluster", () => {
  const toB = networkPolicy("a/to-b", { podSelector: {}, policyTypes: ["Egress"], egress: [{ to: [toNamespace("b", { app: "b" })] }] });
  const both = { governed: ["a", "b"], workloads: [workload("a/Pod/a"), workload("b/Pod/b", { app: "b" }), workload("b/Pod/other")] };
  const said = (over: Parameters<typeof snapshot>[0]): Record<string, string> =>
    Object.fromEntries(prove(snapshot({ ...both, ...over })).namespaces.flatMap(({ workloads }) => workloads).map(({ id, verdict }) => [id, verdict]));

  it("is no way out if it is proved itself, in circles too", () => {
    const back = networkPolicy("b/back", { podSelector: {}, policyTypes: ["Egress"], egress: [{ to: [toNamespace("a")] }] });
    expect(said({ networkPolicies: [toB, back] })).toEqual({ "a/Pod/a": "PROVED", "b/Pod/b": "PROVED", "b/Pod/other": "PROVED" });
  });

  it("passes on what it is told if it is not, over any number of hops, and is named", () => {
    const onward = networkPolicy("b/onward", { podSelector: {}, policyTypes: ["Egress"], egress: [{ to: [{ podSelector: { matchLabels: { app: "c" } } }] }] });
    const leaking = networkPolicy("b/leaking", { podSelector: { matchLabels: { app: "c" } }, policyTypes: ["Egress"], egress: [{ to: [ipBlock("8.8.8.8/32")] }] });
    const over = { ...both, workloads: [...both.workloads, workload("b/Pod/c", { app: "c" })], networkPolicies: [toB, onward, leaking] };
    expect(said(over)).toEqual({ "a/Pod/a": "UNDETERMINED", "b/Pod/b": "UNDETERMINED", "b/Pod/c": "REFUTED", "b/Pod/other": "UNDETERMINED" });
    const [a] = prove(snapshot(over)).namespaces[0]!.workloads;
    expect(a?.missing).toEqual([{ kind: "Relay", message: "It may talk to b/Pod/b, which is not proved: what is told there may get out.", relays: ["b/Pod/b"] }]);
    expect(prove(snapshot(over)).namespaces[0]!.labelSpace[0]).toMatchObject({ verdict: "UNDETERMINED", missing: [{ relays: ["b/*"] }] });
  });

  it("passes it on through any number of namespaces, in whatever order they are looked at", () => {
    for (const chain of [["a", "b", "c", "d", "e"], ["e", "d", "c", "b", "a"], ["c", "a", "e", "b", "d"]]) {
      const onward = chain.slice(0, -1).map((name, i) => networkPolicy(`${name}/on`, { podSelector: {}, policyTypes: ["Egress"], egress: [{ to: [toNamespace(chain[i + 1]!)] }] }));
      const leak = networkPolicy(`${chain.at(-1)}/leak`, { podSelector: {}, policyTypes: ["Egress"], egress: [{ to: [ipBlock("8.8.8.8/32")] }] });
      const verdicts = said({ governed: chain, workloads: chain.map((name) => workload(`${name}/Pod/p`)), networkPolicies: [...onward, leak] });
      expect(chain.map((name) => verdicts[`${name}/Pod/p`])).toEqual(["UNDETERMINED", "UNDETERMINED", "UNDETERMINED", "UNDETERMINED", "REFUTED"]);
    }
  });

  it("on its node's network, in a namespace that nothing governs or of which something is unread, is a relay", () => {
    expect(said({ networkPolicies: [toB, deny("b")], workloads: [workload("a/Pod/a"), workload("b/Pod/b", { app: "b" }, { hostNetwork: true })] })["a/Pod/a"]).toBe("UNDETERMINED");
    expect(said({ networkPolicies: [toB, deny("b")], governed: ["a"] })["a/Pod/a"]).toBe("UNDETERMINED");
    expect(said({ networkPolicies: [toB, deny("b")], workloads: [workload("a/Pod/a")], unreadable: ["Pod in namespace b: forbidden"] })["a/Pod/a"]).toBe("UNDETERMINED");
  });

  it("is meant by a rule for addresses if a port has a name: only pods have names for ports", () => {
    const named = [{ to: [ipBlock("0.0.0.0/0")], ports: [{ port: "http" }, { port: 443 }] }];
    const cluster = { pods: ["10.244.0.0/16"], services: [], nodes: [] };
    expect(underRules([{ to: [ipBlock("0.0.0.0/0")], ports: [{ port: "http" }] }], { cluster })).toMatchObject({ verdict: "UNDETERMINED", missing: [{ kind: "Relay", relays: ["default/*", "hoheit-system/*", "kube-node-lease/*", "kube-public/*", "kube-system/*"] }] });
    // Ports by number are seen among the addresses.
    expect(underRules(named, { cluster }).allowed?.pods[0]?.ports).toEqual([{ protocol: "TCP", port: 1, endPort: 442 }, { protocol: "TCP", port: 444, endPort: 65_535 }]);
    expect(underRules([{ to: [ipBlock("8.8.8.8/32")], ports: [{ port: "http" }] }], { cluster }).verdict).toBe("PROVED");
    expect(underRules([{ to: [ipBlock("8.8.8.8/32")], ports: [{ port: "http" }] }]).verdict).toBe("UNDETERMINED");
  });

  it("of any namespace is one of kube-system, too", () => {
    expect(underRules([{ to: [{ namespaceSelector: {} }] }])).toMatchObject({ verdict: "UNDETERMINED", missing: [{ kind: "Relay", relays: ["default/*", "hoheit-system/*", "kube-node-lease/*", "kube-public/*", "kube-system/*"] }] });
    expect(underRules([{ to: [toNamespace("not-there")] }])).toMatchObject({ verdict: "UNDETERMINED", missing: [{ relays: ["not-there/*"] }] });
    expect(underRules([{ to: [{ namespaceSelector: { matchLabels: { team: "x" } } }] }]).verdict).toBe("PROVED");
  });
});

describe("any pod that could ever appear", () => {
  const spaceOf = (over: Parameters<typeof snapshot>[0]): Record<string, string> => Object.fromEntries(prove(snapshot(over)).namespaces[0]!.labelSpace.map(({ role, verdict }) => [role, verdict]));

  it("of one role alone may reach what the role may", () => {
    const fetch = networkPolicy("a/fetch", { podSelector: { matchLabels: { "hoheit.dev/role": "Fetch" } }, policyTypes: ["Egress"], egress: [{ to: [ipBlock("198.51.100.7/32")], ports: HTTPS }] });
    const policy = sovereignty({ destinations: [destination("mirror", { cidrs: ["198.51.100.7/32"], roles: ["Fetch"] })] });
    expect(Object.values(spaceOf({ networkPolicies: [deny("a"), fetch], policy }))).toEqual(Array.from({ length: 6 }, () => "PROVED"));
    expect(spaceOf({ networkPolicies: [deny("a"), fetch] })).toMatchObject({ Fetch: "REFUTED", Application: "PROVED" });
  });

  it("is refuted by a pod with labels that no workload has today", () => {
    const debug = networkPolicy("a/debug", { podSelector: { matchLabels: { debug: "true" }, matchExpressions: [{ key: "tier", operator: "Exists" }] }, policyTypes: ["Egress"], egress: [{}] });
    const a = prove(snapshot({ networkPolicies: [deny("a"), debug] })).namespaces[0]!;
    expect([a.verdict, a.workloads[0]?.verdict]).toEqual(["REFUTED", "PROVED"]);
    expect(a.labelSpace[0]).toMatchObject({ verdict: "REFUTED", counterexample: { packet: { from: "a/*" }, labels: { "hoheit.dev/role": "Serving", debug: "true", tier: "any-0" } } });
  });

  it("without a policy that isolates all of them is not held", () => {
    const some = networkPolicy("a/some", { podSelector: { matchLabels: { app: "x" } }, policyTypes: ["Egress"] });
    expect(prove(snapshot({ networkPolicies: [some] })).namespaces[0]!.labelSpace[5]).toMatchObject({ verdict: "REFUTED", counterexample: { labels: {} } });
    const others = networkPolicy("a/others", { podSelector: { matchExpressions: [{ key: "app", operator: "NotIn", values: ["x"] }] }, policyTypes: ["Egress"] });
    expect(prove(snapshot({ networkPolicies: [some, others] })).namespaces[0]!.labelSpace[5]).toMatchObject({ verdict: "UNDETERMINED", missing: [{ kind: "Combination" }, { kind: "Relay" }, { kind: "Relay" }] });
  });
});

describe("ClusterNetworkPolicies", () => {
  const everywhere = [{ networks: ["0.0.0.0/0", "::/0"] }];
  const open = [{}];
  const admin = (egress: readonly object[], over: object = {}): ReturnType<typeof clusterPolicy> => clusterPolicy("guard", { tier: "Admin", priority: 10, subject: { namespaces: {} }, egress, ...over });

  it("of the Admin tier hold although a NetworkPolicy opens everything", () => {
    const cluster = { pods: ["10.244.0.0/16"], services: [], nodes: [] };
    expect(underRules(open, { clusterNetworkPolicies: [admin([{ action: "Deny", to: everywhere }])], cluster }).verdict).toBe("PROVED");
    expect(underRules(open, { clusterNetworkPolicies: [admin([{ action: "Deny", to: [{ networks: ["0.0.0.0/0"] }] }])] }).verdict).toBe("REFUTED");
    expect(underRules(open, { clusterNetworkPolicies: [admin([{ action: "Deny", to: everywhere, protocols: [{ tcp: { destinationPort: { range: { start: 1, end: 65_535 } } } }] }])] })).toMatchObject({ verdict: "REFUTED", counterexample: { packet: { protocol: "UDP" } } });
  });

  it("pass what namespaces may decide, and no more", () => {
    const rules = [{ action: "Pass", to: [{ pods: { namespaceSelector: { matchLabels: { "kubernetes.io/metadata.name": "sso" } }, podSelector: { matchLabels: { app: "keycloak" } } } }, { networks: ["198.51.100.7/32"] }] }, { action: "Deny", to: everywhere }];
    const policy = sovereignty({ inCluster: [peer("sso", "sso", { app: "keycloak" })], destinations: [destination("d", { cidrs: ["198.51.100.7/32"], roles: ["Application"], ports: [{ port: 1, endPort: 65_535, protocol: "TCP" }, { port: 1, endPort: 65_535, protocol: "UDP" }, { port: 1, endPort: 65_535, protocol: "SCTP" }] })] });
    const cluster = { pods: ["10.244.0.0/16"], services: [], nodes: [] };
    const proof = underRules(open, { clusterNetworkPolicies: [admin(rules)], policy, cluster });
    expect(proof).toMatchObject({ verdict: "PROVED", allowed: { pods: [{ namespaces: ["sso"], selector: "app=keycloak", as: "InClusterPeer" }] } });
    expect(underRules([], { clusterNetworkPolicies: [admin(rules)], policy, cluster })).toMatchObject({ verdict: "PROVED", allowed: { destinations: [], pods: [] } });
    expect(underRules([], { clusterNetworkPolicies: [admin([{ ...rules[0], action: "Accept" }])], cluster })).toMatchObject({ verdict: "REFUTED", removals: [{ kind: "ClusterNetworkPolicy", object: "guard", path: "spec.egress[0].to[1]" }] });
  });

  it("are asked by priority, and of two with the same priority either may be first", () => {
    const accept = (priority: number): ReturnType<typeof clusterPolicy> => clusterPolicy("accept", { tier: "Admin", priority, subject: { pods: { namespaceSelector: {}, podSelector: {} } }, egress: [{ action: "Accept", to: [{ networks: ["8.8.8.8/32"] }] }] });
    const said = (priority: number): SubjectProof => underRules([], { clusterNetworkPolicies: [accept(priority), admin([{ action: "Deny", to: everywhere }])] });
    expect([said(9).verdict, said(10).verdict, said(11).verdict]).toEqual(["REFUTED", "UNDETERMINED", "PROVED"]);
    expect(said(10).missing.map(({ at }) => at?.path)).toEqual(["spec.priority", "spec.priority"]);
    // Only what both are about is open: the rest is denied by the one, whichever is asked first.
    const policy = sovereignty({ destinations: [destination("d", { cidrs: ["8.8.8.8/32"], roles: ["Application"], ports: (["TCP", "UDP", "SCTP"] as const).map((protocol) => ({ protocol, port: 1, endPort: 65_535 })) })] });
    const cluster = { pods: ["10.244.0.0/16"], services: [], nodes: [] };
    expect(underRules(open, { clusterNetworkPolicies: [accept(10), admin([{ action: "Deny", to: everywhere }])], policy, cluster }).verdict).toBe("PROVED");
  });

  it("of the Baseline tier hold a pod that no NetworkPolicy selects; of one that is selected for ingress alone nobody can say", () => {
    const baseline = clusterPolicy("base", { tier: "Baseline", priority: 1, subject: { namespaces: {} }, egress: [{ action: "Deny", to: everywhere }] });
    const pods = admin([{ action: "Deny", to: [{ namespaces: {} }] }]);
    const said = (networkPolicies: readonly ReturnType<typeof deny>[]): SubjectProof | undefined => prove(snapshot({ networkPolicies, clusterNetworkPolicies: [baseline, pods], cluster: { pods: ["10.244.0.0/16"], services: [], nodes: [] } })).namespaces[0]!.workloads[0];
    expect(said([])?.verdict).toBe("PROVED");
    expect(said([networkPolicy("a/in", { podSelector: {}, policyTypes: ["Ingress"] })])).toMatchObject({ verdict: "UNDETERMINED", missing: [{ kind: "Unclear", at: { kind: "NetworkPolicy", object: "a/in" } }, { kind: "ClusterRange" }] });
  });

  test.each<[string, object[], string]>([
    ["names of domains", [{ action: "Accept", to: [{ domainNames: ["example.org"] }] }], "UNDETERMINED"],
    ["nodes", [{ action: "Accept", to: [{ nodes: {} }] }], "UNDETERMINED"],
    ["a peer of a later API that is accepted", [{ action: "Accept", to: [{ services: {} }] }], "UNDETERMINED"],
    ["an action of a later API", [{ action: "Log", to: everywhere }], "UNDETERMINED"],
    ["a network that is none, accepted", [{ action: "Accept", to: [{ networks: ["10.0.0.1/8"] }] }], "UNDETERMINED"],
    ["a network that is none, denied", [{ action: "Deny", to: [{ networks: ["0.0.0.0/00"] }] }], "PROVED"],
  ])("%s", (_what, egress, verdict) => {
    expect(underRules([], { clusterNetworkPolicies: [admin(egress)] }).verdict).toBe(verdict);
  });

  test.each<[string, object[], object?]>([
    ["a network that is none", [{ action: "Deny", to: [{ networks: ["0.0.0.0/00", "::/0"] }] }]],
    ["a peer of a later API", [{ action: "Deny", to: [{ everything: {} }] }]],
    ["no certain peer before it", [{ action: "Pass", to: [{ everything: {} }] }, { action: "Deny", to: everywhere }]],
    ["an unclear subject", [{ action: "Deny", to: everywhere }], { subject: {} }],
    ["a tier of a later API", [{ action: "Deny", to: everywhere }], { tier: "Tenant" }],
    ["a member of a later API", [{ action: "Deny", to: everywhere }], { schedule: "nights" }],
  ])("a Deny with %s protects nobody", (_what, egress, over = {}) => {
    expect(underRules(open, { clusterNetworkPolicies: [admin(egress, over)] }).verdict).toBe("UNDETERMINED");
  });
});

describe("findings of a namespace", () => {
  it("are Services that lead round the rules", () => {
    const services = [
      service("a/alias", { type: "ExternalName", externalName: "example.org" }), service("a/claims", { externalIPs: ["198.51.100.9"] }), service("a/node", { type: "NodePort" }),
      service("a/balanced", { type: "LoadBalancer" }), service("a/plain", { clusterIP: "10.96.0.1" }), service("b/elsewhere", { type: "NodePort" }), service("a/strange", { externalIPs: "x" }),
    ];
    const endpointSlices = [slice("a/out", ["8.8.8.8", "10.244.1.1"]), slice("a/in", ["10.244.1.1"]), slice("a/name", ["example.org"], "FQDN"), slice("a/zeros", ["010.0.0.1"])];
    const { findings } = prove(snapshot({ networkPolicies: [deny("a")], services, endpointSlices, cluster: { pods: ["10.244.0.0/16"], services: [], nodes: [] } })).namespaces[0]!;
    expect(findings.map(({ kind, at }) => `${kind} ${at.kind} ${at.object} ${at.path}`)).toEqual([
      "OutsideEndpoints EndpointSlice a/name endpoints", "OutsideEndpoints EndpointSlice a/out endpoints", "Unclear EndpointSlice a/zeros endpoints[0].addresses", "ExternalName Service a/alias spec.type",
      "LoadBalancer Service a/balanced spec.type", "ExternalIPs Service a/claims spec.externalIPs", "NodePort Service a/node spec.type", "Unclear Service a/strange spec.externalIPs",
    ]);
    expect(findings[1]?.message).toContain("It puts 8.8.8.8, which is not in the cluster");
  });
});

test("namespaces are listed by name, governed or not, and what they take for granted is said", () => {
  const proof = prove(snapshot({ namespaces: [namespace("b"), namespace("a")], governed: ["b"], workloads: [workload("c/Pod/c"), workload("a/Pod/a")] }));
  expect(proof.namespaces.map((one) => one.namespace)).toEqual(["a", "b", "c"]);
  expect([proof.assumptions, proof.residuals].map((all) => all.length)).toEqual([4, 9]);
});
