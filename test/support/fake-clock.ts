/** A clock that a test turns by hand: nothing happens until it is turned, and then in order of time. */
import type { Clock } from "../../operator/lib/clock.ts";

interface Timer {
  readonly at: number;
  readonly callback: () => void;
}

export interface FakeClock extends Clock {
  /** Goes on by `ms`; timers that fall due are called in order, each at its own time. */
  advance(ms: number): void;
  /** As `advance`, but lets promises settle after every timer, as they would between real timers. */
  run(ms: number): Promise<void>;
  /** Time passes but no timer is called: a process stopped by SIGSTOP. They are called by the next `advance` or `run`. */
  freeze(ms: number): void;
  /** Steps the wall clock only, as NTP or an administrator does. */
  stepWallClock(ms: number): void;
  /** Timers that wait. */
  readonly pending: number;
}

/** Lets everything that promises can do now be done. */
export const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** @param startMs wall clock at the start, milliseconds since 1970; the monotonic clock starts elsewhere on purpose */
export function fakeClock(startMs = Date.UTC(2026, 10, 22, 12)): FakeClock {
  let monotonic = 5_000;
  let wallOffset = startMs - monotonic;
  const timers = new Set<Timer>();

  const fireNext = (until: number): boolean => {
    const next = [...timers].filter((timer) => timer.at <= until).toSorted((a, b) => a.at - b.at)[0];
    if (next === undefined) return false;
    monotonic = Math.max(monotonic, next.at);
    timers.delete(next);
    next.callback();
    return true;
  };

  return {
    now: () => monotonic + wallOffset,
    monotonic: () => monotonic,
    after(ms, callback) {
      const timer = { at: monotonic + Math.max(ms, 0), callback };
      timers.add(timer);
      return () => void timers.delete(timer);
    },
    advance(ms) {
      const until = monotonic + ms;
      while (fireNext(until));
      monotonic = until;
    },
    async run(ms) {
      const until = monotonic + ms;
      await settle();
      while (fireNext(until)) await settle();
      monotonic = until;
    },
    freeze(ms) {
      monotonic += ms;
    },
    stepWallClock(ms) {
      wallOffset += ms;
    },
    get pending() {
      return timers.size;
    },
  };
}
