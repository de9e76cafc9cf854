/** What can go wrong with one request at the fault proxy, and which requests it is done to. */
import { constants } from "node:http2";

/** A request as the proxy saw it. */
export interface Seen {
  /** Counted from 1, in order of arrival. */
  readonly n: number;
  readonly method: string;
  /** Without the query. */
  readonly path: string;
  readonly query: URLSearchParams;
  readonly body: string;
  readonly isWatch: boolean;
  /** Everything but GET. */
  readonly isWrite: boolean;
  /** Set when the answer began; undefined if the client never got one. */
  status?: number;
  /** Whether it was sent on to the API server. */
  forwarded: boolean;
}

export type Fault =
  /** Answered by the proxy; never forwarded. */
  | { readonly kind: "status"; readonly code: number; readonly retryAfterSeconds?: number }
  /** The stream is reset; never forwarded. REFUSED_STREAM tells the client that it was not processed. */
  | { readonly kind: "reset"; readonly code: number }
  /** The connection is reset by TCP; never forwarded. */
  | { readonly kind: "drop" }
  /** Never answered, never forwarded. */
  | { readonly kind: "hang" }
  /** Forwarded after a while. */
  | { readonly kind: "delay"; readonly ms: number }
  /** Only so many bytes of the answer, then a clean end. */
  | { readonly kind: "truncate"; readonly bytes: number }
  /** Carried out, but the client's connection is reset before the answer. */
  | { readonly kind: "loseAnswer"; readonly meanwhile?: (request: Seen) => void }
  /** Not carried out; something else happens instead (the client is killed), then the connection is reset. */
  | { readonly kind: "instead"; readonly act: (request: Seen) => void }
  /** A watch is ended cleanly after so many lines. */
  | { readonly kind: "endWatch"; readonly afterLines: number }
  /** A watch is reset with CANCEL after so many lines. */
  | { readonly kind: "cancelWatch"; readonly afterLines: number }
  /** A line of ours is put in after so many lines of a watch. */
  | { readonly kind: "insertLine"; readonly afterLines: number; readonly line: string };

export type Match = (request: Seen) => boolean;

/** The faults by name, so that a test reads as a sentence. */
export const fault = {
  status: (code: number, retryAfterSeconds?: number): Fault => ({ kind: "status", code, ...(retryAfterSeconds !== undefined && { retryAfterSeconds }) }),
  /** 410 by HTTP. */
  gone: (): Fault => ({ kind: "status", code: 410 }),
  reset: (code: number = constants.NGHTTP2_INTERNAL_ERROR): Fault => ({ kind: "reset", code }),
  refuse: (): Fault => ({ kind: "reset", code: constants.NGHTTP2_REFUSED_STREAM }),
  drop: (): Fault => ({ kind: "drop" }),
  hang: (): Fault => ({ kind: "hang" }),
  delay: (ms: number): Fault => ({ kind: "delay", ms }),
  truncate: (bytes: number): Fault => ({ kind: "truncate", bytes }),
  loseAnswer: (meanwhile?: (request: Seen) => void): Fault => ({ kind: "loseAnswer", ...(meanwhile !== undefined && { meanwhile }) }),
  instead: (act: (request: Seen) => void): Fault => ({ kind: "instead", act }),
  endWatch: (afterLines = 0): Fault => ({ kind: "endWatch", afterLines }),
  cancelWatch: (afterLines = 0): Fault => ({ kind: "cancelWatch", afterLines }),
  insertLine: (line: string, afterLines = 0): Fault => ({ kind: "insertLine", afterLines, line }),
  /** An ERROR event with code 410, as the API server sends when a running watch falls behind a compaction. */
  goneEvent: (afterLines = 0): Fault => ({ kind: "insertLine", afterLines, line: JSON.stringify({ type: "ERROR", object: { kind: "Status", code: 410, reason: "Expired", message: "too old resource version" } }) }),
};

/** Common matches. */
export const match = {
  any: (): boolean => true,
  watch: (request: Seen): boolean => request.isWatch,
  write: (request: Seen): boolean => request.isWrite,
  /** Reads that are no watches. */
  read: (request: Seen): boolean => !request.isWrite && !request.isWatch,
  path: (part: string): Match => (request) => request.path.includes(part),
  both: (a: Match, b: Match): Match => (request) => a(request) && b(request),
};
