/** How a pass ends: what it tells the queue, and when to look again. Pure. */
import { done, stalled, waiting, type Outcome } from "../../runtime/outcome.ts";
import type { Violation } from "./conditions.ts";

/** How long to wait where a watch normally says earlier that something moved. */
const RECHECK_MS = 60_000;
/** How long to wait where no watch says it: a refusal, an object of others, a Deployment whose label somebody took off. */
export const SOON_MS = 10_000;
/** The longest pause between two tries of what the API server keeps refusing: as long as the queue's own. */
const LONGEST_PAUSE_MS = 300_000;

interface Ending {
  readonly violations: readonly Violation[];
  readonly obstacle: Violation | undefined;
  readonly ready: boolean;
  /** When time alone changes the answer, in milliseconds from now; Infinity if it does not. */
  readonly timeMs: number;
}

/** When a pass is followed by the next, if nothing that is watched asks for it earlier. */
export function outcomeOf({ violations: [violation], obstacle, ready, timeMs }: Ending): Outcome {
  if (violation?.stalled === true) return stalled(violation.reason, violation.message, timeMs === Infinity ? undefined : timeMs);
  if (obstacle !== undefined) return behind(obstacle, (violation ?? obstacle).reason, timeMs);
  const nextMs = Math.min(timeMs, ready ? Infinity : RECHECK_MS);
  if (violation !== undefined) return waiting(violation.reason, nextMs);
  return done(nextMs === Infinity ? undefined : nextMs);
}

/**
 * An obstacle is looked at again even where only a person can remove it: neither what is not ours nor what the API server
 * refuses is in a cache that could tell. What it refuses later each time, for each try is a request and an audit entry.
 */
function behind(obstacle: Violation, reason: string, timeMs: number): Outcome {
  if (obstacle.reason === "ApplyFailed") return waiting(reason, Math.min(timeMs, LONGEST_PAUSE_MS), SOON_MS);
  return waiting(reason, Math.min(timeMs, SOON_MS));
}
