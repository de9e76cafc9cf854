/**
 * testdata/cluster-network-policy shows what is built, for a reviewer to read (`npx vitest run --project unit -u
 * cluster-network-policy` rewrites it). What it means for packets is asked of sovereignty/point, which knows nothing of this.
 */
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, it, test } from "vitest";
import { clusterNetworkPolicy, namespace, snapshotOf, workload } from "../../../../test/support/snapshots.ts";
import { toYaml } from "../../../cli/yaml.ts";
import type { ClusterNetworkPolicy } from "../../../lib/k8s-types.ts";
import type { Destination, InClusterPeer } from "../../../sovereignty/policy.ts";
import { decide } from "../../../sovereignty/point/decide.ts";
import { buildClusterNetworkPolicy, type ClusterInput } from "./cluster-network-policy.ts";

const TESTDATA = join(import.meta.dirname, "..", "testdata", "cluster-network-policy");
const GOVERNED = { "hoheit.dev/governed": "true" };

const destination = (name: string, cidrs: readonly string[]): Destination => ({
  name, cidrs, ports: [{ port: 443, protocol: "TCP" }], country: "DE", operator: { name: "IT-Verbund", country: "DE", controlledFrom: "DE" }, purpose: "weights", roles: ["Fetch"],
});
const peer = (name: string, direction: InClusterPeer["direction"]): InClusterPeer =>
  ({ name, namespace: name, podSelector: { matchLabels: { app: name } }, direction, ports: [], roles: ["Application"] });

const LAND: ClusterInput = {
  policies: ["land"],
  subject: { matchLabels: GOVERNED },
  allowed: { destinations: [destination("mirror", ["198.51.100.7/32", "2001:db8:1::7/128"])], inCluster: [peer("ingress", "Ingress"), peer("directory", "Egress")] },
  governed: [GOVERNED, { site: "rz1" }],
  exempt: ["kube-system", "hoheit-system"],
  ungoverned: "Refuse",
  operatorNamespace: "hoheit-system",
  metricsScraper: { namespace: "monitoring", podSelector: { app: "prometheus" } },
  nodeCaches: ["169.254.20.10"],
};

function built(input: Partial<ClusterInput> = {}): ClusterNetworkPolicy {
  const object = buildClusterNetworkPolicy({ ...LAND, ...input });
  if (object === undefined) throw new Error("it does not fit");
  return object;
}

describe("golden", () => {
  test.each([
    ["land", {}],
    ["several", { policies: ["land", "stadt"], subject: { namespaces: ["assistant", "chat"] } }],
    ["nothing-named", { allowed: { destinations: [], inCluster: [] }, governed: [GOVERNED], ungoverned: "Report", metricsScraper: undefined, nodeCaches: [] }],
  ] satisfies [string, Partial<ClusterInput>][])("%s", async (name, input) => {
    await expect(toYaml(built(input))).toMatchFileSnapshot(join(TESTDATA, `${name}.yaml`));
  });
});

const NAMESPACES = [
  ...["assistant", "chat"].map((name) => namespace(name, { ...GOVERNED, "kubernetes.io/metadata.name": name })),
  ...["ingress", "directory", "elsewhere", "monitoring", "hoheit-system"].map((name) => namespace(name, { "kubernetes.io/metadata.name": name })),
  namespace("kube-system", { ...GOVERNED, "kubernetes.io/metadata.name": "kube-system" }),
];
const WORKLOADS = [
  workload("assistant/Deployment/app", { app: "app" }), workload("chat/Deployment/ui", { app: "ui" }), workload("ingress/Deployment/ingress", { app: "ingress" }),
  workload("ingress/Deployment/other", { app: "other" }), workload("directory/Deployment/directory", { app: "directory" }), workload("elsewhere/Deployment/relay", { app: "directory" }),
  workload("kube-system/Deployment/coredns", { "k8s-app": "kube-dns" }), workload("kube-system/Deployment/other", { app: "other" }), workload("monitoring/StatefulSet/prometheus", { app: "prometheus" }),
  workload("hoheit-system/Deployment/hoheit", { "app.kubernetes.io/name": "hoheit", "app.kubernetes.io/component": "operator" }),
];

/** Whether a packet gets through where nothing but this policy says anything. */
function gets(from: string, to: { to: string } | { address: string }, object = built()): string {
  const snapshot = snapshotOf({ namespaces: NAMESPACES, workloads: WORKLOADS, clusterNetworkPolicies: [clusterNetworkPolicy(object.metadata.name, object.spec)] });
  const family = "address" in to && to.address.includes(":") ? "IPv6" : "IPv4";
  return decide(snapshot, { from, family, ...to, protocol: "TCP", port: 443 }).verdict;
}

describe("from a governed pod", () => {
  it.each([
    [{ to: "chat/Deployment/ui" }, "Allowed"], [{ to: "directory/Deployment/directory" }, "Allowed"], [{ to: "hoheit-system/Deployment/hoheit" }, "Allowed"], [{ to: "kube-system/Deployment/coredns" }, "Allowed"],
    [{ to: "elsewhere/Deployment/relay" }, "Denied"], [{ to: "ingress/Deployment/ingress" }, "Denied"], [{ to: "kube-system/Deployment/other" }, "Denied"], [{ to: "monitoring/StatefulSet/prometheus" }, "Denied"],
    [{ address: "198.51.100.7" }, "Allowed"], [{ address: "2001:db8:1::7" }, "Allowed"], [{ address: "169.254.20.10" }, "Allowed"],
    [{ address: "198.51.100.8" }, "Denied"], [{ address: "2001:db8:1::8" }, "Denied"], [{ address: "8.8.8.8" }, "Denied"], [{ address: "169.254.169.254" }, "Denied"], [{ address: "::1" }, "Denied"],
  ] as const)("to %j: %s", (to, verdict) => expect(gets("assistant/Deployment/app", to)).toBe(verdict));
});

describe("to a governed pod", () => {
  it.each([
    ["chat/Deployment/ui", "Allowed"], ["ingress/Deployment/ingress", "Allowed"], ["monitoring/StatefulSet/prometheus", "Allowed"],
    ["ingress/Deployment/other", "Denied"], ["elsewhere/Deployment/relay", "Denied"], ["directory/Deployment/directory", "Denied"],
  ])("from %s: %s", (from, verdict) => expect(gets(from, { to: "assistant/Deployment/app" })).toBe(verdict));

  it("from elsewhere is left to NetworkPolicies where ungoverned clients are reported and not refused", () => {
    expect(gets("elsewhere/Deployment/relay", { to: "assistant/Deployment/app" }, built({ ungoverned: "Report" }))).toBe("Allowed");
  });
});

it("does not let through to a pod because its address is in a destination", () => {
  expect(gets("assistant/Deployment/app", { to: "elsewhere/Deployment/relay" }, built({ allowed: { destinations: [destination("house", ["10.0.0.0/8"])], inCluster: [] } }))).toBe("Denied");
});

it("does not hold a namespace that keeps the cluster running, whatever its labels", () => {
  expect(gets("kube-system/Deployment/coredns", { address: "8.8.8.8" })).toBe("Allowed");
});

describe("of two policies on one namespace", () => {
  const land = built({ allowed: { destinations: [destination("a", ["198.51.100.0/24"])], inCluster: [] } });
  const stadt = built({ policies: ["stadt"], subject: { matchLabels: GOVERNED }, allowed: { destinations: [destination("b", ["198.51.100.7/32", "203.0.113.1/32"])], inCluster: [] } });
  const both = built({ policies: ["land", "stadt"], subject: { namespaces: ["assistant"] }, allowed: { destinations: [destination("a+b", ["198.51.100.7/32"])], inCluster: [] } });
  const verdict = (address: string): string => decide(snapshotOf({
    namespaces: NAMESPACES, workloads: WORKLOADS, clusterNetworkPolicies: [land, stadt, both].map(({ metadata, spec }) => clusterNetworkPolicy(metadata.name, spec)),
  }), { from: "assistant/Deployment/app", family: "IPv4", address, protocol: "TCP", port: 443 }).verdict;

  test.each([["198.51.100.7", "Allowed"], ["198.51.100.8", "Denied"], ["203.0.113.1", "Denied"]])("the one for both decides: %s %s", (address, expected) => expect(verdict(address)).toBe(expected));
});

const byte = fc.integer({ min: 1, max: 220 });
const cidrs = fc.uniqueArray(fc.tuple(byte, byte, byte).map((parts) => `${parts.join(".")}.0/24`), { maxLength: 200 });

test("nothing but what is named gets out, to whatever address, and every list fits the API", () => {
  fc.assert(fc.property(cidrs, fc.tuple(byte, byte, byte), fc.nat(60), (all, parts, peers) => {
    const inCluster = Array.from({ length: peers }, (_, at) => peer(`peer-${at}`, "Egress"));
    const object = built({ allowed: { destinations: [destination("a", all)], inCluster } });
    const address = `${parts.join(".")}.1`;
    const isNamed = all.includes(`${parts.join(".")}.0/24`);
    expect(gets("assistant/Deployment/app", { address }, object)).toBe(isNamed ? "Allowed" : "Denied");
    for (const one of all.slice(0, 3)) expect(gets("assistant/Deployment/app", { address: one.replace("0/24", "9") }, object)).toBe("Allowed");
    const { egress = [] } = object.spec;
    expect(egress.length).toBeLessThanOrEqual(25);
    for (const { to } of egress) for (const one of to) expect(Math.max(to.length, "networks" in one ? one.networks.length : 0)).toBeLessThanOrEqual(25);
  }), { numRuns: 50 });
});

test("what does not fit is not cut short", () => {
  const many = Array.from({ length: 25 * 25 }, (_, at) => peer(`peer-${at}`, "Egress"));
  expect(buildClusterNetworkPolicy({ ...LAND, allowed: { destinations: [], inCluster: many } })).toBeUndefined();
});
