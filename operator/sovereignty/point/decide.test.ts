import { describe, expect, test } from "vitest";
import { clusterNetworkPolicy, namespace, networkPolicy, snapshotOf, workload } from "../../../test/support/snapshots.ts";
import type { Raw, Snapshot } from "../snapshot.ts";
import type { Packet } from "../verdict.ts";
import { decide, type Answer } from "./decide.ts";

const CLUSTER = { pods: ["10.244.0.0/16", "fd00:244::/48"], services: ["10.96.0.0/12"], nodes: ["192.0.2.0/28"] };
const ports = (...all: [name: string, port: number, protocol?: string][]) => ({ containers: [{ ports: all.map(([name, containerPort, protocol]) => ({ name, containerPort, protocol })) }] });

const base: Snapshot = snapshotOf({
  namespaces: [namespace("town", { team: "a" }), namespace("shop", { team: "b" })],
  workloads: [
    workload("town/Deployment/chat", { app: "chat", tier: "web" }), workload("town/Deployment/db", { app: "db" }, ports(["sql", 5432], ["dns", 53, "UDP"])),
    workload("shop/Deployment/web", { app: "web" }, ports(["http", 8080])), workload("shop/DaemonSet/agent", { app: "agent" }, { hostNetwork: true }), workload("lost/Pod/one"),
  ],
  cluster: CLUSTER,
});

/** `8.8.8.8:443/TCP`, `[2001:db8::1]:53/UDP`, `shop/Deployment/web:80/TCP`. */
function packet(to: string, from = "town/Deployment/chat"): Packet {
  const [, bracketed, plain = "", port, protocol] = /^(?:\[(.*)\]|([^:]*)):(\d+)\/(\w+)$/.exec(to) ?? [];
  const target = plain.includes("/") ? { to: plain } : { address: bracketed ?? plain };
  return { from, family: bracketed === undefined ? "IPv4" : "IPv6", ...target, protocol: protocol as Packet["protocol"], port: Number(port) };
}

const ask = (snapshot: Partial<Snapshot>, to: string, from?: string): Answer => decide({ ...base, ...snapshot }, packet(to, from));
const verdict = (snapshot: Partial<Snapshot>, to: string, from?: string): string => ask(snapshot, to, from).verdict;
const v1 = (...specs: unknown[]): Partial<Snapshot> => ({ networkPolicies: specs.map((spec, at) => networkPolicy(`town/p${at}`, spec)) });
const egress = (...rules: unknown[]): Partial<Snapshot> => v1({ podSelector: {}, policyTypes: ["Egress"], egress: rules });
const out = (cidr: unknown, except?: unknown): Partial<Snapshot> => egress({ to: [{ ipBlock: { cidr, except } }] });

describe("what isolates a pod for egress", () => {
  test.each([
    ["nothing", [], "Allowed"], ["a policy without types and rules", [{ podSelector: {} }], "Allowed"], ["one with egress rules", [{ egress: [{ to: [{ podSelector: {} }] }] }], "Denied"],
    ["the type Egress with no rules", [{ policyTypes: ["Egress"] }], "Denied"], ["with an empty list", [{ policyTypes: ["Egress"], egress: [] }], "Denied"],
    ["with null", [{ podSelector: null, policyTypes: ["Egress"], egress: null }], "Denied"], ["an empty rule lets everything out", [{ policyTypes: ["Egress"], egress: [{}] }], "Allowed"],
    ["as does an empty `to`", [{ policyTypes: ["Egress"], egress: [{ to: [] }] }], "Allowed"], ["the type Ingress does not, whatever its rules", [{ policyTypes: ["Ingress"], egress: [{ to: [{ podSelector: {} }] }] }], "Allowed"],
    ["no types at all are the default", [{ policyTypes: [], egress: [{ to: [{ podSelector: {} }] }] }], "Denied"], ["a policy for others does not", [{ podSelector: { matchLabels: { app: "db" } }, policyTypes: ["Egress"] }], "Allowed"],
    ["policies only add", [{ policyTypes: ["Egress"] }, { podSelector: { matchLabels: { tier: "web" } }, egress: [{}] }], "Allowed"],
    ["no spec at all", [undefined], "Allowed"], ["a spec that is none", ["all"], "Unclear"], ["a member of a later API", [{ policyTypes: ["Egress"], denies: [] }], "Unclear"],
    ["a type of a later API", [{ policyTypes: ["Forward"] }], "Unclear"], ["rules that are no list", [{ policyTypes: ["Egress"], egress: { to: [] } }], "Unclear"],
    ["a doubtful policy beside a shut one lets nothing more out", [{ policyTypes: ["Egress"] }, { podSelector: { matchExpressions: [{ key: "a", operator: "Like" }] }, policyTypes: ["Egress"] }], "Denied"],
    ["but may with rules", [{ policyTypes: ["Egress"] }, { podSelector: { matchExpressions: [{ key: "a", operator: "Like" }] }, policyTypes: ["Egress"], egress: [{}] }], "Unclear"],
    ["and whether it holds or not, what it lets out gets out", [{ podSelector: { matchExpressions: [{ key: "a", operator: "Like" }] }, policyTypes: ["Egress"], egress: [{}] }], "Allowed"],
  ])("%s", (_what, specs, expected) => {
    expect(verdict(v1(...specs), "8.8.8.8:443/TCP")).toBe(expected);
  });

  test("policies of another namespace do not", () => {
    expect(verdict({ networkPolicies: [networkPolicy("shop/p", { policyTypes: ["Egress"] })] }, "8.8.8.8:443/TCP")).toBe("Allowed");
  });

  test("nothing holds the node's network, and a word for true may be either", () => {
    const shut = { networkPolicies: [networkPolicy("shop/p", { policyTypes: ["Egress"] })] };
    expect(verdict(shut, "8.8.8.8:443/TCP", "shop/DaemonSet/agent")).toBe("Allowed");
    expect(verdict({ ...shut, workloads: [workload("shop/Pod/x", {}, { hostNetwork: "true" })] }, "8.8.8.8:443/TCP", "shop/Pod/x")).toBe("Unclear");
  });
});

describe("addresses", () => {
  test.each([
    ["10.0.0.0/8", undefined, "10.255.255.255", "Allowed"], ["10.0.0.0/8", undefined, "11.0.0.0", "Denied"], ["8.8.8.8/32", undefined, "8.8.8.9", "Denied"], ["0.0.0.0/0", undefined, "255.255.255.255", "Allowed"],
    ["8.0.0.0/8", ["8.8.0.0/16"], "8.8.8.8", "Denied"], ["8.0.0.0/8", ["8.8.0.0/16"], "8.9.0.0", "Allowed"], ["8.0.0.0/8", ["8.8.8.8/32", "8.0.0.0/16"], "8.0.1.1", "Denied"],
    ["8.0.0.0/8", ["8.0.0.0/8"], "8.8.8.8", "Unclear"], ["8.0.0.0/8", ["9.0.0.0/16"], "8.8.8.8", "Unclear"], ["8.0.0.0/8", ["::/64"], "8.8.8.8", "Unclear"], ["8.0.0.0/8", "8.8.0.0/16", "8.8.8.8", "Unclear"], ["8.0.0.0/8", null, "8.8.8.8", "Allowed"],
    ["010.0.0.0/8", undefined, "9.9.9.9", "Unclear"], ["8.8.8.8/8", undefined, "8.8.8.8", "Unclear"], ["8.8.8.8", undefined, "8.8.8.8", "Unclear"], ["8.0.0.0/08", undefined, "8.8.8.8", "Unclear"], ["8.0.0/8", undefined, "8.8.8.8", "Unclear"],
    ["8.0.0.0/33", undefined, "8.8.8.8", "Unclear"], ["256.0.0.0/8", undefined, "8.8.8.8", "Unclear"], ["0x8.0.0.0/8", undefined, "8.8.8.8", "Unclear"], [undefined, undefined, "8.8.8.8", "Unclear"], [8, undefined, "8.8.8.8", "Unclear"],
    ["::/0", undefined, "8.8.8.8", "Denied"], ["::ffff:8.8.8.0/120", undefined, "8.8.8.8", "Unclear"], ["0.0.0.0/0", undefined, "[2001:db8::1]", "Denied"], ["2001:db8::/32", undefined, "[2001:db8:ffff::1]", "Allowed"],
    ["2001:DB8:0:0::/64", undefined, "[2001:db8::1]", "Allowed"], ["2001:db8::/33", undefined, "[2001:db8:8000::]", "Denied"], ["2001:db8::1/64", undefined, "[2001:db8::1]", "Unclear"], ["2001:db8:::/64", undefined, "[2001:db8::1]", "Unclear"],
    ["2001:db8::%eth0/64", undefined, "[2001:db8::1]", "Unclear"], ["::/0", ["2001:db8::/32"], "[2001:db8::1]", "Denied"], ["64:ff9b::8.8.8.0/120", undefined, "[64:ff9b::808:808]", "Allowed"],
    ["1:2:3:4:5:6:7::/112", undefined, "[1:2:3:4:5:6:7:8]", "Allowed"], ["1:2:3:4:5:6:7:8::/128", undefined, "[1:2:3:4:5:6:7:8]", "Unclear"], ["1:2:3:4:5:6:7/112", undefined, "[1::1]", "Unclear"],
  ])("cidr %j except %j and %s: %s", (cidr, except, address, expected) => {
    expect(verdict(out(cidr, except), `${address}:443/TCP`)).toBe(expected);
  });

  test("what one peer excepts another opens again", () => {
    expect(verdict(egress({ to: [{ ipBlock: { cidr: "8.0.0.0/8", except: ["8.8.8.0/24"] } }, { ipBlock: { cidr: "8.8.8.8/32" } }] }), "8.8.8.8:443/TCP")).toBe("Allowed");
  });

  test.each([[{}], [{ ipBlock: { cidr: "8.0.0.0/8" }, podSelector: {} }], [{ ipBlock: { cidr: "8.0.0.0/8", exept: [] } }], [{ fqdn: "example.org" }], ["all"], [null]])("a peer %j is not understood, so that it may be anything", (peer) => {
    expect(verdict(egress({ to: [peer] }), "9.9.9.9:443/TCP")).toBe("Unclear");
  });

  test("an address within the cluster may be a pod that a selector takes; outside none is", () => {
    const toPods = egress({ to: [{ namespaceSelector: {} }] });
    expect(["10.244.9.9", "10.96.0.1", "192.0.2.3", "8.8.8.8"].map((address) => verdict(toPods, `${address}:443/TCP`))).toEqual(["Unclear", "Unclear", "Denied", "Denied"]);
  });

  test("one that is none, or of the other family, is not decided", () => {
    expect(decide(base, { ...packet("8.8.8.8:1/TCP"), address: "8.8.8" }).verdict).toBe("Unclear");
    expect(decide(base, { ...packet("8.8.8.8:1/TCP"), family: "IPv6" }).verdict).toBe("Unclear");
  });
});

describe("ports", () => {
  test.each([
    [undefined, "8.8.8.8:1/SCTP", "Allowed"], [[], "8.8.8.8:1/SCTP", "Allowed"], [[{}], "8.8.8.8:7/TCP", "Allowed"], [[{}], "8.8.8.8:7/UDP", "Denied"], [[{ protocol: "UDP" }], "8.8.8.8:7/UDP", "Allowed"],
    [[{ port: 53 }], "8.8.8.8:53/UDP", "Denied"], [[{ port: 53 }], "8.8.8.8:53/TCP", "Allowed"], [[{ port: 53, protocol: "UDP" }, { port: 443 }], "8.8.8.8:443/TCP", "Allowed"], [[{ port: 53, protocol: "SCTP" }], "8.8.8.8:53/TCP", "Denied"],
    [[{ port: 80, endPort: 90 }], "8.8.8.8:90/TCP", "Allowed"], [[{ port: 80, endPort: 90 }], "8.8.8.8:91/TCP", "Denied"], [[{ port: 80, endPort: 80 }], "8.8.8.8:80/TCP", "Allowed"], [[{ port: 80, endPort: 79 }], "8.8.8.8:80/TCP", "Unclear"],
    [[{ endPort: 90 }], "8.8.8.8:1/TCP", "Unclear"], [[{ port: "http", endPort: 90 }], "8.8.8.8:1/TCP", "Unclear"], [[{ port: "http" }], "8.8.8.8:80/TCP", "Denied"], [[{ port: "80" }], "8.8.8.8:80/TCP", "Unclear"], [[{ port: "a--b" }], "8.8.8.8:80/TCP", "Unclear"],
    [[{ port: 0 }], "8.8.8.8:80/TCP", "Unclear"], [[{ port: 65536 }], "8.8.8.8:80/TCP", "Unclear"], [[{ port: 80.5 }], "8.8.8.8:80/TCP", "Unclear"], [[{ protocol: "tcp" }], "8.8.8.8:80/TCP", "Unclear"], [[{ protocol: "ICMP" }], "8.8.8.8:80/TCP", "Unclear"],
    [[{ port: 80, icmpType: 8 }], "8.8.8.8:81/TCP", "Unclear"], [{ port: 80 }, "8.8.8.8:80/TCP", "Unclear"],
  ])("%j and %s: %s", (given, to, expected) => {
    expect(verdict(egress({ ports: given }), to)).toBe(expected);
  });

  test.each([["sql", "5432/TCP", "Allowed"], ["sql", "5433/TCP", "Denied"], ["sql", "5432/UDP", "Denied"], ["http", "5432/TCP", "Denied"]])("the name %s at %s of a pod: %s", (name, at, expected) => {
    expect(verdict(egress({ ports: [{ port: name }] }), `town/Deployment/db:${at}`)).toBe(expected);
  });

  test("a name means the protocol that stands beside it", () => {
    expect(verdict(egress({ ports: [{ port: "dns", protocol: "UDP" }] }), "town/Deployment/db:53/UDP")).toBe("Allowed");
    expect(verdict(egress({ ports: [{ port: "dns" }] }), "town/Deployment/db:53/UDP")).toBe("Denied");
  });

  test("an address that may be a pod's may have the name; sidecars have names, other init containers none", () => {
    expect(verdict(egress({ ports: [{ port: "http" }] }), "10.244.0.9:80/TCP")).toBe("Unclear");
    const sidecar = (restartPolicy?: string) => ({ workloads: [...base.workloads, workload("town/Pod/s", {}, { initContainers: [{ restartPolicy, ports: [{ name: "metrics", containerPort: 90 }] }] })] });
    expect([sidecar("Always"), sidecar()].map((more) => verdict({ ...egress({ ports: [{ port: "metrics" }] }), ...more }, "town/Pod/s:90/TCP"))).toEqual(["Allowed", "Denied"]);
  });
});

describe("pods as peers", () => {
  test.each([
    [{ podSelector: {} }, "town/Deployment/db", "Allowed"], [{ podSelector: {} }, "shop/Deployment/web", "Denied"], [{ namespaceSelector: {} }, "shop/Deployment/web", "Allowed"],
    [{ namespaceSelector: { matchLabels: { team: "b" } } }, "shop/Deployment/web", "Allowed"], [{ namespaceSelector: { matchLabels: { team: "b" } }, podSelector: { matchLabels: { app: "db" } } }, "shop/Deployment/web", "Denied"],
    [{ namespaceSelector: { matchLabels: { "kubernetes.io/metadata.name": "shop" } }, podSelector: { matchLabels: { app: "web" } } }, "shop/Deployment/web", "Allowed"],
    [{ namespaceSelector: { matchLabels: { "kubernetes.io/metadata.name": "lost" } } }, "lost/Pod/one", "Allowed"], [{ namespaceSelector: { matchLabels: { team: "b" } } }, "lost/Pod/one", "Unclear"],
    [{ namespaceSelector: {} }, "shop/DaemonSet/agent", "Unclear"], [{ podSelector: { matchLabels: { "pod-template-hash": "1" } } }, "town/Deployment/db", "Unclear"],
    [{ ipBlock: { cidr: "10.244.0.0/16" } }, "shop/Deployment/web", "Allowed"], [{ ipBlock: { cidr: "10.244.1.0/24" } }, "shop/Deployment/web", "Unclear"], [{ ipBlock: { cidr: "10.245.0.0/16" } }, "shop/Deployment/web", "Denied"],
    [{ ipBlock: { cidr: "0.0.0.0/0", except: ["10.244.0.0/16"] } }, "shop/Deployment/web", "Denied"], [{ ipBlock: { cidr: "192.0.2.0/24" } }, "shop/DaemonSet/agent", "Allowed"],
  ])("%j and %s: %s", (peer, to, expected) => {
    expect(verdict(egress({ to: [peer] }), `${to}:80/TCP`)).toBe(expected);
  });

  test("where nobody says where pods are, an address block may hold them", () => {
    const nowhere = { ...out("10.0.0.0/8"), cluster: { pods: [], services: [], nodes: [] } };
    expect(verdict(nowhere, "shop/Deployment/web:80/TCP")).toBe("Unclear");
    expect(verdict({ ...out("0.0.0.0/0"), cluster: nowhere.cluster }, "shop/Deployment/web:80/TCP")).toBe("Allowed");
    expect(verdict({ ...out("10.244.0.0/16"), cluster: { ...CLUSTER, pods: ["10.244.0.0/16", "10.300.0.0/16"] } }, "shop/Deployment/web:80/TCP")).toBe("Unclear");
  });

  test("the receiver's ingress must let it in, too", () => {
    const ingress = (...from: unknown[]) => ({ networkPolicies: [networkPolicy("shop/in", { podSelector: { matchLabels: { app: "web" } }, ingress: from.length === 0 ? [] : [{ from, ports: [{ port: "http" }] }] })] });
    const town = { namespaceSelector: { matchLabels: { team: "a" } } };
    expect(verdict(ingress(), "shop/Deployment/web:8080/TCP")).toBe("Denied");
    expect(verdict(ingress(town), "shop/Deployment/web:8080/TCP")).toBe("Allowed");
    expect(verdict(ingress(town), "shop/Deployment/web:8081/TCP")).toBe("Denied");
    expect(verdict(ingress({ ...town, podSelector: { matchLabels: { app: "db" } } }), "shop/Deployment/web:8080/TCP")).toBe("Denied");
    expect(verdict({ ...ingress(town), networkPolicies: [...(ingress(town).networkPolicies ?? []), networkPolicy("town/shut", { policyTypes: ["Egress"] })] }, "shop/Deployment/web:8080/TCP")).toBe("Denied");
    expect(verdict(ingress({ podSelector: { matchLabels: { app: "chat" } } }), "shop/Deployment/web:8080/TCP")).toBe("Denied");
  });

  test("nobody is sent to who is not there", () => {
    expect(ask({}, "shop/Deployment/gone:80/TCP")).toEqual({ verdict: "Unclear", rules: [], doubts: ["there is no workload shop/Deployment/gone"] });
    expect(ask({}, "8.8.8.8:80/TCP", "town/Deployment/gone").doubts).toEqual(["there is no workload town/Deployment/gone"]);
  });
});

describe("selectors", () => {
  const selected = (selector: unknown): string => verdict(v1({ podSelector: selector, policyTypes: ["Egress"] }), "8.8.8.8:443/TCP");
  const by = (operator: string, values?: unknown, key: unknown = "app") => ({ matchExpressions: [{ key, operator, values }] });

  test.each([
    [{ matchLabels: { app: "chat" } }, true], [{ matchLabels: { app: "chat", tier: "db" } }, false], [{ matchLabels: { toString: "x" } }, false], [by("In", ["db", "chat"]), true], [by("In", ["db"]), false], [by("NotIn", ["chat"]), false], [by("NotIn", ["db"]), true],
    [by("NotIn", ["x"], "none"), true], [by("Exists"), true], [by("Exists", undefined, "none"), false], [by("DoesNotExist", [], "none"), true], [by("DoesNotExist"), false], [{ matchLabels: { app: "chat" }, ...by("In", ["db"]) }, false],
  ])("%j selects: %s", (selector, expected) => {
    expect(selected(selector)).toBe(expected ? "Denied" : "Allowed");
  });

  test.each([
    [[["Exists"], ["DoesNotExist"]], "Allowed"], [[["In", ["a"]], ["In", ["b"]]], "Allowed"], [[["In", ["a"]], ["NotIn", ["a"]]], "Allowed"],
    [[["In", ["a"]], ["In", ["a", "b"]]], "Unclear"], [[["Exists"], ["NotIn", ["a"]]], "Unclear"], [[["DoesNotExist"], ["NotIn", ["a"]]], "Unclear"], [[["Exists"]], "Unclear"],
  ] as const)("%j of a label that nobody knows: %s", (asked, expected) => {
    const matchExpressions = asked.map(([operator, values]) => ({ key: "pod-template-hash", operator, values }));
    expect(selected({ matchExpressions })).toBe(expected);
    expect(selected({ matchLabels: { "pod-template-hash": "c" }, matchExpressions: [...matchExpressions, { key: "pod-template-hash", operator: "DoesNotExist" }] })).toBe("Allowed");
  });

  test.each([by("In"), by("In", []), by("NotIn", []), by("Exists", ["a"]), by("Like", ["a"]), by("In", [1]), by("In", "chat"), by("In", ["chat"], 1), { matchLabel: { app: "x" } }, { matchLabels: ["app"] }, { matchLabels: { app: 1 } }, "app=chat", { matchExpressions: [null] }])("%j is not understood", (selector) => {
    expect(selected(selector)).toBe("Unclear");
  });
});

describe("ClusterNetworkPolicies", () => {
  const all = { namespaces: {} };
  const rule = (action: string, to: unknown = [{ networks: ["0.0.0.0/0"] }], protocols?: unknown) => ({ action, to, protocols });
  const cnp = (spec: object): Raw => clusterNetworkPolicy(`c${JSON.stringify(spec).length}`, { tier: "Admin", priority: 10, subject: all, ...spec });
  const says = (policies: readonly Raw[], more: Partial<Snapshot> = {}, to = "8.8.8.8:443/TCP"): string => verdict({ ...more, clusterNetworkPolicies: policies }, to);
  const shut = egress();
  const open = egress({});

  test("Accept and Deny of the Admin tier are final, Pass leaves it to NetworkPolicies", () => {
    expect([says([cnp({ egress: [rule("Accept")] })], shut), says([cnp({ egress: [rule("Deny")] })], open)]).toEqual(["Allowed", "Denied"]);
    expect([says([cnp({ egress: [rule("Pass"), rule("Deny")] })], open), says([cnp({ egress: [rule("Pass")] }), cnp({ priority: 11, egress: [rule("Accept")] })], shut)]).toEqual(["Allowed", "Denied"]);
  });

  test("the lower number is asked first, rules in order, and no rule leaves it to the next", () => {
    const deny = cnp({ priority: 5, egress: [rule("Deny", [{ networks: ["8.8.8.8/32"] }])] });
    const accept = cnp({ priority: 6, egress: [rule("Accept")] });
    expect([says([accept, deny]), says([accept, deny], shut, "9.9.9.9:443/TCP")]).toEqual(["Denied", "Allowed"]);
    expect(says([cnp({ egress: [rule("Accept"), rule("Deny")] })], shut)).toBe("Allowed");
    expect(says([cnp({ priority: 0, egress: [] })], shut)).toBe("Denied");
  });

  test("two of one priority that disagree leave it open, even where one does not match surely", () => {
    const [deny, accept] = [cnp({ egress: [rule("Deny")] }), cnp({ egress: [rule("Accept")] })];
    expect([says([deny, accept]), says([deny, cnp({ egress: [rule("Deny", [{ networks: ["8.0.0.0/8"] }])] })])]).toEqual(["Unclear", "Denied"]);
  });

  test("the Baseline tier is asked where no NetworkPolicy isolates; one of the other direction leaves it open", () => {
    const baseline = cnp({ tier: "Baseline", egress: [rule("Deny")] });
    expect([says([baseline]), says([baseline], open), says([baseline], v1({ policyTypes: ["Ingress"] })), says([baseline], v1({ podSelector: { matchLabels: { app: "db" } } }))]).toEqual(["Denied", "Allowed", "Unclear", "Denied"]);
    expect(says([cnp({ tier: "Baseline", egress: [rule("Accept")] })], v1({ policyTypes: ["Ingress"] }))).toBe("Allowed");
  });

  test.each([
    [{ namespaces: { matchLabels: { team: "a" } } }, "Denied"], [{ namespaces: { matchLabels: { team: "b" } } }, "Allowed"], [{ pods: { podSelector: { matchLabels: { app: "chat" } } } }, "Denied"], [{ pods: { namespaceSelector: { matchLabels: { team: "b" } }, podSelector: {} } }, "Allowed"],
    [{}, "Unclear"], [{ namespaces: {}, pods: {} }, "Unclear"], [undefined, "Unclear"], [{ pods: { namespaceSelector: {} } }, "Unclear"], [{ nodes: {} }, "Unclear"],
  ])("subject %j: %s", (subject, expected) => {
    expect(says([cnp({ subject, egress: [rule("Deny")] })])).toBe(expected);
  });

  test("a pod with the node's network is nobody's subject", () => {
    expect(verdict({ clusterNetworkPolicies: [cnp({ egress: [rule("Deny")] })] }, "8.8.8.8:1/TCP", "shop/DaemonSet/agent")).toBe("Allowed");
  });

  test.each([
    [[{ networks: ["8.0.0.0/8"] }], "8.8.8.8", "Denied"], [[{ networks: ["9.0.0.0/8", "::/0"] }], "8.8.8.8", "Allowed"], [[{ networks: ["010.0.0.0/8"] }], "8.8.8.8", "Unclear"], [[{ networks: [] }], "8.8.8.8", "Unclear"], [[{ networks: "8.0.0.0/8" }], "8.8.8.8", "Unclear"],
    [[{ domainNames: ["example.org"] }], "8.8.8.8", "Unclear"], [[{}], "8.8.8.8", "Unclear"], [[{ asn: 64512 }], "8.8.8.8", "Unclear"], [[{ namespaces: {}, networks: ["8.0.0.0/8"] }], "8.8.8.8", "Unclear"], [[], "8.8.8.8", "Unclear"], [null, "8.8.8.8", "Unclear"],
    [[{ nodes: {} }], "192.0.2.1", "Unclear"], [[{ nodes: {} }], "8.8.8.8", "Allowed"], [[{ namespaces: {} }], "8.8.8.8", "Allowed"], [[{ namespaces: {} }], "10.244.1.1", "Unclear"],
    [[{ namespaces: { matchLabels: { team: "b" } } }], "shop/Deployment/web", "Denied"], [[{ pods: { podSelector: { matchLabels: { app: "db" } } } }], "shop/Deployment/web", "Allowed"], [[{ namespaces: {} }], "shop/DaemonSet/agent", "Allowed"],
    [[{ networks: ["0.0.0.0/0"] }], "shop/Deployment/web", "Denied"], [[{ networks: ["10.244.7.0/24"] }], "shop/Deployment/web", "Unclear"], [[{ nodes: {} }], "shop/DaemonSet/agent", "Unclear"], [[{ nodes: {} }], "shop/Deployment/web", "Allowed"],
  ])("denied to %j, asked for %s: %s", (to, target, expected) => {
    expect(says([cnp({ egress: [rule("Deny", to)] })], {}, `${target}:443/TCP`)).toBe(expected);
  });

  const tcp = (destinationPort: unknown) => [{ tcp: { destinationPort } }];
  test.each([
    [tcp({ number: 443 }), "Denied"], [tcp({ number: 80 }), "Allowed"], [tcp({ range: { start: 400, end: 443 } }), "Denied"], [tcp({ range: { start: 444, end: 500 } }), "Allowed"], [tcp({ range: { start: 443, end: 443 } }), "Unclear"], [tcp({}), "Unclear"], [tcp({ number: 443, range: { start: 1, end: 2 } }), "Unclear"],
    [tcp({ number: 0 }), "Unclear"], [tcp(undefined), "Unclear"], [[{ udp: { destinationPort: { number: 443 } } }], "Allowed"], [[{ destinationNamedPort: "https" }], "Allowed"], [[{ destinationNamedPort: 1 }], "Unclear"], [[], "Unclear"], [[{}], "Unclear"], [[{ icmp: {} }], "Unclear"], [{}, "Unclear"], [null, "Denied"],
    [[{ udp: { destinationPort: { number: 1 } } }, { tcp: { destinationPort: { number: 443 } } }], "Denied"],
  ])("denied for %j: %s", (protocols, expected) => {
    expect(says([cnp({ egress: [rule("Deny", undefined, protocols)] })])).toBe(expected);
  });

  const first = cnp({ priority: 0, egress: [rule("Accept")] });
  test.each([{ tier: "Platinum" }, { tier: undefined }, { priority: 1001 }, { priority: "10" }, { priority: -1 }, { egress: {} }, { audit: true }])("%j is not understood, so that it may do anything, first of all", (spec) => {
    expect([says([cnp(spec), first]), says([cnp(spec)], open), says([cnp(spec)], shut)]).toEqual(["Unclear", "Unclear", "Unclear"]);
  });

  test.each(["Deny", rule("Log"), rule("constructor"), { ...rule("Deny"), log: true }, { to: [{ networks: ["0.0.0.0/0"] }] }])("a rule %j may do anything when it is asked", (given) => {
    expect([says([cnp({ egress: [given] }), first]), says([cnp({ egress: [given] })], open), says([cnp({ egress: [given] })], shut)]).toEqual(["Allowed", "Unclear", "Unclear"]);
  });

  test("one that is not understood and is for others says nothing here", () => {
    expect(says([cnp({ tier: "Platinum", subject: { namespaces: { matchLabels: { team: "b" } } } })], shut)).toBe("Denied");
  });

  test("ingress rules hold at the receiver", () => {
    const deny = cnp({ subject: { namespaces: { matchLabels: { team: "b" } } }, ingress: [{ action: "Deny", from: [{ namespaces: { matchLabels: { team: "a" } } }] }] });
    expect([says([deny], {}, "shop/Deployment/web:80/TCP"), says([deny], {}, "town/Deployment/db:80/TCP"), says([deny], {}, "8.8.8.8:80/TCP")]).toEqual(["Denied", "Allowed", "Allowed"]);
    expect(says([cnp({ ingress: [{ action: "Deny", from: [{ networks: ["0.0.0.0/0"] }] }] })], {}, "shop/Deployment/web:80/TCP")).toBe("Unclear");
  });
});

describe("an answer", () => {
  test("names the rules that let it through, or the policies that hold the pod", () => {
    const policies = [networkPolicy("town/shut", { policyTypes: ["Egress"] }), networkPolicy("town/open", { podSelector: { matchLabels: { app: "chat" } }, egress: [{ to: [{ ipBlock: { cidr: "9.0.0.0/8" } }] }, { to: [{ ipBlock: { cidr: "8.0.0.0/8" } }] }] })];
    expect(ask({ networkPolicies: policies }, "8.8.8.8:443/TCP")).toEqual({ verdict: "Allowed", rules: [{ kind: "NetworkPolicy", object: "town/open", path: "spec.egress[1]" }], doubts: [] });
    expect(ask({ networkPolicies: policies }, "1.1.1.1:443/TCP").rules.map(({ object, path }) => `${object} ${path}`)).toEqual(["town/shut ", "town/open "]);
    expect(ask({}, "1.1.1.1:443/TCP")).toEqual({ verdict: "Allowed", rules: [], doubts: [] });
  });

  test("says for Unclear what it hangs on, and where", () => {
    expect(ask(out("010.0.0.0/8"), "1.1.1.1:443/TCP").doubts).toEqual(['NetworkPolicy town/p0 spec.egress[0].to[0].ipBlock.cidr "010.0.0.0/8" is no CIDR']);
  });
});

describe("a pod with any labels", () => {
  const any = (snapshot: Partial<Snapshot>): string => verdict(snapshot, "8.8.8.8:443/TCP", "town/*");

  test("is held only by policies that hold every pod", () => {
    expect([any({}), any(egress()), any(v1({ podSelector: { matchLabels: { app: "chat" } }, policyTypes: ["Egress"] }))]).toEqual(["Allowed", "Denied", "Allowed"]);
    const split = (...operators: string[]) => v1(...operators.map((operator) => ({ podSelector: { matchExpressions: [{ key: "a", operator }] }, policyTypes: ["Egress"] })));
    expect([any(split("Exists")), any(split("Exists", "DoesNotExist"))]).toEqual(["Allowed", "Denied"]);
  });

  test("gets out by a rule for any label that it may have", () => {
    const opens = (podSelector: unknown) => v1({ policyTypes: ["Egress"] }, { podSelector, egress: [{}] });
    expect([any(opens({ matchLabels: { app: "x", b: "y" } })), any(opens({ matchExpressions: [{ key: "a", operator: "In", values: ["1"] }, { key: "a", operator: "NotIn", values: ["1"] }] }))]).toEqual(["Allowed", "Denied"]);
    expect(any(opens({ matchExpressions: [{ key: "a", operator: "NotIn", values: ["1"] }, { key: "a", operator: "Exists" }] }))).toBe("Allowed");
  });

  test("is held by a ClusterNetworkPolicy for all, and not by one for some", () => {
    const deny = (subject: unknown) => ({ clusterNetworkPolicies: [clusterNetworkPolicy("c", { tier: "Admin", priority: 1, subject, egress: [{ action: "Deny", to: [{ networks: ["0.0.0.0/0"] }] }] })] });
    expect([any(deny({ namespaces: {} })), any(deny({ pods: { podSelector: { matchLabels: { a: "b" } } } }))]).toEqual(["Denied", "Allowed"]);
  });

  test("may be asked for at a receiver that takes some only", () => {
    const ingress = { networkPolicies: [networkPolicy("shop/in", { ingress: [{ from: [{ namespaceSelector: {}, podSelector: { matchLabels: { door: "key" } } }] }] })] };
    expect(verdict(ingress, "shop/Deployment/web:80/TCP", "town/*")).toBe("Allowed");
    expect(verdict({ networkPolicies: [networkPolicy("shop/in", { ingress: [] })] }, "shop/Deployment/web:80/TCP", "town/*")).toBe("Denied");
  });

  test("is one of too many where selectors name dozens of keys", () => {
    expect(any(v1({ podSelector: { matchLabels: Object.fromEntries(Array.from({ length: 13 }, (_, at) => [`k${at}`, "v"])) }, policyTypes: ["Egress"] }))).toBe("Unclear");
  });
});
