/** Workloads sorted into kinds that all rules of a cluster treat alike, as senders and as receivers. */
import { NOTHING, setOf, union, type IntervalSet } from "../addresses/intervals.ts";
import { byKey } from "../../lib/order.ts";
import { PROTOCOLS, type Protocol } from "../policy.ts";
import type { Snapshot, Workload } from "../snapshot.ts";
import type { Selection } from "./evaluate.ts";
import { compileNetworkPolicy } from "./network-policy.ts";
import { allPortsOf, isPort, portsOf, toRanges } from "./ports.ts";
import { listOf, membersOf, Unclear, type Members } from "./reading.ts";
import type { PodPeer, Policy, PortName, Rule } from "./rule.ts";
import { isOnNodeNetwork, podOf, selectionOf } from "./selection.ts";
import { match, textOfSelector, type Labelled } from "./selector.ts";
import type { World } from "./world.ts";

export interface WorkloadKind {
  /** Sorted. */
  readonly ids: readonly string[];
  /** Namespace and labels of one of them; rules tell it from no other. */
  readonly namespace: string;
  readonly namespaceLabels: Labelled;
  readonly pod: Labelled;
  readonly selection: Selection;
  /** What a named port of a rule means for it. */
  portsNamed(name: PortName): IntervalSet;
}

export function kindsOf(snapshot: Snapshot, world: World): WorkloadKind[] {
  const policies = snapshot.networkPolicies.map(compileNetworkPolicy).toSorted(byKey(({ at }) => at.object));
  const distinguish = distinctions(policies, world);
  const byNamespace = Map.groupBy(policies, ({ namespace }) => namespace);
  const each = snapshot.workloads.toSorted(byKey(({ id }) => id)).map((workload) => kindOf(workload, byNamespace.get(workload.namespace) ?? [], world));
  return [...Map.groupBy(each, distinguish).values()].flatMap((same) => same.slice(0, 1).map((first) => ({ ...first, ids: same.flatMap(({ ids }) => ids) })));
}

function kindOf(workload: Workload, policies: readonly Policy[], world: World): WorkloadKind {
  const { id, namespace, podSpec } = workload;
  const pod = podOf(workload);
  const selection = isOnNodeNetwork(workload) ? { policies: [], admin: [], baseline: [] } : selectionOf(pod, namespace, policies, world);
  return { ids: [id], namespace, namespaceLabels: world.labelsOf(namespace), pod, selection, portsNamed: (name) => portsNamed(name, podSpec) };
}

/** Equal for workloads of one kind: the same policies hold them, the same peers of rules mean them, their ports have the same names. */
function distinctions(policies: readonly Policy[], world: World): (kind: WorkloadKind) => string {
  const numbers = new Map<object, number>([...policies, ...world.admin, ...world.baseline].map((policy, i) => [policy, i]));
  const rules = rulesOf(policies, world);
  const names = [...new Map(rules.flatMap(({ rule }) => rule.portNames).map((one) => [`${one.name} ${one.protocol}`, one])).values()];
  const peers = peersByNamespace(rules, world);
  return ({ namespace, namespaceLabels, pod, selection, portsNamed: named }) => JSON.stringify([
    [...selection.policies, ...selection.admin, ...selection.baseline].map((one) => `${numbers.get(one.policy)}${one.match}`),
    (peers.get(namespace) ?? []).map(({ pods, number }) => `${number}${match(pods.pods, pod)}${pods.namespaces === undefined ? "" : match(pods.namespaces, namespaceLabels)}`).filter((one) => !one.includes("No")),
    names.map((name) => toRanges(named(name))),
  ]);
}

interface OwnRule {
  readonly rule: Rule;
  /** Namespace of its policy; absent for those of the cluster. */
  readonly namespace?: string;
}

function rulesOf(policies: readonly Policy[], { admin, baseline }: World): OwnRule[] {
  return [
    ...policies.flatMap(({ egress, ingress, namespace }) => [...(egress?.rules ?? []), ...(ingress?.rules ?? [])].map((rule) => ({ rule, namespace }))),
    ...[...admin, ...baseline].flatMap(({ egress, ingress }) => [...egress, ...ingress].map((rule) => ({ rule }))),
  ];
}

interface NumberedPeer {
  readonly pods: PodPeer;
  readonly number: number;
}

/** All peers that may mean pods of a namespace, each once. */
function peersByNamespace(rules: readonly OwnRule[], world: World): Map<string, NumberedPeer[]> {
  const found = new Map<string, NumberedPeer[]>();
  const known = new Set<string>();
  for (const { rule: { pods }, namespace = "" } of rules) {
    if (pods === undefined) continue;
    const text = JSON.stringify([pods.namespaces === undefined ? { own: namespace } : textOfSelector(pods.namespaces), textOfSelector(pods.pods)]);
    if (known.has(text)) continue;
    known.add(text);
    for (const name of pods.namespaces === undefined ? [namespace] : world.namesOf(pods.namespaces)) found.set(name, [...(found.get(name) ?? []), { pods, number: known.size }]);
  }
  return found;
}

/** Ports of its containers with this name. What cannot be read may have any port under any name. */
function portsNamed({ name, protocol }: PortName, podSpec: Members): IntervalSet {
  try {
    const containers = ["containers", "initContainers"].flatMap((key) => listOf(podSpec[key] ?? [], key));
    const ports = containers.flatMap((container) => listOf(membersOf(container, "container")["ports"] ?? [], "ports")).map((port) => membersOf(port, "port"));
    return union(...ports.filter((port) => port["name"] === name).map((port) => portOf(port, protocol)));
  } catch (error) {
    if (!(error instanceof Unclear)) throw error;
    return setOf((protocol === undefined ? PROTOCOLS : [protocol]).map(allPortsOf));
  }
}

function portOf({ containerPort, protocol: said = "TCP" }: Members, wanted: Protocol | undefined): IntervalSet {
  const protocol = PROTOCOLS.find((one) => one === said);
  if (protocol === undefined || !isPort(containerPort)) throw new Unclear("port", "is none");
  return wanted === undefined || wanted === protocol ? portsOf([{ protocol, port: containerPort }]) : NOTHING;
}
