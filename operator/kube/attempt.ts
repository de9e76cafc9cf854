/** What one attempt of a call yields, and whether and when there is another. */
import type { IncomingHttpHeaders } from "node:http2";
import { setTimeout as sleep } from "node:timers/promises";
import { TransportError } from "./errors.ts";
import type { Reader } from "./exchange.ts";
import { Broken } from "./session.ts";

export interface Answer {
  code: number;
  /** Undefined if the body of a refusal is not JSON (a proxy's page). */
  json: unknown;
  /** The server's Retry-After in milliseconds. */
  retryAfterMs?: number;
}

/** Collects an answer up to a size. */
export class AnswerReader implements Reader {
  readonly #what: string;
  readonly #maxBytes: number;
  readonly #chunks: Buffer[] = [];
  #bytes = 0;
  #code = 0;
  #headers: IncomingHttpHeaders = {};

  constructor(what: string, maxBytes: number) {
    this.#what = what;
    this.#maxBytes = maxBytes;
  }

  head(status: number, headers: IncomingHttpHeaders): void {
    this.#code = status;
    this.#headers = headers;
  }

  chunk(bytes: Buffer): void {
    this.#bytes += bytes.length;
    if (this.#bytes > this.#maxBytes) throw new TransportError(this.#what, `the answer is larger than ${this.#maxBytes} bytes`);
    this.#chunks.push(bytes);
  }

  /** Throws `Broken` if what came is not the whole JSON: it was cut on its way. */
  answer(): Answer {
    const answer: Answer = { code: this.#code, json: this.#json() };
    const retryAfterMs = retryAfter(this.#headers["retry-after"]);
    return retryAfterMs === undefined ? answer : { ...answer, retryAfterMs };
  }

  #json(): unknown {
    try {
      return JSON.parse(textOf(this.#chunks));
    } catch {
      // The parser's message quotes the body, which may hold a secret: it is dropped.
      if (this.#code >= 400) return undefined;
      throw new Broken(`the answer (${this.#code}, ${this.#bytes} bytes) is not complete JSON`, { unsent: false });
    }
  }
}

/** Most answers and lines come in one piece, which is not copied. */
export function textOf(pieces: readonly Buffer[]): string {
  const [first] = pieces;
  return (pieces.length === 1 && first !== undefined ? first : Buffer.concat(pieces)).toString("utf8");
}

/** Seconds or an HTTP date (RFC 9110, 10.2.3), in milliseconds from now. */
export function retryAfter(header: string | undefined): number | undefined {
  if (header === undefined) return undefined;
  if (/^\d{1,6}$/.test(header)) return Number(header) * 1000;
  const at = Date.parse(header);
  return Number.isNaN(at) ? undefined : Math.max(0, at - Date.now());
}

export interface RetryState {
  idempotent: boolean;
  /** 0 for the first. */
  attempt: number;
  random: () => number;
  /** Milliseconds until the call's deadline. */
  leftMs: number;
}

const FIRST_RETRY_MS = 25;
const LAST_RETRY_MS = 2_000;
/** For a 429 that does not say when; the API server always says. */
const DEFAULT_RETRY_AFTER_MS = 1_000;

/** Milliseconds until the next attempt; undefined if this result is final. */
export function nextAttempt(result: Answer | Error, state: RetryState): number | undefined {
  const waitMs = result instanceof Error ? afterFailure(result, state) : afterAnswer(result, state);
  return waitMs !== undefined && waitMs < state.leftMs ? waitMs : undefined;
}

function afterFailure(error: Error, state: RetryState): number | undefined {
  if (!(error instanceof Broken) || error.untrusted) return undefined;
  if (!error.unsent && !state.idempotent) return undefined;
  return state.random() * Math.min(FIRST_RETRY_MS * 2 ** Math.min(state.attempt, 10), LAST_RETRY_MS);
}

function afterAnswer(answer: Answer, state: RetryState): number | undefined {
  if (answer.code !== 429 && (answer.code < 500 || answer.retryAfterMs === undefined)) return undefined;
  const waitMs = answer.retryAfterMs ?? DEFAULT_RETRY_AFTER_MS;
  // Never earlier than told; up to as much again, so that those who were turned away together do not come back together.
  return waitMs * (1 + state.random());
}

/** The time frame of one call: its deadline and its caller's signal in one. */
export interface Scope extends Disposable {
  readonly signal: AbortSignal;
  readonly deadlineMs: number;
  /** Whether the current attempt has left. */
  sent: boolean;
  /** The latest reason why an attempt broke, for the message when time is up. */
  lastBroken: Error | undefined;
  leftMs(): number;
  /** Whether this error is our own deadline. */
  expired(error: Error): boolean;
  /** Never rejects; the next attempt finds out that the signal has fired. */
  sleep(ms: number): Promise<void>;
}

export function withDeadline(deadlineMs: number, outer: AbortSignal | undefined): Scope {
  const controller = new AbortController();
  // Made when it is needed: the stack of an Error costs more than the rest of a scope.
  let expiry: Error | undefined;
  const until = performance.now() + deadlineMs;
  const timer = setTimeout(() => controller.abort((expiry = new Error("deadline"))), deadlineMs);
  const forward = (): void => controller.abort(outer?.reason);
  if (outer?.aborted) forward();
  else outer?.addEventListener("abort", forward);
  return {
    signal: controller.signal,
    deadlineMs,
    sent: false,
    lastBroken: undefined,
    leftMs: () => until - performance.now(),
    expired: (error) => error === expiry,
    sleep: (ms) => sleep(ms, undefined, { signal: controller.signal }).catch(() => {}),
    [Symbol.dispose]() {
      clearTimeout(timer);
      outer?.removeEventListener("abort", forward);
    },
  };
}
