/** What is said of a deployment whose model comes from where a SovereigntyPolicy does not want models from. Pure. */
import type { Denial } from "../../sovereignty/origins.ts";
import { mustStop, type ApprovalInput } from "./approval.ts";
import type { Violation } from "./conditions.ts";

/** Why nothing new may start, one for each thing that is held against the origin. */
export function originViolations(input: ApprovalInput): Violation[] {
  const { metadata: { namespace }, spec: { modelRef: { name } } } = input.deployment;
  const so = mustStop(input) ? "it is scaled to zero (onExpiry of its ModelApproval)" : "running pods stay";
  return input.denials.map((denial) => {
    const { reason, why, remedy } = WORDS[denial.reason](denial);
    return { reason, stalled: true, message: `LanguageModel ${name}: spec.provenance.${denial.field} ${denial.country} ${why} in namespace ${namespace}: nothing new starts and ${so}. ${remedy}` };
  });
}

interface Words extends Pick<Violation, "reason"> {
  readonly why: string;
  readonly remedy: string;
}

const policiesOf = ({ policies }: Denial): string => `SovereigntyPolicy ${policies.join(", ")}`;

const WORDS: Readonly<Record<Denial["reason"], (denial: Denial) => Words>> = {
  Denied: (denial) => ({ reason: "OriginDenied", why: `is denied by ${policiesOf(denial)} (spec.models.deniedOrigins)`, remedy: "Serve another model; who may govern can change the policy." }),
  Unknown: (denial) => ({ reason: "OriginUnknown", why: `is no country, and ${policiesOf(denial)} denies some (spec.models.deniedOrigins)`, remedy: `Name spec.provenance.${denial.field} as ISO 3166-1 has it.` }),
  Unreadable: (denial) => ({ reason: "OriginUnknown", why: `may be denied by ${policiesOf(denial)}, whose spec.models cannot be read`, remedy: "Correct the policy; its condition Ready says where." }),
};
