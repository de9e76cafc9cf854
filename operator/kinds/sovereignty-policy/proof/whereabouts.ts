/** What data sets say of the destinations of a policy, for people: sentences, and places for the evidence. Pure. */
import { stale, STALE_MONTHS } from "../../../sovereignty/datasets/classify.ts";
import type { DataSet } from "../../../sovereignty/datasets/data-set.ts";
import { placesOf, type PlaceOf } from "../../../sovereignty/datasets/places.ts";
import { dayOf, policyOf } from "../policy.ts";
import type { SovereigntyPolicy } from "../schema.ts";
import type { NamedReading } from "./data-sets.ts";

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
  const old = stale(sets, now).map(({ name, date }) => `Data set ${name} is of ${date}, more than ${STALE_MONTHS} months ago: bring a newer one.`);
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
