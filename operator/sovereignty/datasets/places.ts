/** Where the declared destinations of a policy are, as data sets see it: what people declared against what registries recorded. */
import { canonicalJson } from "../../lib/hash.ts";
import { parseCidr, toCidrs } from "../addresses/cidr.ts";
import { setOf, union, type IntervalSet } from "../addresses/intervals.ts";
import { judgeDestination } from "../jurisdiction/judge.ts";
import type { Destination, Policy } from "../policy.ts";
import { classify } from "./classify.ts";
import type { DataSet } from "./data-set.ts";

/** All as canonical CIDRs; every address of the destination is in exactly one. */
export interface PlaceOf {
  readonly destination: string;
  readonly inside: readonly string[];
  readonly outside: readonly string[];
  readonly undetermined: readonly string[];
  /** Addresses that have no country by their kind, private ones for example. */
  readonly special: readonly string[];
}

/** @param today YYYY-MM-DD, UTC: adequacy decisions begin and end */
export function placesOf(policy: Policy, dataSets: readonly DataSet[], today: string): PlaceOf[] {
  return policy.destinations.map((destination) => {
    const { Inside, Outside, Undetermined, special } = classify(addressesOf(destination), dataSets, countriesFor(destination, policy, { dataSets, today }));
    return { destination: destination.name, inside: toCidrs(Inside), outside: toCidrs(Outside), undetermined: toCidrs(Undetermined), special: toCidrs(union(...special.map(({ addresses }) => addresses))) };
  });
}

/** What nobody can read is in no place; it declares nothing either. */
const addressesOf = ({ cidrs }: Destination): IntervalSet => setOf(cidrs.map(parseCidr).flatMap((parsed) => (parsed.kind === "Exact" ? [parsed.range] : [])));

/** Of the countries that occur, those in which this destination might be under the policy. */
function countriesFor(destination: Destination, { jurisdictions }: Policy, { dataSets, today }: { dataSets: readonly DataSet[]; today: string }): ReadonlySet<string> {
  const named = new Set(dataSets.flatMap(({ countries, cutTo }) => [...countries.keys(), ...(cutTo ?? [])]));
  const isRefused = (country: string): boolean => judgeDestination({ ...destination, country }, jurisdictions, today).some(({ subject, severity }) => subject === "country" && severity === "Refused");
  return new Set([...named].filter((country) => !isRefused(country)));
}

/** By namespace, of what is in force there. Most namespaces are held by the same policies: what is the same is looked up once. */
export function placesIn(governed: ReadonlyMap<string, Policy>, sets: readonly DataSet[], today: string): ReadonlyMap<string, readonly PlaceOf[]> {
  const known = new Map<string, readonly PlaceOf[]>();
  const places = (policy: Policy): readonly PlaceOf[] => {
    const key = canonicalJson([policy.destinations, policy.jurisdictions]);
    const found = known.get(key) ?? placesOf(policy, sets, today);
    known.set(key, found);
    return found;
  };
  return sets.length === 0 ? known : new Map([...governed].map(([namespace, policy]) => [namespace, places(policy)]));
}
