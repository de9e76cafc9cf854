/** Sets of whole numbers as sorted intervals: addresses of both families on one line (cidr.ts), ports of all protocols on another. */

/** Both ends included. */
export interface Interval {
  readonly first: bigint;
  readonly last: bigint;
}

/** Sorted, disjoint and never adjacent, so that equal sets are equal lists. Made by the functions of this file alone. */
export type IntervalSet = readonly Interval[];

export const NOTHING: IntervalSet = [];

/** The set of everything that is in one of these intervals, in any order, overlapping or not. One that ends before it begins is empty. */
export function setOf(intervals: readonly Interval[]): IntervalSet {
  const [only] = intervals;
  if (only !== undefined && intervals.length === 1 && only.first <= only.last) return [only];
  const merged: Interval[] = [];
  for (const one of intervals.filter(({ first, last }) => first <= last).toSorted((a, b) => (a.first < b.first ? -1 : 1))) {
    const before = merged.at(-1);
    if (before === undefined || before.last + 1n < one.first) merged.push(one);
    else if (before.last < one.last) merged[merged.length - 1] = { first: before.first, last: one.last };
  }
  return merged;
}

export const union = (...sets: readonly IntervalSet[]): IntervalSet => unionOf(sets);

/** The same for a list that may be long: no function takes hundreds of thousands of arguments. */
export function unionOf(sets: readonly IntervalSet[]): IntervalSet {
  const some = sets.filter((set) => set.length > 0);
  return some.length < 2 ? (some[0] ?? NOTHING) : setOf(some.flat());
}

/** Where one of the two lies within the other, it is that list itself, and so it is with each interval: what is kept of them is found again. */
export function intersection(a: IntervalSet, b: IntervalSet): IntervalSet {
  const common: Interval[] = [];
  for (let i = 0, j = 0; ; ) {
    const left = a[i];
    const right = b[j];
    if (left === undefined || right === undefined) break;
    if (left.first <= right.last && right.first <= left.last) common.push(shared(left, right));
    if (left.last < right.last) i++;
    else j++;
  }
  if (equals(common, b)) return b;
  return equals(common, a) ? a : common;
}

/** Of two that meet. */
function shared(a: Interval, b: Interval): Interval {
  const begin = a.first < b.first ? b : a;
  const end = a.last < b.last ? a : b;
  if (begin.last === end.last) return begin;
  return begin.first === end.first ? end : { first: begin.first, last: end.last };
}

/** What is in `a` and not in `b`. The complement within a universe is the universe without the set. */
export function difference(a: IntervalSet, b: IntervalSet): IntervalSet {
  const [begin, end] = [a[0], a.at(-1)];
  if (b.length === 0 || begin === undefined || end === undefined) return a;
  const gaps: Interval[] = [];
  let from = begin.first;
  for (const { first, last } of b) {
    if (from < first) gaps.push({ first: from, last: first - 1n });
    if (from <= last) from = last + 1n;
  }
  return intersection(a, [...gaps, { first: from, last: end.last > from ? end.last : from }]);
}

export const contains = (set: IntervalSet, point: bigint): boolean => set.some(({ first, last }) => first <= point && point <= last);

export const isSubset = (a: IntervalSet, b: IntervalSet): boolean => difference(a, b).length === 0;

export const equals = (a: IntervalSet, b: IntervalSet): boolean =>
  a === b || (a.length === b.length && a.every(({ first, last }, i) => first === b[i]?.first && last === b[i].last));
