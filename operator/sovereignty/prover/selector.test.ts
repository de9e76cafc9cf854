import fc from "fast-check";
import { describe, expect, it, test } from "vitest";
import { selects, type LabelSelector } from "../policies/selector.ts";
import { ABSENT, ANYTHING, isEmpty, isWithin, meet, noneOf, oneOf, overlap, pick, PRESENT, type Domain } from "./domain.ts";
import { both, EVERY, exactlyWith, implies, isImpossible, labelsFor, match, parseSelector, podWith, textOfSelector, type Selector } from "./selector.ts";

/** All that a label can be in a universe of two values that are named and one that is not. */
const STATES = [undefined, "x", "y", "other"] as const;
const domain: fc.Arbitrary<Domain> = fc.oneof(fc.constantFrom(ANYTHING, ABSENT, PRESENT), fc.subarray(["x", "y"]).map(oneOf), fc.subarray(["x", "y"]).map(noneOf));
const has = (one: Domain, state: (typeof STATES)[number]): boolean => (state === undefined ? one.absent : one.values.includes(state) !== one.except);
const statesOf = (one: Domain): unknown[] => STATES.filter((state) => has(one, state));

describe("what a label may be, state by state", () => {
  test("meets, overlaps and lies within", () => {
    fc.assert(fc.property(domain, domain, domain, (a, b, c) => {
      const common = meet(meet(a, b), c);
      expect(statesOf(common)).toEqual(STATES.filter((state) => has(a, state) && has(b, state) && has(c, state)));
      expect(isEmpty(common)).toBe(statesOf(common).length === 0);
      expect(overlap(meet(a, b), c)).toBe(statesOf(common).length > 0);
      expect(isWithin(a, meet(b, c))).toBe(STATES.every((state) => !has(a, state) || (has(b, state) && has(c, state))));
      if (!isEmpty(common)) expect(has(common, pick(common)?.startsWith("any-") === true ? "other" : (pick(common) as "x" | undefined))).toBe(true);
    }), { numRuns: 1_000 });
  });
});

const key = fc.constantFrom("app", "tier", "constructor");
const value = fc.constantFrom("x", "y");
const requirement = fc.oneof(
  fc.record({ key, operator: fc.constantFrom("In", "NotIn"), values: fc.array(value, { minLength: 1, maxLength: 2 }) }), fc.record({ key, operator: fc.constantFrom("Exists", "DoesNotExist") }));
const raw: fc.Arbitrary<LabelSelector> = fc.record({ matchLabels: fc.dictionary(key, value), matchExpressions: fc.array(requirement, { maxLength: 3 }) }, { requiredKeys: [] });
const labels = fc.dictionary(key, fc.constantFrom("x", "y", "z"));

describe("a selector", () => {
  test("takes what the API server's rules take", () => {
    const answers = new Set<string>();
    fc.assert(fc.property(raw, labels, (selector, of) => {
      const answer = match(parseSelector(selector, "s"), exactlyWith(of));
      answers.add(answer);
      expect(answer).toBe(selects(selector, of) ? "Yes" : "No");
    }), { numRuns: 2_000 });
    expect(answers).toEqual(new Set(["Yes", "No"]));
  });

  test("together with another takes what both take, and what they cannot both take is impossible", () => {
    fc.assert(fc.property(raw, raw, labels, (a, b, of) => {
      const joint = both(parseSelector(a, "a"), parseSelector(b, "b"));
      expect(match(joint, exactlyWith(of))).toBe(selects(a, of) && selects(b, of) ? "Yes" : "No");
      if (isImpossible(joint)) expect(match(joint, exactlyWith(of))).toBe("No");
      else expect(match(joint, exactlyWith(labelsFor(joint)))).toBe("Yes");
    }), { numRuns: 1_000 });
  });

  test("implies labels if everything that it takes has them", () => {
    fc.assert(fc.property(raw, labels, labels, (selector, wanted, of) => {
      const parsed = parseSelector(selector, "s");
      if (!isImpossible(parsed) && implies(parsed, wanted) && selects(selector, of)) expect(of).toMatchObject(wanted);
    }), { numRuns: 1_000 });
    expect([implies(parseSelector({ matchExpressions: [{ key: "app", operator: "In", values: ["x"] }] }, "s"), { app: "x" }), implies(parseSelector({ matchExpressions: [{ key: "app", operator: "In", values: ["x", "y"] }] }, "s"), { app: "x" })]).toEqual([true, false]);
  });

  it("is not sure of labels that controllers add, but of those that are given", () => {
    const hash = parseSelector({ matchLabels: { "pod-template-hash": "1" } }, "s");
    expect([match(hash, podWith({})), match(hash, podWith({ "pod-template-hash": "1" })), match(hash, podWith({ "pod-template-hash": "2" }))]).toEqual(["Maybe", "Yes", "No"]);
    expect(match(parseSelector({ matchExpressions: [{ key: "job-name", operator: "NotIn", values: ["a"] }, { key: "app", operator: "Exists" }] }, "s"), podWith({ app: "" }))).toBe("Maybe");
  });

  it.each<[string, object, string]>([
    ["", {}, ""], ["values", { matchLabels: { b: "1", a: "" } }, "a=,b=1"], ["lists", { matchExpressions: [{ key: "a", operator: "In", values: ["2", "1", "1"] }, { key: "b", operator: "NotIn", values: ["3"] }] }, "a in (1,2),b notin (3)"],
    ["presence", { matchExpressions: [{ key: "a", operator: "Exists" }, { key: "b", operator: "DoesNotExist" }] }, "a,!b"], ["all of them", { matchExpressions: [{ key: "a", operator: "Exists" }, { key: "a", operator: "NotIn", values: ["1"] }] }, "a,a notin (1)"],
  ])("is said as kubectl reads it: %s", (_what, selector, text) => {
    const parsed: Selector = parseSelector(selector, "s");
    expect(textOfSelector(parsed)).toBe(text);
  });

  it.each<[unknown, string]>([
    ["app=x", "s"], [[], "s"], [{ matchLabels: { app: 1 } }, "s.matchLabels[app]"], [{ matchLabels: { app: null } }, "s.matchLabels[app]"], [{ matchLabels: { "-a": "x" } }, "s.matchLabels"], [{ matchLabels: { "A/a": "x" } }, "s.matchLabels"], [{ matchLabels: { "a/": "x" } }, "s.matchLabels"],
    [{ matchLabels: { a: "x y" } }, "s.matchLabels[a]"], [{ matchLabels: { a: "x".repeat(64) } }, "s.matchLabels[a]"], [{ matchExpressions: {} }, "s.matchExpressions"], [{ matchExpressions: [{ key: "a", operator: "In" }] }, "s.matchExpressions[0].values"],
    [{ matchExpressions: [{ key: "a", operator: "In", values: [] }] }, "s.matchExpressions[0].values"], [{ matchExpressions: [{ key: "a", operator: "Exists", values: ["x"] }] }, "s.matchExpressions[0].values"],
    [{ matchExpressions: [{ key: "a", operator: "in", values: ["x"] }] }, "s.matchExpressions[0].operator"], [{ matchExpressions: [{ operator: "Exists" }] }, "s.matchExpressions[0].key"], [{ matchFields: {} }, "s.matchFields"],
  ])("%j is none", (selector, path) => {
    expect(() => parseSelector(selector, "s")).toThrow(expect.objectContaining({ name: "Unclear", path }));
  });

  it("that is absent or null takes everything", () => {
    expect([parseSelector(undefined, "s"), parseSelector(null, "s"), parseSelector({ matchLabels: null, matchExpressions: [] }, "s")]).toEqual([EVERY, EVERY, EVERY]);
  });
});
