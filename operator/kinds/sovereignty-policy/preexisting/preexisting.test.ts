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
