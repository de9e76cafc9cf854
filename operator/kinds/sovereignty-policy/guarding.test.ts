import { describe, expect, it } from "vitest";
import { svp } from "../../../test/support/makers.ts";
import type { Condition } from "../../lib/k8s-types.ts";
import type { NamespaceState } from "../governed-namespace/state.ts";
import { guardedCondition, guardingOf, nextTrial, type Guarding } from "./guarding.ts";

const PROBED = "2026-11-25T12:00:00Z";
const OF = "0123456789abcdef";
const guarded = (status: Condition["status"], reason: string): Condition => ({ type: "Guarded", status, reason, message: "as it was", lastTransitionTime: PROBED, observedGeneration: 1 });

function guarding({ guard = "Enforce", last, of = OF, namespace = "ui" }: { guard?: string; last?: Condition; of?: string; namespace?: string | undefined } = {}): Guarding {
  const status = last === undefined ? {} : { conditions: [last], guardProbe: { of: OF, probeTime: PROBED } };
  return { policy: svp().spec({ enforcement: { guard } }).status(status).live(), namespace, of };
}

describe("the guard is tried", () => {
  it("at once when nobody has tried it, and as long as it did not refuse all that it must", () => {
    expect(nextTrial(guarding())).toBe(0);
    for (const last of [guarded("False", "LetThrough"), guarded("Unknown", "ProbeUnclear"), guarded("False", "RefusedAll")]) expect(nextTrial(guarding({ last })), last.reason).toBe(0);
  });

  it("on schedule when it did, also where older objects are what the condition is about", () => {
    for (const last of [guarded("True", "Guarded"), guarded("False", "PreexistingObjects"), guarded("Unknown", "SurveyIncomplete")]) expect(nextTrial(guarding({ last })), last.reason).toBe(Date.parse("2026-11-25T12:15:00Z"));
  });

  it("at once when it is another guard, or in another place", () => {
    expect(nextTrial(guarding({ last: guarded("True", "Guarded"), of: "fedcba9876543210" }))).toBe(0);
  });

  it("never where it is not to refuse, or where there is no sealed namespace", () => {
    for (const guard of ["Audit", "Off"]) expect(nextTrial(guarding({ guard }))).toBe(Infinity);
    expect(nextTrial({ ...guarding(), namespace: undefined })).toBe(Infinity);
  });

  it("in the first sealed namespace, and is another guard by its rules, its bindings and that place", () => {
    const state = (namespace: string, reason: NamespaceState["reason"]): NamespaceState => ({ namespace, policies: ["land"], reason, message: "" });
    const binding = (policyName: string) => ({ apiVersion: "admissionregistration.k8s.io/v1", kind: "ValidatingAdmissionPolicyBinding", metadata: { name: "b" }, spec: { policyName } }) as never;
    const of = (states: NamespaceState[], ...bindings: never[]) => guardingOf(svp().live(), states, { admissionPolicies: [], bindings });
    const one = of([state("a", "NotApplied"), state("b", "Sealed"), state("c", "Sealed")], binding("x"));
    expect(one.namespace).toBe("b");
    expect(of([state("a", "Exempt")]).namespace).toBeUndefined();
    const hashes = [one, of([state("c", "Sealed")], binding("x")), of([state("b", "Sealed")], binding("y")), of([state("b", "Sealed")])].map((each) => each.of);
    expect(new Set(hashes).size).toBe(4);
  });
});

describe("the condition Guarded", () => {
  const says = (given: Guarding, verdict?: Parameters<typeof guardedCondition>[1]): string => {
    const { status, reason } = guardedCondition(given, verdict);
    return `${status} ${reason}`;
  };

  it("says what was seen now, otherwise what was seen last, otherwise nothing", () => {
    expect(says(guarding({ last: guarded("True", "Guarded") }), { status: "False", reason: "LetThrough", message: "" })).toBe("False LetThrough");
    expect(guardedCondition(guarding({ last: guarded("False", "LetThrough") }), undefined)).toEqual({ type: "Guarded", status: "False", reason: "LetThrough", message: "as it was" });
    expect(says(guarding())).toBe("Unknown NotProbed");
  });

  it("says of a guard that it was seen to refuse, whatever was older than it", () => {
    for (const last of [guarded("False", "PreexistingObjects"), guarded("Unknown", "SurveyIncomplete")]) {
      expect(says(guarding({ last })), last.reason).toBe("True Guarded");
      expect(guardedCondition(guarding({ last }), undefined).message).not.toBe("as it was");
    }
  });

  it("says what the policy asks for where that is less, and where nothing can be tried", () => {
    const last = guarded("True", "Guarded");
    expect([says(guarding({ guard: "Off", last })), says(guarding({ guard: "Audit", last })), says({ ...guarding({ last }), namespace: undefined })]).toEqual(["False GuardOff", "False AuditOnly", "Unknown NothingGuarded"]);
  });
});
