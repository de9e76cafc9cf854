/** How a pass ends: what it tells the queue, and when to look again. Pure. */
import { done, stalled, waiting, type Outcome } from "../../runtime/outcome.ts";
import type { Summary } from "../report.ts";

/** Model deployments, the time of the next trial of the guard and APIs that somebody installs wake nobody: this is how late they are seen. */
const RECHECK_MS = 60_000;
/** An object of somebody else is in no cache that could tell that it is gone. */
const FOREIGN_MS = 10_000;
/** Admission policies are in force some seconds after they were written: how soon that is looked at first. */
const SOON_MS = 1_000;

export function outcomeOf({ conditions: [ready], stalled: isStalled }: Summary): Outcome {
  if (ready === undefined) throw new Error("a summary without a condition");
  if (isStalled) return stalled(ready.reason, ready.message, ready.reason === "ForeignObject" ? FOREIGN_MS : RECHECK_MS);
  return ready.status === "True" ? done(RECHECK_MS) : waiting(ready.reason, RECHECK_MS, SOON_MS);
}
