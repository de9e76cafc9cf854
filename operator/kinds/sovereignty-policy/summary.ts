/** What a pass found, as conditions and status. Pure. */
import type { WantedCondition } from "../../runtime/status.ts";
import type { Summary } from "../report.ts";
import { rangesOf, type Judgement } from "./checks.ts";
import { ENFORCED, GUARDED, PROBED, PROVED, READY, type Reason, type Violation } from "./conditions.ts";
import type { GuardRecord } from "./guarding.ts";
import type { SurveyRecord } from "./surveying.ts";
import type { Observed } from "./observe.ts";
import type { ClusterPolicies } from "./plan.ts";
import { probedCondition } from "./probed.ts";
import type { Learned } from "./proof/learn.ts";
import { countsOf, provedCondition } from "./proof/proved.ts";

export interface Found {
  readonly observed: Observed;
  readonly judgement: Judgement;
  /** What stands in the way, beside what the judgement says; the most fundamental first. */
  readonly obstacles: readonly Violation[];
  readonly guarded: WantedCondition;
  readonly guardProbe: GuardRecord | undefined;
  readonly preexisting: SurveyRecord | undefined;
  readonly clusterPolicies: ClusterPolicies;
  readonly learned: Learned;
}

export function summarise(found: Found): Summary {
  const { observed, judgement: { inForce }, guarded } = found;
  const { policy, states, ungoverned } = observed;
  const enforced = enforcedCondition(states);
  const { condition: ready, stalled } = readyCondition(found, enforced);
  return {
    conditions: [ready, enforced, guarded, provedCondition(found.learned), probedCondition(observed.deployments)],
    stalled,
    severity: ready.reason === "InForce" || (ready.status === "False" && !stalled) ? "Normal" : "Warning",
    announced: [ENFORCED, GUARDED, PROVED, PROBED],
    fields: {
      namespaces: states.length,
      destinations: inForce.map(({ name }) => name).toSorted(),
      cidrs: rangesOf(inForce),
      clusterNetworkPolicy: policy.spec.enforcement.clusterNetworkPolicy === "Off" ? "Off" : found.clusterPolicies === undefined ? "NotServed" : "Applied",
      ungovernedDeployments: ungoverned,
      guardProbe: found.guardProbe,
      preexisting: found.preexisting,
      ...provedFields(found.learned),
    },
  };
}

/** While nothing is proved, what was counted last would be a claim. */
function provedFields({ proofs, evidence }: Learned): Summary["fields"] {
  return { workloads: proofs && countsOf(proofs), evidence: evidence && { root: evidence.root, provedTime: evidence.asOf } };
}

/** At most so many namespaces are named in a message. */
const NAMED = 5;

function enforcedCondition(states: Observed["states"]): WantedCondition {
  const say = (status: WantedCondition["status"], reason: string, message: string): WantedCondition => ({ type: ENFORCED, status, reason, message });
  if (states.length === 0) return say("True", "NoNamespaces" satisfies Reason, "No namespace has the labels of spec.namespaceSelector: nothing is governed by this policy.");
  const open = states.filter(({ reason }) => reason !== "Sealed");
  const [first] = open;
  if (first === undefined) return say("True", "NamespacesEnforced" satisfies Reason, `All ${states.length} namespaces have their NetworkPolicies.`);
  const others = open.slice(1, NAMED).map(({ namespace, reason }) => `${namespace} (${reason})`).join(", ");
  const more = open.length > NAMED ? ` and ${open.length - NAMED} more` : "";
  return say("False", first.reason, `${open.length} of ${states.length} namespaces do not have what they must have. ${first.namespace}: ${first.message}${others === "" ? "" : ` The others: ${others}${more}.`}`);
}

interface Ready {
  readonly condition: WantedCondition;
  readonly stalled: boolean;
}

function readyCondition({ observed: { policy }, judgement, obstacles, guarded, learned }: Found, enforced: WantedCondition): Ready {
  const say = (status: WantedCondition["status"], reason: Reason, message: string): WantedCondition => ({ type: READY, status, reason, message });
  const [violation] = [...obstacles.filter(({ stalled }) => stalled), ...judgement.violations, ...obstacles];
  if (violation !== undefined) return { condition: say("False", violation.reason, violation.message), stalled: violation.stalled };
  if (enforced.status !== "True") return { condition: say("False", "NotEnforced", enforced.message), stalled: enforced.reason === "Exempt" || enforced.reason === "ForeignObject" };
  // What is older than the guard is a finding: the policy is in force for what comes.
  const isOlder = guarded.reason === "PreexistingObjects";
  const isTried = policy.spec.enforcement.guard === "Enforce" && guarded.reason !== "NothingGuarded";
  if (isTried && guarded.status !== "True" && !isOlder) return { condition: say("False", "NotGuarded", guarded.message), stalled: false };
  const findings = [...judgement.findings, ...learned.findings, ...(isOlder ? [guarded.message] : [])];
  if (findings.length > 0) return { condition: say("True", "InForceWithFindings", `In force. ${findings.join(" ")}`), stalled: false };
  return { condition: say("True", "InForce", "The policy is in force as it is written."), stalled: false };
}
