/**
 * What Hoheit made is changed by changing what it was made from. Two concerns: everything that carries our label, of whatever
 * kind, and everything that makes pods with labels that are ours, because what a pod may reach goes by them. Both in every
 * namespace: who could prepare a ReplicaSet of Fetch pods today and have it governed tomorrow would be past the guard.
 *
 * Controllers of Kubernetes may act on what already passed: what they create must have an owner. Garbage collection, the
 * eviction of pods and the end of a namespace go on as ever.
 */
import { GUARD_PROBE, HOHEIT, MANAGED_BY, ROLE } from "../../../../lib/labels.ts";
import { API_GROUP } from "../../../../lib/names.ts";
import { IS_CONTROLLER, IS_NODE_OF_POD, isOperator, isProbe, POD_MAKERS, quote, templateOf, WHAT } from "./cel.ts";
import type { Concern } from "./concern.ts";

const HAS_OWNER = "(request.operation != 'CREATE' || object == null || dyn(object).metadata.?ownerReferences.orValue([]).exists(o, o.?controller.orValue(false)))";

/**
 * `kubectl create job --from=cronjob/...` of a probe, to run one now, and its deletion. Probes reach nothing, and the operator
 * believes only those that are what its CronJob says. Runs that the CronJob made are not part of it, nor is any change.
 */
const IS_PROBE_RUN = "(request.kind.kind == 'Job' && request.operation != 'UPDATE' && [dyn(object == null ? oldObject : object)].all(job, " +
  "job.metadata.?annotations[?'cronjob.kubernetes.io/instantiate'].orValue('') == 'manual' && " +
  `[job.metadata, job.spec.template.metadata].all(m, m.?labels[?${quote(ROLE)}].orValue('') == 'Probe')))`;

/** Whoever may act, whatever it is about. */
const isTrusted = (operator: string, concern: string): string =>
  `(${isOperator(operator, concern)} || (${IS_PROBE_RUN} && !(${isProbe(concern)})) || (${IS_CONTROLLER} && ${HAS_OWNER} && !(${isProbe(concern)})) || ${IS_NODE_OF_POD})`;

const REMEDY = "change the custom resource that it was made from, or evict the pod to have it started anew (docs/how-to/guard.md)";

const MADE = "made-by-hoheit";

export const madeByHoheit = (operator: string): Concern => ({
  name: MADE,
  reach: "Everywhere",
  match: {
    // Of both, the old object and the new: a label is not taken off to get round this.
    objectSelector: { matchLabels: { [MANAGED_BY]: HOHEIT } },
    resourceRules: [{ apiGroups: ["*"], apiVersions: ["*"], resources: ["*", "pods/ephemeralcontainers", "pods/resize"], operations: ["CREATE", "UPDATE", "DELETE"] }],
    // What people write themselves, whatever labels they put on it.
    excludeResourceRules: [{ apiGroups: [API_GROUP], apiVersions: ["*"], resources: ["*"], operations: ["*"] }],
  },
  rules: [{
    holds: isTrusted(operator, MADE),
    otherwise: `${WHAT} + ': the label ${MANAGED_BY}: ${HOHEIT} says that Hoheit made it, and only Hoheit ' + request.operation.lowerAscii() + 's what has it; ${REMEDY}'`,
  }],
});

const isReserved = (key: string): string => `(${key}.startsWith(${quote(`${API_GROUP}/`)}) && ${key} != ${quote(GUARD_PROBE)})`;

/** Labels of ours, on the object and on the pods that it makes, as `key=value`. */
function reserved(object: string): string {
  const of = (labels: string): string => `${labels}.filter(k, ${isReserved("k")}).map(k, k + '=' + ${labels}[k])`;
  return `(${object} == null ? [] : ${of(`dyn(${object}).metadata.?labels.orValue({})`)} + (request.kind.kind == 'Pod' ? [] : ${of(`${templateOf(object)}.?metadata.?labels.orValue({})`)}))`;
}

const isScale = "request.?subResource.orValue('') == 'scale'";
const isStatus = "request.?subResource.orValue('') == 'status'";

const ROLES = "roles";

export const roles = (operator: string): Concern => ({
  name: ROLES,
  reach: "Everywhere",
  match: {
    resourceRules: [
      ...POD_MAKERS.map(({ apiGroups, resources }) => ({ apiGroups: [...apiGroups], apiVersions: ["*"], resources: [...resources], operations: ["CREATE", "UPDATE", "DELETE"] })),
      { apiGroups: [""], apiVersions: ["v1"], resources: ["pods/ephemeralcontainers", "pods/resize", "pods/status", "replicationcontrollers/scale"], operations: ["UPDATE"] },
      { apiGroups: ["apps"], apiVersions: ["*"], resources: ["deployments/scale", "replicasets/scale", "statefulsets/scale"], operations: ["UPDATE"] },
    ],
  },
  variables: {
    // A Scale has no labels, but the selector of the pods that it counts.
    before: `${isScale} ? (dyn(oldObject).?status.?selector.orValue('').contains(${quote(`${API_GROUP}/`)}) ? [dyn(oldObject).status.selector] : []) : ${reserved("oldObject")}`,
    after: `${isScale} ? variables.before : ${reserved("object")}`,
  },
  rules: [{
    // Kubelets and network plugins report in the status of a pod; its labels are none of their business.
    holds: `(variables.before.size() == 0 && variables.after.size() == 0) || (${isStatus} && variables.before == variables.after) || ${isTrusted(operator, ROLES)}`,
    otherwise: `${WHAT} + ': labels ' + (variables.after.size() > 0 ? variables.after : variables.before).join(', ') + ' are for what Hoheit makes, because what a pod may reach goes by them; choose other labels, or ${REMEDY}'`,
  }],
});
