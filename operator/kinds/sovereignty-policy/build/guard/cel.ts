/** Fragments of CEL that several concerns share. All are expressions; names of objects in them are `object` and `oldObject`. */
import { GUARD_PROBE, HOHEIT, MANAGED_BY } from "../../../../lib/labels.ts";

/** A string literal. Nothing that a user wrote is ever put into CEL; this is for constants and names of accounts. */
export const quote = (text: string): string => `'${text.replaceAll("\\", "\\\\").replaceAll("'", "\\'")}'`;

export const list = (items: readonly string[]): string => `[${items.map(quote).join(", ")}]`;

/** Labels of an object, or of null, as a map. */
const labelsOf = (object: string): string => `(${object} == null ? {} : dyn(${object}).metadata.?labels.orValue({}))`;

/** The object says that it probes this concern of the guard: then nobody is excused, the operator neither. */
export const isProbe = (concern: string): string => `${labelsOf("object")}[?${quote(GUARD_PROBE)}].orValue('') == ${quote(concern)}`;

const GROUPS = "request.userInfo.?groups.orValue([])";

export const isOperator = (user: string, concern: string): string => `(request.userInfo.username == ${quote(user)} && !(${isProbe(concern)}))`;

/** Controllers of Kubernetes itself: each under an account in kube-system, or all under one name. */
export const IS_CONTROLLER = `(request.userInfo.username in ['system:kube-controller-manager', 'system:kube-scheduler'] || 'system:serviceaccounts:kube-system' in ${GROUPS})`;

/** A kubelet, with a pod of its own node. */
export const IS_NODE_OF_POD =
  `('system:nodes' in ${GROUPS} && request.resource.resource == 'pods' && oldObject != null && 'system:node:' + dyn(oldObject).spec.?nodeName.orValue('') == request.userInfo.username)`;

export const isMade = (object: string): string => `${labelsOf(object)}[?${quote(MANAGED_BY)}].orValue('') == ${quote(HOHEIT)}`;

/** Kinds with a pod or a template of one. */
export const POD_MAKERS = [
  { apiGroups: [""], resources: ["pods", "podtemplates", "replicationcontrollers"] },
  { apiGroups: ["apps"], resources: ["daemonsets", "deployments", "replicasets", "statefulsets"] },
  { apiGroups: ["batch"], resources: ["cronjobs", "jobs"] },
] as const;

/** The pod, or the template of the pods, that an object of POD_MAKERS is about: something with `metadata` and `spec`. */
export const templateOf = (object: string): string =>
  `(request.kind.kind == 'Pod' ? dyn(${object}) : request.kind.kind == 'PodTemplate' ? dyn(${object}).template : ` +
  `request.kind.kind == 'CronJob' ? dyn(${object}).spec.jobTemplate.spec.template : dyn(${object}).spec.template)`;

/**
 * What is as it was passes: who moves a label or a finalizer of something that was there before the guard opens nothing,
 * and must not be kept from clearing it away. What was there is reported (preexisting.ts).
 */
export const changes = (member: (object: string) => string): string => `request.operation != 'UPDATE' || ${member("object")} != ${member("oldObject")}`;

/** `Pod assistant/chat`, for messages. */
export const WHAT = "request.kind.kind + ' ' + request.?namespace.optMap(n, n + '/').orValue('') + " +
  "(object == null ? request.?name.orValue('') : dyn(object).metadata.?name.orValue(dyn(object).metadata.?generateName.orValue('')))";

/** `params` of the policy, for messages. */
export const POLICY = "'SovereigntyPolicy ' + params.metadata.name";

/** Whether whoever asks may decide what is governed: a verb of its own, so that a right to edit is not a right to open. */
export const MAY_GOVERN = "authorizer.group('hoheit.dev').resource('sovereigntypolicies').check('govern').allowed()";
