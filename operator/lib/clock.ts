/** Time as a dependency: tests turn it by hand, and lease arithmetic never trusts the wall clock. */
export interface Clock {
  /** Wall clock, milliseconds since 1970. For times that people and other machines read. */
  now(): number;
  /** Monotonic milliseconds, unaffected by clock steps; goes on while the process is stopped. For durations and deadlines. */
  monotonic(): number;
  /** Calls back once after `ms`; the returned function cancels. Does not keep the process alive by itself. */
  after(ms: number, callback: () => void): () => void;
}

/** setTimeout takes at most 2^31-1 ms; longer waits are cut and the caller looks again. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  after(ms, callback) {
    const timer = setTimeout(callback, Math.min(ms, LONGEST_TIMER_MS));
    timer.unref();
    return () => clearTimeout(timer);
  },
};
