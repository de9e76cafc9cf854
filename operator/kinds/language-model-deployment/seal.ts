/**
 * The condition EgressSealed: an ordered list of questions; the first that is answered gives the verdict. Pure.
 *
 * True only while a fresh probe, representative of the pods that serve, reached nothing, no other policy lets them out and,
 * where a SovereigntyPolicy governs, it is proved that no rule does.
 */
import type { Live, NetworkPolicy } from "../../lib/k8s-types.ts";
import { canonicalJson } from "../../lib/hash.ts";
import { DEPLOYMENT, probeLabels, servingLabels } from "../../lib/labels.ts";
import { CONTROL_PORT } from "../../lib/names.ts";
import type { WantedCondition } from "../../runtime/status.ts";
import { dividing, openings } from "../../sovereignty/policies/egress.ts";
import type { Labels } from "../../sovereignty/policies/selector.ts";
import type { SubjectProof } from "../../sovereignty/prover/result.ts";
import { packetText } from "../../sovereignty/verdict.ts";
import { egressOf } from "./build/index.ts";
import { EGRESS_SEALED, type Reason } from "./conditions.ts";
import { isAbout, type ProbeInput, type ProbeRecord } from "./probe-record.ts";

export interface SealInput extends Omit<ProbeInput, "before"> {
  readonly name: string;
  /** The seal as it should be; `policy` is the live one. */
  readonly seal: NetworkPolicy;
  /** Every other NetworkPolicy of the namespace. */
  readonly others: readonly Live<NetworkPolicy>[];
  /** Labels of the pods that serve. */
  readonly servers: readonly Labels[];
  readonly record: ProbeRecord | undefined;
  /** Whether a SovereigntyPolicy governs the namespace: then there is something to prove. */
  readonly isGoverned: boolean;
  /** What was last proved of the pods that serve. */
  readonly proof: SubjectProof | undefined;
  /** Age at which a result is too old, in milliseconds. */
  readonly maxAgeMs: number;
  readonly now: number;
}

interface Answer {
  readonly status: WantedCondition["status"];
  readonly reason: Reason;
  readonly message: string;
}

type Question = (input: SealInput) => Answer | undefined;

/** The list is the specification. */
const questions: readonly Question[] = [
  policyIsThere, policyIsOurs, nobodyElseLetsOut, isNotRefuted, somethingRuns, probesAreRepresentative, hasBeenProbed, isFresh, reachedNothing, isProved, saysSo,
];

export function sealCondition(input: SealInput): WantedCondition {
  for (const question of questions) {
    const answer = question(input);
    if (answer !== undefined) return { type: EGRESS_SEALED, ...answer };
  }
  throw new Error("the last question has an answer for everything");
}

/** When time alone changes the answer, in milliseconds from now; undefined if it does not. */
export function staleInMs({ record, maxAgeMs, now }: Pick<SealInput, "record" | "maxAgeMs" | "now">): number | undefined {
  if (record === undefined) return undefined;
  const left = Date.parse(record.startTime) + maxAgeMs + 1 - now;
  return left > 0 ? left : undefined;
}

const say = (status: Answer["status"], reason: Reason, message: string): Answer => ({ status, reason, message });

function policyIsThere({ policy }: SealInput): Answer | undefined {
  return policy === undefined ? say("False", "PolicyMissing", "The NetworkPolicy is not in the cluster.") : undefined;
}

function policyIsOurs({ policy, seal }: SealInput): Answer | undefined {
  if (policy !== undefined && canonicalJson(egressOf(policy)) === canonicalJson(egressOf(seal))) return undefined;
  return say("False", "PolicyChanged", `NetworkPolicy ${seal.metadata.name} does not say about egress what Hoheit applied; it is put right as soon as the API server lets us.`);
}

function nobodyElseLetsOut({ others, servers, name, record, ...input }: SealInput): Answer | undefined {
  const [first, ...more] = openings(others, [servingLabels(name), ...servers]);
  if (first === undefined) return undefined;
  const rules = first.rules === 1 ? "spec.egress[0]" : `spec.egress[0] and ${first.rules - 1} more`;
  const rest = more.length === 0 ? "" : ` So ${more.length === 1 ? "does" : "do"} ${more.map(({ policy }) => policy).join(", ")}.`;
  const seen = record?.result === "Reached" && isAbout(record, input) ? ` The last probe reached ${reached(record)}.` : "";
  return say("False", "OtherPolicyAllowsEgress", `NetworkPolicy ${first.policy} selects the pods and lets them out (${rules}): policies add up, the seal cannot forbid it.${rest}${seen} Narrow its podSelector or delete it.`);
}

/** The union of all rules of the cluster, ClusterNetworkPolicies among them. */
function isNotRefuted({ proof }: SealInput): Answer | undefined {
  if (proof?.verdict !== "REFUTED" || proof.counterexample === undefined) return undefined;
  const { packet, repair } = proof.counterexample;
  return say("False", "ProofRefuted", `The rules of the cluster let the pods out, for example to ${packetText(packet)}. ${repair}`);
}

function somethingRuns({ desired }: SealInput): Answer | undefined {
  return desired.spec?.suspend === true ? say("Unknown", "NothingRuns", "Nothing runs, so nothing is probed.") : undefined;
}

function probesAreRepresentative({ others, servers, probes, name }: SealInput): Answer | undefined {
  const divided = dividing(others, labelsOf(name, servers, probes));
  if (divided.length === 0) return undefined;
  return say("Unknown", "ProbeNotRepresentative", `NetworkPolicy ${divided.join(", ")} selects model servers and probes differently: what a probe can reach tells nothing of the servers. Let its podSelector name ${DEPLOYMENT} instead of labels in which they differ.`);
}

function hasBeenProbed({ record, ...input }: SealInput): Answer | undefined {
  if (record === undefined) return say("Unknown", "NotProbed", `The NetworkPolicy is applied. Whether the network enforces it has not been tried yet: applied is not observed.${waiting(input)}`);
  if (isAbout(record, input)) return undefined;
  return say("Unknown", "ProbeOutdated", `The seal or what is tried has changed since the last probe (${record.endTime}); the next one will tell.${waiting(input)}`);
}

/** By the API server's time: the end is told by the clock of a node. One of our clocks that is ahead makes a result no fresher either. */
function isFresh({ record, now, maxAgeMs, ...input }: SealInput): Answer | undefined {
  if (record === undefined || record.result === "Reached" || Math.abs(now - Date.parse(record.startTime)) <= maxAgeMs) return undefined;
  return say("Unknown", "ProbeOverdue", `The last probe began at ${record.startTime}; a result counts for ${Math.round(maxAgeMs / 60_000)} minutes.${waiting(input)} kubectl get cronjobs,jobs,pods shows why none came.`);
}

function reachedNothing({ record }: SealInput): Answer | undefined {
  if (record?.result === "Reached") return say("False", "ProbeReached", `The probe of ${record.endTime} reached ${reached(record)}. Look at the network plugin: it does not enforce the NetworkPolicy.`);
  return record?.result === "Sealed" ? undefined : say("Unknown", "ProbeInconclusive", `The probe of ${record?.endTime} proves nothing: ${whyInconclusive(record)}`);
}

/** A probe tries some addresses at one time; a proof is about all of them. */
function isProved({ isGoverned, proof }: SealInput): Answer | undefined {
  if (!isGoverned || proof?.verdict === "PROVED") return undefined;
  if (proof === undefined) return say("Unknown", "NotProved", "The last probe reached nothing. What the rules of the cluster let through has not been proved yet.");
  return say("Unknown", "ProofUndetermined", `The last probe reached nothing, but it is not proved that the rules of the cluster let nothing out: ${proof.missing.map(({ message }) => message).join(" ")}`);
}

/** Probed, and proved where there is something to prove. */
function saysSo({ record, isGoverned }: SealInput): Answer {
  const proved = isGoverned ? " It is proved that no rule of the cluster lets them out." : "";
  const families = record?.families.map(({ family }) => family).join(" and ");
  return say("True", isGoverned ? "ProvedAndProbed" : "ProbeSealed", `The probe of ${record?.endTime} reached none of ${record && targetsOf(record).length} addresses over ${families}, while the tripwire answered.${proved} Open by design: port ${CONTROL_PORT} of the operator, which keeps nothing that it is sent.`);
}

type Check = ProbeRecord["checks"][number];

const targetsOf = ({ checks }: ProbeRecord): Check[] => checks.filter(({ purpose }) => purpose === "Target");
const nameOf = ({ name, protocol, address, port, note }: Check): string => `${name} (${protocol} ${address.includes(":") ? `[${address}]` : address}:${port}${note === undefined ? "" : `, ${note}`})`;

/** At most five, so that the message stays readable. */
function some(checks: readonly Check[]): string {
  const named = checks.slice(0, 5).map(nameOf).join(", ");
  return checks.length > 5 ? `${named} and ${checks.length - 5} more` : named;
}

const reached = (record: ProbeRecord): string => some(targetsOf(record).filter(({ outcome }) => outcome === "Reached"));

function whyInconclusive(record: ProbeRecord | undefined): string {
  if (record === undefined || record.checks.length === 0) return "it ended without a result; kubectl logs of its pod may tell why.";
  const controls = record.checks.filter(({ purpose }) => purpose === "Control");
  const silent = controls.filter(({ outcome }) => outcome !== "Answered");
  if (silent.length > 0) return `the tripwire's control port did not answer as it must: ${silent.map((one) => `${nameOf(one)} ${one.outcome}`).join(", ")}. Is the operator's Service up and its own ingress open?`;
  const untried = targetsOf(record).filter(({ outcome }) => outcome === "Failed");
  if (untried.length > 0) return `it could not try ${some(untried)}.`;
  return "for a family of which its pod has an address, the tripwire has none.";
}

/** What the next probe waits for, in the kubelet's word; empty if it waits for nothing. */
function waiting({ probes }: Pick<SealInput, "probes">): string {
  for (const { metadata, status } of probes) {
    const reason = status?.containerStatuses?.[0]?.state?.waiting?.reason;
    if (reason !== undefined && reason !== "ContainerCreating" && reason !== "PodInitializing") return ` Pod ${metadata.name} waits: ${reason}.`;
  }
  return "";
}

/** Labels that Kubernetes adds to pods of ReplicaSets and of Jobs: a policy may go by them. */
const BY_REPLICA_SET = { "pod-template-hash": "0" };
const BY_JOB = { "batch.kubernetes.io/job-name": "job", "job-name": "job", "batch.kubernetes.io/controller-uid": "uid", "controller-uid": "uid" };

function labelsOf(name: string, servers: readonly Labels[], probes: SealInput["probes"]): Labels[] {
  const tried = probes.map(({ metadata }) => metadata.labels ?? {});
  return [
    ...(servers.length > 0 ? servers : [{ ...servingLabels(name), ...BY_REPLICA_SET }]),
    ...(tried.length > 0 ? tried : [{ ...probeLabels(name), ...BY_JOB }]),
  ];
}
