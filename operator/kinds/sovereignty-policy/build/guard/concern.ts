/** One concern of the guard becomes one ValidatingAdmissionPolicy and its bindings. */
import type { ValidatingAdmissionPolicy, ValidatingAdmissionPolicyBinding } from "../../../../lib/k8s-types.ts";
import { governanceLabels, NAMESPACE_NAME } from "../../../../lib/labels.ts";
import { API_GROUP, API_VERSION } from "../../../../lib/names.ts";
import type { SovereigntyPolicy } from "../../schema.ts";

type Match = NonNullable<NonNullable<ValidatingAdmissionPolicy["spec"]>["matchConstraints"]>;
export type ResourceRule = NonNullable<Match["resourceRules"]>[number];

/** What must hold, and what is said otherwise: the object, the field and the remedy. Both CEL. */
export interface GuardRule {
  readonly holds: string;
  /** An expression of type string. */
  readonly otherwise: string;
}

/** Where a concern is bound. */
export type Reach =
  /** In the namespaces of each policy, with the policy as `params`. */
  | "Governed"
  /** In every namespace, once for each policy, with the policy as `params`. */
  | "EachPolicy"
  /** In every namespace, without `params`: what must hold before a namespace is governed, too. */
  | "Everywhere";

export interface Concern {
  /** `NAME.hoheit.dev` is the name of the admission policy: what a user reads who is refused. */
  readonly name: string;
  readonly reach: Reach;
  readonly match: Pick<Match, "resourceRules" | "excludeResourceRules" | "objectSelector">;
  /** By name. All must be true for a request to be judged at all. */
  readonly when?: Readonly<Record<string, string>>;
  /** By name, in order: later ones may use earlier ones. */
  readonly variables?: Readonly<Record<string, string>>;
  readonly rules: readonly GuardRule[];
}

/** What is asked of a SovereigntyPolicy. */
export interface GuardedPolicy {
  readonly metadata: { readonly name: string };
  readonly spec: Pick<SovereigntyPolicy["spec"], "namespaceSelector" | "enforcement">;
}

export const admissionPolicyName = (concern: Pick<Concern, "name">): string => `${concern.name}.${API_GROUP}`;

export function buildAdmissionPolicy(concern: Concern): ValidatingAdmissionPolicy {
  const { reach, match, when = {}, variables = {}, rules } = concern;
  return {
    apiVersion: "admissionregistration.k8s.io/v1",
    kind: "ValidatingAdmissionPolicy",
    metadata: { name: admissionPolicyName(concern), labels: governanceLabels() },
    spec: {
      // What cannot be judged is refused: an expression that fails, a policy that is not there.
      failurePolicy: "Fail",
      ...(reach !== "Everywhere" && { paramKind: { apiVersion: API_VERSION, kind: "SovereigntyPolicy" } }),
      matchConstraints: { matchPolicy: "Equivalent", namespaceSelector: {}, objectSelector: {}, ...match },
      ...(Object.keys(when).length > 0 && { matchConditions: Object.entries(when).map(([name, expression]) => ({ name, expression })) }),
      ...(Object.keys(variables).length > 0 && { variables: Object.entries(variables).map(([name, expression]) => ({ name, expression })) }),
      validations: rules.map(({ holds, otherwise }) => ({ expression: holds, messageExpression: otherwise, reason: "Forbidden" })),
    },
  };
}

/**
 * None for policies whose guard is off.
 * @param exempt namespaces that are never governed, whatever their labels: a label on kube-system must not stop the cluster
 */
export function buildBindings(concern: Concern, policies: readonly GuardedPolicy[], exempt: readonly string[]): ValidatingAdmissionPolicyBinding[] {
  const guarded = policies.filter(({ spec }) => spec.enforcement.guard !== "Off");
  if (concern.reach === "Everywhere") return guarded.length === 0 ? [] : [bindingOfAll(concern, guarded)];
  return guarded.map(({ metadata, spec }) => binding(`${metadata.name}.${admissionPolicyName(concern)}`, {
    policyName: admissionPolicyName(concern),
    paramRef: { name: metadata.name, parameterNotFoundAction: "Deny" },
    ...(concern.reach === "Governed" && { matchResources: { namespaceSelector: governed(spec, exempt), objectSelector: {}, matchPolicy: "Equivalent" } }),
    validationActions: actions(spec.enforcement.guard),
  }));
}

const governed = ({ namespaceSelector }: GuardedPolicy["spec"], exempt: readonly string[]): { matchLabels: Record<string, string>; matchExpressions: { key: string; operator: string; values: string[] }[] } => ({
  matchLabels: { ...namespaceSelector.matchLabels },
  matchExpressions: exempt.length === 0 ? [] : [{ key: NAMESPACE_NAME, operator: "NotIn", values: exempt.toSorted() }],
});

/** As strict as the strictest policy: what is for all cannot be lax for some. */
const bindingOfAll = (concern: Concern, policies: readonly GuardedPolicy[]): ValidatingAdmissionPolicyBinding => binding(admissionPolicyName(concern), {
  policyName: admissionPolicyName(concern),
  validationActions: actions(policies.some(({ spec }) => spec.enforcement.guard === "Enforce") ? "Enforce" : "Audit"),
});

const actions = (guard: "Enforce" | "Audit" | "Off"): string[] => (guard === "Enforce" ? ["Deny"] : ["Audit", "Warn"]);

const binding = (name: string, spec: NonNullable<ValidatingAdmissionPolicyBinding["spec"]>): ValidatingAdmissionPolicyBinding =>
  ({ apiVersion: "admissionregistration.k8s.io/v1", kind: "ValidatingAdmissionPolicyBinding", metadata: { name, labels: governanceLabels() }, spec });
