/**
 * Logs: JSON lines on stdout. What goes in is cleaned first, so that a careless `log.info({ secret })` prints nothing
 * that an object of the API keeps under `data` or that would let someone in.
 */
import { pino, type DestinationStream } from "pino";

export interface Logger {
  debug(fields: object, message: string): void;
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
  child(fields: object): Logger;
}

export type LogLevel = "debug" | "info" | "warn" | "error";

export interface LogOptions {
  readonly level: LogLevel;
  /** Where lines go; stdout otherwise, written at once so that none is lost at an exit. */
  readonly destination?: DestinationStream;
}

export function createLogger({ level, destination }: LogOptions): Logger {
  const options = {
    level,
    timestamp: (): string => `,"time":"${new Date().toISOString()}"`,
    // Errors are cleaned below; pino's own serializer would mistake the result for an error.
    serializers: { err: (value: unknown) => value },
    formatters: { level: (label: string): object => ({ level: label }) },
  };
  const root = destination === undefined ? pino(options) : pino(options, destination);
  return wrap(root, level === "debug");
}

type Sink = Pick<pino.Logger, LogLevel | "child" | "isLevelEnabled">;

function wrap(sink: Sink, stacks: boolean): Logger {
  const at = (level: LogLevel) => (fields: object, message: string): void => {
    if (sink.isLevelEnabled(level)) sink[level](clean(fields, stacks), cleanText(message));
  };
  return {
    debug: at("debug"), info: at("info"), warn: at("warn"), error: at("error"),
    child: (fields) => wrap(sink.child(clean(fields, stacks)), stacks),
  };
}

/** Members that hold secrets or user data wherever they occur: in Secrets and ConfigMaps, headers, kubeconfigs, and the copy that kubectl apply leaves. */
const SECRET_MEMBER = /^(data|stringData|binaryData|token|.*-token|.*Token|authorization|password|secret|cookie|client-?key(-?data)?|key-?data|kubectl\.kubernetes\.io\/last-applied-configuration)$/i;
/** Bearer tokens and JWTs inside texts. */
const SECRET_TEXT = /\bBearer\s+\S+|\beyJ[\w-]+\.[\w-]+\.[\w-]*/g;
const REDACTED = "[redacted]";
const DEEPEST = 8;

const cleanText = (text: string): string => text.replace(SECRET_TEXT, REDACTED);

/** A copy of `fields` that may be printed. Errors become name, message, code and cause; the stack only at level debug. */
function clean(fields: object, stacks: boolean): object {
  return cleanMembers(fields instanceof Error ? { err: fields } : fields, { stacks, depth: 0 });
}

interface Place {
  readonly stacks: boolean;
  readonly depth: number;
}

function cleanValue(value: unknown, place: Place): unknown {
  if (typeof value === "string") return cleanText(value);
  if (typeof value === "bigint") return String(value);
  if (typeof value !== "object" || value === null) return value;
  return place.depth >= DEEPEST ? "[deep]" : cleanObject(value, { ...place, depth: place.depth + 1 });
}

function cleanObject(value: object, place: Place): unknown {
  if (value instanceof Error) return cleanError(value, place);
  if (ArrayBuffer.isView(value)) return `[${value.byteLength} bytes]`;
  if (value instanceof Date) return value.toISOString();
  // Neither the user part nor the query of an address.
  if (value instanceof URL) return value.origin + value.pathname;
  if (value instanceof Set || Array.isArray(value)) return [...value].map((item) => cleanValue(item, place));
  return cleanMembers(value, place);
}

function cleanMembers(object: object, place: Place): object {
  return Object.fromEntries(Object.entries(object)
    .filter(([name]) => name !== "managedFields")
    .map(([name, value]) => [name, SECRET_MEMBER.test(name) && value !== undefined ? REDACTED : cleanValue(value, place)]));
}

/** Only what our catalogue of errors keeps free of bodies and headers; other members of an error may hold either. */
function cleanError(error: Error, place: Place): object {
  const { name, message, stack, cause } = error;
  const code = "code" in error && ["string", "number"].includes(typeof error.code) ? { code: error.code } : {};
  return {
    name, message: cleanText(message), ...code,
    ...(cause === undefined ? {} : { cause: cleanValue(cause, place) }),
    ...(place.stacks && stack !== undefined ? { stack: cleanText(stack) } : {}),
  };
}
