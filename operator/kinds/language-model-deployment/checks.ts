/**
 * The ordered list of what must hold before a model server may start. The list is the specification: the first
 * violation is the reason for not being Ready. Pure, and the same for the operator and for `hoheit render`.
 */
import { argumentViolations, environmentViolations } from "../../engine/index.ts";
import type { LanguageModel } from "../language-model/schema.ts";
import { TRIPWIRE_SERVICE } from "../../lib/names.ts";
import { approvalViolation } from "./approval.ts";
import type { Tripwire } from "./build/index.ts";
import { governanceViolation, type ClientsInput } from "./clients.ts";
import type { Violation } from "./conditions.ts";
import { originViolations } from "./origins.ts";

export interface CheckInput extends ClientsInput {
  readonly model: LanguageModel | undefined;
  /** Names of the ProcessingActivities of the namespace. */
  readonly activities: ReadonlySet<string>;
  /** Where pods find out whether they are sealed. */
  readonly tripwire: Tripwire | undefined;
}

type Check = (input: CheckInput) => readonly Violation[];

/** What can be judged from manifests alone. */
export const offlineChecks: readonly Check[] = [argumentsAreKnownAndSafe, environmentIsKnownAndSafe, modelExists, activitiesExist, originViolations, bytesAreApproved];

/** What can be judged in a cluster. */
export const checks: readonly Check[] = [...offlineChecks, namespaceIsGoverned, modelIsReady, tripwireIsThere];

/** Every violation, most fundamental first. Empty: it may start. */
export function violationsOf(input: CheckInput, list: readonly Check[] = checks): readonly Violation[] {
  return list.flatMap((check) => check(input));
}

function argumentsAreKnownAndSafe({ deployment }: CheckInput): Violation[] {
  const { task, engine: { version, args } } = deployment.spec;
  return argumentViolations(version, args, task).map((one) => {
    const path = one.index === undefined ? "spec.engine.version" : `spec.engine.args[${one.index}]`;
    return { reason: "RefusedArgument", stalled: true, path, message: `${path}: ${one.reason} ${one.remedy}` };
  });
}

function environmentIsKnownAndSafe({ deployment }: CheckInput): Violation[] {
  const { version, env } = deployment.spec.engine;
  return environmentViolations(version, env).map((one) => {
    const path = `spec.engine.env[${one.name}]`;
    return { reason: "RefusedArgument", stalled: true, path, message: `${path}: ${one.reason} ${one.remedy}` };
  });
}

function modelExists({ deployment, model }: CheckInput): Violation[] {
  if (model !== undefined) return [];
  const { name } = deployment.spec.modelRef;
  return [{ reason: "ModelNotFound", stalled: false, path: "spec.modelRef.name", message: `There is no LanguageModel ${name} in namespace ${deployment.metadata.namespace}: create it or correct spec.modelRef.name. References never cross namespaces.` }];
}

function activitiesExist({ deployment, activities }: CheckInput): Violation[] {
  return deployment.spec.clients
    .filter((client) => !activities.has(client.activityRef.name))
    .map((client) => {
      const path = `spec.clients[${client.name}].activityRef.name`;
      return { reason: "ActivityNotFound", stalled: false, path, message: `${path}: there is no ProcessingActivity ${client.activityRef.name} in namespace ${deployment.metadata.namespace}: create it or correct the name.` };
    });
}

function bytesAreApproved(input: CheckInput): Violation[] {
  const violation = approvalViolation(input);
  return violation === undefined ? [] : [violation];
}

function namespaceIsGoverned(input: CheckInput): Violation[] {
  const violation = governanceViolation(input);
  return violation === undefined ? [] : [violation];
}

function modelIsReady({ model }: CheckInput): Violation[] {
  if (model === undefined) return [];
  const ready = model.status?.conditions?.find((condition) => condition.type === "Ready");
  const current = model.status?.observedGeneration === model.metadata.generation;
  if (ready?.status === "True" && current) return [];
  const why = ready === undefined || !current ? "it has not been looked at yet" : ready.message;
  return [{ reason: "ModelNotReady", stalled: false, message: `LanguageModel ${model.metadata.name} is not Ready: ${why}` }];
}

/** Its pods would wait for ever: the gate cannot tell a seal from a tripwire that is not there. */
function tripwireIsThere({ tripwire }: CheckInput): Violation[] {
  if (tripwire !== undefined) return [];
  return [{ reason: "NoTripwire", stalled: false, message: `The Service ${TRIPWIRE_SERVICE} in the operator's namespace is missing or has no address: nothing new starts, because no pod could tell whether it is sealed. It comes with the Helm chart; install the chart again.` }];
}
