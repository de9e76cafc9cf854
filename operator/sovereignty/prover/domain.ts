/**
 * What one label of an object may be: some values, all but some values, and perhaps absent. A selector is one domain for each
 * key that it names; what is known of a pod is one, too; whether the one takes the other is set algebra.
 */

export interface Domain {
  readonly absent: boolean;
  /** Whether `values` are those that it may not have. Of the others there is always one more: label values do not run out. */
  readonly except: boolean;
  /** Sorted, each once. */
  readonly values: readonly string[];
}

export const ANYTHING: Domain = { absent: true, except: true, values: [] };
export const ABSENT: Domain = { absent: true, except: false, values: [] };
export const PRESENT: Domain = { absent: false, except: true, values: [] };

const listOf = (values: Iterable<string>): string[] => [...new Set(values)].toSorted();

export const oneOf = (values: Iterable<string>): Domain => ({ absent: false, except: false, values: listOf(values) });
/** A label that is absent counts as having none of the values. */
export const noneOf = (values: Iterable<string>): Domain => ({ absent: true, except: true, values: listOf(values) });

export function meet(a: Domain, b: Domain): Domain {
  const absent = a.absent && b.absent;
  if (a.except && b.except) return { absent, except: true, values: listOf([...a.values, ...b.values]) };
  const [some, other] = a.except ? [b, a] : [a, b];
  return { absent, except: false, values: some.values.filter((value) => admits(other, value)) };
}

/** Whether a label that is there may have this value. */
export const admits = ({ except, values }: Domain, value: string): boolean => values.includes(value) !== except;

export const isEmpty = ({ absent, except, values }: Domain): boolean => !absent && !except && values.length === 0;

export function overlap(a: Domain, b: Domain): boolean {
  if ((a.absent && b.absent) || (a.except && b.except)) return true;
  const [some, other] = a.except ? [b, a] : [a, b];
  return some.values.some((value) => admits(other, value));
}

export const isWithin = (a: Domain, b: Domain): boolean => !overlap(a, { absent: !b.absent, except: !b.except, values: b.values });

/** A value that the label may have, the first by name where it has to be one of some; undefined for absent. Of an empty domain there is none to ask for. */
export function pick({ absent, except, values }: Domain): string | undefined {
  if (absent) return undefined;
  if (!except) return values[0];
  for (let i = 0; ; i++) if (!values.includes(`any-${i}`)) return `any-${i}`;
}
