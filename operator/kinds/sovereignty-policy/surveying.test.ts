import { describe, expect, it } from "vitest";
import { destination, svp } from "../../../test/support/makers.ts";
import type { WantedCondition } from "../../runtime/status.ts";
import type { NamespaceState } from "../governed-namespace/state.ts";
import { judge } from "./checks.ts";
import { nextSurvey, notesOf, recordOf, surveyingOf, withSurvey, type SurveyRecord, type Surveying } from "./surveying.ts";

const NOW = Date.parse("2026-11-25T12:02:00Z");
const at = (time: string): number => Date.parse(`2026-11-25T${time}Z`);
const state = (namespace: string, reason: NamespaceState["reason"] = "Sealed"): NamespaceState => ({ namespace, policies: ["land"], reason, message: "" });
const record = (over: Partial<SurveyRecord> = {}): SurveyRecord => ({ surveyTime: "2026-11-25T12:00:00Z", of: "of", objects: 0, first: [], unread: [], ...over });

function surveying(policy = svp(), ...states: NamespaceState[]): Surveying {
  const live = policy.live();
  return surveyingOf({ policy: live, states }, judge(live, NOW), { image: "registry.example/hoheit:1" });
}

describe("it is looked what is older than the guard", () => {
  const next = (last: SurveyRecord | undefined, now = NOW): number => nextSurvey({ ...surveying(svp(), state("ui")), of: "of", last }, now);

  it("at once when nobody has looked, on schedule when nothing was found, and sooner when something was or could not be read", () => {
    expect(next(undefined)).toBe(0);
    expect(next(record())).toBe(at("12:15:00"));
    expect(next(record({ objects: 1 }))).toBe(at("12:05:00"));
    expect(next(record({ unread: ["pods"] }))).toBe(at("12:05:00"));
  });

  it("when it is about something else, but not for each of many namespaces that come at once", () => {
    expect(next(record({ of: "other" }))).toBe(at("12:01:00"));
  });

  it("at once when the last time is none, or is to come", () => {
    expect(next(record({ surveyTime: "soon" }))).toBe(0);
    expect(next(record(), at("11:59:59"))).toBe(0);
  });

  it("in every governed namespace, sealed or not, and in none where the guard is off", () => {
    expect(surveying(svp(), state("a", "NotApplied"), state("b"), state("kube-system", "Exempt")).namespaces).toEqual(["a", "b"]);
    const off = surveying(svp().spec({ enforcement: { guard: "Off" } }).status({ preexisting: record() }), state("a"));
    expect([off.namespaces, off.last, nextSurvey(off, NOW)]).toEqual([[], undefined, Infinity]);
    expect(surveying(svp().spec({ enforcement: { guard: "Audit" } }).status({ preexisting: record() }), state("a"))).toMatchObject({ namespaces: ["a"], last: record() });
  });

  it("about the namespaces and all that the guard goes by: destinations in force, peers, images and nodes", () => {
    const foreign = destination("mirror", { country: "US" });
    const variants = [
      surveying(svp(), state("a")), surveying(svp(), state("a"), state("b")), surveying(svp().destinations(destination("mirror")), state("a")), surveying(svp().destinations(foreign), state("a")),
      surveying(svp().selects({ a: "b" }), state("a")), surveying(svp().spec({ images: { registries: ["r.example"] } }), state("a")), surveying(svp().spec({ nodes: { selector: { matchLabels: { a: "b" } } } }), state("a")),
    ];
    expect(new Set(variants.map(({ of }) => of)).size).toBe(variants.length);
    expect(surveying(svp().spec({ evidence: { keep: 3 } }), state("a")).of).toBe(variants[0]?.of);
    expect(variants[3]?.judged.inForce).toEqual([]);
  });

  it("and noted when, about what and what", () => {
    expect(recordOf({ ...surveying(), of: "x" }, { objects: 2, first: ["a", "b"], unread: ["pods"] }, NOW)).toEqual({ surveyTime: "2026-11-25T12:02:00.000Z", of: "x", objects: 2, first: ["a", "b"], unread: ["pods"] });
  });
});

describe("the condition Guarded", () => {
  const guarded: WantedCondition = { type: "Guarded", status: "True", reason: "Guarded", message: "All refused." };
  const four = record({ objects: 4, first: ["Pod a/p: spec.hostNetwork", "Service a/s: spec.type", "Job a/j: x", "Job a/k: x"] });

  it("is False where something is older, and names some of it with fields and a remedy", () => {
    expect(withSurvey(guarded, four)).toEqual({
      type: "Guarded", status: "False", reason: "PreexistingObjects",
      message: "4 objects are older than the guard, which would refuse them today: Pod a/p: spec.hostNetwork; Service a/s: spec.type; Job a/j: x; and 1 more (status.preexisting). Change or delete what opens a way out; nothing is stopped because of it.",
    });
    expect(withSurvey(guarded, record({ objects: 1, first: ["Pod a/p: x"] })).message).toMatch(/^1 object is older .* refuse it today: Pod a\/p: x\. Change/);
  });

  it("is Unknown where something could not be looked at, and says what would help", () => {
    expect(withSurvey(guarded, record({ unread: ["daemonsets.apps", "pods"] }))).toMatchObject({ status: "Unknown", reason: "SurveyIncomplete", message: expect.stringMatching(/may not list daemonsets\.apps, pods\. Install the chart again\.$/) });
    expect(withSurvey(guarded, { ...four, unread: ["pods"] }).reason).toBe("PreexistingObjects");
  });

  it("stays as it is where nothing is older, nobody has looked, or the guard itself is worse", () => {
    for (const last of [record(), undefined]) expect(withSurvey(guarded, last)).toEqual(guarded);
    const open: WantedCondition = { ...guarded, status: "False", reason: "LetThrough" };
    expect(withSurvey(open, four)).toEqual(open);
  });

  it("names it, too, where the guard only audits", () => {
    const audit: WantedCondition = { ...guarded, status: "False", reason: "AuditOnly", message: "Let through." };
    expect(withSurvey(audit, four)).toMatchObject({ status: "False", reason: "AuditOnly", message: expect.stringMatching(/^Let through\. 4 objects are older/) });
    expect(withSurvey(audit, record())).toEqual(audit);
  });
});

describe("an Event", () => {
  const found = record({ objects: 1, first: ["Pod a/p: x"] });

  it("tells of what was found, of something else, and of nothing any more, once each", () => {
    const types = (before: SurveyRecord | undefined, after: SurveyRecord | undefined): string[] => notesOf(before, after).map(({ type, reason }) => `${type} ${reason}`);
    expect(types(undefined, found)).toEqual(["Warning PreexistingObjects"]);
    expect(types(found, { ...found, first: ["Pod a/q: x"] })).toEqual(["Warning PreexistingObjects"]);
    expect(types(found, { ...found, surveyTime: "2026-11-25T12:05:00Z" })).toEqual([]);
    expect(types(found, record())).toEqual(["Normal PreexistingObjects"]);
    expect([types(undefined, record()), types(record(), undefined)]).toEqual([[], []]);
  });
});
