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
  const merged: Interval[] = [];
  for (const { first, last } of intervals.filter((one) => one.first <= one.last).toSorted((a, b) => (a.first < b.first ? -1 : 1))) {
    const before = merged.at(-1);
    if (before === undefined || before.last + 1n < first) merged.push({ first, last });
    else if (before.last < last) merged[merged.length - 1] = { first: before.first, last };
  }
  return merged;
}

export function union(...sets: readonly IntervalSet[]): IntervalSet {
  const some = sets.filter((set) => set.length > 0);
  return some.length < 2 ? (some[0] ?? NOTHING) : setOf(some.flat());
}

export function intersection(a: IntervalSet, b: IntervalSet): IntervalSet {
  const common: Interval[] = [];
  for (let i = 0, j = 0; ; ) {
    const [left, right] = [a[i], b[j]];
    if (left === undefined || right === undefined) return common;
    const first = left.first > right.first ? left.first : right.first;
    const last = left.last < right.last ? left.last : right.last;
    if (first <= last) common.push({ first, last });
    if (left.last < right.last) i++;
    else j++;
  }
}

/** What is in `a` and not in `b`. The complement within a universe is the universe without the set. */
export function difference(a: IntervalSet, b: IntervalSet): IntervalSet {
  if (b.length === 0) return a;
  const rest: Interval[] = [];
  let j = 0;
  for (const { first, last } of a) {
    while (j < b.length && (b[j]?.last ?? last) < first) j++;
    let from = first;
    for (let k = j; from <= last; k++) {
      const hole = b[k];
      if (hole === undefined || hole.first > last) {
        rest.push({ first: from, last });
        break;
      }
      if (hole.first > from) rest.push({ first: from, last: hole.first - 1n });
      from = hole.last + 1n;
    }
  }
  return rest;
}

export const contains = (set: IntervalSet, point: bigint): boolean => set.some(({ first, last }) => first <= point && point <= last);

export const isSubset = (a: IntervalSet, b: IntervalSet): boolean => difference(a, b).length === 0;

export const equals = (a: IntervalSet, b: IntervalSet): boolean =>
  a === b || (a.length === b.length && a.every(({ first, last }, i) => first === b[i]?.first && last === b[i].last));
