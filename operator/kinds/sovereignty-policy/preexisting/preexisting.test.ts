import { describe, expect, test } from "vitest";
import { GUARD_CASES, type GuardCase } from "../../../../test/support/guard-cases.ts";
import { IN_FORCE, LAND } from "../../../../test/support/guard.ts";
import { probeLabels, servingLabels } from "../../../lib/labels.ts";
import { parse } from "../../define.ts";
import { sovereigntyPolicy } from "../schema.ts";
import { preexisting, type Existing, type Judged } from "./index.ts";
import { isOfOthers } from "./network-policies.ts";

function judged(): Judged {
  const parsed = parse(sovereigntyPolicy, { ...LAND, metadata: { ...LAND.metadata, uid: "1", resourceVersion: "1" } });
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.violations));
  return { spec: parsed.value.spec, inForce: IN_FORCE, ownImage: "registry.example/hoheit:test" };
}

const existing = ({ object }: Pick<GuardCase, "object">): Existing => ({ ...object, metadata: { ...object.metadata, namespace: "assistant" } });

/** Decided for whoever creates: of a ConfigMap nobody can tell who made it, of a running pod nobody who chose its node. */
const atCreation = ({ concern, title }: GuardCase): boolean => concern === "made-by-hoheit" || title === "a node by name";

describe("what the API server refuses today is found where it exists, and nothing else", () => {
  test.each(GUARD_CASES.filter((one) => !atCreation(one)))("$concern: $title", (one) => {
    const findings = preexisting([existing(one)], judged());
    expect(findings.map(({ concern }) => concern).filter((concern, index, all) => all.indexOf(concern) === index)).toEqual(one.refused === undefined ? [] : [one.concern]);
  });
});

test("a finding says which object and which field", () => {
  const find = (title: string): unknown => preexisting(GUARD_CASES.filter((one) => one.title === title).map(existing), judged());
  expect(find("CronJob: the network of the node")).toEqual([{ concern: "pods", object: "CronJob assistant/tried", field: "spec.jobTemplate.spec.template.spec.hostNetwork" }]);
  expect(find("that hides a way out behind a way in")).toEqual([{ concern: "network-policies", object: "NetworkPolicy assistant/tried", field: "spec.egress[1].to[1]" }]);
});

describe("what is there", () => {
  const found = (...objects: Existing[]): string[] => preexisting(objects, { ...judged(), spec: { ...judged().spec, images: undefined, nodes: undefined } as never }).map(({ object, field }) => `${object} ${field}`);
  const of = (kind: string, uid: string, over: object = {}, owner?: string): Existing => ({
    apiVersion: "apps/v1", kind, metadata: { name: uid, namespace: "assistant", uid, ...(owner !== undefined && { ownerReferences: [{ apiVersion: "apps/v1", kind: "X", name: "x", uid: owner, controller: true }] }) },
    spec: { hostNetwork: true, containers: [], template: { spec: { hostNetwork: true, containers: [] } } }, ...over,
  });

  test("is named once: not what something of which the same is said has made", () => {
    const said = "spec.template.spec.hostNetwork";
    expect(found(of("Pod", "p", {}, "r"), of("ReplicaSet", "r", {}, "d"), of("Deployment", "d"))).toEqual([`Deployment assistant/d ${said}`]);
    const mended = of("Deployment", "d", { spec: { template: { spec: { containers: [] } } } });
    expect(found(of("Pod", "p", {}, "r"), of("ReplicaSet", "r", {}, "d"), mended)).toEqual([`ReplicaSet assistant/r ${said}`]);
    expect(found(of("Pod", "p", {}, "elsewhere"))).toEqual(["Pod assistant/p spec.hostNetwork"]);
  });

  test("and what says of each other that it made it hides nothing", () => {
    expect(found(of("Pod", "a", {}, "b"), of("Pod", "b", {}, "a"))).toHaveLength(2);
  });

  test("and does something: what has ended is no way out", () => {
    const complete = { status: { conditions: [{ type: "Complete", status: "True" }] } };
    const old = { spec: { replicas: 0, template: of("Pod", "x") }, status: { replicas: 0 } };
    expect(found(of("Pod", "a", { status: { phase: "Succeeded" } }), of("Pod", "b", { status: { phase: "Failed" } }), of("Job", "c", complete), of("ReplicaSet", "d", old, "gone"))).toEqual([]);
    expect(found(of("Pod", "a", { status: { phase: "Running" } }), of("Job", "c", { status: { conditions: [{ type: "Suspended", status: "True" }] } }), of("ReplicaSet", "d", old), of("ReplicaSet", "e", { ...old, status: { replicas: 1 } }, "gone"))).toHaveLength(4);
  });

  test("is ours by its owner, not by its label", () => {
    const wide = (ownerReferences: object[]): Existing => ({ apiVersion: "networking.k8s.io/v1", kind: "NetworkPolicy", metadata: { name: "wide", namespace: "assistant", labels: { "app.kubernetes.io/managed-by": "hoheit" }, ownerReferences } as never, spec: { podSelector: {}, egress: [{}] } });
    const owner = (apiVersion: string, kind: string) => ({ apiVersion, kind, name: "x", uid: "x", controller: true });
    for (const ours of [owner("v1", "Namespace"), owner("hoheit.dev/v1alpha1", "LanguageModelDeployment")]) expect(found(wide([ours]))).toEqual([]);
    for (const forged of [[], [owner("v1", "ConfigMap")], [{ ...owner("v1", "Namespace"), controller: false }]]) expect(found(wide(forged)), JSON.stringify(forged)).toHaveLength(2);
  });
});

describe("what Hoheit made", () => {
  const owner = (apiVersion: string, uid: string): object => ({ ownerReferences: [{ apiVersion, kind: "X", name: "x", uid, controller: true }] });
  const workload = (kind: string, uid: string, metadata: object): Existing =>
    ({ apiVersion: "apps/v1", kind, metadata: { name: uid, namespace: "assistant", uid, labels: servingLabels("a"), ...metadata }, spec: { nodeSelector: LAND.spec.nodes.selector.matchLabels, containers: [], template: { metadata: { labels: servingLabels("a") }, spec: { nodeSelector: LAND.spec.nodes.selector.matchLabels, containers: [] } } } });
  const made = [
    workload("Deployment", "d", owner("hoheit.dev/v1alpha1", "lmd")), workload("ReplicaSet", "r", owner("apps/v1", "d")), workload("Pod", "p", owner("apps/v1", "r")),
  ];

  test("is told by its owners, up to the custom resource", () => {
    expect(preexisting(made, judged())).toEqual([]);
  });

  test("is not what only looks like it: without an owner, or with one that is none", () => {
    const forged = [workload("Pod", "alone", {}), workload("Pod", "of-nobody", owner("apps/v1", "gone")), workload("Pod", "of-itself", owner("v1", "of-itself"))];
    expect(new Set(preexisting([...made, ...forged], judged()).map(({ object }) => object))).toEqual(new Set(["Pod assistant/alone", "Pod assistant/of-nobody", "Pod assistant/of-itself"]));
  });

  test("cannot be selected by a policy of others: every label that its pods have is taken for no distinction", () => {
    for (const labels of [servingLabels("a"), probeLabels("a")]) {
      for (const [key, value] of Object.entries(labels)) expect(isOfOthers({ matchLabels: { [key]: value } }), key).toBe(false);
      expect(isOfOthers({ matchLabels: labels })).toBe(false);
    }
  });
});
