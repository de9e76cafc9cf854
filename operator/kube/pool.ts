/**
 * The connections of one purpose. Calls share a single one and queue when the server's stream limit is reached; watches
 * have their own, and get one more when it is full, because a watch that queues would never begin.
 */
import type { Credentials } from "./credentials.ts";
import { Session, type SessionTimes } from "./session.ts";

export interface PoolOptions extends SessionTimes {
  maxSessions: number;
  random: () => number;
}

/** Waits between dials that fail: 50 ms doubling to 1 s, so that a restarted API server is found at once and not flooded. */
const FIRST_REDIAL_MS = 50;
const LAST_REDIAL_MS = 1_000;

const CLOSED = "the client was closed";

interface Waiter {
  take(session: Session): void;
  fail(error: unknown): void;
}

export class Pool {
  readonly #options: PoolOptions;
  readonly #sessions = new Set<Session>();
  readonly #waiters = new Set<Waiter>();
  #dialing = false;
  #failures = 0;
  #closed = false;
  #credentials: Credentials | undefined;

  constructor(options: PoolOptions) {
    this.#options = options;
  }

  /**
   * Waits for a session with a free stream and hands it to `use` at once, in the same turn, so that the slot is still
   * free. Rejects with `Broken` when a dial fails, and with the signal's reason.
   */
  withSession<T>(credentials: Credentials, signal: AbortSignal, use: (session: Session) => T): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      const abort = (): void => waiter.fail(signal.reason);
      const leave = (): void => {
        this.#waiters.delete(waiter);
        signal.removeEventListener("abort", abort);
      };
      const waiter: Waiter = {
        take: (session) => {
          leave();
          try {
            resolve(use(session));
          } catch (error) {
            reject(error);
          }
        },
        fail: (error) => {
          leave();
          reject(error);
        },
      };
      if (signal.aborted) return reject(signal.reason);
      if (this.#closed) return reject(new Error(CLOSED));
      this.#retireOthers(credentials);
      const session = this.#waiters.size === 0 ? this.#free() : undefined;
      if (session !== undefined) return resolve(use(session));
      signal.addEventListener("abort", abort);
      this.#waiters.add(waiter);
      this.#serve();
    });
  }

  /** Ends every connection at once; whoever waits is told so. */
  close(): void {
    this.#closed = true;
    for (const session of this.#sessions) session.destroy();
    for (const waiter of [...this.#waiters]) waiter.fail(new Error(CLOSED));
  }

  /** Gives sessions to waiters in order of arrival; dials when one is missing. */
  #serve(): void {
    for (const waiter of this.#waiters) {
      const session = this.#free();
      if (session !== undefined) waiter.take(session);
      else break;
    }
    if (this.#waiters.size > 0 && this.#needsDial()) void this.#dial();
  }

  #free(): Session | undefined {
    for (const session of this.#sessions) if (session.free) return session;
    return undefined;
  }

  #needsDial(): boolean {
    const usable = [...this.#sessions].filter((session) => session.usable).length;
    return !this.#dialing && !this.#closed && usable < this.#options.maxSessions;
  }

  /** Sessions made with older certificates finish what they carry and take nothing new. */
  #retireOthers(credentials: Credentials): void {
    this.#credentials = credentials;
    for (const session of this.#sessions) if (session.usable && session.fingerprint !== credentials.fingerprint) session.drain();
  }

  async #dial(): Promise<void> {
    this.#dialing = true;
    await this.#pause();
    try {
      if (this.#credentials === undefined) return;
      const session = await Session.dial(this.#credentials, this.#options);
      this.#failures = 0;
      this.#dialing = false;
      this.#adopt(session);
    } catch (error) {
      this.#failures += 1;
      this.#dialing = false;
      for (const waiter of [...this.#waiters]) waiter.fail(error);
    }
  }

  #adopt(session: Session): void {
    if (this.#closed) return session.destroy();
    if (session.alive) this.#sessions.add(session);
    session.onChange = () => {
      if (!session.alive) this.#sessions.delete(session);
      this.#serve();
    };
    this.#serve();
  }

  async #pause(): Promise<void> {
    if (this.#failures === 0) return;
    const longest = Math.min(FIRST_REDIAL_MS * 2 ** (this.#failures - 1), LAST_REDIAL_MS);
    await new Promise((resolve) => setTimeout(resolve, longest * (0.5 + this.#options.random() / 2)));
  }
}
