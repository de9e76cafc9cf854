/**
 * Sets of (protocol, port, address): what a rule lets through. The line of ports is cut into stretches within which every port
 * has the same addresses; equal sets are equal lists.
 */
import { ALL_ADDRESSES, toCidrs } from "../addresses/cidr.ts";
import { difference, equals, intersection, NOTHING, setOf, unionOf, type Interval, type IntervalSet } from "../addresses/intervals.ts";
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

/** Everything that is in any of them, the line of ports cut once for all. */
export function plus(all: readonly Traffic[]): Traffic {
  const some = all.filter((one) => one.length > 0);
  if (some.length < 2) return some[0] ?? NO_TRAFFIC;
  const result: Stretch[] = [];
  const positions = some.map(() => 0);
  for (const ports of stretchesOf(some)) {
    append(result, { ports, addresses: unionOf(some.map((one, i) => addressesAt(one, positions, i, ports))) });
  }
  return result;
}

export function minus(a: Traffic, b: Traffic): Traffic {
  if (a.length === 0 || b.length === 0) return a;
  const result: Stretch[] = [];
  const positions = [0, 0];
  for (const ports of stretchesOf([a, b])) {
    append(result, { ports, addresses: difference(addressesAt(a, positions, 0, ports), addressesAt(b, positions, 1, ports)) });
  }
  return result;
}

export function common(a: Traffic, b: Traffic): Traffic {
  const result: Stretch[] = [];
  for (let i = 0, j = 0; ; ) {
    const left = a[i];
    const right = b[j];
    if (left === undefined || right === undefined) return result;
    const first = left.ports.first > right.ports.first ? left.ports.first : right.ports.first;
    const last = left.ports.last < right.ports.last ? left.ports.last : right.ports.last;
    if (first <= last) append(result, { ports: { first, last }, addresses: intersection(left.addresses, right.addresses) });
    if (left.ports.last < right.ports.last) i++;
    else j++;
  }
}

/** The part of it that goes to some addresses. */
export const towards = (one: Traffic, addresses: IntervalSet): Traffic => common(one, traffic(ALL_PORTS, addresses));

/** Addresses to which any of it goes. */
export const addressesOf = (one: Traffic): IntervalSet => unionOf(one.map(({ addresses }) => addresses));

export const covers = (one: Traffic, port: bigint, address: bigint): boolean => common(one, [{ ports: { first: port, last: port }, addresses: [{ first: address, last: address }] }]).length > 0;

/** `positions[i]` is how far the walk through this traffic has come; ports have to be asked in their order. */
function addressesAt(one: Traffic, positions: number[], i: number, ports: Interval): IntervalSet {
  let position = positions[i] ?? 0;
  while (position < one.length && (one[position]?.ports.last ?? ports.first) < ports.first) position++;
  positions[i] = position;
  const stretch = one[position];
  return stretch !== undefined && stretch.ports.first <= ports.first ? stretch.addresses : NOTHING;
}

/** The line cut wherever one of them begins or ends. */
function stretchesOf(all: readonly Traffic[]): Interval[] {
  const starts = new Set(all.flatMap((one) => one.flatMap(({ ports }) => [ports.first, ports.last + 1n])));
  const cuts = [...starts].toSorted((x, y) => (x < y ? -1 : 1));
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
  const lines: { addresses: IntervalSet; ports: Interval[] }[] = [];
  for (const { ports, addresses } of one) {
    const line = lines.find((each) => equals(each.addresses, addresses));
    if (line === undefined) lines.push({ addresses, ports: [ports] });
    else line.ports.push(ports);
  }
  return lines.map(({ addresses, ports }) => ({ addresses: toCidrs(addresses), ports: toRanges(setOf(ports)) }));
}
