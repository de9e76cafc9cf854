/** When the guard is tried again, and what the condition Guarded says meanwhile. Pure; guard/probe.ts does the trying. */
import { shortHash } from "../../lib/hash.ts";
import type { Condition } from "../../lib/k8s-types.ts";
import type { WantedCondition } from "../../runtime/status.ts";
import { nextRun, parseSchedule } from "../../sovereignty/probe/schedule.ts";
import type { NamespaceState } from "../governed-namespace/state.ts";
import type { Desired } from "./build/index.ts";
import { GUARDED, type Reason } from "./conditions.ts";
import type { GuardVerdict } from "./guard/probe.ts";
import type { SovereigntyPolicy } from "./schema.ts";

/** In the status: the last time that the guard was tried, and what it was then. */
export type GuardRecord = NonNullable<NonNullable<SovereigntyPolicy["status"]>["guardProbe"]>;

export interface Guarding {
  readonly policy: Pick<SovereigntyPolicy, "spec" | "status">;
  /** Where it can be tried: a sealed namespace that the policy selects. Nothing is stored there. */
  readonly namespace: string | undefined;
  /** Hash of the guard as it should be, and of the place where it is tried. */
  readonly of: string;
}

export function guardingOf(policy: Guarding["policy"], states: readonly NamespaceState[], { admissionPolicies, bindings }: Pick<Desired, "admissionPolicies" | "bindings">): Guarding {
  const namespace = states.find(({ reason }) => reason === "Sealed")?.namespace;
  return { policy, namespace, of: shortHash([namespace, ...[...admissionPolicies, ...bindings].map(({ metadata, spec }) => [metadata.name, spec])]) };
}

/** What the condition says of what is older than the guard (surveying.ts): of the guard itself, that it was seen to refuse. */
const OF_A_SURVEY: readonly string[] = ["PreexistingObjects", "SurveyIncomplete"] satisfies Reason[];
const SEEN = { status: "True", reason: "Guarded", message: "When it was last tried, the API server refused all objects that it must refuse, and let the harmless one through." } as const;

/** What was last seen of the guard. */
function before({ status }: Guarding["policy"]): Condition | undefined {
  const last = status?.conditions?.find(({ type }) => type === GUARDED);
  return last !== undefined && OF_A_SURVEY.includes(last.reason) ? { ...last, ...SEEN } : last;
}

/** When the guard has to be tried next, in milliseconds since 1970: now or earlier if it is due, Infinity if it cannot be. */
export function nextTrial({ policy, namespace, of }: Guarding): number {
  if (policy.spec.enforcement.guard !== "Enforce" || namespace === undefined) return Infinity;
  const { status } = policy;
  const schedule = parseSchedule(policy.spec.enforcement.probe.schedule);
  if (status?.guardProbe?.of !== of || before(policy)?.status !== "True" || schedule === undefined) return 0;
  return nextRun(schedule, Date.parse(status.guardProbe.probeTime));
}

/** @param verdict of a trial in this pass; undefined if there was none: then the last one holds */
export function guardedCondition({ policy, namespace }: Guarding, verdict: GuardVerdict | undefined): WantedCondition {
  const say = (status: WantedCondition["status"], reason: Reason, message: string): WantedCondition => ({ type: GUARDED, status, reason, message });
  const { guard } = policy.spec.enforcement;
  if (guard === "Off") return say("False", "GuardOff", "spec.enforcement.guard is Off: the API server takes objects that open a way out.");
  if (guard === "Audit") return say("False", "AuditOnly", "spec.enforcement.guard is Audit: what opens a way out is let through with a warning and an audit annotation.");
  if (namespace === undefined) return say("Unknown", "NothingGuarded", "No namespace that the policy selects is sealed: there is none in which the guard could be tried.");
  const last = before(policy);
  if (verdict !== undefined || last === undefined) return { type: GUARDED, ...(verdict ?? { status: "Unknown", reason: "NotProbed", message: "Nothing was tried yet." }) };
  return { type: GUARDED, status: last.status, reason: last.reason, message: last.message };
}
