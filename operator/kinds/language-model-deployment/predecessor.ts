/**
 * A policy whose deployment is gone without us: somebody took our finalizer off the CR, and nobody else takes it off the
 * policy, which would hold its namespace and every successor of the same name for ever. It seals as long as there are pods.
 */
import { DEPLOYMENTS, NETWORK_POLICIES, PODS } from "../../kube/resources.ts";
import { keyOf, type KubeObject, type Live, type NetworkPolicy, type ObjectRef } from "../../lib/k8s-types.ts";
import { DEPLOYMENT } from "../../lib/labels.ts";
import { SEAL_FINALIZER, childName } from "../../lib/names.ts";
import { execute } from "../../runtime/execute.ts";
import type { Context } from "../../runtime/kind.ts";
import { languageModelDeployment } from "./schema.ts";

const { resource } = languageModelDeployment;

/** Whether only our finalizer still holds this policy. */
export const isHeld = ({ metadata }: Live): boolean => metadata.deletionTimestamp !== undefined && metadata.finalizers?.includes(SEAL_FINALIZER) === true;

const controllerOf = ({ metadata }: KubeObject): string | undefined =>
  metadata.ownerReferences?.find((owner) => owner.controller === true && owner.kind === resource.kind)?.uid;

/** Lets go of the policy of a predecessor of `ref` once nothing is left that it seals. True while there is something. */
export async function letGoOfPredecessor(ref: ObjectRef, context: Context): Promise<boolean> {
  const key = keyOf({ ...ref, name: childName(ref.name) });
  const policy = context.cache(NETWORK_POLICIES).get(key);
  const owner = policy && controllerOf(policy);
  if (policy === undefined || !isHeld(policy) || owner === undefined) return false;
  // The caches may be behind; the finalizer comes off for good.
  if (context.cache(resource).get(keyOf(ref))?.metadata.uid === owner || (await context.api.get(resource, ref))?.metadata.uid === owner) return false;
  if (await sealsSomething(policy, owner, context)) return true;
  await execute([[{ kind: "removeFinalizer", resource: NETWORK_POLICIES, live: policy, finalizer: SEAL_FINALIZER }]], policy, context);
  return false;
}

async function sealsSomething({ metadata: { namespace = "", name } }: Live<NetworkPolicy>, owner: string, { api }: Context): Promise<boolean> {
  const child = await api.get(DEPLOYMENTS, { namespace, name: childName(name) });
  if (child !== undefined && controllerOf(child) === owner) return true;
  return (await api.list(PODS, { namespace, labelSelector: `${DEPLOYMENT}=${name}` })).items.length > 0;
}
