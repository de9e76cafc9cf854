/**
 * When it is looked what is older than the guard, and what the condition Guarded says of it. Pure; preexisting/survey.ts looks.
 *
 * The guard refuses what comes and leaves what is: nothing that runs is stopped because a policy arrived. It is named until
 * somebody has changed or deleted it.
 */
import { shortHash } from "../../lib/hash.ts";
import type { EventNote } from "../../runtime/events.ts";
import type { WantedCondition } from "../../runtime/status.ts";
import { nextRun, parseSchedule } from "../../sovereignty/probe/schedule.ts";
import type { Judgement } from "./checks.ts";
import type { Reason } from "./conditions.ts";
import type { Facts, Observed } from "./observe.ts";
import type { Judged } from "./preexisting/index.ts";
import type { Survey } from "./preexisting/survey.ts";
import type { SovereigntyPolicy } from "./schema.ts";

/** In the status: what the last survey found, and what it was about. */
export type SurveyRecord = NonNullable<NonNullable<SovereigntyPolicy["status"]>["preexisting"]>;

/** Namespaces come one after the other: they are looked at together. */
const PAUSE_MS = 60_000;
/** How late it is seen that somebody has mended what was found. */
const AGAIN_MS = 300_000;

export interface Surveying {
  readonly judged: Judged;
  /** Governed namespaces, in order. */
  readonly namespaces: readonly string[];
  /** Hash of both. */
  readonly of: string;
  /** Of the last survey; undefined if there was none, or nothing is to be looked at any more. */
  readonly last: SurveyRecord | undefined;
  readonly schedule: string;
}

export function surveyingOf({ policy, states }: Pick<Observed, "policy" | "states">, { inForce }: Pick<Judgement, "inForce">, { image }: Pick<Facts, "image">): Surveying {
  const { namespaceSelector, destinations, inCluster, images, nodes, enforcement } = policy.spec;
  const namespaces = enforcement.guard === "Off" ? [] : states.filter(({ reason }) => reason !== "Exempt").map(({ namespace }) => namespace);
  const spec = { namespaceSelector, destinations, inCluster, ...(images !== undefined && { images }), ...(nodes !== undefined && { nodes }) };
  const judged = { spec, inForce: inForce.map(({ name }) => name), ownImage: image };
  return { judged, namespaces, of: shortHash([judged, namespaces]), last: namespaces.length === 0 ? undefined : policy.status?.preexisting, schedule: enforcement.probe.schedule };
}

/** When to look next, in milliseconds since 1970: now or earlier if it is due, Infinity if there is nothing to look at. */
export function nextSurvey({ namespaces, of, last, schedule }: Surveying, now: number): number {
  if (namespaces.length === 0) return Infinity;
  const looked = Date.parse(last?.surveyTime ?? "");
  const parsed = parseSchedule(schedule);
  // A clock that was set: nobody waits for longer than was said.
  if (last === undefined || Number.isNaN(looked) || looked > now || parsed === undefined) return 0;
  if (last.of !== of) return looked + PAUSE_MS;
  return last.objects + last.unread.length > 0 ? looked + AGAIN_MS : nextRun(parsed, looked);
}

export const recordOf = ({ of }: Surveying, { objects, first, unread }: Survey, now: number): SurveyRecord =>
  ({ surveyTime: new Date(now).toISOString(), of, objects, first: [...first], unread: [...unread] });

/** At most so many are named in a message. */
const NAMED = 3;

/** What is older than the guard, for people; undefined if nothing is. */
function sentenceOf({ objects, first }: SurveyRecord): string | undefined {
  if (objects === 0) return undefined;
  const named = first.slice(0, NAMED).join("; ");
  const more = objects > NAMED ? `; and ${objects - NAMED} more (status.preexisting)` : "";
  return `${objects === 1 ? "1 object is" : `${objects} objects are`} older than the guard, which would refuse ${objects === 1 ? "it" : "them"} today: ${named}${more}. Change or delete what opens a way out; nothing is stopped because of it.`;
}

/** Guarded, with what is older than the guard and what nobody could look at. */
export function withSurvey(guarded: WantedCondition, record: SurveyRecord | undefined): WantedCondition {
  const older = record && sentenceOf(record);
  if (guarded.reason === ("AuditOnly" satisfies Reason) && older !== undefined) return { ...guarded, message: `${guarded.message} ${older}` };
  if (guarded.status !== "True" || record === undefined) return guarded;
  if (older !== undefined) return { ...guarded, status: "False", reason: "PreexistingObjects" satisfies Reason, message: older };
  if (record.unread.length === 0) return guarded;
  return { ...guarded, status: "Unknown", reason: "SurveyIncomplete" satisfies Reason, message: `Whether something is older than the guard is not known: the operator may not list ${record.unread.join(", ")}. Install the chart again.` };
}

/** What is told when a survey found something else than the one before. */
export function notesOf(before: SurveyRecord | undefined, after: SurveyRecord | undefined): EventNote[] {
  const [was, is] = [before, after].map((record) => record && sentenceOf(record));
  if (was === is) return [];
  const note = { reason: "PreexistingObjects" satisfies Reason, action: "Survey" } as const;
  return [is === undefined ? { ...note, type: "Normal", message: "Nothing is older than the guard any more that it would refuse." } : { ...note, type: "Warning", message: is }];
}
