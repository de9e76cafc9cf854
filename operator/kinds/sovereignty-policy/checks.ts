/**
 * What a policy says, judged: which of its destinations may be put in force, and what people should know of the others and
 * of these. Pure.
 */
import { destinationsInForce } from "../../sovereignty/effective.ts";
import { isCountry, MISWRITTEN } from "../../sovereignty/jurisdiction/countries.ts";
import { judgeDestination, type Finding } from "../../sovereignty/jurisdiction/judge.ts";
import type { Destination } from "../../sovereignty/policy.ts";
import type { Violation } from "./conditions.ts";
import { dayOf, policyOf } from "./policy.ts";
import type { SovereigntyPolicy } from "./schema.ts";

/** Beyond, network plugins begin to feel a policy (network-policy.md, 3d): Cilium keeps an entry for each range, port and pod. */
const MANY_CIDRS = 50;

export interface Judgement {
  /** Destinations that keep to the jurisdictions. */
  readonly inForce: readonly Destination[];
  readonly violations: readonly Violation[];
  /** Sentences about what is in force nevertheless. */
  readonly findings: readonly string[];
}

/** @param now wall clock, milliseconds since 1970: adequacy decisions begin and end */
export function judge(policy: Pick<SovereigntyPolicy, "metadata" | "spec">, now: number): Judgement {
  const judged = policyOf(policy);
  const all = judged.destinations.flatMap((destination) => judgeDestination(destination, judged.jurisdictions, dayOf(now)));
  const refused = all.filter(({ severity }) => severity === "Refused");
  const inForce = destinationsInForce(judged, dayOf(now));
  return {
    inForce,
    violations: refused.length === 0 ? [] : [{ reason: "DestinationRefused", stalled: true, message: `${refused.map(sentence).join(" ")} What is refused is not put in force; all else is.` }],
    findings: [...all.filter(({ severity }) => severity === "Reported").map(sentence), ...manyRanges(inForce), ...noCountries(policy)],
  };
}

const sentence = ({ destination, message }: Finding): string => `spec.destinations[${destination}].${message}`;

export const rangesOf = (destinations: readonly Destination[]): number => destinations.reduce((sum, { cidrs }) => sum + cidrs.length, 0);

/** Whoever denies what is no country believes that something is denied. */
function noCountries({ spec: { models } }: Pick<SovereigntyPolicy, "spec">): string[] {
  return (models?.deniedOrigins ?? []).filter((code) => !isCountry(code)).map((code) => {
    const meant = MISWRITTEN[code];
    return `spec.models.deniedOrigins ${code} is no code of ISO 3166-1${meant === undefined ? " and denies nothing: correct or remove it." : `: it is taken for ${meant}.`}`;
  });
}

function manyRanges(inForce: readonly Destination[]): string[] {
  const ranges = rangesOf(inForce);
  return ranges <= MANY_CIDRS ? [] : [`The destinations have ${ranges} ranges of addresses: more than ${MANY_CIDRS} are hard to answer for, and some network plugins slow down. Name wider ranges of fewer operators.`];
}
