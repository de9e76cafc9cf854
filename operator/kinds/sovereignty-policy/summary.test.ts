import { describe, expect, it } from "vitest";
import { kstatus } from "../../../test/support/kstatus.ts";
import { destination, svp } from "../../../test/support/makers.ts";
import { withKstatus } from "../../runtime/status.ts";
import type { NamespaceState } from "../governed-namespace/state.ts";
import type { Summary } from "../report.ts";
import { judge } from "./checks.ts";
import type { Violation } from "./conditions.ts";
import { summarise, type Found } from "./summary.ts";

const NOW = Date.parse("2026-11-25T12:00:00Z");
const state = (namespace: string, reason: NamespaceState["reason"] = "Sealed"): NamespaceState => ({ namespace, policies: ["land"], reason, message: reason === "Sealed" ? "" : `${reason} in ${namespace}.` });
const violation = (reason: Violation["reason"], stalled: boolean): Violation => ({ reason, stalled, message: reason });

function found(over: Partial<Found> = {}, states: readonly NamespaceState[] = [state("a")], policy = svp().destinations(destination("mirror")).live()): Found {
  return {
    observed: { policy, policies: [policy], guarded: [policy], states, deployments: [], allDeployments: [], ungoverned: 3, admissionPolicies: [], bindings: [], now: NOW },
    judgement: judge(policy, NOW), obstacles: [], guarded: { type: "Guarded", status: "True", reason: "Guarded", message: "" }, guardProbe: undefined, preexisting: undefined, clusterPolicies: [],
    learned: { governed: [], proofs: undefined, evidence: undefined, flips: [], findings: [], failure: undefined, askAgainMs: Infinity }, ...over,
  };
}

const says = ({ conditions }: Summary, type = "Ready"): string => conditions.filter((one) => one.type === type).map(({ status, reason }) => `${status} ${reason}`).join();
const message = ({ conditions }: Summary, type: string): string => conditions.find((one) => one.type === type)?.message ?? "";
const kstatusOf = ({ conditions, stalled }: Summary): string => kstatus({ metadata: { generation: 1 }, status: { observedGeneration: 1, conditions: withKstatus(conditions, stalled) } });

describe("a policy says", () => {
  it("that it is in force as it is written, with its facts", () => {
    const summary = summarise(found());
    expect([says(summary), kstatusOf(summary), summary.severity]).toEqual(["True InForce", "Current", "Normal"]);
    expect(summary.fields).toMatchObject({ namespaces: 1, destinations: ["mirror"], cidrs: 2, clusterNetworkPolicy: "Applied", ungovernedDeployments: 3 });
  });

  it("what is most in the way: what only a person can mend first, objects before destinations, and these before what mends itself", () => {
    const foreign = svp().destinations(destination("far", { country: "US" })).live();
    const of = (...obstacles: Violation[]): string => says(summarise(found({ obstacles, judgement: judge(foreign, NOW) }, [state("a", "NotApplied")])));
    expect(of(violation("ApplyFailed", false), violation("ForeignObject", true))).toBe("False ForeignObject");
    expect(of(violation("ApplyFailed", false))).toBe("False DestinationRefused");
    expect(says(summarise(found({ obstacles: [violation("ApplyFailed", false)] }, [state("a", "NotApplied")])))).toBe("False ApplyFailed");
    expect(says(summarise(found({ guarded: { type: "Guarded", status: "False", reason: "LetThrough", message: "" } }, [state("a", "NotApplied")])))).toBe("False NotEnforced");
  });

  it("that it is in force, and what data sets say against it", () => {
    const learned = { ...found().learned, findings: ["spec.destinations[mirror].cidrs: elsewhere."] };
    const summary = summarise(found({ learned }));
    expect([says(summary), message(summary, "Ready"), summary.severity]).toEqual(["True InForceWithFindings", "In force. spec.destinations[mirror].cidrs: elsewhere.", "Warning"]);
  });

  it("what is proved with the evidence of it, and nothing of before while nothing is", () => {
    const proof = { namespace: "a", policy: "land", verdict: "PROVED", workloads: [], labelSpace: [], findings: [] } as const;
    const evidence = { root: "sha256:1", asOf: "2026-11-25T11:00:00Z", content: "" };
    const summary = summarise(found({ learned: { ...found().learned, governed: ["a"], proofs: [proof], evidence } }));
    expect([says(summary, "Proved"), summary.fields["workloads"], summary.fields["evidence"]]).toEqual(["True AllProved", { proved: 0, refuted: 0, undetermined: 0, ungoverned: 0 }, { root: "sha256:1", provedTime: "2026-11-25T11:00:00Z" }]);
    expect(summarise(found()).fields).toMatchObject({ workloads: undefined, evidence: undefined });
    expect(summary.announced).toContain("Proved");
  });

  it("whether a person has to act about its namespaces", () => {
    for (const [reason, current] of [["Exempt", "Failed"], ["ForeignObject", "Failed"], ["NotApplied", "InProgress"], ["PolicyUnreadable", "InProgress"]] as const) {
      const summary = summarise(found({}, [state("a"), state("b", reason)]));
      expect([says(summary), says(summary, "Enforced"), kstatusOf(summary)], reason).toEqual(["False NotEnforced", `False ${reason}`, current]);
    }
  });

  it("which namespaces lack something, five at most by name", () => {
    const of = (count: number): string => message(summarise(found({}, [state("sealed"), ...Array.from({ length: count }, (_, at) => state(`n${at}`, "NotMarked"))])), "Enforced");
    expect(of(1)).toBe("1 of 2 namespaces do not have what they must have. n0: NotMarked in n0.");
    expect(of(5)).toMatch(/ The others: n1 \(NotMarked\), n2 \(NotMarked\), n3 \(NotMarked\), n4 \(NotMarked\)\.$/);
    expect(of(6)).toMatch(/n4 \(NotMarked\) and 1 more\.$/);
  });

  it("that the guard does not hold, unless there is none or nothing to guard", () => {
    const guarded = (status: "False" | "Unknown", reason: string) => ({ type: "Guarded", status, reason, message: "why" }) as const;
    expect(says(summarise(found({ guarded: guarded("False", "LetThrough") })))).toBe("False NotGuarded");
    expect(says(summarise(found({ guarded: guarded("Unknown", "SurveyIncomplete") })))).toBe("False NotGuarded");
    expect(says(summarise(found({ guarded: guarded("Unknown", "NothingGuarded") }, [])))).toBe("True InForce");
    for (const guard of ["Off", "Audit"]) {
      const lax = svp().spec({ enforcement: { guard } }).live();
      expect(says(summarise(found({ guarded: guarded("False", "AuditOnly") }, [state("a")], lax)))).toBe("True InForce");
    }
  });

  it("that it is in force with what people should know: what is reported of it, and what is older than the guard", () => {
    const summary = summarise(found({ guarded: { type: "Guarded", status: "False", reason: "PreexistingObjects", message: "2 objects." } }, [state("a")], svp().denies("ZZ").live()));
    expect([says(summary), summary.severity, kstatusOf(summary)]).toEqual(["True InForceWithFindings", "Warning", "Current"]);
    expect(message(summary, "Ready")).toMatch(/^In force\. spec\.models\.deniedOrigins ZZ .* 2 objects\.$/);
  });

  it("what became of its object of another API", () => {
    const of = (clusterNetworkPolicy: string, clusterPolicies: Found["clusterPolicies"]): unknown =>
      summarise(found({ clusterPolicies }, [state("a")], svp().spec({ enforcement: { clusterNetworkPolicy } }).live())).fields["clusterNetworkPolicy"];
    expect([of("Auto", []), of("Auto", undefined), of("Off", []), of("Off", undefined)]).toEqual(["Applied", "NotServed", "Off", "Off"]);
  });
});
