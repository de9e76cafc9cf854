/**
 * Sets of (protocol, port, address): what a rule lets through. The line of ports is cut into stretches within which every port
 * has the same addresses; equal sets are equal lists.
 */
import { ALL_ADDRESSES, toCidrs } from "../addresses/cidr.ts";
import { difference, equals, intersection, NOTHING, setOf, union, type Interval, type IntervalSet } from "../addresses/intervals.ts";
import { ALL_PORTS, toRanges } from "./ports.ts";
import type { AddressTraffic } from "./result.ts";

interface Stretch {
  readonly ports: Interval;
  readonly addresses: IntervalSet;
}

/** Sorted by port, disjoint; no stretch is empty, and neighbours differ. */
export type Traffic = readonly Stretch[];

export const NO_TRAFFIC: Traffic = [];

/** Every one of the ports at every one of the addresses. */
export const traffic = (ports: IntervalSet, addresses: IntervalSet): Traffic => (addresses.length === 0 ? NO_TRAFFIC : ports.map((one) => ({ ports: one, addresses })));

export const ALL_TRAFFIC: Traffic = traffic(ALL_PORTS, ALL_ADDRESSES);

export function plus(a: Traffic, b: Traffic): Traffic {
  return a.length === 0 || b.length === 0 ? (a.length === 0 ? b : a) : combine(a, b, union);
}

export function minus(a: Traffic, b: Traffic): Traffic {
  return a.length === 0 || b.length === 0 ? a : combine(a, b, difference);
}

export function common(a: Traffic, b: Traffic): Traffic {
  return a.length === 0 || b.length === 0 ? NO_TRAFFIC : combine(a, b, intersection);
}

export const sum = (all: readonly Traffic[]): Traffic => all.reduce(plus, NO_TRAFFIC);

/** The part of it that goes to some addresses. */
export const towards = (one: Traffic, addresses: IntervalSet): Traffic => common(one, traffic(ALL_PORTS, addresses));

/** Addresses to which any of it goes. */
export const addressesOf = (one: Traffic): IntervalSet => union(...one.map(({ addresses }) => addresses));

export const covers = (one: Traffic, port: bigint, address: bigint): boolean => common(one, [{ ports: { first: port, last: port }, addresses: [{ first: address, last: address }] }]).length > 0;

function combine(a: Traffic, b: Traffic, operation: (a: IntervalSet, b: IntervalSet) => IntervalSet): Traffic {
  const result: Stretch[] = [];
  let [i, j] = [0, 0];
  for (const ports of stretchesOf(a, b)) {
    while (i < a.length && (a[i]?.ports.last ?? 0n) < ports.first) i++;
    while (j < b.length && (b[j]?.ports.last ?? 0n) < ports.first) j++;
    append(result, { ports, addresses: operation(at(a[i], ports), at(b[j], ports)) });
  }
  return result;
}

const at = (stretch: Stretch | undefined, ports: Interval): IntervalSet => (stretch !== undefined && stretch.ports.first <= ports.first ? stretch.addresses : NOTHING);

/** The line cut wherever one of the two begins or ends. */
function stretchesOf(a: Traffic, b: Traffic): Interval[] {
  const starts = [...a, ...b].flatMap(({ ports }) => [ports.first, ports.last + 1n]);
  const cuts = [...new Set(starts)].toSorted((x, y) => (x < y ? -1 : 1));
  return cuts.slice(0, -1).map((first, i) => ({ first, last: (cuts[i + 1] ?? first) - 1n }));
}

function append(result: Stretch[], next: Stretch): void {
  if (next.addresses.length === 0) return;
  const before = result.at(-1);
  const isSame = before !== undefined && before.ports.last + 1n === next.ports.first && equals(before.addresses, next.addresses);
  if (isSame) result[result.length - 1] = { ports: { first: before.ports.first, last: next.ports.last }, addresses: before.addresses };
  else result.push(next);
}

/** For evidence: one line for each set of addresses, in the order of the ports. */
export function toLines(one: Traffic): AddressTraffic[] {
  const lines = new Map<string, { addresses: string[]; ports: Interval[] }>();
  for (const { ports, addresses } of one) {
    const cidrs = toCidrs(addresses);
    const line = lines.get(cidrs.join()) ?? { addresses: cidrs, ports: [] };
    lines.set(cidrs.join(), { ...line, ports: [...line.ports, ports] });
  }
  return [...lines.values()].map(({ addresses, ports }) => ({ addresses, ports: toRanges(setOf(ports)) }));
}
