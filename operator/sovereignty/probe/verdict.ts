/**
 * From what became of each attempt to a verdict. The rule, for each family of which the pod has an address:
 *
 *   Reached       a target was reached, whatever else happened
 *   Inconclusive  a control did not answer, or something could not be tried: silence then proves nothing
 *   Sealed        TCP and UDP controls answered, and none of the targets was reached
 *
 * Refused is no proof that the far side answered: kube-router rejects with ICMP, which looks the same.
 */
import { FAMILIES, familyOf, type Family } from "../../lib/addresses.ts";
import { PROTOCOLS, type Destination } from "./plan.ts";

export type Result = "Sealed" | "Reached" | "Inconclusive";

/** How `hoheit probe` ends; the operator believes no result that does not go with it. */
export const EXIT_CODES: Readonly<Record<Result, number>> = { Sealed: 0, Reached: 1, Inconclusive: 2 };

export const TARGET_OUTCOMES = ["Reached", "Refused", "TimedOut", "Unreachable", "Failed"] as const;
/** `Answered`: as a tripwire does that reaches itself. `NotListening`: the control answers, but its forbidden port is not up. */
export const CONTROL_OUTCOMES = ["Answered", "NotListening", "Refused", "TimedOut", "Unreachable", "Failed"] as const;

/** What became of one target. */
export interface TargetCheck extends Destination {
  readonly outcome: (typeof TARGET_OUTCOMES)[number];
  /** What a name server answered: `Resolved`, or its response code. */
  readonly note?: string;
}

/** What became of one control. */
export interface ControlCheck extends Destination {
  readonly outcome: (typeof CONTROL_OUTCOMES)[number];
}

export interface Observations {
  /** Families of which the pod has an address that reaches further than its link. */
  readonly families: readonly Family[];
  readonly controls: readonly ControlCheck[];
  readonly targets: readonly TargetCheck[];
}

/** The verdict over all families. */
export function resultOf(seen: Observations): Result {
  if (seen.targets.some(({ outcome }) => outcome === "Reached")) return "Reached";
  const results = Object.values(resultsByFamily(seen));
  return results.length > 0 && results.every((result) => result === "Sealed") ? "Sealed" : "Inconclusive";
}

/** The verdict for each family of which the pod has an address. */
export function resultsByFamily(seen: Observations): Partial<Record<Family, Result>> {
  return Object.fromEntries(FAMILIES.filter((family) => seen.families.includes(family)).map((family) => [family, resultFor(family, seen)]));
}

function resultFor(family: Family, { controls, targets }: Observations): Result {
  const of = <T extends Destination>(checks: readonly T[]): T[] => checks.filter(({ address }) => familyOf(address) === family);
  const tried = of(targets);
  if (tried.some(({ outcome }) => outcome === "Reached")) return "Reached";
  if (tried.length === 0 || tried.some(({ outcome }) => outcome === "Failed")) return "Inconclusive";
  return PROTOCOLS.every((protocol) => answered(of(controls).filter((control) => control.protocol === protocol))) ? "Sealed" : "Inconclusive";
}

const answered = (controls: readonly ControlCheck[]): boolean => controls.length > 0 && controls.every(({ outcome }) => outcome === "Answered");
