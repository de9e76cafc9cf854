/** Desired against observed: which steps, in which order. Pure. */
import { CLUSTER_NETWORK_POLICIES, VALIDATING_ADMISSION_POLICIES, VALIDATING_ADMISSION_POLICY_BINDINGS, type Resource } from "../../kube/resources.ts";
import type { ClusterNetworkPolicy, KubeObject, Live } from "../../lib/k8s-types.ts";
import { POLICY_FINALIZER } from "../../lib/names.ts";
import { controllerReference, type Plan, type Step } from "../../runtime/execute.ts";
import type { Guard } from "./build/guard/index.ts";
import { isBindingOf, type Desired } from "./build/index.ts";
import type { Observed } from "./observe.ts";
import { sovereigntyPolicy } from "./schema.ts";

/** What is live of what no cache has: undefined where the cluster does not serve it. */
export type ClusterPolicies = readonly Live<ClusterNetworkPolicy>[] | undefined;

const { resource } = sovereigntyPolicy;

/** Not one of ours that is gone already. */
const isStanding = ({ metadata }: Live): boolean => metadata.deletionTimestamp === undefined;
const remove = (of: Resource, live: Live): Step => ({ kind: "delete", resource: of, live, propagation: "Background" });
const isOwnedBy = ({ metadata: { ownerReferences = [] } }: KubeObject, { metadata: { uid } }: Live): boolean => ownerReferences.some((owner) => owner.controller === true && owner.uid === uid);

/** Those of `live` that `wanted` does not name. */
function unwanted<T extends Live>(live: readonly T[], wanted: readonly KubeObject[]): T[] {
  const names = new Set(wanted.map(({ metadata }) => metadata.name));
  return live.filter((one) => isStanding(one) && !names.has(one.metadata.name));
}

/**
 * The finalizer before anything else, so that nothing is left behind; admission policies before their bindings, for a binding
 * without its policy does nothing; and what is no longer wanted last, so that nothing is open in between.
 */
export function plan(observed: Observed, desired: Desired, clusterPolicies: ClusterPolicies): Plan {
  const { policy } = observed;
  const { admissionPolicies, bindings, clusterNetworkPolicies } = desired;
  const owned = (object: KubeObject): KubeObject => ({ ...object, metadata: { ...object.metadata, ownerReferences: [controllerReference(policy)] } });
  const isHeld = policy.metadata.finalizers?.includes(POLICY_FINALIZER) === true;
  const network = clusterPolicies === undefined ? [] : clusterNetworkPolicies.map((object): Step => ({ kind: "apply", resource: CLUSTER_NETWORK_POLICIES, object: owned(object) }));
  return [
    // One that is being deleted takes no finalizer any more.
    isHeld || policy.metadata.deletionTimestamp !== undefined ? [] : [{ kind: "addFinalizer", resource, live: policy, finalizer: POLICY_FINALIZER }],
    network,
    admissionPolicies.map((object): Step => ({ kind: "apply", resource: VALIDATING_ADMISSION_POLICIES, object, shared: true })),
    bindings.map((object): Step => (object.spec?.paramRef === undefined
      ? { kind: "apply", resource: VALIDATING_ADMISSION_POLICY_BINDINGS, object, shared: true }
      : { kind: "apply", resource: VALIDATING_ADMISSION_POLICY_BINDINGS, object: owned(object) })),
    leftovers(observed, desired, clusterPolicies),
  ];
}

type Wanted = Omit<Desired, "tooLarge">;

/** What the policy no longer asks for. */
function leftovers({ policy, bindings, admissionPolicies }: Observed, desired: Wanted, clusterPolicies: ClusterPolicies): Step[] {
  const ours = bindings.filter((binding) => isBindingOf(binding, policy.metadata.name));
  return [
    ...unwanted(ours, desired.bindings).map((live) => remove(VALIDATING_ADMISSION_POLICY_BINDINGS, live)),
    ...unwanted(admissionPolicies, desired.admissionPolicies).map((live) => remove(VALIDATING_ADMISSION_POLICIES, live)),
    ...unwanted((clusterPolicies ?? []).filter((live) => isOwnedBy(live, policy)), desired.clusterNetworkPolicies).map((live) => remove(CLUSTER_NETWORK_POLICIES, live)),
  ];
}

/**
 * The policy goes, and no namespace is left without one: what it alone asked for comes off.
 *
 * @param staying the guard of the policies that stay
 */
export function planRelease(observed: Observed, staying: Guard, clusterPolicies: ClusterPolicies): Plan {
  return [leftovers(observed, { ...staying, bindings: staying.bindings.filter(({ spec }) => spec?.paramRef === undefined), clusterNetworkPolicies: [] }, clusterPolicies)];
}

/** At last, the policy itself. */
export const planEnd = ({ policy }: Observed): Plan => [[{ kind: "removeFinalizer", resource, live: policy, finalizer: POLICY_FINALIZER }]];
