/**
 * What decides whether a namespace is held: its labels, by which policies select it, and our annotations. Judged on the old
 * and the new object, also where a request goes through the status or the finalizers of the namespace.
 */
import { CONNECTIONS, RELEASE_TIME, SEALED } from "../../../../lib/labels.ts";
import { isOperator, list, MAY_GOVERN, POLICY, quote, WHAT } from "./cel.ts";
import type { Concern, ResourceRule } from "./concern.ts";

const RULE: ResourceRule = { apiGroups: [""], apiVersions: ["v1"], resources: ["namespaces", "namespaces/finalize", "namespaces/status"], operations: ["CREATE", "UPDATE"] };

const annotationsOf = (object: string): string => `(${object} == null ? {} : dyn(${object}).metadata.?annotations.orValue({}))`;
const changed = (key: string): string => `${annotationsOf("object")}[?${key}] != ${annotationsOf("oldObject")}[?${key}]`;

const OURS = list([SEALED, RELEASE_TIME]);

/** The annotations: the operator says what is sealed; who may govern says where connections are allowed. */
const ANNOTATIONS = "namespace-annotations";

export const namespaceAnnotations = (operator: string): Concern => ({
  name: ANNOTATIONS,
  reach: "Everywhere",
  match: { resourceRules: [RULE] },
  rules: [
    {
      holds: `!${OURS}.exists(k, ${changed("k")}) || ${isOperator(operator, ANNOTATIONS)}`,
      otherwise: `${WHAT} + ': annotations ${SEALED} and ${RELEASE_TIME} are what the operator observed; leave them as they are'`,
    },
    {
      holds: `!(${changed(quote(CONNECTIONS))}) || ${MAY_GOVERN}`,
      otherwise: `${WHAT} + ': the annotation ${CONNECTIONS} opens a way into the pods of the namespace; it takes the verb govern on sovereigntypolicies.hoheit.dev'`,
    },
  ],
});

const isSelected = (object: string): string => `params.spec.namespaceSelector.matchLabels.all(k, dyn(${object}).metadata.?labels[?k].orValue('') == params.spec.namespaceSelector.matchLabels[k])`;

/** The labels: leaving a policy is not for whoever may edit the namespace. */
export const namespaceLabels: Concern = {
  name: "namespace-labels",
  reach: "EachPolicy",
  match: { resourceRules: [{ ...RULE, operations: ["UPDATE"] }] },
  rules: [{
    holds: `!(${isSelected("oldObject")}) || ${isSelected("object")} || ${MAY_GOVERN}`,
    otherwise: `${WHAT} + ': without labels ' + params.spec.namespaceSelector.matchLabels.map(k, k + '=' + params.spec.namespaceSelector.matchLabels[k]).join(', ') + ' it would leave ' + ${POLICY} + '; it takes the verb govern on sovereigntypolicies.hoheit.dev'`,
  }],
};
