/** Sealed first: no pod, whoever makes it, before the operator has seen the namespace's default-deny in force. */
import { SEALED } from "../../../../lib/labels.ts";
import { isProbe, POLICY, quote, WHAT } from "./cel.ts";
import type { Concern } from "./concern.ts";

const NAME = "seal";

export const seal: Concern = {
  name: NAME,
  reach: "Governed",
  match: { resourceRules: [{ apiGroups: [""], apiVersions: ["v1"], resources: ["pods"], operations: ["CREATE"] }] },
  variables: { what: WHAT },
  rules: [{
    // A probe of the guard is judged as in a namespace that is not sealed yet.
    holds: `${quote(SEALED)} in namespaceObject.metadata.?annotations.orValue({}) && !(${isProbe(NAME)})`,
    otherwise: `variables.what + ': namespace ' + request.namespace + ' is governed by ' + ${POLICY} + ' and not sealed yet; the operator sets the annotation ${SEALED} as soon as its NetworkPolicies are there, try again then'`,
  }],
};
