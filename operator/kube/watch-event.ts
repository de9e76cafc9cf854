/** One line of a watch. */
import type { KubeObject, Live } from "../lib/k8s-types.ts";
import { TransportError } from "./errors.ts";
import { toApiError } from "./status.ts";

export interface WatchEvent<T extends KubeObject> {
  type: "ADDED" | "MODIFIED" | "DELETED" | "BOOKMARK";
  object: Live<T>;
  /** A bookmark that says: all objects that existed have been sent. */
  endsList: boolean;
}

const TYPES: readonly string[] = ["ADDED", "MODIFIED", "DELETED", "BOOKMARK"];
const INITIAL_EVENTS_END = "k8s.io/initial-events-end";

/** Throws ApiError for an ERROR event and TransportError for what is no event: it was cut or changed on its way. */
export function parseEvent<T extends KubeObject>(what: string, line: string): WatchEvent<T> {
  const { type, object } = json(what, line);
  if (type === "ERROR") throw toApiError(what, { code: typeof object?.["code"] === "number" ? object["code"] : 500, json: object });
  if (!isEventType(type) || !isVersioned<T>(object)) throw new TransportError(what, "a line is not a watch event");
  const endsList = type === "BOOKMARK" && object.metadata.annotations?.[INITIAL_EVENTS_END] === "true";
  return { type, object, endsList };
}

function isEventType(type: string | undefined): type is WatchEvent<KubeObject>["type"] {
  return type !== undefined && TYPES.includes(type);
}

function isVersioned<T extends KubeObject>(object: unknown): object is Live<T> {
  const metadata = (object as Partial<KubeObject> | undefined)?.metadata;
  return typeof metadata?.resourceVersion === "string";
}

function json(what: string, line: string): { type?: string; object?: Record<string, unknown> } {
  try {
    return (JSON.parse(line) ?? {}) as { type?: string; object?: Record<string, unknown> };
  } catch {
    // The parser's message would quote the object.
    throw new TransportError(what, "a line is not JSON");
  }
}
