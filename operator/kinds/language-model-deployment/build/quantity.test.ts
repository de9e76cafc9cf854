import { describe, expect, test } from "vitest";
import fc from "fast-check";
import { canonicalQuantity } from "./quantity.ts";

/** test/integration/children.test.ts asks a real API server the same. */
describe("quantities are written as the API server writes them back", () => {
  test.each([
    ["1024Mi", "1Gi"], ["1023Mi", "1023Mi"], ["1536Mi", "1536Mi"], ["65536Mi", "64Gi"], ["2048Gi", "2Ti"], ["1024Ti", "1Pi"], ["64Gi", "64Gi"],
    ["1000m", "1"], ["500m", "500m"], ["2500m", "2500m"], ["8", "8"], ["1000", "1k"], ["1500", "1500"], ["1000000m", "1k"], ["16", "16"],
    ["0", "0"], ["1.5Gi", "1.5Gi"], ["", ""],
  ])("%s as %s", (given, canonical) => {
    expect(canonicalQuantity(given)).toBe(canonical);
  });

  test("a canonical quantity stays as it is", () => {
    fc.assert(fc.property(fc.integer({ min: 1, max: 9_999_999 }), fc.constantFrom("", "m", "Mi", "Gi", "Ti"), (value, suffix) => {
      const once = canonicalQuantity(`${value}${suffix}`);
      expect(canonicalQuantity(once)).toBe(once);
    }));
  });
});
