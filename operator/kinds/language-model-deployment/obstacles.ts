/** What kept a plan from being carried out, as a violation that users can read. Pure. */
import { isRefusal } from "../../kube/errors.ts";
import type { Blocked } from "../../runtime/execute.ts";
import type { Violation } from "./conditions.ts";

/** From children whose names are taken. */
export function obstacleOf(blocked: readonly Blocked[]): Violation | undefined {
  const foreign = blocked.find(({ by }) => by === "foreign");
  if (foreign !== undefined) {
    const what = `${foreign.resource.kind} ${foreign.name}`;
    return { reason: "ForeignObject", stalled: true, message: `${what} exists and is not Hoheit's: it is left alone and nothing starts. Delete or rename it, or give this deployment another name.` };
  }
  const leaving = blocked[0];
  if (leaving === undefined) return undefined;
  return { reason: "WaitingForGarbageCollection", stalled: false, message: `${leaving.resource.kind} ${leaving.name} is still being deleted; it is made anew when it is gone.` };
}

/**
 * From a child that the API server refuses (quota, admission, missing rights). Anything else is thrown on: races and
 * transport failures are tried again and are not the user's business.
 */
export function refusalOf(error: unknown): Violation {
  if (!isRefusal(error)) throw error;
  return { reason: "ApplyFailed", stalled: false, message: error.message };
}
