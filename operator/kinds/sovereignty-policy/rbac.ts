/** The verbs that a SovereigntyPolicy needs; test/integration runs the operator with these and looks for calls that were refused. */
import { CLUSTER_NETWORK_POLICIES, NAMESPACES, NETWORK_POLICIES, SELF_SUBJECT_REVIEWS } from "../../kube/resources.ts";
import type { Rule } from "../../runtime/kind.ts";
import { languageModelDeployment } from "../language-model-deployment/schema.ts";
import { ownRules, readRule } from "../rules.ts";
import { guardRules } from "./guard/rbac.ts";
import { surveyRules } from "./preexisting/survey.ts";
import { sovereigntyPolicy } from "./schema.ts";

const { group, plural } = sovereigntyPolicy.resource;

export const rules: readonly Rule[] = [
  ...ownRules(sovereigntyPolicy),
  // The finalizer; and what OwnerReferencesPermissionEnforcement asks of whoever sets blockOwnerDeletion.
  { apiGroups: [group], resources: [plural], verbs: ["patch"] },
  { apiGroups: [group], resources: [`${plural}/finalizers`], verbs: ["update"] },
  ...[NAMESPACES, NETWORK_POLICIES, languageModelDeployment.resource].map(readRule),
  ...guardRules,
  ...surveyRules,
  // Everybody who is authenticated has it, unless a cluster took system:basic-user away.
  { apiGroups: [SELF_SUBJECT_REVIEWS.group], resources: [SELF_SUBJECT_REVIEWS.plural], verbs: ["create"] },
  { apiGroups: [CLUSTER_NETWORK_POLICIES.group], resources: [CLUSTER_NETWORK_POLICIES.plural], verbs: ["list", "create", "patch", "delete"] },
];
