/**
 * NetworkPolicies add up and none can forbid, so each that a tenant writes is judged by itself: what it lets through must be
 * in its own namespace, in a namespace under the same policy, with a peer that the policy names, or in a destination that
 * is in force for Application pods; and it must not be about pods that Hoheit made.
 *
 * "Under the same policy" is said by the selector itself: who repeats the labels by which the policy selects namespaces, and
 * one name, cannot select one that is not governed. No look-up is needed, and none could be wrong later.
 */
import { MADE_APPS, NAMESPACE_NAME, ROLE } from "../../../../lib/labels.ts";
import { API_GROUP } from "../../../../lib/names.ts";
import { changes, isMade, isOperator, list, POLICY, quote, WHAT } from "./cel.ts";
import type { Concern } from "./concern.ts";

/** Beyond, the cost of the expressions comes near to what the API server allows (200 ranges times as many peers). */
export const MOST_PEERS = 64;

/** Keys that pods made by Hoheit or by controllers may have, whatever the prefix. */
export const NO_DISTINCTION: readonly string[] = ["pod-template-hash", "controller-uid", "controller-revision-hash", "job-name"];
export const NO_DISTINCTION_PREFIX: readonly string[] = [`${API_GROUP}/`, "app.kubernetes.io/", "batch.kubernetes.io/", "apps.kubernetes.io/"];

/** A label by which no pod that Hoheit made is selected. */
const distinguishes = `!(${NO_DISTINCTION_PREFIX.map((prefix) => `k.startsWith(${quote(prefix)})`).join(" || ")} || k in ${list(NO_DISTINCTION)})` +
  ` || (k == 'app.kubernetes.io/name' && !(variables.selected[k] in ${list(MADE_APPS)}))`;

const equalsAll = (wanted: string, given: string): string => `${wanted}.all(k, k in ${given} && ${given}[k] == ${wanted}[k])`;

/** Every port of rule `r` is one of `ports`. */
const portsWithin = (ports: string): string =>
  `(has(r.ports) && r.ports.size() > 0 && r.ports.all(own, has(own.port) && type(own.port) == int && ${ports}.exists(a, a.protocol == own.?protocol.orValue('TCP') && a.port <= own.port && own.?endPort.orValue(own.port) <= a.?endPort.orValue(a.port))))`;

const isCanonical = "isCIDR(p.ipBlock.cidr) && p.ipBlock.cidr == string(cidr(p.ipBlock.cidr).masked())";
/** Range `p.ipBlock.cidr` lies in one of a destination whose ports are those of rule `r`. Ports last: few destinations get there. */
const inDestination = "variables.destinations.exists(d, d.cidrs.exists(c, cidr(c).ip().family() == cidr(p.ipBlock.cidr).ip().family() && cidr(c).containsCIDR(p.ipBlock.cidr)) && " +
  `${portsWithin("d.ports")})`;
/** Ranges of rule `r` that are not allowed, as they are written. */
const foreign = `r.?to.orValue([]).filter(p, has(p.ipBlock) && !(${isCanonical} && ${inDestination})).map(p, p.ipBlock.cidr + (${isCanonical} ? '' : ' (not canonical)'))`;

/** The namespaces of peer `p` are one, and it is the own one, governed by the same policy, or that of a peer which the policy names. */
const isKnown = (named: string): string => {
  const given = "p.namespaceSelector.?matchLabels.orValue({})";
  const pods = "p.?podSelector.?matchLabels.orValue({})";
  const peer = `q.namespace == ${given}[${quote(NAMESPACE_NAME)}] && ${equalsAll("q.podSelector.matchLabels", pods)} && (q.?ports.orValue([]).size() == 0 || ${portsWithin("q.ports")})`;
  return `${quote(NAMESPACE_NAME)} in ${given} && (${given}[${quote(NAMESPACE_NAME)}] == request.namespace || ${equalsAll("params.spec.namespaceSelector.matchLabels", given)} || ${named}.exists(q, ${peer}))`;
};

const peersOf = (rules: string, member: string, holds: string): string => `variables.tooMany || ${rules}.all(r, r.?${member}.orValue([]).all(p, ${holds}))`;

const peersIn = (direction: string): string => `params.spec.?inCluster.orValue([]).filter(p, p.direction == ${quote(direction)} && 'Application' in p.roles)`;

const NAMESPACE_REMEDY = `' or select one namespace by ${NAMESPACE_NAME} together with the labels by which ' + ${POLICY} + ' governs, or a peer that it names in spec.inCluster'`;

const NAME = "network-policies";

export const networkPolicies = (operator: string): Concern => ({
  name: NAME,
  reach: "Governed",
  match: { resourceRules: [{ apiGroups: ["networking.k8s.io"], apiVersions: ["*"], resources: ["networkpolicies"], operations: ["CREATE", "UPDATE"] }] },
  when: { "not-made-by-hoheit": `!(${isOperator(operator, NAME)} && ${isMade("object")})`, "changes-its-rules": changes((object) => `${object}.spec`) },
  variables: {
    what: WHAT,
    egress: "object.spec.?egress.orValue([])",
    ingress: "object.spec.?ingress.orValue([])",
    peers: "variables.egress.map(r, r.?to.orValue([]).size()).sum() + variables.ingress.map(r, r.?from.orValue([]).size()).sum()",
    tooMany: `variables.peers > ${MOST_PEERS}`,
    selected: "object.spec.?podSelector.?matchLabels.orValue({})",
    // Only what the operator found to keep to spec.jurisdictions is in force; as long as it has not looked, nothing is.
    destinations: "params.spec.?destinations.orValue([]).filter(d, 'Application' in d.roles && d.name in params.?status.?destinations.orValue([]))",
    foreign: `variables.tooMany ? [] : variables.egress.map(r, ${foreign}.join(', ')).filter(ranges, ranges != '')`,
    peersTo: peersIn("Egress"),
    peersFrom: peersIn("Ingress"),
  },
  rules: [
    {
      holds: "!variables.tooMany",
      otherwise: `variables.what + ': spec has ' + string(variables.peers) + ' peers; split it into policies of at most ${MOST_PEERS}'`,
    },
    {
      holds: `variables.egress.size() + variables.ingress.size() == 0 || variables.selected.exists(k, ${distinguishes}) || ` +
        `object.spec.?podSelector.?matchExpressions.orValue([]).exists(e, e.key == ${quote(ROLE)} && e.operator == 'DoesNotExist')`,
      otherwise: `variables.what + ': spec.podSelector may select pods that Hoheit made, which no other policy may open; select by a label of your own, or add matchExpressions: [{key: ${ROLE}, operator: DoesNotExist}]'`,
    },
    {
      holds: "variables.egress.all(r, r.?to.orValue([]).size() > 0)",
      otherwise: `variables.what + ': a rule of spec.egress has no to and so opens every address; name peers there, or destinations of ' + ${POLICY}`,
    },
    {
      holds: "variables.ingress.all(r, r.?from.orValue([]).size() > 0)",
      otherwise: `variables.what + ': a rule of spec.ingress has no from and so lets in everybody, and answers go where requests came from; name peers there'`,
    },
    {
      holds: "variables.foreign.size() == 0",
      otherwise: `variables.what + ': spec.egress names ' + variables.foreign.join(', ') + ', which is not, with these ports, within a destination for Application that is in force in ' + ${POLICY} + '; use its ranges and ports, or have the destination added there'`,
    },
    {
      holds: peersOf("variables.ingress", "from", "!has(p.ipBlock)"),
      otherwise: "variables.what + ': spec.ingress lets in addresses (ipBlock), and answers would leave for them; let in pods by their labels'",
    },
    {
      holds: peersOf("variables.egress", "to", `!has(p.namespaceSelector) || (${isKnown("variables.peersTo")})`),
      otherwise: `variables.what + ': a namespaceSelector of spec.egress may select namespaces that are not governed; name pods of this namespace,' + ${NAMESPACE_REMEDY}`,
    },
    {
      holds: peersOf("variables.ingress", "from", `!has(p.namespaceSelector) || (${isKnown("variables.peersFrom")})`),
      otherwise: `variables.what + ': a namespaceSelector of spec.ingress may select namespaces that are not governed; name pods of this namespace,' + ${NAMESPACE_REMEDY}`,
    },
  ],
});
