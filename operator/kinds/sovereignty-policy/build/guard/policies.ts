/**
 * The policies themselves, and the definitions without which there are none. (Admission policies cannot be judged by
 * admission policies, the API server exempts them: RBAC keeps tenants from the guard, and the operator puts it back.)
 */
import { API_GROUP } from "../../../../lib/names.ts";
import { MAY_GOVERN, quote, WHAT } from "./cel.ts";
import type { Concern } from "./concern.ts";

export const policies: Concern = {
  name: "sovereignty-policies",
  reach: "Everywhere",
  match: {
    resourceRules: [
      { apiGroups: [API_GROUP], apiVersions: ["*"], resources: ["sovereigntypolicies"], operations: ["CREATE", "UPDATE", "DELETE"] },
      { apiGroups: ["apiextensions.k8s.io"], apiVersions: ["*"], resources: ["customresourcedefinitions"], operations: ["DELETE"] },
    ],
  },
  when: {
    "is-of-hoheit": `request.resource.resource == 'sovereigntypolicies' || dyn(oldObject).spec.group == ${quote(API_GROUP)}`,
    // Its finalizers and labels are no decision.
    "decides": "request.operation != 'UPDATE' || dyn(object).spec != dyn(oldObject).spec",
  },
  rules: [{
    holds: MAY_GOVERN,
    otherwise: `${WHAT} + ': what is governed, and how, is decided by who has the verb govern on sovereigntypolicies.${API_GROUP} (kubectl auth can-i govern sovereigntypolicies.${API_GROUP})'`,
  }],
};
