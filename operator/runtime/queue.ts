/**
 * Which objects to look at, and when. It holds keys, never objects or events: whoever takes a key reads the state of
 * that moment, so that a change that was missed, doubled or reordered makes no difference.
 *
 *            add                     take
 *   absent --------> ready ------------------> in work --- done ---> absent
 *      |               ^                        |   ^
 *      | addAfter      | time, or add           +---+ add: once more after done
 *      +----------> delayed
 *
 * A key is wished for at one time only, the earliest that anybody asked for; so ready and delayed never both hold
 * (kubernetes#110642). The invariants are those of controller-runtime's TestFuzzPriorityQueue; queue.property.test.ts
 * has them as a model.
 */
import type { Clock } from "../lib/clock.ts";
import { backoffMs, type BackoffLimits } from "../lib/backoff.ts";

/** From 50 ms (a conflict is over by then) to 5 minutes (someone mends a thing and sees it picked up without asking). */
const DEFAULT_BACKOFF: BackoffLimits = { baseMs: 50, capMs: 300_000 };

/** While both lanes have keys, every fourth one taken is an initial one: neither lane starves (controller-runtime#3496). */
const LIVE_PER_INITIAL = 3;

export interface WorkQueueOptions {
  readonly clock: Clock;
  readonly backoff?: BackoffLimits;
  /** A number in [0, 1) for jitter. */
  readonly random?: () => number;
}

type Lane = "live" | "initial";

interface Delayed {
  readonly at: number;
  readonly cancel: () => void;
}

export class WorkQueue<K extends string> {
  private readonly clock: Clock;
  private readonly backoff: BackoffLimits;
  private readonly random: () => number;
  /** Ready keys in the order in which they became so, with the time of it. */
  private readonly lanes: Readonly<Record<Lane, Map<K, number>>> = { live: new Map(), initial: new Map() };
  private readonly delayed = new Map<K, Delayed>();
  /** Keys in work; the value says whether, and in which lane, they run again when done. */
  private readonly inWork = new Map<K, Lane | undefined>();
  private readonly failures = new Map<K, number>();
  private readonly takers = new Set<(key: K | undefined) => void>();
  private liveInARow = 0;
  private closed = false;

  constructor({ clock, backoff = DEFAULT_BACKOFF, random = Math.random }: WorkQueueOptions) {
    this.clock = clock;
    this.backoff = backoff;
    this.random = random;
  }

  /** Now. A delay that the key was waiting out is over: whoever adds has news that the delay did not know of. */
  add(key: K): void {
    this.put(key, "live");
  }

  /** As `add`, for keys that come in their thousands at a start and of which none is news: live ones go first, mostly. */
  addInitial(key: K): void {
    this.put(key, "initial");
  }

  /** In `ms` milliseconds, unless the key is wanted earlier already. */
  addAfter(key: K, ms: number): void {
    if (ms <= 0) return this.put(key, "live");
    if (this.closed || this.isReady(key) || this.inWork.get(key) !== undefined) return;
    const at = this.clock.monotonic() + ms;
    const known = this.delayed.get(key);
    if (known !== undefined && known.at <= at) return;
    known?.cancel();
    this.wait(key, at);
  }

  /** After a failure: later each time, until `forget`. From `baseMs` milliseconds on, where the usual first pause is too short. */
  addRateLimited(key: K, baseMs = this.backoff.baseMs): void {
    const failures = (this.failures.get(key) ?? 0) + 1;
    this.failures.set(key, failures);
    this.addAfter(key, backoffMs(failures, { ...this.backoff, baseMs }, this.random()));
  }

  /** The key went well, or its object is gone: the next failure counts as the first. */
  forget(key: K): void {
    this.failures.delete(key);
  }

  /** The next key, which nobody else gets before `done`; undefined when `signal` aborts or the queue is closed. */
  take(signal?: AbortSignal): Promise<K | undefined> {
    if (this.closed || signal?.aborted === true) return Promise.resolve(undefined);
    return new Promise((resolve) => {
      const leave = (): void => taker(undefined);
      const taker = (key: K | undefined): void => {
        this.takers.delete(taker);
        signal?.removeEventListener("abort", leave);
        resolve(key);
      };
      signal?.addEventListener("abort", leave, { once: true });
      this.takers.add(taker);
      this.handOut();
    });
  }

  /** The work on `key` has ended, well or not. Throws if it was not taken, which is a bug of the caller. */
  done(key: K): void {
    if (!this.inWork.has(key)) throw new Error(`queue: ${key} is done but was not taken`);
    const again = this.inWork.get(key);
    this.inWork.delete(key);
    if (again !== undefined) this.put(key, again);
  }

  /** Ends all waiting takes and timers; what is added from now on is ignored. */
  close(): void {
    this.closed = true;
    for (const { cancel } of this.delayed.values()) cancel();
    for (const keys of [this.lanes.live, this.lanes.initial, this.delayed, this.failures]) keys.clear();
    for (const taker of [...this.takers]) taker(undefined);
  }

  /** Keys that are ready and wait for a worker. */
  get depth(): number {
    return this.lanes.live.size + this.lanes.initial.size;
  }

  /** Milliseconds that the longest waiting ready key has been waiting; 0 when none is. */
  get oldestAgeMs(): number {
    const now = this.clock.monotonic();
    const since = [firstOf(this.lanes.live)?.[1] ?? now, firstOf(this.lanes.initial)?.[1] ?? now];
    return now - Math.min(...since);
  }

  private put(key: K, lane: Lane): void {
    if (this.closed) return;
    this.delayed.get(key)?.cancel();
    this.delayed.delete(key);
    if (this.inWork.has(key)) return this.putAgain(key, lane);
    if (lane === "live") this.lanes.initial.delete(key);
    if (this.isReady(key)) return;
    this.lanes[lane].set(key, this.clock.monotonic());
    this.handOut();
  }

  private putAgain(key: K, lane: Lane): void {
    if (this.inWork.get(key) !== "live") this.inWork.set(key, lane);
  }

  private wait(key: K, at: number): void {
    const cancel = this.clock.after(at - this.clock.monotonic(), () => {
      // A clock may cut very long waits (setTimeout does); then the rest is waited out.
      if (this.clock.monotonic() < at) return this.wait(key, at);
      this.put(key, "live");
    });
    this.delayed.set(key, { at, cancel });
  }

  private isReady(key: K): boolean {
    return this.lanes.live.has(key) || this.lanes.initial.has(key);
  }

  private handOut(): void {
    for (const taker of this.takers) {
      const key = this.next();
      if (key === undefined) return;
      this.inWork.set(key, undefined);
      taker(key);
    }
  }

  private next(): K | undefined {
    const { live, initial } = this.lanes;
    const turn: Lane = initial.size > 0 && (live.size === 0 || this.liveInARow >= LIVE_PER_INITIAL) ? "initial" : "live";
    const first = firstOf(this.lanes[turn]);
    if (first === undefined) return undefined;
    this.lanes[turn].delete(first[0]);
    this.liveInARow = turn === "live" ? this.liveInARow + 1 : 0;
    return first[0];
  }
}

const firstOf = <K>(keys: ReadonlyMap<K, number>): [K, number] | undefined => keys.entries().next().value;
