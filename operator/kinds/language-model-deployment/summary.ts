/** Turns what was observed and what could not be done into the status that users read. Pure. */
import type { Condition, Live } from "../../lib/k8s-types.ts";
import { GATE_IMAGE, servingSelector, TEMPLATE_REVISION } from "../../lib/labels.ts";
import { SERVING_PORT, childName } from "../../lib/names.ts";
import type { WantedCondition } from "../../runtime/status.ts";
import type { Summary } from "../report.ts";
import type { Children } from "./build/index.ts";
import { clientsCondition, isGoverned } from "./clients.ts";
import { AVAILABLE, EGRESS_SEALED, MODEL_READY, READY, TEMPLATE_OUTDATED, type Reason, type Violation } from "./conditions.ts";
import type { Observed } from "./observe.ts";
import { newestRecord, type ProbeRecord } from "./probe-record.ts";
import { sealCondition, type SealInput } from "./seal.ts";
import { waitingFor } from "./waiting.ts";

/** While it is being deleted: what the seal still waits for, or whose finalizers hold the object once the seal is off. */
export function summariseTeardown(live: Live, waitsFor: string | undefined, others: readonly string[]): Summary {
  const what = waitsFor ?? `finalizers of others: ${others.join(", ")}`;
  const message = `Being deleted: waiting for ${what}. ${waitsFor === undefined ? "No pod is left." : "The seal stays until then."}`;
  const { status } = live as Live & { status?: { conditions?: readonly Condition[] } };
  const kept = (status?.conditions ?? []).filter(({ type }) => ![READY, "Reconciling", "Stalled"].includes(type)).map((one) => (one.type === EGRESS_SEALED ? UNPROBED : one));
  return {
    conditions: [{ type: READY, status: "False", reason: "Draining" satisfies Reason, message }, ...kept],
    stalled: false,
    severity: "Normal",
    fields: { ...status, waitingFor: what },
  };
}

/** What was seen last must not stand there for as long as the pods take to drain: nothing looks any more. */
const UNPROBED: WantedCondition = { type: EGRESS_SEALED, status: "Unknown", reason: "Draining" satisfies Reason, message: "Being deleted: nothing is probed any more. The seal stays until the last pod is gone." };

interface Judgement {
  readonly status: "True" | "False";
  readonly reason: Reason;
  readonly message: string;
  readonly stalled: boolean;
  /** For `status.waitingFor`; empty when a person, not a pod, is waited for. */
  readonly waitingFor?: string;
}

export interface Findings {
  /** What keeps anything new from starting, most fundamental first. */
  readonly violations: readonly Violation[];
  /** What kept the children from being made. */
  readonly obstacle: Violation | undefined;
  /** What was wanted of the children that the seal consists of. */
  readonly children: Pick<Children, "cronJob" | "networkPolicy">;
  /** Age at which the result of a probe is too old, in milliseconds. */
  readonly maxAgeMs: number;
  /** Newest template revision that this operator renders. */
  readonly latestRevision: number;
  /** Image from which this operator would run gates. */
  readonly gateImage: string;
}

/** What a pass found, and the result of the probe that it found it by. */
export interface DeploymentSummary extends Summary {
  readonly record: ProbeRecord | undefined;
}

export function summarise(observed: Observed, findings: Findings): DeploymentSummary {
  const judgement = judge(observed, findings);
  const { status, reason, message, stalled } = judgement;
  const record = recordOf(observed, findings);
  return {
    record,
    conditions: [
      { type: READY, status, reason, message },
      modelCondition(findings.violations),
      availableCondition(observed),
      sealCondition(sealInput(observed, findings, record)),
      clientsCondition(observed),
      templateCondition(observed, findings),
    ],
    stalled,
    severity: status === "True" || CALM.has(reason) ? "Normal" : "Warning",
    announced: [EGRESS_SEALED],
    fields: { ...factsOf(observed), probe: record, waitingFor: judgement.waitingFor },
  };
}

/** Members of the status beside conditions. */
function factsOf(observed: Observed): Record<string, unknown> {
  const { deployment: { metadata: { name, namespace }, spec }, child, runningDigest } = observed;
  const { replicas, readyReplicas } = countsOf(child);
  return {
    replicas,
    readyReplicas,
    replicaSummary: `${readyReplicas}/${spec.replicas}`,
    accelerators: spec.replicas * spec.accelerators.count,
    selector: Object.entries(servingSelector(name)).map(([key, value]) => `${key}=${value}`).join(","),
    endpoint: `http://${childName(name)}.${namespace}.svc:${SERVING_PORT}/v1`,
    modelDigest: runningDigest,
    templateRevision: revisionOf(observed),
  };
}

function revisionOf({ child }: Observed): number | undefined {
  const text = child?.metadata.annotations?.[TEMPLATE_REVISION];
  return text === undefined ? undefined : Number(text);
}

function availableCondition({ child }: Observed): WantedCondition {
  return countsOf(child).readyReplicas > 0
    ? { type: AVAILABLE, status: "True", reason: "MinimumReplicasAvailable" satisfies Reason, message: "At least one pod answers." }
    : { type: AVAILABLE, status: "False", reason: "NoReplicaReady" satisfies Reason, message: "No pod answers." };
}

/** Reasons for not being Ready that belong to the normal course of things. */
const CALM: ReadonlySet<Reason> = new Set(["Starting", "RollingOut", "WaitingForGarbageCollection"]);

function judge(observed: Observed, { violations, obstacle }: Findings): Judgement {
  const violation = violations[0] ?? obstacle;
  if (violation !== undefined) {
    const more = violations.length > 1 ? ` (${violations.length - 1} more; hoheit render shows all)` : "";
    return { status: "False", reason: violation.reason, message: `${violation.message}${more}`, stalled: violation.stalled };
  }
  const { replicas: wanted } = observed.deployment.spec;
  if (isRolledOut(observed, wanted)) {
    return wanted === 0
      ? { status: "True", reason: "ScaledToZero", message: "spec.replicas is 0: nothing runs, as wished.", stalled: false }
      : { status: "True", reason: "Serving", message: `${wanted} of ${wanted} pods answer.`, stalled: false };
  }
  const waits = waitingFor(observed);
  if (waits !== undefined) return { status: "False", ...waits, waitingFor: waits.message };
  return { status: "False", reason: "RollingOut", message: "Pods are being created or replaced.", stalled: false, waitingFor: "pods to be created or replaced" };
}

/** Every wanted pod is there, runs the newest template and is ready, and no other is left. */
function isRolledOut({ child }: Observed, wanted: number): boolean {
  if (child === undefined || child.status?.observedGeneration !== child.metadata.generation || child.spec?.replicas !== wanted) return false;
  const { replicas, updatedReplicas, availableReplicas } = countsOf(child);
  return [replicas, updatedReplicas, availableReplicas].every((count) => count === wanted);
}

/** Pods as the Deployment counts them; the API server leaves out a count of zero. */
function countsOf(child: Observed["child"]): Record<"replicas" | "readyReplicas" | "updatedReplicas" | "availableReplicas", number> {
  return { replicas: 0, readyReplicas: 0, updatedReplicas: 0, availableReplicas: 0, ...child?.status };
}

function modelCondition(violations: readonly Violation[]): WantedCondition {
  const found = violations.find(({ reason }) => reason === "ModelNotFound" || reason === "ModelNotReady");
  if (found !== undefined) return { type: MODEL_READY, status: "False", reason: found.reason, message: found.message };
  return { type: MODEL_READY, status: "True", reason: "ModelAvailable" satisfies Reason, message: "The model can be mounted." };
}

const recordOf = ({ cronJob, jobs, probes, policy, deployment }: Observed, { children }: Findings): ProbeRecord | undefined =>
  newestRecord({ desired: children.cronJob, cronJob, jobs, probes, policy, before: deployment.status?.probe });

function sealInput(observed: Observed, { children, maxAgeMs }: Findings, record: ProbeRecord | undefined): SealInput {
  const { cronJob, jobs, probes, policy, others, now, deployment, pods, proof } = observed;
  const servers = pods.map(({ metadata }) => metadata.labels ?? {});
  return {
    name: deployment.metadata.name, desired: children.cronJob, seal: children.networkPolicy, cronJob, jobs, probes, policy, others, servers, record, maxAgeMs, now, proof, isGoverned: isGoverned(observed),
  };
}

/** An upgrade of the operator restarts nothing, so what runs may be older than what would be rendered now. */
function templateCondition(observed: Observed, { latestRevision, gateImage }: Findings): WantedCondition {
  const revision = revisionOf(observed);
  const image = observed.child?.metadata.annotations?.[GATE_IMAGE];
  const when = "The next change of the spec takes it over.";
  if (revision !== undefined && revision < latestRevision) {
    return { type: TEMPLATE_OUTDATED, status: "True", reason: "NewerTemplate" satisfies Reason, message: `The pods run template revision ${revision}, this operator renders ${latestRevision}. ${when}` };
  }
  if (image !== undefined && image !== gateImage) {
    return { type: TEMPLATE_OUTDATED, status: "True", reason: "NewerGate" satisfies Reason, message: `The pods' gate runs from ${image}, this operator is ${gateImage}. ${when}` };
  }
  return { type: TEMPLATE_OUTDATED, status: "False", reason: "UpToDate" satisfies Reason, message: "No newer pod template waits." };
}
