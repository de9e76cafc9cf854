/** A namespace and its NetworkPolicies at one moment, and what can be told from them. Pure. */
import { compare } from "../../lib/diff.ts";
import type { KubeObject, Live, Namespace, NetworkPolicy } from "../../lib/k8s-types.ts";
import { SEAL_FINALIZER } from "../../lib/names.ts";

export interface Scene {
  readonly namespace: Live<Namespace>;
  /** Every NetworkPolicy of the namespace, by name; of those that are not ours only a part is known (caches.ts). */
  readonly networkPolicies: ReadonlyMap<string, Live<NetworkPolicy>>;
}

export const isLeaving = ({ metadata }: KubeObject): boolean => metadata.deletionTimestamp !== undefined;
export const isHeld = ({ metadata }: KubeObject): boolean => metadata.finalizers?.includes(SEAL_FINALIZER) === true;

/** Whether a policy belongs to this very namespace. Owners are told by uid; names and labels anybody can write. */
export const isOurs = ({ metadata }: KubeObject, { namespace }: Pick<Scene, "namespace">): boolean =>
  metadata.ownerReferences?.some((owner) => owner.controller === true && owner.uid === namespace.metadata.uid) === true;

export const ours = (scene: Scene): Live<NetworkPolicy>[] => [...scene.networkPolicies.values()].filter((policy) => isOurs(policy, scene));

/** Whether a policy is in the cluster and says what it shall. A finalizer keeps one in force that is being deleted. */
export function isInForce({ kind, metadata: { name }, spec }: NetworkPolicy, scene: Scene): boolean {
  const live = scene.networkPolicies.get(name);
  return live !== undefined && isOurs(live, scene) && (!isLeaving(live) || isHeld(live)) && compare({ kind, spec }, live).differs === undefined;
}
