/** Work that can be paused: a generator that pauses after each part and returns the result. */

/** All parts at once. */
export function finish<T>(steps: Iterator<undefined, T>): T {
  for (;;) {
    const { done, value } = steps.next();
    if (done === true) return value;
  }
}
