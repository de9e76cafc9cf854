import { expect, it } from "vitest";
import type { EventNote } from "../../../runtime/events.ts";
import type { Flip, Verdict } from "../../../sovereignty/verdict.ts";
import { svp } from "../../../../test/support/makers.ts";
import { announceFlips } from "./announce.ts";

const flip = (namespace: string, workload: string | undefined, from: Verdict | undefined, to: Verdict | undefined): Flip =>
  ({ time: "2026-11-25T12:00:00Z", namespace, ...(workload !== undefined && { workload }), ...(from !== undefined && { from }), ...(to !== undefined && { to }) });

function said(...flips: Flip[]): string[] {
  const notes: EventNote[] = [];
  announceFlips(flips, svp("a").live(), { record: (_about, note) => notes.push(note) });
  return notes.map(({ type, reason, message }) => `${type} ${reason}: ${message}`);
}

it("tells of each workload what it was and what it is; of a namespace only what none of its workloads tells", () => {
  expect(said(
    flip("a", undefined, "PROVED", "REFUTED"), flip("a", "a/Pod/x", "PROVED", "REFUTED"), flip("a", "a/Pod/new", undefined, "PROVED"), flip("a", "a/Pod/old", "REFUTED", undefined),
    flip("b", undefined, "REFUTED", "PROVED"),
  )).toEqual([
    "Warning VerdictChanged: a/Pod/x is REFUTED, it was PROVED.",
    "Normal VerdictChanged: a/Pod/new is PROVED and is new.",
    "Normal VerdictChanged: a/Pod/old is gone; it was REFUTED.",
    "Normal VerdictChanged: namespace b is PROVED, it was REFUTED.",
  ]);
});

it("leaves room in the budget of events", () => {
  const many = Array.from({ length: 8 }, (_, at) => flip("a", `a/Pod/${at}`, "PROVED", "REFUTED"));
  expect(said(...many)).toHaveLength(6);
  expect(said(...many).at(-1)).toBe("Warning VerdictsChanged: 3 more verdicts have changed; the evidence names them.");
});
