/**
 * The way to the API server: every call goes through here. One HTTP/2 connection carries all calls, others carry the
 * watches. This layer knows deadlines, retries and credentials; it knows nothing of Kubernetes objects.
 *
 * What is retried, always within the call's deadline:
 * - a request that the server surely has not acted on (never connected, stream refused, above GOAWAY's last id);
 * - an idempotent request (reads) whose answer was lost;
 * - 429 and 5xx with Retry-After, after that time with jitter;
 * - 401 once, with credentials read anew.
 * A write whose answer was lost is not repeated: a TransportError says that it may have been carried out, and the
 * reconcile decides after reading.
 */
import type { CredentialSource } from "./credentials.ts";
import { TransportError } from "./errors.ts";
import { exchange, type Wire } from "./exchange.ts";
import { LineReader } from "./line-reader.ts";
import { Pool } from "./pool.ts";
import { AnswerReader, nextAttempt, withDeadline, type Answer, type Scope } from "./attempt.ts";
import { reasonOf, Broken, type SessionTimes } from "./session.ts";
import { toApiError } from "./status.ts";

export interface TransportOptions extends Partial<SessionTimes> {
  credentials: CredentialSource;
  /** Milliseconds for a call with all its retries; default 30,000. */
  deadlineMs?: number;
  /** A larger answer is refused; default 64 MiB. */
  maxAnswerBytes?: number;
  /** A longer line of a watch is refused; default 16 MiB (etcd keeps no object above 1.5 MiB by default). */
  maxLineBytes?: number;
  /** For jitter; default Math.random. */
  random?: () => number;
}

export interface Call extends Wire {
  /** How errors name this call: "apply deployments.apps llm/chat". No body, no header. */
  what: string;
  /** Sending it twice is like sending it once, even if the first was carried out. */
  idempotent: boolean;
  /** Called before every attempt, as late as possible; throwing keeps it from being sent. */
  beforeSend?: () => void;
  /** Called after every attempt; 0 for no answer. */
  onAttempt?: (code: number, seconds: number) => void;
  signal?: AbortSignal | undefined;
  deadlineMs?: number | undefined;
}

export interface Watch extends Wire {
  what: string;
  /** Nothing for so many milliseconds, not even a bookmark: the watch is dead. */
  silenceMs: number;
  signal: AbortSignal;
  onLine(line: string): void;
}

/** A watch said nothing for too long. */
export class WatchSilent extends TransportError {}

const DEFAULT_DEADLINE_MS = 30_000;
const MEBIBYTE = 1 << 20;

export class Transport {
  readonly #options: TransportOptions;
  readonly #random: () => number;
  readonly #calls: Pool;
  readonly #watches: Pool;

  constructor(options: TransportOptions) {
    this.#options = options;
    this.#random = options.random ?? Math.random;
    const times = { dialTimeoutMs: options.dialTimeoutMs ?? 10_000, pingIntervalMs: options.pingIntervalMs ?? 5_000, pingTimeoutMs: options.pingTimeoutMs ?? 5_000 };
    this.#calls = new Pool({ ...times, maxSessions: 1, random: this.#random });
    this.#watches = new Pool({ ...times, maxSessions: Infinity, random: this.#random });
  }

  /** Any HTTP answer that needs no waiting, or a 429/5xx whose Retry-After no longer fits the deadline. Throws TransportError. */
  async call(call: Call): Promise<Answer> {
    using scope = withDeadline(call.deadlineMs ?? this.#options.deadlineMs ?? DEFAULT_DEADLINE_MS, call.signal);
    let reloaded = false;
    for (let attempt = 0; ; attempt += 1) {
      const result = await this.#attempt(call, scope);
      if (!reloaded && needsNewCredentials(result)) {
        reloaded = true;
        await this.#options.credentials.reload();
        continue;
      }
      const waitMs = nextAttempt(result, { idempotent: call.idempotent, attempt, random: this.#random, leftMs: scope.leftMs() });
      if (waitMs !== undefined) await scope.sleep(waitMs);
      else if (result instanceof Error) throw explain(call, scope, result);
      else return result;
    }
  }

  /**
   * One attempt at a watch. Resolves when the server ends it cleanly; throws ApiError, TransportError, the signal's
   * reason, or what `onLine` threw. The caller decides when to come back.
   */
  async watch(watch: Watch): Promise<void> {
    const stop = new AbortController();
    const { signal } = stop;
    const forward = (): void => stop.abort(watch.signal.reason);
    if (watch.signal.aborted) forward();
    else watch.signal.addEventListener("abort", forward);
    const timer = setTimeout(() => stop.abort(new WatchSilent(watch.what, `silent for ${watch.silenceMs} ms`)), watch.silenceMs);
    const reader = new LineReader(this.#options.maxLineBytes ?? 16 * MEBIBYTE, (line) => watch.onLine(line), () => timer.refresh());
    try {
      const credentials = await this.#options.credentials.current();
      await (await this.#watches.withSession(credentials, signal, (session) => ({ ended: exchange(session, { credentials, wire: watch, reader, signal }) }))).ended;
      reader.finish();
    } catch (error) {
      if (error instanceof Broken && error.untrusted) await this.#options.credentials.reload();
      throw error instanceof Broken ? new TransportError(watch.what, withCause(error), { cause: error }) : error;
    } finally {
      clearTimeout(timer);
      watch.signal.removeEventListener("abort", forward);
    }
    const refused = reader.refused();
    if (refused === undefined) return;
    if (refused.code === 401) await this.#options.credentials.reload();
    throw toApiError(watch.what, refused);
  }

  /** Ends all connections now. */
  close(): void {
    this.#calls.close();
    this.#watches.close();
  }

  /** One try. Failures are returned, so that the caller reads top to bottom. */
  async #attempt(call: Call, scope: Scope): Promise<Answer | Error> {
    let sentAt: number | undefined;
    const report = (code: number): void => {
      if (sentAt !== undefined) call.onAttempt?.(code, (performance.now() - sentAt) / 1000);
    };
    scope.sent = false;
    try {
      const credentials = await this.#options.credentials.current();
      const reader = new AnswerReader(call.what, this.#options.maxAnswerBytes ?? 64 * MEBIBYTE);
      const { ended } = await this.#calls.withSession(credentials, scope.signal, (session) => {
        call.beforeSend?.();
        sentAt = performance.now();
        scope.sent = true;
        return { ended: exchange(session, { credentials, wire: call, reader, signal: scope.signal }) };
      });
      await ended;
      const answer = reader.answer();
      report(answer.code);
      return answer;
    } catch (error) {
      report(0);
      if (error instanceof Broken) scope.lastBroken = error;
      return error as Error;
    }
  }
}

function needsNewCredentials(result: Answer | Error): boolean {
  return result instanceof Error ? result instanceof Broken && result.untrusted : result.code === 401;
}

/** Our own deadline and broken connections become a TransportError; the caller's signal and the fence speak for themselves. */
function explain(call: Call, scope: Scope, error: Error): Error {
  const expired = scope.expired(error);
  if (!expired && !(error instanceof Broken)) return error;
  const why = expired ? `no answer within ${scope.deadlineMs} ms${scope.lastBroken === undefined ? "" : `; ${withCause(scope.lastBroken)}`}` : withCause(error);
  const uncertain = !call.idempotent && scope.sent && !(error instanceof Broken && error.unsent);
  return new TransportError(call.what, uncertain ? `${why}; it may or may not have been carried out` : why, { cause: error });
}

function withCause(error: Error): string {
  return error.cause === undefined || error.message.includes(reasonOf(error.cause)) ? error.message : `${error.message} (${reasonOf(error.cause)})`;
}
