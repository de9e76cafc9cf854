import fc from "fast-check";
import { expect, test } from "vitest";
import { backoffMs } from "./backoff.ts";

const limits = { baseMs: 50, capMs: 300_000 };

test("doubles from the base and stops at the cap", () => {
  const longest = [1, 2, 3, 12, 13, 14, 1_000_000].map((failures) => backoffMs(failures, limits, 1));
  expect(longest).toEqual([50, 100, 200, 102_400, 204_800, 300_000, 300_000]);
});

test("jitter takes away at most half, whatever the number of failures", () => {
  fc.assert(fc.property(fc.nat(), fc.double({ min: 0, max: 1, noNaN: true }), (failures, random) => {
    const delay = backoffMs(failures, limits, random);
    const full = backoffMs(failures, limits, 1);
    expect(delay).toBeGreaterThanOrEqual(full / 2);
    expect(delay).toBeLessThanOrEqual(full);
    expect(full).toBeLessThanOrEqual(limits.capMs);
  }));
});
