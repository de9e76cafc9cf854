/**
 * NetworkPolicy v1 (networking.k8s.io/v1), for one packet at one of its ends, written from the API documentation.
 *
 * Policies only add: a pod that none isolates may everything, an isolated one what some rule of some policy lets through.
 */
import type { RuleReference } from "../verdict.ts";
import type { Raw } from "../snapshot.ts";
import { covers, parseNetwork, type Network } from "./address.ts";
import { all, any, doubt, maybe, not, type Doubt, type Match } from "./match.ts";
import { isInNetwork, type PodEnd } from "./party.ts";
import { portsMatch } from "./ports.ts";
import { selects } from "./selector.ts";
import { isAbsent, isDoubt, listOf, membersOf, type Members } from "./shape.ts";
import { doubtsIn, mayBePod, peersMember, type Action, type Outcome, type View } from "./view.ts";

interface Judged {
  readonly reference: RuleReference;
  /** Whether it isolates this pod in this direction. */
  readonly isolates: Match;
  readonly rules: readonly { readonly reference: RuleReference; readonly lets: Match }[];
}

/** The pod's own namespace alone counts. `Next`: no policy isolates the pod in this direction. */
export function judgeNetworkPolicies(policies: readonly Raw[], view: View): Outcome {
  const judged = policies.filter(({ metadata }) => metadata.namespace === view.pod.namespace).map((policy) => judge(policy, view)).filter(({ isolates }) => maybe(isolates));
  const letting = judged.flatMap(({ rules }) => rules).filter(({ lets }) => maybe(lets));
  const sure = letting.filter(({ lets }) => lets === true);
  return {
    actions: actionsOf(judged, letting.length > 0),
    rules: firstFilled<{ readonly reference: RuleReference }>(sure, letting, judged).map(({ reference }) => reference),
    doubts: doubtsIn(judged.flatMap(({ isolates, rules }) => [isolates, ...rules.map(({ lets }) => lets)])),
  };
}

/** The worst world for the packet: every certain policy holds, no doubtful rule lets, and of doubtful policies one holds that lets nothing. */
function actionsOf(judged: readonly Judged[], someRuleMayLet: boolean): ReadonlySet<Action> {
  const actions = new Set<Action>(someRuleMayLet ? ["Accept"] : []);
  const certain = judged.filter(({ isolates }) => isolates === true);
  const surelyLets = ({ rules }: Judged): boolean => rules.some(({ lets }) => lets === true);
  if (certain.length === 0) actions.add("Next");
  if (certain.length > 0 ? !certain.some(surelyLets) : !judged.every(surelyLets)) actions.add("Deny");
  return actions;
}

const firstFilled = <T>(...lists: readonly (readonly T[])[]): readonly T[] => lists.find((list) => list.length > 0) ?? [];

/** Whether any policy, of whatever direction, selects the pod. */
export const isSelected = (policies: readonly Raw[], pod: PodEnd): boolean =>
  policies.some((policy) => maybe(isSubjectOf(policy, pod)));

export const isSubjectOf = (policy: Raw, pod: PodEnd): Match => (policy.metadata.namespace === pod.namespace ? selectsPod(specOf(policy), pod, nameOf(policy)) : false);

const nameOf = ({ metadata }: Raw): string => `NetworkPolicy ${metadata.namespace}/${metadata.name}`;

const specOf = (policy: Raw): unknown => (isAbsent(policy["spec"]) ? {} : policy["spec"]);

const specMembers = (spec: unknown, name: string): Members | Doubt => membersOf(spec, `${name} spec`, ["podSelector", "policyTypes", "ingress", "egress"]);

function selectsPod(spec: unknown, pod: PodEnd, name: string): Match {
  const members = specMembers(spec, name);
  if (isDoubt(members)) return members;
  return isAbsent(members["podSelector"]) || selects(members["podSelector"], pod, `${name} spec.podSelector`);
}

function judge(policy: Raw, view: View): Judged {
  const name = nameOf(policy);
  const spec = specOf(policy);
  const selected = selectsPod(spec, view.pod, name);
  const at = (path: string): RuleReference => ({ kind: "NetworkPolicy", object: `${policy.metadata.namespace}/${policy.metadata.name}`, path });
  const members = specMembers(spec, name);
  if (isDoubt(members)) return { reference: at(""), isolates: selected, rules: [{ reference: at("spec"), lets: members }] };
  const isolates = selected === false ? false : all([selected, isAbout(members, view.direction, name)]);
  return { reference: at(""), isolates, rules: isolates === false ? [] : rulesOf(members, view, name).map(({ path, lets }) => ({ reference: at(path), lets })) };
}

/** `policyTypes`: where nothing stands there, Ingress, and Egress if there are egress rules. */
function isAbout(spec: Members, direction: View["direction"], name: string): Match {
  const types = listOf(spec["policyTypes"], `${name} spec.policyTypes`);
  if (isDoubt(types)) return types;
  const unknown = types.find((type) => type !== "Ingress" && type !== "Egress");
  if (unknown !== undefined) return doubt(`${name} spec.policyTypes has ${JSON.stringify(unknown)}, which is not known here`);
  if (types.length > 0) return types.includes(direction === "egress" ? "Egress" : "Ingress");
  if (direction === "ingress") return true;
  const rules = listOf(spec["egress"], `${name} spec.egress`);
  return isDoubt(rules) ? rules : rules.length > 0;
}

function rulesOf(spec: Members, view: View, name: string): { path: string; lets: Match }[] {
  const path = `spec.${view.direction}`;
  const rules = listOf(spec[view.direction], `${name} ${path}`);
  if (isDoubt(rules)) return [{ path, lets: rules }];
  return rules.map((rule, at) => ({ path: `${path}[${at}]`, lets: ruleLets(rule, view, `${name} ${path}[${at}]`) }));
}

/** A rule without peers is a rule for all: the classic leak. */
function ruleLets(rule: unknown, view: View, path: string): Match {
  const member = peersMember(view);
  const members = membersOf(rule, path, [member, "ports"]);
  if (isDoubt(members)) return members;
  const peers = listOf(members[member], `${path}.${member}`);
  if (isDoubt(peers)) return peers;
  const isPeer = peers.length === 0 || any(peers.map((peer, at) => peerMatches(peer, view, `${path}.${member}[${at}]`)));
  return all([isPeer, portsMatch(members["ports"], view.target, `${path}.ports`)]);
}

function peerMatches(given: unknown, view: View, path: string): Match {
  const peer = membersOf(given, path, ["podSelector", "namespaceSelector", "ipBlock"]);
  if (isDoubt(peer)) return peer;
  const { podSelector, namespaceSelector, ipBlock } = peer;
  const byLabels = !isAbsent(podSelector) || !isAbsent(namespaceSelector);
  if (byLabels === !isAbsent(ipBlock)) return doubt(`${path} ${byLabels ? "has ipBlock beside selectors" : "has no member"}`);
  return byLabels ? podMatches({ podSelector, namespaceSelector }, view, path) : blockMatches(ipBlock, view, `${path}.ipBlock`);
}

function podMatches({ podSelector, namespaceSelector }: { podSelector: unknown; namespaceSelector: unknown }, view: View, path: string): Match {
  const { pod, peer } = view;
  if (peer.kind === "address") return mayBePod(view, path);
  const inNamespace = isAbsent(namespaceSelector) ? peer.namespace === pod.namespace : selects(namespaceSelector, peer.namespaceLabels, `${path}.namespaceSelector`);
  const isPod = isAbsent(podSelector) || selects(podSelector, peer, `${path}.podSelector`);
  // With the node's network a pod may be taken for its node, or not: the API leaves it open.
  return all([inNamespace, isPod, not(peer.hostNetwork) === true || doubt(`${path}: whether it selects a pod with the node's network is up to the implementation`)]);
}

function blockMatches(given: unknown, { peer }: View, path: string): Match {
  const block = membersOf(given, path, ["cidr", "except"]);
  if (isDoubt(block)) return block;
  const network = parseNetwork(block["cidr"], `${path}.cidr`);
  if (isDoubt(network)) return network;
  const excepted = listOf(block["except"], `${path}.except`);
  if (isDoubt(excepted)) return excepted;
  const holes = excepted.map((cidr, at) => parseHole(cidr, network, `${path}.except[${at}]`));
  return holes.find(isDoubt) ?? all([isInNetwork(network, peer), ...holes.map((hole) => isDoubt(hole) || not(isInNetwork(hole, peer)))]);
}

/** The API server wants an exception strictly within what it is an exception from (ValidateIPBlock). */
function parseHole(cidr: unknown, network: Network, path: string): Network | Doubt {
  const hole = parseNetwork(cidr, path);
  if (isDoubt(hole) || (covers(network, hole) && hole.prefix > network.prefix)) return hole;
  return doubt(`${path} ${JSON.stringify(cidr)} is not strictly within cidr`);
}
