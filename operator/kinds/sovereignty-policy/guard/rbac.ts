/** The verbs that the guard needs: its own objects, and to create, as a rehearsal only, what it must refuse. */
import { VALIDATING_ADMISSION_POLICIES, VALIDATING_ADMISSION_POLICY_BINDINGS } from "../../../kube/resources.ts";
import type { Rule } from "../../../runtime/kind.ts";

export const guardRules: readonly Rule[] = [
  {
    apiGroups: [VALIDATING_ADMISSION_POLICIES.group],
    resources: [VALIDATING_ADMISSION_POLICIES.plural, VALIDATING_ADMISSION_POLICY_BINDINGS.plural],
    verbs: ["get", "list", "watch", "create", "patch", "delete"],
  },
  // Whoever may create Deployments makes pods anyway.
  { apiGroups: [""], resources: ["pods"], verbs: ["create"] },
];
