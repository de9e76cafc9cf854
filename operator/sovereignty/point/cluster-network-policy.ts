/**
 * ClusterNetworkPolicy v1alpha2 (policy.networking.k8s.io), for one packet at one of its ends, written from the API's
 * documentation: policies of a tier by priority, rules in order, the first that matches decides. Among policies of one
 * priority nobody knows which is asked first. Where the API says "fail closed" and implementations were seen to fail open
 * (network-policy.md 1c), the answer is a doubt.
 */
import type { RuleReference } from "../verdict.ts";
import type { Raw } from "../snapshot.ts";
import { parseNetwork } from "./address.ts";
import { all, any, doubt, maybe, not, type Match } from "./match.ts";
import { isInNetwork, type PodEnd } from "./party.ts";
import { protocolsMatch } from "./ports.ts";
import { selects, type Labelled } from "./selector.ts";
import { isAbsent, isDoubt, isPort, listOf, membersOf } from "./shape.ts";
import { doubtsIn, mayBePod, peersMember, type Action, type Outcome, type View } from "./view.ts";

export type Tier = "Admin" | "Baseline";

interface Judged {
  readonly priority: number;
  readonly rules: readonly JudgedRule[];
}

interface JudgedRule {
  readonly reference: RuleReference;
  readonly matches: Match;
  readonly actions: readonly Action[];
}

const ANYTHING: readonly Action[] = ["Accept", "Deny", "Next"];

/** `Next`: no rule matches, or one says Pass. */
export function judgeTier(policies: readonly Raw[], tier: Tier, view: View): Outcome {
  const judged = policies.map((policy) => judge(policy, tier, view)).filter((one) => one !== undefined);
  const actions = new Set<Action>();
  const rules: RuleReference[] = [];
  let open = true;
  for (const priority of [...new Set(judged.map((one) => one.priority))].toSorted((a, b) => a - b)) {
    if (!open) break;
    const group = judged.filter((one) => one.priority === priority).map(({ rules: own }) => walk(own));
    for (const one of group) for (const action of one.actions) actions.add(action);
    rules.push(...group.flatMap((one) => one.rules));
    open = group.every((one) => one.mayFallThrough);
  }
  if (open) actions.add("Next");
  return { actions, rules, doubts: doubtsIn(judged.flatMap((one) => one.rules).map(({ matches }) => matches)) };
}

/** Rules of one policy in order, up to the first that surely matches. */
function walk(rules: readonly JudgedRule[]): { actions: Action[]; rules: RuleReference[]; mayFallThrough: boolean } {
  const possible = rules.filter(({ matches }) => maybe(matches));
  const sure = possible.findIndex(({ matches }) => matches === true);
  const asked = sure < 0 ? possible : possible.slice(0, sure + 1);
  return { actions: asked.flatMap(({ actions }) => actions), rules: asked.map(({ reference }) => reference), mayFallThrough: sure < 0 };
}

/** Undefined for a policy that has no say. One that cannot be read is asked first and may do anything. */
function judge(policy: Raw, tier: Tier, view: View): Judged | undefined {
  const name = `ClusterNetworkPolicy ${policy.metadata.name}`;
  const at = (path: string): RuleReference => ({ kind: "ClusterNetworkPolicy", object: policy.metadata.name, path });
  const unreadable = (matches: Match): Judged | undefined => (maybe(matches) ? { priority: -1, rules: [{ reference: at(""), matches: isDoubt(matches) ? matches : doubt(`${name} is not understood`), actions: ANYTHING }] } : undefined);
  const spec = membersOf(policy["spec"], `${name} spec`, ["tier", "priority", "subject", "ingress", "egress"]);
  if (isDoubt(spec)) return unreadable(spec);
  const selected = isSubject(spec["subject"], view.pod, `${name} spec.subject`);
  if (selected === false || spec["tier"] === (tier === "Admin" ? "Baseline" : "Admin")) return undefined;
  const { priority } = spec;
  if (spec["tier"] !== tier) return unreadable(doubt(`${name} spec.tier ${JSON.stringify(spec["tier"])} is not known here`));
  if (!isPriority(priority)) return unreadable(doubt(`${name} spec.priority is no number from 0 to 1000`));
  const rules = listOf(spec[view.direction], `${name} spec.${view.direction}`);
  if (isDoubt(rules)) return unreadable(rules);
  return { priority, rules: rules.map((rule, index) => judgeRule(rule, selected, { view, name, reference: at(`spec.${view.direction}[${index}]`) })) };
}

const isPriority = (value: unknown): value is number => value === 0 || (isPort(value) && value <= 1000);

function judgeRule(given: unknown, selected: Match, { view, name, reference }: { view: View; name: string; reference: RuleReference }): JudgedRule {
  const path = `${name} ${reference.path}`;
  const member = peersMember(view);
  const rule = membersOf(given, path, ["name", "action", member, "protocols"]);
  if (isDoubt(rule)) return { reference, matches: rule, actions: ANYTHING };
  const matches = all([selected, peersMatch(rule[member], view, `${path}.${member}`), protocolsMatch(rule["protocols"], view.target, `${path}.protocols`)]);
  const action = ACTIONS.get(rule["action"]);
  if (action !== undefined) return { reference, matches, actions: [action] };
  return { reference, matches: all([matches, doubt(`${path}.action ${JSON.stringify(rule["action"])} is not known here`)]), actions: ANYTHING };
}

const ACTIONS: ReadonlyMap<unknown, Action> = new Map([["Accept", "Accept"], ["Deny", "Deny"], ["Pass", "Next"]]);

export const isClusterSubjectOf = (policy: Raw, pod: PodEnd): Match => isSubject((policy["spec"] as { subject?: unknown } | null | undefined)?.subject, pod, "");

/** Pods with the node's network are nobody's subject. */
function isSubject(given: unknown, pod: PodEnd, path: string): Match {
  const subject = oneMember(given, path, ["namespaces", "pods"]);
  if (isDoubt(subject)) return subject;
  return all([not(pod.hostNetwork), podsMatch(subject, pod, path)]);
}

/** `namespaces` or `pods` of a subject or peer. */
function podsMatch({ kind, value }: Chosen, of: Labelled & { readonly namespaceLabels: Labelled }, path: string): Match {
  if (kind === "namespaces") return selects(value, of.namespaceLabels, `${path}.namespaces`);
  const pods = membersOf(value, `${path}.pods`, ["namespaceSelector", "podSelector"]);
  if (isDoubt(pods)) return pods;
  const inNamespace = isAbsent(pods["namespaceSelector"]) || selects(pods["namespaceSelector"], of.namespaceLabels, `${path}.pods.namespaceSelector`);
  return all([inNamespace, selects(pods["podSelector"], of, `${path}.pods.podSelector`)]);
}

interface Chosen {
  readonly kind: string;
  readonly value: unknown;
}

/** The one member that is set. */
function oneMember(given: unknown, path: string, known: readonly string[]): Chosen | ReturnType<typeof doubt> {
  const members = membersOf(given, path, known);
  if (isDoubt(members)) return members;
  const [kind, ...others] = Object.keys(members).filter((key) => !isAbsent(members[key]));
  return kind === undefined || others.length > 0 ? doubt(`${path} must have exactly one member`) : { kind, value: members[kind] };
}

function peersMatch(given: unknown, view: View, path: string): Match {
  const peers = listOf(given, path);
  if (isDoubt(peers)) return peers;
  if (peers.length === 0) return doubt(`${path} is empty: the API wants one at least`);
  const known = view.direction === "egress" ? ["namespaces", "pods", "nodes", "networks", "domainNames"] : ["namespaces", "pods"];
  return any(peers.map((peer, at) => {
    const chosen = oneMember(peer, `${path}[${at}]`, known);
    return isDoubt(chosen) ? chosen : peerMatches(chosen, view, `${path}[${at}]`);
  }));
}

function peerMatches(chosen: Chosen, view: View, path: string): Match {
  const { peer } = view;
  switch (chosen.kind) {
    case "networks":
      return networksMatch(chosen.value, peer, `${path}.networks`);
    case "domainNames":
      return doubt(`${path}.domainNames: which addresses a name stands for is not known`);
    case "nodes":
      return (peer.kind === "address" ? peer.mayBeNode : maybe(peer.hostNetwork)) ? doubt(`${path}.nodes may select the node with this address`) : false;
    default:
      if (peer.kind === "address") return mayBePod(view, path);
      return all([not(peer.hostNetwork), podsMatch(chosen, peer, path)]);
  }
}

function networksMatch(given: unknown, peer: View["peer"], path: string): Match {
  const networks = listOf(given, path);
  if (isDoubt(networks)) return networks;
  if (networks.length === 0) return doubt(`${path} is empty: the API wants one at least`);
  return any(networks.map((cidr, at) => {
    const network = parseNetwork(cidr, `${path}[${at}]`);
    return isDoubt(network) ? network : isInNetwork(network, peer);
  }));
}
