/**
 * Which models may be served where policies deny countries of origin. What is judged is where the weights come from, as the
 * author of a LanguageModel declared it. Where a service is and whose law can compel its operator is another question, with
 * another answer (jurisdiction/judge.ts): weights that run in the house send nothing back to whoever made them, and a
 * service may be foreign whatever weights it runs.
 *
 * Several policies deny what any of them denies: whoever adds one can only tighten (origins.test.ts).
 */
import { byKey } from "../lib/order.ts";
import { isCountry, MISWRITTEN } from "./jurisdiction/countries.ts";

/** What one policy says of origins. */
export interface OriginRule {
  /** Name of the policy. */
  readonly policy: string;
  /** Country codes that it denies; undefined if that cannot be read: then it may deny any. */
  readonly denied: readonly string[] | undefined;
}

/** Where weights come from. */
export interface Origin {
  /** From where their publisher is controlled. */
  readonly originCountry: string;
  /** From whom they were taken over; undefined if from the publisher. */
  readonly supplier?: { readonly country: string } | undefined;
}

/** One thing that is held against an origin. */
export interface Denial {
  /** `Denied`: a policy names the country. `Unknown`: it is no country, so nobody can tell. `Unreadable`: what a policy denies cannot be read. */
  readonly reason: "Denied" | "Unknown" | "Unreadable";
  /** Below `spec.provenance` of the model. */
  readonly field: "originCountry" | "supplier.country";
  /** As it was written. */
  readonly country: string;
  /** Names of the policies that say so, in order. */
  readonly policies: readonly string[];
}

/** Everything that is held against an origin; nothing if it may be served. Where nothing is denied, any origin may. */
export function judgeOrigin({ originCountry, supplier }: Origin, rules: readonly OriginRule[]): readonly Denial[] {
  const strict = rules.filter(({ denied }) => denied?.length !== 0).toSorted(byKey(({ policy }) => policy));
  if (strict.length === 0) return [];
  return [
    ...judgeCountry({ field: "originCountry", country: originCountry }, strict),
    ...(supplier === undefined ? [] : judgeCountry({ field: "supplier.country", country: supplier.country }, strict)),
  ];
}

function judgeCountry(about: Pick<Denial, "field" | "country">, rules: readonly OriginRule[]): Denial[] {
  const by = (reason: Denial["reason"], saying: readonly OriginRule[]): Denial[] => (saying.length === 0 ? [] : [{ ...about, reason, policies: saying.map(({ policy }) => policy) }]);
  const code = codeOf(about.country);
  const denying = by("Denied", rules.filter(({ denied }) => denied?.some((one) => codeOf(one) === code)));
  if (denying.length > 0) return denying;
  return isCountry(code) ? by("Unreadable", rules.filter(({ denied }) => denied === undefined)) : by("Unknown", rules);
}

/** `UK` denied and `GB` declared is the same country, and so the other way round. */
const codeOf = (country: string): string => MISWRITTEN[country] ?? country;
