/** One HTTP/2 connection to the API server: knows how many streams it may open, and notices when the other side is gone. */
import * as http2 from "node:http2";
import type { Credentials } from "./credentials.ts";

export interface SessionTimes {
  /** Milliseconds for TCP, TLS and the server's SETTINGS frame together. */
  dialTimeoutMs: number;
  /** A ping after this many milliseconds; without it a half-open connection is noticed only by a call's deadline. */
  pingIntervalMs: number;
  /** An unanswered ping ends the connection after this many milliseconds. */
  pingTimeoutMs: number;
}

/** Why an exchange broke. `unsent`: the server surely has not acted on it, so that it may be sent again, write or not. */
export class Broken extends Error {
  readonly unsent: boolean;
  /** The peer's certificate was refused: asking again with the same trust anchors changes nothing. */
  readonly untrusted: boolean;

  constructor(why: string, options: { unsent: boolean; untrusted?: boolean; cause?: unknown }) {
    super(why, { cause: options.cause });
    this.unsent = options.unsent;
    this.untrusted = options.untrusted ?? false;
  }
}

/** A stream window that holds most pages, so that a list does not wait for window updates. */
const STREAM_WINDOW = 1 << 20;
const CONNECTION_WINDOW = 16 << 20;

export class Session {
  readonly fingerprint: string;
  readonly #h2: http2.ClientHttp2Session;
  readonly #times: SessionTimes;
  #active = 0;
  #lastStreamId = Infinity;
  #draining = false;
  #stopPings: () => void = () => {};
  #onChange: () => void = () => {};

  private constructor(h2: http2.ClientHttp2Session, fingerprint: string, times: SessionTimes) {
    this.#h2 = h2;
    this.#times = times;
    this.fingerprint = fingerprint;
  }

  /** Connects. Resolves when the server has spoken HTTP/2; rejects with `Broken`. */
  static async dial(credentials: Credentials, times: SessionTimes): Promise<Session> {
    const h2 = http2.connect(credentials.origin, {
      ...credentials.tls, ALPNProtocols: ["h2"], maxSessionMemory: 256, settings: { enablePush: false, initialWindowSize: STREAM_WINDOW },
    });
    const session = new Session(h2, credentials.fingerprint, times);
    h2.on("goaway", (_code, lastStreamId) => session.#leave(lastStreamId));
    await established(h2, times.dialTimeoutMs);
    if (!h2.destroyed) h2.setLocalWindowSize(CONNECTION_WINDOW);
    h2.on("error", () => session.#onChange());
    h2.on("close", () => session.#end());
    h2.on("remoteSettings", () => session.#onChange());
    session.#keepAlive();
    return session;
  }

  /** Whether it takes new streams at all. */
  get usable(): boolean {
    return !this.#draining && !this.#h2.closed && !this.#h2.destroyed;
  }

  get alive(): boolean {
    return !this.#h2.destroyed;
  }

  /** Whether it takes one more stream now. */
  get free(): boolean {
    return this.usable && this.#active < (this.#h2.remoteSettings.maxConcurrentStreams ?? 100);
  }

  /** Called whenever `free` or `usable` may have changed. */
  set onChange(callback: () => void) {
    this.#onChange = callback;
  }

  /** Opens a stream; throws `Broken` (unsent) if the connection has just gone. */
  open(headers: http2.OutgoingHttpHeaders, endStream: boolean): http2.ClientHttp2Stream {
    let stream: http2.ClientHttp2Stream;
    try {
      stream = this.#h2.request(headers, { endStream });
    } catch (cause) {
      throw new Broken("the connection closed before the request was sent", { unsent: true, cause });
    }
    this.#active += 1;
    stream.once("close", () => {
      this.#active -= 1;
      this.#onChange();
    });
    return stream;
  }

  /** True if the server cannot have acted on this stream (RFC 9113, 6.8 and 8.7). */
  surelyIgnored(stream: http2.ClientHttp2Stream): boolean {
    return stream.pending || stream.id === undefined || stream.rstCode === http2.constants.NGHTTP2_REFUSED_STREAM || stream.id > this.#lastStreamId;
  }

  /** Takes no new streams; closes when the open ones have ended. */
  drain(): void {
    this.#draining = true;
    if (!this.#h2.closed) this.#h2.close();
    this.#onChange();
  }

  destroy(): void {
    this.#h2.destroy();
  }

  #leave(lastStreamId: number): void {
    this.#lastStreamId = lastStreamId;
    this.#draining = true;
    this.#onChange();
  }

  #end(): void {
    this.#draining = true;
    this.#stopPings();
    this.#onChange();
  }

  #keepAlive(): void {
    const timer = setInterval(() => this.#ping(), this.#times.pingIntervalMs);
    timer.unref();
    this.#stopPings = () => clearInterval(timer);
  }

  #ping(): void {
    if (this.#h2.destroyed) return;
    let answered = false;
    const giveUp = (): void => {
      if (!answered) this.#h2.destroy(new Error("the server stopped answering pings"));
    };
    // After our own process was stopped, timers fire before the answer that waits in the socket is read: look once more.
    const timer = setTimeout(() => setImmediate(giveUp), this.#times.pingTimeoutMs);
    timer.unref();
    this.#h2.ping(() => {
      answered = true;
      clearTimeout(timer);
    });
  }
}

/** Waits for the server's SETTINGS: TLS alone would also succeed against something that is not an API server. */
async function established(h2: http2.ClientHttp2Session, timeoutMs: number): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    const timer = setTimeout(() => h2.destroy(new Error(`no connection within ${timeoutMs} ms`)), timeoutMs);
    h2.once("remoteSettings", () => {
      clearTimeout(timer);
      resolve();
    });
    h2.on("error", (cause) => {
      clearTimeout(timer);
      reject(new Broken(`cannot connect: ${reasonOf(cause)}`, { unsent: true, untrusted: isTrustFailure(cause), cause }));
    });
    h2.once("close", () => {
      clearTimeout(timer);
      reject(new Broken("cannot connect: the server closed the connection", { unsent: true }));
    });
  });
}

/** The message of the first concrete cause; a failed dual-stack connect is an AggregateError without one. */
export function reasonOf(error: unknown): string {
  if (error instanceof AggregateError && error.message === "") return reasonOf(error.errors[0]);
  return error instanceof Error ? error.message : String(error);
}

function isTrustFailure(error: unknown): boolean {
  const code = error instanceof Error && "code" in error ? String(error.code) : "";
  return /CERT|SELF_SIGNED|UNABLE_TO_(GET_ISSUER|VERIFY)|ALTNAME/.test(code);
}
