/** The condition Probed: what the probes of model deployments in governed namespaces saw, together. Pure. */
import type { WantedCondition } from "../../runtime/status.ts";
import { EGRESS_SEALED } from "../language-model-deployment/conditions.ts";
import type { LanguageModelDeployment } from "../language-model-deployment/schema.ts";
import { PROBED, type Reason } from "./conditions.ts";

/** At most so many deployments are named in a message. */
const NAMED = 5;

interface Sealed {
  readonly name: string;
  readonly status: "True" | "False" | "Unknown";
  readonly reason: string;
}

function sealedOf({ metadata, status }: LanguageModelDeployment): Sealed {
  const condition = status?.conditions?.find(({ type }) => type === EGRESS_SEALED);
  return { name: `${metadata.namespace}/${metadata.name}`, status: condition?.status ?? "Unknown", reason: condition?.reason ?? "NotProbed" };
}

export function probedCondition(deployments: readonly LanguageModelDeployment[]): WantedCondition {
  const say = (status: WantedCondition["status"], reason: Reason, message: string): WantedCondition => ({ type: PROBED, status, reason, message });
  // One that nothing runs of is not probed, and has nothing that could get out.
  const all = deployments.map(sealedOf).filter(({ reason }) => reason !== "NothingRuns");
  if (all.length === 0) return say("Unknown", "NothingToProbe", "No model deployment runs in the namespaces that the policy selects: no packet was tried.");
  const reached = all.filter(({ reason }) => reason === "ProbeReached");
  if (reached.length > 0) return say("False", "ProbeReached", `Probes got out: ${some(reached)}. Their condition EgressSealed says where to.`);
  const open = all.filter(({ status }) => status !== "True");
  if (open.length > 0) return say("Unknown", "ProbesMissing", `Of ${all.length} model deployments ${all.length - open.length} were seen to be sealed. Not seen: ${some(open)}.`);
  return say("True", "ProbesSealed", `The last probes of all ${all.length} model deployments reached nothing. Pods of other roles are not probed.`);
}

function some(all: readonly Sealed[]): string {
  const named = all.slice(0, NAMED).map(({ name, reason }) => `${name} (${reason})`).join(", ");
  return all.length > NAMED ? `${named} and ${all.length - NAMED} more` : named;
}
