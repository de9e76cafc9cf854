import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { kstatus } from "../../test/support/kstatus.ts";
import type { Condition } from "../lib/k8s-types.ts";
import { nextConditions, statusPatch, withKstatus, type WantedCondition } from "./status.ts";

const T0 = "2026-11-22T12:00:00Z";
const T1 = "2026-11-22T12:05:00Z";
const condition = (type: string, status: Condition["status"], extra: Partial<Condition> = {}): Condition =>
  ({ type, status, reason: "Because", message: "m", lastTransitionTime: T0, observedGeneration: 1, ...extra });
const wanted = (type: string, status: Condition["status"], extra: Partial<WantedCondition> = {}): WantedCondition =>
  ({ type, status, reason: "Because", message: "m", ...extra });

describe("conditions", () => {
  const at = { generation: 2, now: T1 };

  test("the transition time moves when the status flips", () => {
    expect(nextConditions([condition("Ready", "False")], [wanted("Ready", "True")], at)).toEqual([condition("Ready", "True", { lastTransitionTime: T1, observedGeneration: 2 })]);
  });

  test("another reason, message or generation does not move the transition time", () => {
    const next = nextConditions([condition("Ready", "False")], [wanted("Ready", "False", { reason: "Other", message: "n" })], at);
    expect(next).toEqual([condition("Ready", "False", { reason: "Other", message: "n", observedGeneration: 2 })]);
  });

  test("the order is that of the wish, whatever was there, and what is not wished for goes", () => {
    const next = nextConditions([condition("Old", "True"), condition("B", "True"), condition("A", "True")], [wanted("A", "True"), wanted("B", "True")], at);
    expect(next.map(({ type, lastTransitionTime }) => [type, lastTransitionTime])).toEqual([["A", T0], ["B", T0]]);
  });

  test("a long message is cut to what the CRD takes, between characters", () => {
    const [next] = nextConditions([], [wanted("Ready", "True", { message: `${"x".repeat(32_767)}\u{1F512}tail` })], at);
    expect(next?.message).toBe("x".repeat(32_767));
  });

  test.each(["", "lower", "Has space", "Dash-ed", "9Nine"])("the reason %j is a bug and says so", (reason) => {
    expect(() => nextConditions([], [wanted("Ready", "True", { reason })], at)).toThrow("is not CamelCase");
  });

  test("a type that is wanted twice is a bug and says so", () => {
    expect(() => nextConditions([], [wanted("Ready", "True"), wanted("Ready", "False")], at)).toThrow("a condition is wanted twice");
  });
});

describe("kstatus", () => {
  const judge = (ready: Condition["status"], stalled: boolean): string => {
    const conditions = nextConditions([], withKstatus([wanted("Ready", ready), wanted("Available", "True")], stalled), { generation: 1, now: T0 });
    return kstatus({ metadata: { generation: 1 }, status: { observedGeneration: 1, conditions } });
  };

  test.each([
    ["True", false, "Current"],
    ["False", false, "InProgress"],
    ["Unknown", false, "InProgress"],
    ["False", true, "Failed"],
    ["Unknown", true, "Failed"],
    ["True", true, "Failed"],
  ] as const)("Ready=%s with stalled=%s reads %s", (ready, stalled, reads) => {
    expect(judge(ready, stalled)).toBe(reads);
  });

  test("the three come first and say why with the reason of Ready", () => {
    const made = withKstatus([wanted("Ready", "False", { reason: "NoApproval", message: "approve it" }), wanted("Available", "True")], true);
    expect(made.map(({ type, status, reason }) => `${type}=${status}/${reason}`)).toEqual(
      ["Ready=False/NoApproval", "Reconciling=False/Stalled", "Stalled=True/NoApproval", "Available=True/Because"]);
    expect(made[2]?.message).toBe("approve it");
  });

  test.each(["False", "Unknown"] as const)("Ready=%s that needs nobody is under way, with the same reason", (ready) => {
    const reconciling = withKstatus([wanted("Ready", ready, { reason: "Loading" })], false)[1];
    expect(reconciling).toMatchObject({ type: "Reconciling", status: "True", reason: "Loading" });
  });

  test("a list that does not begin with Ready is a bug and says so", () => {
    expect(() => withKstatus([], false)).toThrow("the first condition must be Ready");
    expect(() => withKstatus([wanted("Available", "True")], false)).toThrow("the first condition must be Ready");
  });
});

describe("patch", () => {
  const name = fc.oneof(fc.constantFrom("a", "b", "c", "__proto__", "constructor"), fc.string({ maxLength: 3 }));
  /** As a server stores it: no null members in objects. */
  const stored = fc.letrec<{ value: unknown; object: object }>((tie) => ({
    value: fc.oneof({ maxDepth: 3 }, fc.integer({ min: 0, max: 3 }), fc.constantFrom("", "x", true, false), fc.array(tie("value"), { maxLength: 3 }), tie("object")),
    object: fc.dictionary(name, tie("value"), { maxKeys: 4 }),
  })).object;
  const plain = (value: object): object => JSON.parse(JSON.stringify(value)) as object;

  test("applied by RFC 7396 to what is there, it gives what is wanted", () => {
    fc.assert(fc.property(stored, stored, (current, next) => {
      expect(merge(plain(current), statusPatch(current, next) ?? {})).toEqual(plain(next));
    }), { numRuns: 2_000 });
  });

  test("it names nothing that is equal: left out of any member, the result differs", () => {
    fc.assert(fc.property(stored, stored, (current, next) => {
      const patch = statusPatch(current, next) ?? {};
      for (const left of Object.keys(patch)) {
        const rest = Object.fromEntries(Object.entries(patch).filter(([member]) => member !== left));
        expect(merge(plain(current), rest)).not.toEqual(plain(next));
      }
    }), { numRuns: 1_000 });
  });

  test("between equal values there is none, whatever the order of keys and with undefined or null members", () => {
    const reversed = (value: object): object => Object.fromEntries(Object.entries(value).toReversed());
    fc.assert(fc.property(stored, (current) => {
      expect(statusPatch(current, reversed(current))).toBeUndefined();
    }));
    expect(statusPatch({ a: { b: 1 } }, { a: { b: 1, c: undefined, d: null }, e: undefined, f: null })).toBeUndefined();
  });

  test("removes what is gone, replaces lists whole, leaves equal siblings out", () => {
    const current = { a: 1, list: [1, 2], deep: { x: 1, y: 2 }, same: { z: 1 } };
    expect(statusPatch(current, { list: [2], deep: { x: 1, y: 3 }, same: { z: 1 } })).toEqual({ a: null, list: [2], deep: { y: 3 } });
  });

  test("a null in the wish removes, as undefined does", () => {
    expect(statusPatch({ a: 1, b: 1 }, { a: null, b: undefined })).toEqual({ a: null, b: null });
  });

  test("a first status is written even if it is empty", () => {
    expect(statusPatch(undefined, {})).toEqual({});
    expect(statusPatch(undefined, { a: 1 })).toEqual({ a: 1 });
  });
});

/** RFC 7396, section 2, word for word. */
function merge(target: unknown, patch: unknown): unknown {
  if (typeof patch !== "object" || patch === null || Array.isArray(patch)) return patch;
  const isObject = typeof target === "object" && target !== null && !Array.isArray(target);
  const result = new Map(isObject ? Object.entries(target) : []);
  for (const [name, value] of Object.entries(patch)) {
    if (value === null) result.delete(name);
    else result.set(name, merge(result.get(name), value));
  }
  return Object.fromEntries(result);
}
