/**
 * policy.networking.k8s.io/v1alpha2 ClusterNetworkPolicies as rules (apis/v1alpha2/clusternetworkpolicy_types.go). Where that
 * text says "fail closed", implementations have been seen to skip the rule (network-policy.md 1c), so neither is relied on: a
 * rule that is not understood protects nothing, and may let everything through.
 */
import { ALL_ADDRESSES } from "../addresses/cidr.ts";
import { NOTHING, unionOf, type IntervalSet } from "../addresses/intervals.ts";
import type { Protocol } from "../policy.ts";
import type { Raw } from "../snapshot.ts";
import type { RuleReference } from "../verdict.ts";
import { addressesIn, EVERY_PORT, isPortName, problemOf } from "./network-policy.ts";
import { ALL_PORTS, isPort, portsOf } from "./ports.ts";
import { listOf, membersOf, onlyMemberOf, textOf, Unclear, type Members } from "./reading.ts";
import { exactly, unclearRule, type Action, type ClusterPolicy, type PodPeer, type PortName, type Rule, type RulePorts } from "./rule.ts";
import { EVERY, parseSelector } from "./selector.ts";

const KIND = "ClusterNetworkPolicy";
const PRIORITIES = { first: 0, last: 1000 };

/** `nodes` are the addresses of the cluster's nodes, as far as they are known. */
export function compileClusterNetworkPolicy(raw: Raw, nodes: IntervalSet): ClusterPolicy {
  const at: RuleReference = { kind: KIND, object: raw.metadata.name, path: "" };
  try {
    const spec = membersOf(raw["spec"], "spec", ["tier", "priority", "subject", "egress", "ingress"]);
    const rules = (direction: "egress" | "ingress", peers: "to" | "from"): Rule[] =>
      listOf(spec[direction] ?? [], `spec.${direction}`).flatMap((rule, i) => rulesOf(rule, { ...at, path: `spec.${direction}[${i}]` }, { peers, nodes }));
    return { at, tier: tierOf(spec), priority: priorityOf(spec), ...subjectOf(spec), isSure: true, egress: rules("egress", "to"), ingress: rules("ingress", "from"), problems: [] };
  } catch (error) {
    const problem = problemOf(error, at);
    const anything = [unclearRule(at, "Unknown", problem)];
    // Before all others: it may overrule any of them.
    return { at, tier: "Unknown", priority: PRIORITIES.first, namespaces: EVERY, pods: EVERY, isSure: false, egress: anything, ingress: anything, problems: [problem] };
  }
}

function tierOf({ tier }: Members): ClusterPolicy["tier"] {
  if (tier !== "Admin" && tier !== "Baseline") throw new Unclear("spec.tier", `is ${JSON.stringify(tier)}, which is neither Admin nor Baseline`);
  return tier;
}

function priorityOf({ priority }: Members): number {
  if (typeof priority !== "number" || !Number.isInteger(priority) || priority < PRIORITIES.first || priority > PRIORITIES.last) {
    throw new Unclear("spec.priority", `is ${JSON.stringify(priority)}, which is no number from ${PRIORITIES.first} to ${PRIORITIES.last}`);
  }
  return priority;
}

const subjectOf = ({ subject }: Members): Pick<ClusterPolicy, "namespaces" | "pods"> => podsOf(onlyMemberOf(subject ?? {}, "spec.subject", ["namespaces", "pods"]), "spec.subject");

/** `namespaces: SELECTOR` or `pods: {namespaceSelector, podSelector}`. */
function podsOf({ key, value }: { readonly key: string; readonly value: unknown }, path: string): Pick<ClusterPolicy, "namespaces" | "pods"> {
  if (key === "namespaces") return { namespaces: parseSelector(value, `${path}.namespaces`), pods: EVERY };
  const { namespaceSelector, podSelector } = membersOf(value, `${path}.pods`, ["namespaceSelector", "podSelector"]);
  if (podSelector === undefined) throw new Unclear(`${path}.pods.podSelector`, "is missing");
  return { namespaces: parseSelector(namespaceSelector, `${path}.pods.namespaceSelector`), pods: parseSelector(podSelector, `${path}.pods.podSelector`) };
}

interface Reading {
  readonly peers: "to" | "from";
  readonly nodes: IntervalSet;
}

function rulesOf(raw: unknown, at: RuleReference, reading: Reading): Rule[] {
  let action: Action = "Unknown";
  try {
    const rule = membersOf(raw, at.path, ["name", "action", reading.peers, "protocols"]);
    action = actionOf(rule["action"], at.path);
    const ports = portsIn(rule["protocols"], `${at.path}.protocols`);
    const peers = listOf(rule[reading.peers], `${at.path}.${reading.peers}`);
    if (peers.length === 0) throw new Unclear(`${at.path}.${reading.peers}`, "is empty");
    const known = action;
    return peers.map((peer, i) => ruleOf(peer, { ...at, path: `${at.path}.${reading.peers}[${i}]` }, { action: known, ports, nodes: reading.nodes }));
  } catch (error) {
    return [unclearRule(at, action, problemOf(error, at))];
  }
}

function actionOf(action: unknown, path: string): Action {
  if (action !== "Accept" && action !== "Deny" && action !== "Pass") throw new Unclear(`${path}.action`, `is ${JSON.stringify(action)}, which is none of Accept, Deny, Pass`);
  return action;
}

interface OfRule {
  readonly action: Action;
  readonly ports: RulePorts;
  readonly nodes: IntervalSet;
}

function ruleOf(raw: unknown, at: RuleReference, { action, ports, nodes }: OfRule): Rule {
  try {
    return { at, action, ...peerOf(raw, at, nodes), ...ports };
  } catch (error) {
    return unclearRule(at, action, problemOf(error, at));
  }
}

function peerOf(raw: unknown, at: RuleReference, nodes: IntervalSet): Pick<Rule, "addresses" | "pods" | "problems"> {
  const peer = onlyMemberOf(raw, at.path, ["namespaces", "pods", "nodes", "networks", "domainNames"]);
  switch (peer.key) {
    case "networks":
      return { addresses: exactly(networksIn(peer.value, `${at.path}.networks`)), problems: [] };
    case "nodes":
      parseSelector(peer.value, `${at.path}.nodes`);
      return nodesPeer(at, nodes);
    case "domainNames":
      throw new Unclear(`${at.path}.domainNames`, `are ${JSON.stringify(peer.value)}: whoever answers for these names decides which addresses they mean`);
    default:
      return { addresses: exactly(NOTHING), pods: { ...podsOf(peer, at.path), isSure: true } satisfies PodPeer, problems: [] };
  }
}

const networksIn = (raw: unknown, path: string): IntervalSet => unionOf(listOf(raw, path).map((one, i) => addressesIn(one, `${path}[${i}]`)));

/** Which nodes are selected is not known here, only where nodes are. */
function nodesPeer(at: RuleReference, nodes: IntervalSet): Pick<Rule, "addresses" | "problems"> {
  const problem = { at: { ...at, path: `${at.path}.nodes` }, message: "selects nodes, and which addresses they have is not known here" };
  return { addresses: { surely: NOTHING, possibly: nodes.length === 0 ? ALL_ADDRESSES : nodes }, problems: [problem] };
}

function portsIn(raw: unknown, path: string): RulePorts {
  if (raw === undefined) return EVERY_PORT;
  const list = listOf(raw, path);
  if (list.length === 0) throw new Unclear(path, "is empty");
  const ports = list.map((one, i) => protocolOf(one, `${path}[${i}]`));
  const numbered = unionOf(ports.map(({ numbers }) => numbers));
  const portNames = ports.flatMap(({ named }) => (named === undefined ? [] : [named]));
  return { addressPorts: exactly(numbered), podPorts: { surely: numbered, possibly: portNames.length > 0 ? ALL_PORTS : numbered }, portNames };
}

/** A name of a port names no protocol either. */
function protocolOf(raw: unknown, path: string): { readonly numbers: IntervalSet; readonly named?: PortName } {
  const { key, value } = onlyMemberOf(raw, path, ["tcp", "udp", "sctp", "destinationNamedPort"]);
  if (key !== "destinationNamedPort") return { numbers: numbersOf(key.toUpperCase() as Protocol, value, `${path}.${key}`) };
  const name = textOf(value, `${path}.${key}`);
  if (!isPortName(name)) throw new Unclear(`${path}.${key}`, `is ${JSON.stringify(name)}, which is no name of a port`);
  return { numbers: NOTHING, named: { name } };
}

function numbersOf(protocol: Protocol, raw: unknown, path: string): IntervalSet {
  const { value: destinationPort } = onlyMemberOf(raw, path, ["destinationPort"]);
  const { key, value } = onlyMemberOf(destinationPort, `${path}.destinationPort`, ["number", "range"]);
  const { start, end } = key === "number" ? { start: value, end: value } : membersOf(value, `${path}.destinationPort.range`, ["start", "end"]);
  if (!isPort(start) || !isPort(end) || end < start) throw new Unclear(`${path}.destinationPort`, `is ${JSON.stringify(destinationPort)}, which is neither a port nor a range of ports`);
  return portsOf([{ protocol, port: start, endPort: end }]);
}
