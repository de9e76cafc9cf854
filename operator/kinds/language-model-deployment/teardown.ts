/**
 * Deletion: the pods go first, the seal last. Reads metadata only, so that an object that does not parse can go, too.
 *
 *   deleting ──▶ delete Deployment (foreground) ──▶ wait for Deployment and pods ──▶ release policy ──▶ release the CR
 *
 * A Deployment that is gone in the foreground has no ReplicaSet left that could make another pod.
 */
import { DEPLOYMENTS, NETWORK_POLICIES, PODS } from "../../kube/resources.ts";
import { keyOf, type Deployment, type KubeObject, type Live, type NetworkPolicy, type Pod } from "../../lib/k8s-types.ts";
import { APPLIED_HASH, DEPLOYMENT } from "../../lib/labels.ts";
import { SEAL_FINALIZER, childName } from "../../lib/names.ts";
import type { Resource } from "../../kube/resources.ts";
import type { Plan, Step } from "../../runtime/execute.ts";
import type { Context } from "../../runtime/kind.ts";
import { POD_BY_DEPLOYMENT } from "../caches.ts";
import { languageModelDeployment } from "./schema.ts";

export interface Remains {
  readonly owner: Live;
  readonly child: Live<Deployment> | undefined;
  readonly policy: Live<NetworkPolicy> | undefined;
  readonly pods: readonly Live<Pod>[];
}

/**
 * What is left of a deployment. What the caches do not know is asked of the API server: they may be behind (after a
 * take-over, after a lost answer), a label that somebody removed hides an object from them, and the seal comes off for good.
 */
export async function observeRemains(owner: Live, { api, cache }: Pick<Context, "api" | "cache">): Promise<Remains> {
  const { namespace = "", name } = owner.metadata;
  const ref = { namespace, name: childName(name) };
  const find = async <T extends KubeObject>(resource: Resource<T>): Promise<Live<T> | undefined> => {
    const live = cache(resource).get(keyOf(ref)) ?? (await api.get(resource, ref));
    return live !== undefined && isOurs(live, owner) ? live : undefined;
  };
  const child = await find(DEPLOYMENTS);
  const known = cache(PODS).by(POD_BY_DEPLOYMENT, `${namespace}/${name}`);
  const pods = child !== undefined || known.length > 0 ? known : (await api.list(PODS, { namespace, labelSelector: `${DEPLOYMENT}=${name}` })).items;
  return { owner, child, policy: await find(NETWORK_POLICIES), pods };
}

/** `--cascade=orphan` takes our owner reference away: what we applied and nobody else controls is still ours to seal. */
function isOurs({ metadata: { ownerReferences, annotations } }: Live, owner: Live): boolean {
  const controller = ownerReferences?.find((reference) => reference.controller === true);
  return controller === undefined ? annotations?.[APPLIED_HASH] !== undefined : controller.uid === owner.metadata.uid;
}

/** What to do now; `waitsFor` names what has to be gone before the next step. */
export function planTeardown({ owner, child, policy, pods }: Remains): { readonly plan: Plan; readonly waitsFor: string | undefined } {
  if (owner.metadata.finalizers?.includes(SEAL_FINALIZER) !== true) return { plan: [], waitsFor: undefined };
  if (child !== undefined || pods.length > 0) {
    const leave: Step[] = child === undefined || child.metadata.deletionTimestamp !== undefined ? [] : [{ kind: "delete", resource: DEPLOYMENTS, live: child, propagation: "Foreground" }];
    const first = pods.map((pod) => pod.metadata.name).toSorted()[0];
    return { plan: [leave], waitsFor: first === undefined ? `Deployment ${childName(owner.metadata.name)} to be gone` : `pod ${first} to end (${pods.length} left)` };
  }
  const free = { kind: "removeFinalizer", resource: languageModelDeployment.resource, live: owner, finalizer: SEAL_FINALIZER } as const;
  return { plan: [...release(policy), [free]], waitsFor: undefined };
}

/** Deleted here and not left to the garbage collector, so that a successor of the same name need not wait for it. */
function release(policy: Live<NetworkPolicy> | undefined): Plan {
  if (policy === undefined) return [];
  const held = policy.metadata.finalizers?.includes(SEAL_FINALIZER) === true;
  const free: Step[] = held ? [{ kind: "removeFinalizer", resource: NETWORK_POLICIES, live: policy, finalizer: SEAL_FINALIZER }] : [];
  const leave: Step[] = policy.metadata.deletionTimestamp === undefined ? [{ kind: "delete", resource: NETWORK_POLICIES, live: policy, propagation: "Background" }] : [];
  return [free, leave];
}
