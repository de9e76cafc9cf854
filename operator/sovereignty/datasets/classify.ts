/** Where addresses are, as far as data sets agree: INSIDE only if at least two say so and none says otherwise. */
import { ALL_ADDRESSES } from "../addresses/cidr.ts";
import { CLASSES } from "../addresses/classes.ts";
import type { AddressClass } from "../addresses/classes.ts";
import { contains, difference, intersection, NOTHING, union, type IntervalSet } from "../addresses/intervals.ts";
import type { DataSet } from "./data-set.ts";

export const PLACES = ["Inside", "Outside", "Undetermined"] as const;
export type Place = (typeof PLACES)[number];

export interface Classified extends Readonly<Record<Place, IntervalSet>> {
  /** Addresses that the registries set apart: nowhere, whatever a data set says. */
  readonly special: readonly { readonly class: AddressClass; readonly addresses: IntervalSet }[];
}

/** Fewer are believed by nobody. */
const LEAST_DATA_SETS = 2;

/**
 * Every address goes into exactly one of the parts.
 * @param countries what is inside, ISO 3166-1 alpha-2
 */
export function classify(addresses: IntervalSet, dataSets: readonly DataSet[], countries: ReadonlySet<string>): Classified {
  const special = [...CLASSES].filter(([name]) => name !== "Global").map(([name, set]) => ({ class: name, addresses: intersection(addresses, set) })).filter((one) => one.addresses.length > 0);
  const global = intersection(addresses, CLASSES.get("Global") ?? NOTHING);
  const views = dataSets.length < LEAST_DATA_SETS ? [] : dataSets.map((set) => viewOf(set, countries));
  const agreed = (side: keyof View): IntervalSet => (views.length === 0 ? NOTHING : views.reduce((left, view) => intersection(left, view[side]), global));
  const [inside, outside] = [agreed("inside"), agreed("outside")];
  return { Inside: inside, Outside: outside, Undetermined: difference(difference(global, inside), outside), special };
}

interface View {
  readonly inside: IntervalSet;
  readonly outside: IntervalSet;
}

/** What one data set says. One that was cut to more than the asked countries says of an address that it leaves out that it is outside. */
function viewOf({ countries: listed, cutTo }: DataSet, countries: ReadonlySet<string>): View {
  const all = (isInside: boolean): IntervalSet => union(...[...listed].filter(([country]) => countries.has(country) === isInside).map(([, set]) => set));
  const inside = all(true);
  const knowsAll = cutTo !== undefined && [...countries].every((country) => cutTo.includes(country));
  return { inside, outside: knowsAll ? difference(ALL_ADDRESSES, inside) : all(false) };
}

/** What each data set says about one address; `undefined` where it says nothing. */
export function countriesOf(address: bigint, dataSets: readonly DataSet[]): { readonly dataSet: string; readonly country: string | undefined }[] {
  return dataSets.map(({ name, countries }) => ({ dataSet: name, country: [...countries].find(([, set]) => contains(set, address))?.[0] }));
}

/** Addresses are sold: what is older says little. */
export const STALE_MONTHS = 6;

/** Data sets that are older than that at a time (milliseconds since 1970). */
export function stale(dataSets: readonly DataSet[], now: number): DataSet[] {
  const limit = new Date(now);
  limit.setUTCMonth(limit.getUTCMonth() - STALE_MONTHS);
  return dataSets.filter(({ date }) => Date.parse(`${date}T00:00:00Z`) < limit.getTime());
}
