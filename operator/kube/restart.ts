/** Why a watch ended and how long to wait before the next: pure, so that every rule has a test without a server. */
import { ApiError, TransportError, isGone } from "./errors.ts";
import { Broken } from "./session.ts";
import { WatchSilent } from "./transport.ts";

/**
 * - end: the server ended it cleanly (its own time limit, or it sheds slow watchers);
 * - gone: 410, our version is compacted: read anew;
 * - silence: not even a bookmark for too long;
 * - throttled: 429;
 * - refused: any other answer (403, 404 before the CRD exists, 500);
 * - unreachable: no connection;
 * - broken: the connection or a line broke.
 */
export type RestartReason = "end" | "gone" | "silence" | "throttled" | "refused" | "unreachable" | "broken";

/** The reason, or undefined for what is no ending of a watch but a bug of ours. */
export function reasonFor(error: unknown): RestartReason | undefined {
  if (error === undefined) return "end";
  if (isGone(error)) return "gone";
  if (error instanceof ApiError) return error.code === 429 ? "throttled" : "refused";
  if (error instanceof WatchSilent) return "silence";
  if (!(error instanceof TransportError)) return undefined;
  return error.cause instanceof Broken && error.cause.unsent ? "unreachable" : "broken";
}

const FIRST_MS = 800;
const LAST_MS = 30_000;
/** Trying to connect costs the server nothing, and the pool spaces its dials: be back soon after it is. */
const LAST_UNREACHABLE_MS = 5_000;

export interface Ending {
  reason: RestartReason;
  /** Endings in a row without progress before this one. */
  failures: number;
  retryAfterMs?: number | undefined;
  random: () => number;
}

/** Milliseconds to wait. After progress, a clean end is resumed and a 410 is relisted at once. */
export function restartDelay({ reason, failures, retryAfterMs, random }: Ending): number {
  if ((reason === "end" || reason === "gone" || reason === "silence") && failures === 0) return 0;
  const longest = Math.min(FIRST_MS * 2 ** Math.min(failures, 10), reason === "unreachable" ? LAST_UNREACHABLE_MS : LAST_MS);
  return Math.max(longest * (0.5 + random() / 2), (retryAfterMs ?? 0) * (1 + random()));
}
