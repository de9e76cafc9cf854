/** What data sets say of the destinations of a policy, for people: sentences, and places for the evidence. Pure. */
import { stale } from "../../../sovereignty/datasets/classify.ts";
import type { DataSet } from "../../../sovereignty/datasets/data-set.ts";
import { placesOf, type PlaceOf } from "../../../sovereignty/datasets/places.ts";
import type { Policy } from "../../../sovereignty/policy.ts";
import { canonicalJson } from "../../../lib/hash.ts";
import { dayOf, policyOf } from "../policy.ts";
import type { SovereigntyPolicy } from "../schema.ts";
import type { NamedReading } from "./data-sets.ts";

/** Addresses are sold: what is older says little. */
const MOST_MONTHS = 6;
/** At most so many ranges are named. */
const NAMED = 3;

/** Those that can be read. The same data under two names are one data set. */
export function setsOf(readings: readonly NamedReading[]): DataSet[] {
  const sets = readings.flatMap(({ reading }) => ("set" in reading ? [reading.set] : []));
  return [...new Map(sets.map((set) => [set.sha256, set])).values()];
}

/** @param now wall clock, milliseconds since 1970 */
export function findingsOf(policy: Pick<SovereigntyPolicy, "metadata" | "spec">, readings: readonly NamedReading[], now: number): string[] {
  if (readings.length === 0) return [];
  const sets = setsOf(readings);
  const problems = readings.flatMap(({ name, reading }) => ("problem" in reading ? [`spec.dataSets[${name}]: ${reading.problem}.`] : []));
  if (sets.length < 2) return [...problems, `spec.dataSets: ${sets.length === 0 ? "none" : "only one"} can be believed, and where addresses are is known only where two agree: name another one, of another source.`];
  const old = stale(sets, now, MOST_MONTHS).map(({ name, date }) => `Data set ${name} is of ${date}, more than ${MOST_MONTHS} months ago: bring a newer one.`);
  return [...problems, ...old, ...placesOf(policyOf(policy), sets, dayOf(now)).flatMap(sentences)];
}

function sentences({ destination, outside, undetermined }: PlaceOf): string[] {
  const say = (cidrs: readonly string[], what: string): string[] => (cidrs.length === 0 ? [] : [`spec.destinations[${destination}].cidrs: ${named(cidrs)}: ${what}.`]);
  return [
    ...say(outside, "the data sets agree that this is outside of where spec.jurisdictions lets destinations be; correct the country or the ranges"),
    ...say(undetermined, "the data sets do not agree where this is; name what the operator of the destination confirms"),
  ];
}

const named = (cidrs: readonly string[]): string => `${cidrs.slice(0, NAMED).join(", ")}${cidrs.length > NAMED ? ` and ${cidrs.length - NAMED} more` : ""}`;

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
