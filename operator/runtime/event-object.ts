/** The Event as the API server takes it. Pure. */
import { apiVersionOf, EVENTS } from "../kube/resources.ts";
import { shortHash } from "../lib/hash.ts";
import type { KubeEvent, KubeObject, Live } from "../lib/k8s-types.ts";
import type { EventNote } from "./events.ts";
import { microTime } from "./micro-time.ts";

const REPORTING_CONTROLLER = "hoheit.dev/operator";
/** The API server's limits: characters for instance, reason and action, bytes for the note. */
const LONGEST_WORD = 128;
const LONGEST_NOTE_BYTES = 1_024;
const LONGEST_NAME = 253;

/** @param by.nowMs wall clock, milliseconds since 1970 */
export function buildEvent(about: Live<KubeObject>, note: EventNote, by: { instance: string; nowMs: number }): KubeEvent {
  const { apiVersion, kind, metadata: { name, namespace, uid, resourceVersion } } = about;
  const eventTime = microTime(by.nowMs);
  const suffix = `.${shortHash([uid, note, eventTime, by.instance])}`;
  return {
    apiVersion: apiVersionOf(EVENTS),
    kind: "Event",
    // The API server wants Events of cluster-scoped objects in this namespace.
    metadata: { name: name.slice(0, LONGEST_NAME - suffix.length) + suffix, namespace: namespace ?? "default" },
    eventTime,
    type: note.type,
    reason: note.reason.slice(0, LONGEST_WORD),
    action: note.action.slice(0, LONGEST_WORD),
    note: cutBytes(note.message, LONGEST_NOTE_BYTES),
    reportingController: REPORTING_CONTROLLER,
    reportingInstance: by.instance.slice(0, LONGEST_WORD),
    regarding: { apiVersion, kind, name, uid, resourceVersion, ...(namespace === undefined ? {} : { namespace }) },
  };
}

/** The longest beginning of `text` that fits into so many bytes of UTF-8 and splits no character. */
export function cutBytes(text: string, most: number): string {
  const bytes = Buffer.from(text);
  if (bytes.length <= most) return text.toWellFormed();
  let end = most;
  while (((bytes[end] ?? 0) & 0xc0) === 0x80) end -= 1;
  return bytes.toString("utf8", 0, end);
}
