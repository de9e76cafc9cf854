/**
 * Data sets that say in which country addresses are: what an operator brings along, dated and hashed, never looked up.
 * They disagree about 15 % of Europe's addresses, so that none is believed alone (network-policy.md, 0.3). They are used to
 * say what an allowed address is; what may be allowed is the policy's list.
 */
import { hash } from "node:crypto";
import { difference, setOf, type Interval, type IntervalSet } from "../addresses/intervals.ts";

export interface DataSet {
  readonly name: string;
  /** Day of which it speaks, `2026-11-20`. */
  readonly date: string;
  /** By country (ISO 3166-1 alpha-2), in alphabetical order; disjoint. */
  readonly countries: ReadonlyMap<string, IntervalSet>;
  /**
   * The countries that it was cut down to; undefined for a whole data set. An address that is not listed in one that was
   * cut is in none of these.
   */
  readonly cutTo?: readonly string[] | undefined;
  /** Over its compact form (compact.ts): whoever has the same data has the same hash, whatever they were converted from. */
  readonly sha256: string;
}

/** One line of a source. */
export interface Entry {
  readonly country: string;
  readonly range: Interval;
}

/** What is no country: placeholders of registries, and codes that ISO leaves to users. */
const NO_COUNTRY = /^(EU|AP|ZZ|XX|A1|A2|O1)$/;

export const isCountry = (code: string): boolean => /^[A-Z]{2}$/.test(code) && !NO_COUNTRY.test(code);

/** A file that is no data set: where, what, and what to do. */
export class DataSetError extends Error {
  override readonly name = "DataSetError";
  /** @param line undefined for the source as a whole */
  constructor(source: string, line: number | undefined, problem: string) {
    super([source, ...(line === undefined ? [] : [`line ${line}`]), problem].join(": "));
  }
}

/** `2026-11-20`, and a day that exists. */
export const isDay = (text: string): boolean => /^\d{4}-\d{2}-\d{2}$/.test(text) && new Date(`${text}T00:00:00Z`).toJSON()?.startsWith(text) === true;

/** Entries by country. Where two countries claim an address, the data set says nothing about it. */
export function byCountry(entries: readonly Entry[]): Map<string, IntervalSet> {
  const claims = Map.groupBy(entries, ({ country }) => country);
  const sets = [...claims.keys()].toSorted().map((country) => [country, setOf((claims.get(country) ?? []).map(({ range }) => range))] as const);
  const contested = coveredTwice(sets.flatMap(([, set]) => set));
  return new Map(sets.map(([country, set]) => [country, difference(set, contested)] as const).filter(([, set]) => set.length > 0));
}

function coveredTwice(intervals: readonly Interval[]): IntervalSet {
  let furthest = -1n;
  const twice: Interval[] = [];
  for (const { first, last } of intervals.toSorted((a, b) => (a.first < b.first ? -1 : 1))) {
    twice.push({ first, last: last < furthest ? last : furthest });
    if (last > furthest) furthest = last;
  }
  return setOf(twice);
}

/** @param compact its compact form, over which the hash is */
export const sha256Of = (compact: string): string => `sha256:${hash("sha256", compact)}`;

/** Only these countries are kept. All other addresses are then known not to be in them, which is all that a proof asks. */
export function cutTo(countries: ReadonlyMap<string, IntervalSet>, kept: readonly string[]): Map<string, IntervalSet> {
  return new Map([...countries].filter(([country]) => kept.includes(country)));
}
