/** How long to wait before trying again. Pure: the random number comes from the caller. */

export interface BackoffLimits {
  /** Milliseconds before the first retry. */
  readonly baseMs: number;
  /** The longest wait, in milliseconds. */
  readonly capMs: number;
}

/**
 * Exponential delay in milliseconds with "equal jitter": half of it is certain, the other half random, so that many
 * who failed together do not come back together, and none comes back at once.
 *
 * @param failures failures so far, 1 after the first
 * @param random   a number in [0, 1)
 */
export function backoffMs(failures: number, { baseMs, capMs }: BackoffLimits, random: number): number {
  const full = Math.min(capMs, baseMs * 2 ** Math.min(Math.max(failures, 1) - 1, 60));
  return full / 2 + (full / 2) * random;
}
