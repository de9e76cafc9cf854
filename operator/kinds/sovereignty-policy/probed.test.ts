import { describe, expect, it } from "vitest";
import { lmd } from "../../../test/support/makers.ts";
import { probedCondition } from "./probed.ts";

const sealed = (name: string, status?: string, reason = "ProbeSealed") => lmd(name).status(status === undefined ? {} : {
  conditions: [{ type: "EgressSealed", status, reason, message: "", lastTransitionTime: "2026-11-25T12:00:00Z", observedGeneration: 1 }],
}).live();
const says = (...deployments: ReturnType<typeof sealed>[]): string => {
  const { status, reason } = probedCondition(deployments);
  return `${status} ${reason}`;
};

describe("the condition Probed", () => {
  it("is True when the last probes of all deployments reached nothing", () => {
    expect(says(sealed("a", "True"), sealed("b", "True", "ProvedAndProbed"))).toBe("True ProbesSealed");
  });

  it("is False when one got out, whatever the others did, and names it", () => {
    const all = [sealed("a", "True"), sealed("b"), sealed("c", "False", "ProbeReached")];
    expect(says(...all)).toBe("False ProbeReached");
    expect(probedCondition(all).message).toContain("assistant/c (ProbeReached)");
  });

  it("is Unknown while one was not seen to be sealed, for whatever reason", () => {
    for (const open of [sealed("b"), sealed("b", "Unknown", "ProbeOverdue"), sealed("b", "False", "ProofRefuted")]) expect(says(sealed("a", "True"), open)).toBe("Unknown ProbesMissing");
    expect(probedCondition([sealed("a", "True"), sealed("b")]).message).toContain("Of 2 model deployments 1 were seen to be sealed. Not seen: assistant/b (NotProbed).");
  });

  it("is about what runs", () => {
    expect([says(), says(sealed("a", "Unknown", "NothingRuns")), says(sealed("a", "True"), sealed("b", "Unknown", "NothingRuns"))]).toEqual(["Unknown NothingToProbe", "Unknown NothingToProbe", "True ProbesSealed"]);
  });

  it("names five at most", () => {
    const open = (count: number): string => probedCondition(Array.from({ length: count }, (_, at) => sealed(`d${at}`))).message;
    expect(open(5)).not.toContain("more");
    expect(open(6)).toContain("and 1 more");
  });
});
