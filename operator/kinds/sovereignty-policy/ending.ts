/** How a pass ends: what it tells the queue, and when to look again. Pure. */
import { done, stalled, waiting, type Outcome } from "../../runtime/outcome.ts";
import type { Summary } from "../report.ts";

/** Model deployments, the time of the next trial of the guard and APIs that somebody installs wake nobody: this is how late they are seen. */
const RECHECK_MS = 60_000;
/** An object of somebody else is in no cache that could tell that it is gone. */
const FOREIGN_MS = 10_000;
/** Admission policies are in force some seconds after they were written: how soon that is looked at first. */
const SOON_MS = 1_000;

/** @param askAgainMs when there may be another proof, in milliseconds from now */
export function outcomeOf({ conditions: [ready], stalled: isStalled }: Summary, askAgainMs: number): Outcome {
  const recheckMs = Math.min(RECHECK_MS, askAgainMs);
  if (ready === undefined) throw new Error("a summary without a condition");
  if (isStalled) return stalled(ready.reason, ready.message, Math.min(recheckMs, ready.reason === "ForeignObject" ? FOREIGN_MS : Infinity));
  return ready.status === "True" ? done(recheckMs) : waiting(ready.reason, recheckMs, SOON_MS);
}
