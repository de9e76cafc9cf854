/** NetworkPolicies of tenants: the rules of build/guard/network-policies.ts. */
import type { NetworkPolicy } from "../../../lib/k8s-types.ts";
import { HOHEIT, MADE_APPS, MANAGED_BY, NAMESPACE_NAME, ROLE } from "../../../lib/labels.ts";
import { API_GROUP } from "../../../lib/names.ts";
import { parseCidr } from "../../../sovereignty/addresses/cidr.ts";
import { MOST_PEERS, NO_DISTINCTION, NO_DISTINCTION_PREFIX } from "../build/guard/network-policies.ts";
import type { Existing, Judge, Judged } from "./index.ts";

type Rules = NonNullable<NetworkPolicy["spec"]>;
type Selector = Rules["podSelector"];
type Ports = NonNullable<NonNullable<Rules["egress"]>[number]["ports"]>;
type Peer = NonNullable<NonNullable<Rules["egress"]>[number]["to"]>[number];
type Allowed = readonly { readonly port: number; readonly endPort?: number | undefined; readonly protocol: string }[];

/** One rule, whichever way it goes. */
interface Rule {
  readonly at: string;
  readonly direction: "Egress" | "Ingress";
  readonly peers: readonly Peer[];
  readonly ports: Ports;
}

export const networkPolicyFindings = (policy: Judged): Judge => (object) => {
  if (object.kind !== "NetworkPolicy" || isOurs(object)) return [];
  const spec = object["spec"] as Rules | undefined;
  const rules = rulesOf(spec);
  const crowd = rules.flatMap(({ peers }) => peers).length > MOST_PEERS ? ["spec"] : [];
  const selector = rules.length === 0 || isOfOthers(spec?.podSelector) ? [] : ["spec.podSelector"];
  const namespace = object.metadata.namespace ?? "";
  const opened = rules.flatMap((rule) => (rule.peers.length === 0 ? [rule.at] : rule.peers.flatMap((peer, index) => (isAllowed(peer, rule, { namespace, policy }) ? [] : [`${rule.at}[${index}]`]))));
  return [...crowd, ...selector, ...opened].map((field) => ["network-policies", field] as const);
};

/** Labels alone anybody could write before the guard came. */
const isOurs = ({ metadata: { labels, ownerReferences = [] } }: Existing): boolean =>
  labels?.[MANAGED_BY] === HOHEIT && ownerReferences.some(({ apiVersion, kind, controller }) => controller === true && (apiVersion.startsWith(`${API_GROUP}/`) || (apiVersion === "v1" && kind === "Namespace")));

const rulesOf = (spec: Rules | undefined): Rule[] => [
  ...(spec?.egress ?? []).map(({ to = [], ports = [] }, index) => ({ at: `spec.egress[${index}].to`, direction: "Egress" as const, peers: to, ports })),
  ...(spec?.ingress ?? []).map(({ from = [], ports = [] }, index) => ({ at: `spec.ingress[${index}].from`, direction: "Ingress" as const, peers: from, ports })),
];

/** Whether no pod that Hoheit made can be among those selected. */
export function isOfOthers(selector: Selector): boolean {
  const distinguishes = ([key, value]: [string, string]): boolean =>
    key === "app.kubernetes.io/name" ? !MADE_APPS.includes(value) : !NO_DISTINCTION_PREFIX.some((prefix) => key.startsWith(prefix)) && !NO_DISTINCTION.includes(key);
  return Object.entries(selector?.matchLabels ?? {}).some(distinguishes) || (selector?.matchExpressions ?? []).some(({ key, operator }) => key === ROLE && operator === "DoesNotExist");
}

interface Place { readonly namespace: string; readonly policy: Judged }

function isAllowed(peer: Peer, rule: Rule, place: Place): boolean {
  if (peer.ipBlock !== undefined) return rule.direction === "Egress" && isDestination(peer.ipBlock.cidr, rule.ports, place.policy);
  return peer.namespaceSelector === undefined || isKnown(peer, rule, place);
}

function isDestination(cidr: string, ports: Ports, { spec: { destinations }, inForce }: Judged): boolean {
  const parsed = parseCidr(cidr);
  if (parsed.kind !== "Exact" || !parsed.canonical) return false;
  const { first, last } = parsed.range;
  return destinations.some(({ name, roles, cidrs, ports: allowed }) => inForce.includes(name) && roles.includes("Application") && within(ports, allowed) && cidrs.some((one) => {
    const outer = parseCidr(one);
    return outer.kind === "Exact" && outer.range.first <= first && last <= outer.range.last;
  }));
}

function isKnown({ namespaceSelector, podSelector }: Peer, { direction, ports }: Rule, { namespace, policy: { spec } }: Place): boolean {
  const labels = namespaceSelector?.matchLabels ?? {};
  const name = labels[NAMESPACE_NAME];
  if (name === undefined) return false;
  const named = spec.inCluster.filter((peer) => peer.direction === direction && peer.namespace === name && (peer.roles as readonly string[]).includes("Application"));
  return name === namespace || hasAll(labels, spec.namespaceSelector.matchLabels) ||
    named.some((peer) => hasAll(podSelector?.matchLabels ?? {}, peer.podSelector.matchLabels) && (peer.ports.length === 0 || within(ports, peer.ports)));
}

const hasAll = (labels: Readonly<Record<string, string>>, wanted: Readonly<Record<string, string>>): boolean => Object.entries(wanted).every(([key, value]) => labels[key] === value);

/** Without a port, a rule is about every port. */
const within = (ports: Ports, allowed: Allowed): boolean => ports.length > 0 && ports.every(({ port, endPort, protocol = "TCP" }) =>
  typeof port === "number" && allowed.some((one) => one.protocol === protocol && one.port <= port && (endPort ?? port) <= (one.endPort ?? one.port)));
