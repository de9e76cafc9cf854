/** What a reconcile can end in: a closed union, so that nobody forgets an ending. Throwing means a bug or a transport failure. */

export type Outcome =
  /** As wished. `recheckAfterMs` only where time itself changes the answer (an approval that expires). */
  | { readonly kind: "done"; readonly recheckAfterMs?: number }
  /**
   * Something outside must move first; a watch usually says when, `delayMs` is the net below it. Where no watch can say
   * it, `tryFromMs` has it looked at earlier: after so long at first, and later each time until something else comes out.
   */
  | { readonly kind: "waiting"; readonly reason: string; readonly delayMs: number; readonly tryFromMs?: number }
  /** Only a person can go on; `action` says what to do. Looked at again when an object it reads changes, or where time changes the answer. */
  | { readonly kind: "stalled"; readonly reason: string; readonly action: string; readonly recheckAfterMs?: number };

export const done = (recheckAfterMs?: number): Outcome => (recheckAfterMs === undefined ? { kind: "done" } : { kind: "done", recheckAfterMs });
export const waiting = (reason: string, delayMs: number, tryFromMs?: number): Outcome => ({ kind: "waiting", reason, delayMs, ...(tryFromMs !== undefined && { tryFromMs }) });
export const stalled = (reason: string, action: string, recheckAfterMs?: number): Outcome => ({ kind: "stalled", reason, action, ...(recheckAfterMs !== undefined && { recheckAfterMs }) });
