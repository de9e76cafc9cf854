/**
 * What one label of an object may be: some values, all but some values, and perhaps absent. A selector is one domain for each
 * key that it names; what is known of a pod is one, too; whether the one takes the other is set algebra.
 */

export interface Domain {
  readonly absent: boolean;
  /** Whether `values` are those that it may not have. Of the others there is always one more: label values do not run out. */
  readonly except: boolean;
  readonly values: ReadonlySet<string>;
}

const NONE: ReadonlySet<string> = new Set();
export const ANYTHING: Domain = { absent: true, except: true, values: NONE };
export const ABSENT: Domain = { absent: true, except: false, values: NONE };
export const PRESENT: Domain = { absent: false, except: true, values: NONE };

export const oneOf = (values: Iterable<string>): Domain => ({ absent: false, except: false, values: new Set(values) });
/** A label that is absent counts as having none of the values. */
export const noneOf = (values: Iterable<string>): Domain => ({ absent: true, except: true, values: new Set(values) });

export function meet(a: Domain, b: Domain): Domain {
  return { absent: a.absent && b.absent, ...meetValues(a, b) };
}

function meetValues(a: Domain, b: Domain): Pick<Domain, "except" | "values"> {
  if (a.except && b.except) return { except: true, values: new Set([...a.values, ...b.values]) };
  const [some, other] = a.except ? [b, a] : [a, b];
  return { except: false, values: new Set([...some.values].filter((value) => other.values.has(value) !== other.except)) };
}

export const isEmpty = ({ absent, except, values }: Domain): boolean => !absent && !except && values.size === 0;

export const isWithin = (a: Domain, b: Domain): boolean => isEmpty(meet(a, without(b)));

const without = ({ absent, except, values }: Domain): Domain => ({ absent: !absent, except: !except, values });

/** A value that the label may have, the first by name where it has to be one of some; undefined for absent. Of an empty domain there is none to ask for. */
export function pick({ absent, except, values }: Domain): string | undefined {
  if (absent) return undefined;
  if (!except) return [...values].toSorted()[0];
  for (let i = 0; ; i++) if (!values.has(`any-${i}`)) return `any-${i}`;
}
