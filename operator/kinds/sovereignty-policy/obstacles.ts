/** What keeps a policy from being in force beside what it says itself, as violations that people can read. Pure. */
import { isRefusal } from "../../kube/errors.ts";
import type { Blocked } from "../../runtime/execute.ts";
import type { NamespaceState } from "../governed-namespace/state.ts";
import type { Desired } from "./build/index.ts";
import type { Violation } from "./conditions.ts";
import type { ClusterPolicies } from "./plan.ts";
import type { SovereigntyPolicy } from "./schema.ts";

/** From objects whose names are taken. */
export function obstaclesOf(blocked: readonly Blocked[]): Violation[] {
  const foreign = blocked.find(({ by }) => by === "foreign");
  if (foreign !== undefined) return [{ reason: "ForeignObject", stalled: true, message: `${foreign.resource.kind} ${foreign.name} exists and is not Hoheit's: it is left alone, and what it stands in the place of is not in force. Delete it.` }];
  const [leaving] = blocked;
  return leaving === undefined ? [] : [{ reason: "WaitingForGarbageCollection", stalled: false, message: `${leaving.resource.kind} ${leaving.name} is still being deleted; it is made anew when it is gone.` }];
}

/** From an object that the API server refuses. Anything else is thrown on: it passes by itself. */
export function refusalOf(error: unknown): Violation[] {
  if (!isRefusal(error)) throw error;
  return [{ reason: "ApplyFailed", stalled: false, message: error.message }];
}

/** From an API that not every cluster has. */
export function clusterObstacles({ spec }: Pick<SovereigntyPolicy, "spec">, { tooLarge }: Pick<Desired, "tooLarge">, clusterPolicies: ClusterPolicies): Violation[] {
  if (spec.enforcement.clusterNetworkPolicy === "Require" && clusterPolicies === undefined) {
    return [{ reason: "ClusterNetworkPolicyMissing", stalled: true, message: "spec.enforcement.clusterNetworkPolicy is Require, and the cluster does not serve policy.networking.k8s.io/v1alpha2: install the CRDs of network-policy-api and a network plugin that enforces them, or choose Auto." }];
  }
  const [names] = clusterPolicies === undefined ? [] : tooLarge;
  if (names === undefined) return [];
  return [{ reason: "ClusterNetworkPolicyTooLarge", stalled: true, message: `What ${names.join(" and ")} allow does not fit into one ClusterNetworkPolicy (25 rules with 25 peers each): name fewer peers in spec.inCluster, or choose Off.` }];
}

/** Namespaces that no other policy holds. */
export const heldAlone = (states: readonly NamespaceState[]): string[] =>
  states.filter(({ policies, reason }) => policies.length === 1 && reason !== "Exempt").map(({ namespace }) => namespace);

/** At most so many namespaces are named in a message. */
const NAMED = 5;

/** From a deletion that would leave namespaces without any policy. */
export function deletionHeld({ metadata, spec }: Pick<SovereigntyPolicy, "metadata" | "spec">, alone: readonly string[]): Violation[] {
  if (metadata.deletionTimestamp === undefined || alone.length === 0) return [];
  const labels = Object.entries(spec.namespaceSelector.matchLabels);
  const selector = labels.map(([key, value]) => `${key}=${value}`).join(",");
  const named = `${alone.slice(0, NAMED).join(", ")}${alone.length > NAMED ? ` and ${alone.length - NAMED} more` : ""}`;
  return [{
    reason: "DeletionHeld", stalled: true,
    message: `The policy is deleted and stays in force, because nothing else holds namespaces ${named}. Put another policy in its place, or give them up: kubectl label namespaces -l ${selector} ${labels[0]?.[0]}-`,
  }];
}
