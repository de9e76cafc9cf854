import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { contains, difference, equals, intersection, isSubset, setOf, union, type IntervalSet } from "./intervals.ts";

/** Sets of a universe that is small enough to look at every point. */
const POINTS = Array.from({ length: 32 }, (_, i) => BigInt(i));
const interval = fc.tuple(fc.nat(31), fc.nat(31)).map(([first, last]) => ({ first: BigInt(first), last: BigInt(last) }));
const anySet = fc.array(interval, { maxLength: 6 }).map(setOf);

const points = (set: IntervalSet): bigint[] => POINTS.filter((point) => contains(set, point));

/** Sorted, disjoint, not adjacent: the form on which everything else relies. */
const isNormal = (set: IntervalSet): boolean => set.every(({ first, last }, i) => first <= last && (i === 0 || (set[i - 1]?.last ?? first) + 1n < first));

describe("sets of intervals, point by point", () => {
  test("are normal, whatever they were made of", () => {
    fc.assert(fc.property(fc.array(interval), (intervals) => {
      const set = setOf(intervals);
      expect(isNormal(set)).toBe(true);
      expect(points(set)).toEqual(POINTS.filter((point) => intervals.some(({ first, last }) => first <= point && point <= last)));
      expect(setOf(intervals.toReversed())).toEqual(set);
    }));
  });

  test.each([
    ["union", (a: IntervalSet, b: IntervalSet) => union(a, b), (a: boolean, b: boolean) => a || b],
    ["intersection", intersection, (a: boolean, b: boolean) => a && b],
    ["difference", difference, (a: boolean, b: boolean) => a && !b],
  ] as const)("%s", (_name, operation, onPoint) => {
    fc.assert(fc.property(anySet, anySet, (a, b) => {
      const result = operation(a, b);
      expect(isNormal(result)).toBe(true);
      expect(points(result)).toEqual(POINTS.filter((point) => onPoint(contains(a, point), contains(b, point))));
    }), { numRuns: 1_000 });
  });

  test("subset and equality are those of their points", () => {
    fc.assert(fc.property(anySet, anySet, (a, b) => {
      expect(isSubset(a, b)).toBe(points(a).every((point) => contains(b, point)));
      expect(equals(a, b)).toBe(points(a).join() === points(b).join());
      expect(equals(a, setOf([...a].toReversed()))).toBe(true);
    }), { numRuns: 1_000 });
  });
});
