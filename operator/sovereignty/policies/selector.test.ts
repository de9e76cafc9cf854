import fc from "fast-check";
import { describe, expect, it, test } from "vitest";
import { selects, type LabelSelector, type Labels } from "./selector.ts";

test.each([
  [{ operator: "In", values: ["a", "b"] }, true, false], [{ operator: "In", values: ["b"] }, false, false],
  [{ operator: "NotIn", values: ["a"] }, false, true], [{ operator: "NotIn", values: ["b"] }, true, true],
  [{ operator: "Exists" }, true, false], [{ operator: "DoesNotExist" }, false, true],
  [{ operator: "SomethingNew" }, true, true],
] as const)("%j selects a pod whose label is `a`: %s, and one without the label: %s", (requirement, with_, without) => {
  const selector = { matchExpressions: [{ key: "k", ...requirement }] };
  expect([selects(selector, { k: "a" }), selects(selector, {})]).toEqual([with_, without]);
});

test("an empty selector takes everything, and all parts must hold", () => {
  expect(selects({}, {})).toBe(true);
  expect(selects({ matchLabels: {}, matchExpressions: [] }, { a: "b" })).toBe(true);
  const both: LabelSelector = { matchLabels: { a: "1" }, matchExpressions: [{ key: "b", operator: "Exists" }] };
  expect([selects(both, { a: "1", b: "" }), selects(both, { a: "1" }), selects(both, { b: "" }), selects(both, { a: "2", b: "" })]).toEqual([true, false, false, false]);
});

test("what every object inherits is no label", () => {
  expect(selects({ matchExpressions: [{ key: "constructor", operator: "Exists" }] }, {})).toBe(false);
});

const key = fc.constantFrom("a", "b", "c", "constructor");
const value = fc.constantFrom("", "x", "y", "z");
const labels: fc.Arbitrary<Labels> = fc.dictionary(key, value);
const selector: fc.Arbitrary<LabelSelector> = fc.record({
  matchLabels: fc.dictionary(key, value),
  matchExpressions: fc.array(fc.record({ key, operator: fc.constantFrom("In", "NotIn", "Exists", "DoesNotExist"), values: fc.array(value, { maxLength: 3 }) }), { maxLength: 3 }),
}, { requiredKeys: [] });

/** By enumeration of what each requirement allows a label to be, absence included: another way to the same answer. */
function naive({ matchLabels = {}, matchExpressions = [] }: LabelSelector, of: Labels): boolean {
  const universe = [undefined, "", "x", "y", "z"];
  const allowed = (operator: string, values: readonly string[]): readonly (string | undefined)[] => {
    if (operator === "Exists") return universe.slice(1);
    if (operator === "DoesNotExist") return [undefined];
    return operator === "In" ? values : universe.filter((one) => one === undefined || !values.includes(one));
  };
  const requirements = [...Object.entries(matchLabels).map(([name, wanted]) => ({ key: name, operator: "In", values: [wanted] })), ...matchExpressions];
  const have = new Map(Object.entries(of));
  return requirements.every((one) => allowed(one.operator, one.values ?? []).includes(have.get(one.key)));
}

describe("any selector", () => {
  it("selects what a naive evaluator selects", () => {
    let both = [0, 0];
    fc.assert(fc.property(selector, labels, (one, of) => {
      const answer = selects(one, of);
      both = [(both[0] ?? 0) + Number(answer), (both[1] ?? 0) + Number(!answer)];
      expect(answer).toBe(naive(one, of));
    }), { numRuns: 3000 });
    expect(Math.min(...both)).toBeGreaterThan(300);
  });
});
