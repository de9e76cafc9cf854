/**
 * Whether a destination keeps to the jurisdictions of a policy. Three questions, each with an answer of its own: where the
 * machines are, where their operator is established, and whose law can compel that operator. A data centre in Frankfurt
 * of a company that a foreign law compels is inside by the first two, and not by the third.
 *
 * This judges what people declared, not addresses: which country an address is in, data bases disagree about.
 */
import type { Destination, Policy, Profile } from "../policy.ts";
import { ADEQUACY, type Adequacy } from "./adequacy.ts";
import { EEA, EU, MISWRITTEN } from "./countries.ts";

/** What a finding is about, as a path below the destination. */
export type Subject = "country" | "operator.country" | "operator.controlledFrom";

export type FindingReason =
  /** The machines are in no country of the profile. */
  | "CountryOutside"
  /** The operator is established in no country of the profile. */
  | "OperatorOutside"
  /** Whose law can compel the operator is no country of the profile. */
  | "ForeignControl"
  /** There was an adequacy decision, or will be one; today there is none. */
  | "AdequacyNotInForce"
  /** The decision covers named recipients only, and this one names no certification. */
  | "CertificationMissing"
  /** The decision covers some recipients by what they do, which nobody can see here. */
  | "AdequacyLimited"
  /** Nobody has compared our list of decisions with the Commission's for long. */
  | "AdequacyStale";

export interface Finding {
  readonly destination: string;
  readonly subject: Subject;
  readonly reason: FindingReason;
  /** `Refused`: the destination must not be put in force. `Reported`: it may, and people shall know. */
  readonly severity: "Refused" | "Reported";
  /** One sentence: what is wrong and what to do. */
  readonly message: string;
}

/** After so many days somebody has to look at the Commission's list again. */
const STALE_DAYS = 365;
const DAY_MS = 86_400_000;

interface Question {
  readonly subject: Subject;
  readonly code: string;
  readonly profile: Profile;
  /** YYYY-MM-DD, UTC. */
  readonly today: string;
  readonly certification: string | undefined;
}

interface Answer {
  readonly reason: FindingReason;
  readonly inside: boolean;
  readonly message: string;
}

/**
 * Everything that is to be said against a destination; nothing if it is inside in every respect.
 *
 * @param today YYYY-MM-DD, UTC: decisions begin and end
 */
export function judgeDestination({ name, country, operator }: Destination, { profile, foreignControl }: Policy["jurisdictions"], today: string): Finding[] {
  const about = (subject: Subject, code: string): Finding[] =>
    answers({ subject, code, profile, today, certification: operator.certification }).map(({ reason, inside, message }) => ({
      destination: name, subject, reason, severity: inside || (subject === "operator.controlledFrom" && foreignControl === "Report") ? "Reported" : "Refused", message: `${subject} ${code} ${message}`,
    }));
  return [...about("country", country), ...about("operator.country", operator.country), ...about("operator.controlledFrom", operator.controlledFrom)];
}

/** Whether a destination may be put in force. */
export const isInside = (findings: readonly Finding[]): boolean => findings.every(({ severity }) => severity === "Reported");

const MEMBERS: Readonly<Record<Exclude<Profile, "EEAWithAdequacy">, ReadonlySet<string>>> = { DE: new Set(["DE"]), EU, EEA };

/** What is to be said of a country; nothing if it is inside without reserve. */
function answers(question: Question): Answer[] {
  const { code, profile } = question;
  if (MEMBERS[profile === "EEAWithAdequacy" ? "EEA" : profile].has(code)) return [];
  const decision = profile === "EEAWithAdequacy" ? ADEQUACY.find((one) => one.code === code && counts(one, question)) : undefined;
  return decision === undefined ? [outside(question)] : underDecision(decision, question);
}

/** A certification makes a transfer lawful; it keeps nobody from being compelled. */
const counts = ({ scope }: Adequacy, { subject }: Question): boolean => scope !== "Certified" || subject !== "operator.controlledFrom";

const OUTSIDE = {
  "country": { reason: "CountryOutside", remedy: "Remove the destination, or choose a profile that has it" },
  "operator.country": { reason: "OperatorOutside", remedy: "Remove the destination, or choose a profile that has it" },
  "operator.controlledFrom": { reason: "ForeignControl", remedy: "Its law can compel the operator, wherever the machines are: remove the destination, or accept that with jurisdictions.foreignControl Report" },
} as const satisfies Record<Subject, { reason: FindingReason; remedy: string }>;

function outside({ subject, code, profile }: Question): Answer {
  const { reason, remedy } = OUTSIDE[subject];
  const meant = MISWRITTEN[code];
  return { reason, inside: false, message: `is not in profile ${profile}. ${meant === undefined ? remedy : `That is no code of ISO 3166-1: write ${meant}`}.` };
}

function underDecision(decision: Adequacy, question: Question): Answer[] {
  const { today } = question;
  const { from, until = "9999-12-31" } = decision;
  if (today < from || today > until) return [{ reason: "AdequacyNotInForce", inside: false, message: `has no adequacy decision in force: ${named(decision)} holds from ${from} to ${until}.` }];
  const limit = limitOf(decision, question);
  return [...(limit === undefined ? [] : [limit]), ...(limit?.inside === false ? [] : staleness(decision, today))];
}

function limitOf(decision: Adequacy, { subject, certification }: Question): Answer | undefined {
  if (decision.scope === "Full" || subject === "operator.controlledFrom") return undefined;
  if (decision.scope === "Sector") return { reason: "AdequacyLimited", inside: true, message: `has an adequacy decision for some recipients only: see that ${named(decision)} covers this operator.` };
  if (certification !== undefined) return undefined;
  return { reason: "CertificationMissing", inside: false, message: `has an adequacy decision for certified recipients only (${named(decision)}). Name the operator's entry in operator.certification, or remove the destination.` };
}

function staleness(decision: Adequacy, today: string): Answer[] {
  const days = Math.floor((Date.parse(today) - Date.parse(decision.checkedAt)) / DAY_MS);
  if (days <= STALE_DAYS) return [];
  return [{ reason: "AdequacyStale", inside: true, message: `is inside by ${named(decision)}, as the Commission's list was on ${decision.checkedAt}, ${days} days ago. See that it still is (${decision.source}), and update Hoheit.` }];
}

const named = ({ decision, basis }: Adequacy): string => `decision ${decision} (${basis})`;
