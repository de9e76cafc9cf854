/**
 * Every connection that the rules of a cluster allow: egress of the one and ingress of the other together, and those from and
 * to addresses. Workloads that all rules treat alike are one kind, and kinds with the same answer are one line: a cluster
 * without rules is three lines, not a square of its workloads.
 *
 * As in a proof, what is unclear counts as if it let everything through. To a pod, only what names pods counts; that it may
 * also be reached by an address of the cluster stands among the addresses.
 */
import { difference, intersection, NOTHING, union, unionOf, type IntervalSet } from "../addresses/intervals.ts";
import { byKey } from "../../lib/order.ts";
import type { Snapshot } from "../snapshot.ts";
import { byNamespace } from "./by-namespace.ts";
import { possible, type Sets } from "./evaluate.ts";
import { kindsOf, type WorkloadKind } from "./kinds.ts";
import { ALL_PORTS, toRanges } from "./ports.ts";
import type { AddressTraffic, PortRange } from "./result.ts";
import type { Rule } from "./rule.ts";
import { match, type Match } from "./selector.ts";
import { ADDRESS_SETS, hitsAllPods, matchNamespace, mayHitPods } from "./sets.ts";
import { toLines } from "./traffic.ts";
import { buildWorld, type World } from "./world.ts";

/** Ids of workloads, or canonical CIDRs; sorted. */
export type End = { readonly workloads: readonly string[] } | { readonly addresses: readonly string[] };

/** Each of `from` may open a connection to each of `to`, at each of the ports. */
export interface Connection {
  readonly from: End;
  readonly to: End;
  readonly ports: readonly PortRange[];
}

/** Sorted; no two lines say the same. */
export function connections(snapshot: Snapshot): Connection[] {
  const world = buildWorld(snapshot, byNamespace(snapshot));
  const kinds = kindsOf(snapshot, world);
  const lines = [...betweenKinds(kinds, world), ...withAddresses(kinds, "egress"), ...withAddresses(kinds, "ingress")];
  return lines.toSorted(byKey((line) => JSON.stringify(line)));
}

function withAddresses(kinds: readonly WorkloadKind[], direction: "egress" | "ingress"): Connection[] {
  const lines = kinds.flatMap((kind) => toLines(possible(kind.selection, "Accept", { sets: ADDRESS_SETS, direction })).map((line) => ({ line, kind })));
  return [...Map.groupBy(lines, ({ line }) => JSON.stringify(line)).values()].flatMap((same) => {
    const [first] = same;
    return first === undefined ? [] : [addressLine(idsOf(same.map(({ kind }) => kind)), first.line, direction)];
  });
}

function addressLine(workloads: readonly string[], { addresses, ports }: AddressTraffic, direction: "egress" | "ingress"): Connection {
  return direction === "egress" ? { from: { workloads }, to: { addresses }, ports } : { from: { addresses }, to: { workloads }, ports };
}

const idsOf = (kinds: readonly WorkloadKind[]): string[] => kinds.flatMap(({ ids }) => ids).toSorted();

/** First the receivers that a sender may talk to at the same ports, then the senders with the same receivers. */
function betweenKinds(kinds: readonly WorkloadKind[], world: World): Connection[] {
  const lines = kinds.flatMap((from) => {
    const reached = kinds.map((to) => ({ to, ports: portsBetween(from, to, world) })).filter(({ ports }) => ports.length > 0);
    return [...Map.groupBy(reached, ({ ports }) => JSON.stringify(toRanges(ports))).values()].map((same) => ({ from, to: idsOf(same.map(({ to }) => to)), ports: toRanges(same[0]?.ports ?? NOTHING) }));
  });
  return [...Map.groupBy(lines, ({ to, ports }) => JSON.stringify([to, ports])).values()].flatMap((same) =>
    same.slice(0, 1).map(({ to, ports }) => ({ from: { workloads: idsOf(same.map(({ from }) => from)) }, to: { workloads: to }, ports })));
}

function portsBetween(from: WorkloadKind, to: WorkloadKind, { podAddresses }: World): IntervalSet {
  const out = possible(from.selection, "Accept", { sets: pairSets({ asking: from, peer: to, receiver: to, podAddresses }), direction: "egress" });
  if (out.length === 0) return NOTHING;
  return intersection(out, possible(to.selection, "Accept", { sets: pairSets({ asking: to, peer: from, receiver: to, podAddresses }), direction: "ingress" }));
}

interface Pair {
  /** Whose rules are asked, about whom, and who has the ports. */
  readonly asking: WorkloadKind;
  readonly peer: WorkloadKind;
  readonly receiver: WorkloadKind;
  readonly podAddresses: IntervalSet;
}

/** Ports at which two pods talk. */
const pairSets = (pair: Pair): Sets<IntervalSet> => ({
  all: ALL_PORTS,
  none: NOTHING,
  plus: unionOf,
  minus: difference,
  common: intersection,
  possibly: (rule) => possiblePorts(rule, pair),
  surely: (rule) => surePorts(rule, pair),
});

function possiblePorts(rule: Rule, pair: Pair): IntervalSet {
  const named = (): IntervalSet => union(...rule.portNames.map((name) => pair.receiver.portsNamed(name)));
  if (rule.pods === undefined && !mayHitPods(rule, pair.podAddresses)) return NOTHING;
  if (rule.pods === undefined) return rule.action === "Pass" ? union(rule.addressPorts.possibly, named()) : named();
  if (matchPeer(rule, pair) === "No") return NOTHING;
  return rule.portNames.length === 0 ? rule.podPorts.possibly : union(rule.podPorts.surely, named());
}

function surePorts(rule: Rule, pair: Pair): IntervalSet {
  if (rule.pods === undefined) return hitsAllPods(rule, pair.podAddresses) ? rule.addressPorts.surely : NOTHING;
  return rule.pods.isSure && matchPeer(rule, pair) === "Yes" ? rule.podPorts.surely : NOTHING;
}

function matchPeer({ pods }: Rule, { asking, peer }: Pair): Match {
  if (pods === undefined) return "No";
  const answers = [matchNamespace(pods, { labels: peer.namespaceLabels, isOwn: peer.namespace === asking.namespace }), match(pods.pods, peer.pod)];
  if (answers.includes("No")) return "No";
  return answers.includes("Maybe") ? "Maybe" : "Yes";
}
