/**
 * The prover: what every workload of a cluster, and any pod that could ever appear in a governed namespace, may reach, and
 * whether a SovereigntyPolicy allows it. Pure; the same snapshot gives the same bytes in whatever order its lists are.
 *
 *   reading.ts, network-policy.ts, cluster-network-policy.ts   raw objects -> rules, or what is unclear about them
 *   selector.ts, evaluate.ts, sets.ts                          rules -> what a pod may reach, as sets
 *   permitted.ts, subject.ts, label-space.ts, repair.ts        that, beside what the policy permits
 *   relays.ts                                                  whether those that it may talk to are proved themselves
 *
 * Only egress is asked: that a receiver's ingress rules might stop a packet helps nobody who relies on a sender.
 */
import { finish } from "../../lib/steps.ts";
import type { Snapshot } from "../snapshot.ts";
import { VERDICTS, type Verdict } from "../verdict.ts";
import { byNamespace, type ByNamespace } from "./by-namespace.ts";
import { examineNamespace, type Examined, type Kind, type LocalProof, type NamespaceInputs } from "./namespace.ts";
import { createMemo, type Memo } from "./memo.ts";
import { toPacket } from "./packet.ts";
import { findRelays, type Relays } from "./relays.ts";
import { repairSentence } from "./repair.ts";
import { ASSUMPTIONS, RESIDUALS, type Assumption, type Escape, type Missing, type NamespaceProof, type Proof, type Residual, type SubjectProof } from "./result.ts";
import { some } from "./subject.ts";

/**
 * With a memo what has not changed since the last proof is not done again: as long as unchanged objects are the same objects,
 * as caches keep them. The result does not depend on it.
 */
export const prove = (snapshot: Snapshot, memo: Memo = createMemo()): Proof => finish(proveStepByStep(snapshot, memo));

/** The same, with a pause after each namespace for whoever has other things to do. */
export function* proveStepByStep(snapshot: Snapshot, memo: Memo): Generator<undefined, Proof> {
  const objects = byNamespace(snapshot);
  const world = memo.worldOf(snapshot, objects);
  const locals = new Map<string, LocalProof>();
  for (const inputs of inputsOf(snapshot, objects)) {
    locals.set(inputs.namespace, memo.examined(inputs, () => examineNamespace(inputs, world)));
    yield;
  }
  const relays = findRelays(locals, world);
  return proofOf([...locals.values()].map((local) => memo.proved(local, { locals, relays }, () => namespaceProof(local, relays))));
}

/** By name: those that are governed, and those that have workloads. */
function inputsOf({ governed }: Snapshot, { workloads, networkPolicies, services, endpointSlices }: ByNamespace): NamespaceInputs[] {
  return [...new Set([...governed.keys(), ...workloads.keys()])].toSorted().map((namespace) => ({
    namespace,
    policy: governed.get(namespace),
    workloads: workloads.get(namespace) ?? [],
    networkPolicies: networkPolicies.get(namespace) ?? [],
    services: services.get(namespace) ?? [],
    endpointSlices: endpointSlices.get(namespace) ?? [],
  }));
}

function proofOf(namespaces: readonly NamespaceProof[]): Proof {
  const governed = namespaces.filter(({ policy }) => policy !== undefined);
  return {
    verdict: governed.length === 0 ? "UNGOVERNED" : worst(governed),
    namespaces,
    assumptions: Object.keys(ASSUMPTIONS) as Assumption[],
    residuals: Object.keys(RESIDUALS) as Residual[],
  };
}

export const worst = (all: readonly { readonly verdict: Verdict }[]): Verdict => VERDICTS.find((verdict) => all.some((one) => one.verdict === verdict)) ?? "PROVED";

function namespaceProof({ inputs, workloads, labelSpace, detours }: LocalProof, relays: Relays): NamespaceProof {
  const { namespace, policy } = inputs;
  const proofs = (all: readonly Examined[], kind: Kind): SubjectProof[] => all.map((one) => subjectProof(one, inputs, relays.unprovedPeersOf(one, kind)));
  const [ofWorkloads, ofLabelSpace] = [proofs(workloads, "workloads"), proofs(labelSpace, "labelSpace")];
  return {
    namespace,
    ...(policy !== undefined && { policy: policy.name }),
    verdict: policy === undefined ? "UNGOVERNED" : worst([...ofWorkloads, ...ofLabelSpace]),
    workloads: ofWorkloads,
    labelSpace: ofLabelSpace,
    findings: detours,
  };
}

function subjectProof({ id, role, findings }: Examined, { namespace, policy }: NamespaceInputs, relays: readonly string[]): SubjectProof {
  if (findings === undefined) return { id, role, verdict: "UNGOVERNED", isolatedBy: [], missing: [policy === undefined ? noPolicy(namespace) : onNodeNetwork(id)] };
  const { isolatedBy, allowed, repair, labels } = findings;
  const missing = relays.length === 0 ? findings.missing : [...findings.missing, unprovedRelays(relays)];
  if (repair === undefined) return { id, role, verdict: missing.length > 0 ? "UNDETERMINED" : "PROVED", isolatedBy, allowed, missing };
  const counterexample: Escape = {
    packet: toPacket(repair.packet, id), allowedBy: repair.allowedBy, repair: repairSentence(repair, namespace), addressClass: repair.packet.addressClass, ...(labels !== undefined && { labels }),
  };
  return { id, role, verdict: "REFUTED", isolatedBy, allowed, counterexample, removals: repair.removals, missing };
}

const noPolicy = (namespace: string): Missing => ({ kind: "NoPolicy", message: `No SovereigntyPolicy selects namespace ${namespace}.` });

const onNodeNetwork = (id: string): Missing => ({ kind: "HostNetwork", message: `${id} uses its node's network (hostNetwork), where no NetworkPolicy holds it. Take hostNetwork off its pods.` });

const unprovedRelays = (relays: readonly string[]): Missing => ({
  kind: "Relay", message: `It may talk to ${some(relays)}, which ${relays.length === 1 ? "is" : "are"} not proved: what is told there may get out.`, relays: relays.slice(0, 5),
});
