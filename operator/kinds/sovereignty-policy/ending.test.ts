import { expect, it } from "vitest";
import type { Summary } from "../report.ts";
import { outcomeOf } from "./ending.ts";

const summary = (status: "True" | "False", reason = "X", stalled = false): Summary => ({ conditions: [{ type: "Ready", status, reason, message: "m" }], stalled, severity: "Normal", fields: {} });

it("looks again when there may be another proof, and every minute at least", () => {
  expect(outcomeOf(summary("True"), 2_000)).toEqual({ kind: "done", recheckAfterMs: 2_000 });
  expect(outcomeOf(summary("True"), Infinity)).toEqual({ kind: "done", recheckAfterMs: 60_000 });
  expect(outcomeOf(summary("False"), 2_000)).toMatchObject({ kind: "waiting", reason: "X", delayMs: 2_000 });
  expect(outcomeOf(summary("False", "ForeignObject", true), Infinity)).toMatchObject({ kind: "stalled", recheckAfterMs: 10_000 });
  expect(outcomeOf(summary("False", "ForeignObject", true), 2_000)).toMatchObject({ kind: "stalled", recheckAfterMs: 2_000 });
  expect(outcomeOf(summary("False", "DestinationRefused", true), Infinity)).toMatchObject({ kind: "stalled", recheckAfterMs: 60_000 });
});
