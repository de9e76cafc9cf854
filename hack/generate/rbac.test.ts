import { expect, test } from "vitest";
import { clusterRules, namespacedRules } from "../../operator/kinds/index.ts";
import { mergedRules, rbacManifests } from "./rbac.ts";

test("rules of several kinds are merged by group and verbs, sorted", () => {
  expect(mergedRules([
    { apiGroups: ["apps"], resources: ["deployments"], verbs: ["watch", "get"] },
    { apiGroups: [""], resources: ["services", "pods"], verbs: ["list"] },
    { apiGroups: ["apps"], resources: ["deployments"], verbs: ["list"] },
    { apiGroups: ["apps"], resources: ["replicasets"], verbs: ["get", "list", "watch"] },
  ])).toEqual([
    { apiGroups: [""], resources: ["pods", "services"], verbs: ["list"] },
    { apiGroups: ["apps"], resources: ["deployments", "replicasets"], verbs: ["get", "list", "watch"] },
  ]);
});

test("the order of declaration does not show", () => {
  const rules = [{ apiGroups: ["a"], resources: ["x"], verbs: ["get"] }, { apiGroups: [""], resources: ["y"], verbs: ["list"] }];
  expect(mergedRules(rules.toReversed())).toEqual(mergedRules(rules));
});

test("rules of the own namespace are bound there only", () => {
  const manifests = rbacManifests([], [{ apiGroups: [""], resources: ["secrets"], verbs: ["get"] }]) as { kind: string; rules?: unknown[]; metadata: { namespace?: string } }[];
  expect(manifests.map(({ kind, rules, metadata }) => [kind, rules?.length, metadata.namespace])).toEqual([
    ["ClusterRole", 0, undefined], ["ClusterRoleBinding", undefined, undefined], ["Role", 1, "hoheit-system"], ["RoleBinding", undefined, "hoheit-system"],
  ]);
});

test("no wildcard is granted, and no Secret outside of the operator's namespace", () => {
  const granted = mergedRules(clusterRules).flatMap((rule) => [...rule.apiGroups, ...rule.resources, ...rule.verbs]);
  expect(granted).toContain("languagemodeldeployments");
  expect(granted).not.toContain("*");
  expect(granted).not.toContain("secrets");
  expect(mergedRules(namespacedRules).flatMap(({ verbs }) => verbs)).not.toContain("*");
});
