/** The verbs that governing a namespace needs; test/integration runs the operator with these and looks for calls that were refused. */
import { NAMESPACES, NETWORK_POLICIES, PODS } from "../../kube/resources.ts";
import type { Rule } from "../../runtime/kind.ts";
import { languageModelDeployment } from "../language-model-deployment/schema.ts";
import { readRule } from "../rules.ts";
import { sovereigntyPolicy } from "../sovereignty-policy/schema.ts";

export const rules: readonly Rule[] = [
  ...[NAMESPACES, NETWORK_POLICIES, PODS, languageModelDeployment.resource, sovereigntyPolicy.resource].map(readRule),
  // Two annotations; there is no narrower verb for them.
  { apiGroups: [NAMESPACES.group], resources: [NAMESPACES.plural], verbs: ["patch"] },
  // Asked by OwnerReferencesPermissionEnforcement of whoever sets blockOwnerDeletion.
  { apiGroups: [NAMESPACES.group], resources: [`${NAMESPACES.plural}/finalizers`], verbs: ["update"] },
  { apiGroups: [NETWORK_POLICIES.group], resources: [NETWORK_POLICIES.plural], verbs: ["create", "patch", "delete"] },
];
