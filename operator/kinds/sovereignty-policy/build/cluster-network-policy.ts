/**
 * What no namespace can undo: a ClusterNetworkPolicy (network-policy-api, v1alpha2) in the tier Admin, which is asked before
 * every NetworkPolicy. It says Pass to what may be decided below it, and Deny to all else; it accepts nothing itself.
 *
 * Pass ends the tier: a second one for the same pods would not be asked any more. So there is one for each combination of
 * policies that hold somewhere, with what all of them allow, and the one for more policies comes first. Where addresses
 * are concerned it says where and leaves to the NetworkPolicies at which port and for which role.
 *
 * Not the tier Baseline: implementations never reach it for a pod that any NetworkPolicy selects (network-policy.md, 0).
 */
import type { ClusterNetworkPolicy, ClusterPods, LabelSelector } from "../../../lib/k8s-types.ts";
import { governanceLabels, NAMESPACE_NAME, OPERATOR_LABELS } from "../../../lib/labels.ts";
import { clusterPolicyName } from "../../../lib/names.ts";
import type { InClusterPeer, Policy } from "../../../sovereignty/policy.ts";

/** What the API takes: rules in a direction, peers in a rule, networks in a peer. */
const MOST = 25;

type Labels = Readonly<Record<string, string>>;

/** Some pods of one namespace. */
export interface PodsOf {
  readonly namespace: string;
  readonly podSelector: Labels;
}

export interface ClusterInput {
  /** Names of the policies that hold together, in order. */
  readonly policies: readonly string[];
  /** For whom: the labels by which the policy selects namespaces, if it is one; the names of the namespaces, if they are several. */
  readonly subject: { readonly matchLabels: Labels } | { readonly namespaces: readonly string[] };
  /** What all of them allow. */
  readonly allowed: Pick<Policy, "destinations" | "inCluster">;
  /** Labels by which any policy selects namespaces: between governed ones NetworkPolicies decide. */
  readonly governed: readonly Labels[];
  /** Namespaces that nobody governs, whatever selects them: those of Kubernetes and of the operator. */
  readonly exempt: readonly string[];
  /** Whether pods of ungoverned namespaces may connect at all. */
  readonly ungoverned: "Refuse" | "Report";
  readonly operatorNamespace: string;
  readonly metricsScraper: PodsOf | undefined;
  /** Addresses of DNS caches on nodes. */
  readonly nodeCaches: readonly string[];
}

/** Undefined if it does not fit into one object: more than 25 rules in a direction, so some hundred policies or peers. */
export function buildClusterNetworkPolicy(input: ClusterInput): ClusterNetworkPolicy | undefined {
  const egress = egressOf(input);
  const ingress = input.ungoverned === "Refuse" ? ingressOf(input) : [];
  if (egress.length > MOST || ingress.length > MOST) return undefined;
  return {
    apiVersion: "policy.networking.k8s.io/v1alpha2",
    kind: "ClusterNetworkPolicy",
    metadata: { name: clusterPolicyName(input.policies), labels: governanceLabels() },
    spec: { tier: "Admin", priority: input.policies.length > 1 ? SEVERAL : ONE, subject: subjectOf(input), egress, ...(ingress.length > 0 && { ingress }) },
  };
}

/** Lower numbers are asked first. Those for several policies hold for disjoint namespaces. */
const [SEVERAL, ONE] = [100, 200];

function subjectOf({ subject, exempt }: ClusterInput): ClusterPods {
  if ("namespaces" in subject) return { namespaces: { matchExpressions: [{ key: NAMESPACE_NAME, operator: "In", values: [...subject.namespaces] }] } };
  return { namespaces: selecting(subject.matchLabels, exempt) };
}

const selecting = (matchLabels: Labels, exempt: readonly string[]): LabelSelector =>
  ({ matchLabels: { ...matchLabels }, matchExpressions: [{ key: NAMESPACE_NAME, operator: "NotIn", values: [...exempt] }] });

type Egress = NonNullable<ClusterNetworkPolicy["spec"]["egress"]>;
type Ingress = NonNullable<ClusterNetworkPolicy["spec"]["ingress"]>;

function egressOf(input: ClusterInput): Egress {
  const { allowed, operatorNamespace, nodeCaches } = input;
  const addresses = [...allowed.destinations.flatMap(({ cidrs }) => cidrs), ...nodeCaches.map((address) => `${address}/32`)];
  const outside = chunks([...new Set(addresses)].toSorted()).map((networks) => ({ networks }));
  const pods = [
    ...governedPods(input), ...peers(allowed.inCluster, "Egress"),
    podsIn({ namespace: operatorNamespace, podSelector: OPERATOR_LABELS }), podsIn({ namespace: "kube-system", podSelector: { "k8s-app": "kube-dns" } }),
  ];
  return [
    ...chunks(pods).map((to) => ({ name: "pods", action: "Pass" as const, to })),
    // Before the addresses, because pods have some, too, and a destination may hold them.
    { name: "other-pods", action: "Deny", to: [{ namespaces: {} }] },
    ...chunks(outside).map((to) => ({ name: "destinations", action: "Pass" as const, to })),
    { name: "everything-else", action: "Deny", to: [{ networks: ["0.0.0.0/0", "::/0"] }] },
  ];
}

/** Only pods can be told apart as sources; who connects from outside is left to NetworkPolicies. */
function ingressOf(input: ClusterInput): Ingress {
  const scraper = input.metricsScraper === undefined ? [] : [podsIn(input.metricsScraper)];
  const pods = [...governedPods(input), ...peers(input.allowed.inCluster, "Ingress"), ...scraper];
  return [...chunks(pods).map((from) => ({ name: "pods", action: "Pass" as const, from })), { name: "other-pods", action: "Deny", from: [{ namespaces: {} }] }];
}

const governedPods = ({ governed, exempt }: ClusterInput): ClusterPods[] => governed.map((labels) => ({ namespaces: selecting(labels, exempt) }));

const peers = (all: readonly InClusterPeer[], direction: InClusterPeer["direction"]): ClusterPods[] =>
  all.filter((peer) => peer.direction === direction).map(({ namespace, podSelector }) => podsIn({ namespace, podSelector: podSelector.matchLabels }));

const podsIn = ({ namespace, podSelector }: PodsOf): ClusterPods =>
  ({ pods: { namespaceSelector: { matchLabels: { [NAMESPACE_NAME]: namespace } }, podSelector: { matchLabels: { ...podSelector } } } });

/** At most MOST in each; none of nothing. */
const chunks = <T>(items: readonly T[]): T[][] => Array.from({ length: Math.ceil(items.length / MOST) }, (_, at) => items.slice(at * MOST, (at + 1) * MOST));
