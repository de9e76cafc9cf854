/** Three answers: yes, no, and a doubt that says what it hangs on. A doubt is never rounded, in neither direction. */

export interface Doubt {
  /** What is not known or not understood, in one sentence without a full stop. */
  readonly doubt: string;
}

export type Match = boolean | Doubt;

export const doubt = (why: string): Doubt => ({ doubt: why });

/** All must hold: one no decides, then a doubt. */
export function all(matches: readonly Match[]): Match {
  if (matches.includes(false)) return false;
  return matches.find((one) => typeof one === "object") ?? true;
}

/** One must hold: one yes decides, then a doubt. */
export function any(matches: readonly Match[]): Match {
  if (matches.includes(true)) return true;
  return matches.find((one) => typeof one === "object") ?? false;
}

export const not = (match: Match): Match => (typeof match === "object" ? match : !match);

/** May it hold? */
export const maybe = (match: Match): boolean => match !== false;
