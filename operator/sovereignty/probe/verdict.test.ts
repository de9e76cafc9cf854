import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { FAMILIES, familyOf, type Family } from "../../lib/addresses.ts";
import { PROTOCOLS, type Protocol } from "./plan.ts";
import { CONTROL_OUTCOMES, resultOf, resultsByFamily, TARGET_OUTCOMES, type ControlCheck, type Observations, type TargetCheck } from "./verdict.ts";

const ADDRESS: Readonly<Record<Family, string>> = { IPv4: "192.0.2.1", IPv6: "2001:db8::1" };
const control = (family: Family, protocol: Protocol, outcome: ControlCheck["outcome"] = "Answered"): ControlCheck => ({ name: "control", address: ADDRESS[family], port: 8446, protocol, outcome });
const target = (family: Family, protocol: Protocol, outcome: TargetCheck["outcome"] = "TimedOut"): TargetCheck => ({ name: "tripwire", address: ADDRESS[family], port: 8447, protocol, outcome });
const every = <T>(make: (family: Family, protocol: Protocol) => T): T[] => FAMILIES.flatMap((family) => PROTOCOLS.map((protocol) => make(family, protocol)));
const sealed = (over: Partial<Observations> = {}): Observations => ({ families: FAMILIES, controls: every(control), targets: every(target), ...over });

describe("resultOf", () => {
  it("is Sealed when every control answered and nothing was reached", () => {
    expect(resultOf(sealed())).toBe("Sealed");
    expect(resultsByFamily(sealed())).toEqual({ IPv4: "Sealed", IPv6: "Sealed" });
  });

  it.each(FAMILIES.flatMap((family) => PROTOCOLS.flatMap((protocol) => CONTROL_OUTCOMES.slice(1).map((outcome) => [family, protocol, outcome] as const))))(
    "is Inconclusive for %s when its %s control is %s, and in all", (family, protocol, outcome) => {
      const controls = every((of, over) => control(of, over, of === family && over === protocol ? outcome : "Answered"));
      expect(resultsByFamily(sealed({ controls }))).toEqual({ IPv4: "Sealed", IPv6: "Sealed", [family]: "Inconclusive" });
      expect(resultOf(sealed({ controls }))).toBe("Inconclusive");
    });

  it("is Inconclusive without a control of one protocol, without targets of one family, or without any address", () => {
    expect(resultOf(sealed({ controls: every(control).filter(({ protocol }) => protocol === "TCP") }))).toBe("Inconclusive");
    expect(resultOf(sealed({ targets: every(target).filter(({ address }) => familyOf(address) === "IPv4") }))).toBe("Inconclusive");
    expect(resultOf(sealed({ families: [] }))).toBe("Inconclusive");
  });

  it("asks nothing of a family that the pod does not have", () => {
    const single = sealed({ families: ["IPv4"], controls: [control("IPv4", "TCP"), control("IPv4", "UDP"), control("IPv6", "TCP", "Unreachable")] });
    expect([resultOf(single), resultsByFamily(single)]).toEqual(["Sealed", { IPv4: "Sealed" }]);
  });

  it("is Reached by one target, although its family has no address and controls are silent", () => {
    expect(resultOf(sealed({ families: ["IPv4"], controls: [], targets: [target("IPv4", "TCP"), target("IPv6", "UDP", "Reached")] }))).toBe("Reached");
  });

  it("is Inconclusive when something could not be tried", () => {
    expect(resultOf(sealed({ targets: [...every(target), target("IPv6", "TCP", "Failed")] }))).toBe("Inconclusive");
  });
});

const family = fc.constantFrom(...FAMILIES);
const protocol = fc.constantFrom(...PROTOCOLS);
const observations: fc.Arbitrary<Observations> = fc.record({
  families: fc.uniqueArray(family),
  controls: fc.array(fc.tuple(family, protocol, fc.constantFrom(...CONTROL_OUTCOMES)).map(([of, over, outcome]) => control(of, over, outcome)), { maxLength: 6 }),
  targets: fc.array(fc.tuple(family, protocol, fc.constantFrom(...TARGET_OUTCOMES)).map(([of, over, outcome]) => target(of, over, outcome)), { maxLength: 8 }),
});
/** Mostly good ones, so that Sealed comes up at all. */
const nearlySealed = fc.tuple(observations, fc.boolean(), fc.boolean()).map(([seen, controls, targets]) =>
  sealed({ ...seen, ...(controls && { controls: every(control) }), ...(targets && { targets: every(target) }) }));

describe("whatever was observed", () => {
  it("is never Sealed unless every control of every family answered and no target was reached", () => {
    let sealedSeen = 0;
    fc.assert(fc.property(nearlySealed, (seen) => {
      if (resultOf(seen) !== "Sealed") return;
      sealedSeen += 1;
      expect(seen.families.length).toBeGreaterThan(0);
      expect(seen.targets.filter(({ outcome }) => outcome === "Reached")).toEqual([]);
      for (const of of seen.families) {
        const mine = seen.controls.filter(({ address }) => familyOf(address) === of);
        for (const over of PROTOCOLS) expect(mine.some((one) => one.protocol === over && one.outcome === "Answered")).toBe(true);
        expect(mine.filter(({ outcome }) => outcome !== "Answered")).toEqual([]);
        expect(seen.targets.some(({ address }) => familyOf(address) === of)).toBe(true);
      }
    }), { numRuns: 3000 });
    expect(sealedSeen).toBeGreaterThan(50);
  });

  it("is Reached exactly when a target was", () => {
    fc.assert(fc.property(observations, (seen) => { expect(resultOf(seen) === "Reached").toBe(seen.targets.some(({ outcome }) => outcome === "Reached")); }));
  });

  it("becomes no better by a check more", () => {
    const rank = { Sealed: 0, Inconclusive: 1, Reached: 2 };
    fc.assert(fc.property(nearlySealed, family, protocol, fc.constantFrom(...TARGET_OUTCOMES), (seen, of, over, outcome) => {
      // A first target of a family is what makes a verdict about it possible at all.
      if (!seen.targets.some(({ address }) => familyOf(address) === of)) return;
      expect(rank[resultOf({ ...seen, targets: [...seen.targets, target(of, over, outcome)] })]).toBeGreaterThanOrEqual(rank[resultOf(seen)]);
    }));
  });
});
