/** The operator's permissions, from the rules that its kinds declare: nothing is granted that no kind asks for. */
import type { Rule } from "../../operator/runtime/kind.ts";

const NAME = "hoheit-operator";
const NAMESPACE = "hoheit-system";
const RBAC = "rbac.authorization.k8s.io";

const metadata = { name: NAME, labels: { "app.kubernetes.io/name": NAME, "app.kubernetes.io/part-of": "hoheit" } };
const subjects = [{ kind: "ServiceAccount", name: NAME, namespace: NAMESPACE }];

/**
 * ClusterRole and Role with their bindings. `rules` hold in every namespace, `namespacedRules` in the operator's own only:
 * leases there, and the only Secrets it may read.
 */
export function rbacManifests(rules: readonly Rule[], namespacedRules: readonly Rule[]): object[] {
  const inNamespace = { ...metadata, namespace: NAMESPACE };
  const roleRef = (kind: string): object => ({ apiGroup: RBAC, kind, name: NAME });
  return [
    { apiVersion: `${RBAC}/v1`, kind: "ClusterRole", metadata, rules: mergedRules(rules) },
    { apiVersion: `${RBAC}/v1`, kind: "ClusterRoleBinding", metadata, roleRef: roleRef("ClusterRole"), subjects },
    { apiVersion: `${RBAC}/v1`, kind: "Role", metadata: inNamespace, rules: mergedRules(namespacedRules) },
    { apiVersion: `${RBAC}/v1`, kind: "RoleBinding", metadata: inNamespace, roleRef: roleRef("Role"), subjects },
  ];
}

interface PlainRule {
  apiGroups: string[];
  resources: string[];
  verbs: string[];
}

/** One rule for each group and set of verbs, everything sorted: the diff of a change is the change. */
export function mergedRules(rules: readonly Rule[]): PlainRule[] {
  const resources = new Map<string, Set<string>>();
  for (const { group, resource, verb } of rules.flatMap(grants)) addTo(resources, `${group} ${resource}`, verb);
  const merged = new Map<string, Set<string>>();
  for (const [resource, verbs] of resources) {
    const [group = "", name = ""] = resource.split(" ");
    addTo(merged, `${group} ${[...verbs].toSorted().join(",")}`, name);
  }
  return [...merged].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([key, names]) => {
    const [group = "", verbs = ""] = key.split(" ");
    return { apiGroups: [group], resources: [...names].toSorted(), verbs: verbs.split(",") };
  });
}

const grants = (rule: Rule): { group: string; resource: string; verb: string }[] =>
  rule.apiGroups.flatMap((group) => rule.resources.flatMap((resource) => rule.verbs.map((verb) => ({ group, resource, verb }))));

function addTo(sets: Map<string, Set<string>>, key: string, value: string): void {
  sets.set(key, (sets.get(key) ?? new Set()).add(value));
}
