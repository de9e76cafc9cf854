/** The two kinds of sets of packets of which a proof asks the rules: to addresses, and to pods of one namespace. */
import { difference, intersection, isSubset, unionOf, type IntervalSet } from "../addresses/intervals.ts";
import { ALL_ADDRESSES } from "../addresses/cidr.ts";
import { byKey } from "../../lib/order.ts";
import type { Sets } from "./evaluate.ts";
import { isWithin, ANYTHING } from "./domain.ts";
import { ALL_PORTS } from "./ports.ts";
import type { PodPeer, Rule } from "./rule.ts";
import { both, EVERY, isImpossible, match, textOfSelector, type Labelled, type Match, type Selector } from "./selector.ts";
import { ALL_TRAFFIC, common, minus, NO_TRAFFIC, plus, traffic, type Traffic } from "./traffic.ts";

export const ADDRESS_SETS: Sets<Traffic> = {
  all: ALL_TRAFFIC,
  none: NO_TRAFFIC,
  plus,
  minus,
  common,
  possibly: ({ addresses, addressPorts }) => traffic(addressPorts.possibly, addresses.possibly),
  surely: ({ addresses, addressPorts }) => traffic(addressPorts.surely, addresses.surely),
};

/** These ports of all pods that the selector takes. */
export interface PodRegion {
  readonly selector: Selector;
  readonly ports: IntervalSet;
}

export interface TargetNamespace {
  readonly labels: Labelled;
  /** Whether it is the namespace of the policy, to which a peer without namespaceSelector refers. */
  readonly isOwn: boolean;
  /** Where pods and nodes have their addresses; empty where that is not known. */
  readonly podAddresses: IntervalSet;
}

/** Sets of packets to the pods of one namespace; only for the question what is possibly accepted, for `minus` takes too little. */
export function podSets(target: TargetNamespace): Sets<readonly PodRegion[]> {
  return {
    all: [{ selector: EVERY, ports: ALL_PORTS }],
    none: [],
    plus: (all) => all.flat(),
    minus: (a, b) => a.map((one) => b.reduce(withoutPorts, one)).filter(isSome),
    common: (a, b) => a.flatMap((one) => b.map((other) => ({ selector: both(one.selector, other.selector), ports: intersection(one.ports, other.ports) }))).filter(isSome),
    possibly: (rule) => possiblyPods(rule, target),
    surely: (rule) => surelyPods(rule, target),
  };
}

const isSome = ({ selector, ports }: PodRegion): boolean => ports.length > 0 && !isImpossible(selector);

const withoutPorts = (one: PodRegion, taken: PodRegion): PodRegion => (takesAllOf(taken.selector, one.selector) ? { ...one, ports: difference(one.ports, taken.ports) } : one);

const takesAllOf = (wide: Selector, narrow: Selector): boolean => [...wide].every(([key, domain]) => isWithin(narrow.get(key) ?? ANYTHING, domain));

/** One region for each selector, in the order of their texts. */
export function merged(regions: readonly PodRegion[]): readonly PodRegion[] {
  if (regions.length < 2) return regions;
  const bySelector = Map.groupBy(regions, ({ selector }) => textOfSelector(selector));
  return [...bySelector].toSorted(byKey(([text]) => text)).flatMap(([, same]) => same.slice(0, 1).map(({ selector }) => ({ selector, ports: unionOf(same.map(({ ports }) => ports)) })));
}

function possiblyPods(rule: Rule, target: TargetNamespace): readonly PodRegion[] {
  const { pods, podPorts } = rule;
  if (pods === undefined) return mayHitPods(rule, target.podAddresses) ? [{ selector: EVERY, ports: portsOfPods(rule) }] : [];
  return matchNamespace(pods, target) === "No" ? [] : [{ selector: pods.pods, ports: podPorts.possibly }];
}

function surelyPods(rule: Rule, target: TargetNamespace): readonly PodRegion[] {
  const { pods, addressPorts, podPorts } = rule;
  if (pods === undefined) return hitsAllPods(rule, target.podAddresses) ? [{ selector: EVERY, ports: addressPorts.surely }] : [];
  return pods.isSure && matchNamespace(pods, target) === "Yes" ? [{ selector: pods.pods, ports: podPorts.surely }] : [];
}

/** Whether the peer means pods of the namespace. */
export function matchNamespace({ namespaces }: PodPeer, { labels, isOwn }: Pick<TargetNamespace, "labels" | "isOwn">): Match {
  if (namespaces !== undefined) return match(namespaces, labels);
  return isOwn ? "Yes" : "No";
}

/**
 * Whether a rule for addresses lets packets to pods go on. One that accepts ports by number is seen among the addresses;
 * by name it means pods alone: whichever has an address in its block, and calls a port so.
 */
export function mayHitPods({ action, addresses, portNames }: Rule, podAddresses: IntervalSet): boolean {
  const isAboutPods = action === "Pass" || (action === "Accept" && portNames.length > 0);
  return isAboutPods && intersection(addresses.possibly, podAddresses.length === 0 ? ALL_ADDRESSES : podAddresses).length > 0;
}

/** Of a rule for addresses that may hit pods. */
const portsOfPods = ({ action, addressPorts, podPorts }: Rule): IntervalSet => (action === "Pass" ? podPorts.possibly : difference(podPorts.possibly, addressPorts.possibly));

export const hitsAllPods = ({ addresses }: Rule, podAddresses: IntervalSet): boolean => isSubset(podAddresses.length === 0 ? ALL_ADDRESSES : podAddresses, addresses.surely);
