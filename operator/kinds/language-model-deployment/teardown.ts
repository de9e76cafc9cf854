/**
 * Deletion: the pods go first, the seal last. Reads metadata only, so that an object that does not parse can go, too.
 *
 *   deleting ──▶ delete Deployment and CronJob (foreground) ──▶ wait for them, for Jobs and pods ──▶ release policy ──▶ release the CR
 *
 * A Deployment that is gone in the foreground has no ReplicaSet left that could make another pod, a CronJob no Job.
 */
import { CRON_JOBS, DEPLOYMENTS, JOBS, NETWORK_POLICIES, PODS } from "../../kube/resources.ts";
import { keyOf, type CronJob, type Deployment, type Job, type KubeObject, type Live, type NetworkPolicy, type ObjectRef, type Pod } from "../../lib/k8s-types.ts";
import { APPLIED_HASH, DEPLOYMENT } from "../../lib/labels.ts";
import { SEAL_FINALIZER, childName, probeName } from "../../lib/names.ts";
import type { Resource } from "../../kube/resources.ts";
import type { Plan, Step } from "../../runtime/execute.ts";
import type { Context } from "../../runtime/kind.ts";
import { BY_DEPLOYMENT } from "../caches.ts";
import { languageModelDeployment } from "./schema.ts";

export interface Remains {
  readonly owner: Live;
  readonly child: Live<Deployment> | undefined;
  readonly cronJob: Live<CronJob> | undefined;
  readonly jobs: readonly Live<Job>[];
  readonly policy: Live<NetworkPolicy> | undefined;
  /** Model servers and probes. */
  readonly pods: readonly Live<Pod>[];
}

/**
 * What is left of a deployment. What the caches do not know is asked of the API server: they may be behind (after a
 * take-over, after a lost answer), a label that somebody removed hides an object from them, and the seal comes off for good.
 */
export async function observeRemains(owner: Live, { api, cache }: Pick<Context, "api" | "cache">): Promise<Remains> {
  const { namespace = "", name } = owner.metadata;
  const find = async <T extends KubeObject>(resource: Resource<T>, ref: ObjectRef): Promise<Live<T> | undefined> => {
    const live = cache(resource).get(keyOf(ref)) ?? (await api.get(resource, ref));
    return live !== undefined && isOurs(live, owner) ? live : undefined;
  };
  const ref = { namespace, name: childName(name) };
  const [child, cronJob] = [await find(DEPLOYMENTS, ref), await find(CRON_JOBS, { namespace, name: probeName(name) })];
  const known = <T extends KubeObject>(resource: Resource<T>): Live<T>[] => cache(resource).by(BY_DEPLOYMENT, `${namespace}/${name}`);
  const ask = async <T extends KubeObject>(resource: Resource<T>): Promise<readonly Live<T>[]> => (await api.list(resource, { namespace, labelSelector: `${DEPLOYMENT}=${name}` })).items;
  // Something is there that is waited for anyway: no need to ask for the rest.
  const waits = child !== undefined || cronJob !== undefined || known(PODS).length > 0 || known(JOBS).length > 0;
  const [pods, jobs] = waits ? [known(PODS), known(JOBS)] : [await ask(PODS), await ask(JOBS)];
  return { owner, child, cronJob, jobs, policy: await find(NETWORK_POLICIES, ref), pods };
}

/** `--cascade=orphan` takes our owner reference away: what we applied and nobody else controls is still ours to seal. */
function isOurs({ metadata: { ownerReferences, annotations } }: Live, owner: Live): boolean {
  const controller = ownerReferences?.find((reference) => reference.controller === true);
  return controller === undefined ? annotations?.[APPLIED_HASH] !== undefined : controller.uid === owner.metadata.uid;
}

/** What to do now; `waitsFor` names what has to be gone before the next step. */
export function planTeardown({ owner, child, cronJob, jobs, policy, pods }: Remains): { readonly plan: Plan; readonly waitsFor: string | undefined } {
  if (owner.metadata.finalizers?.includes(SEAL_FINALIZER) !== true) return { plan: [], waitsFor: undefined };
  const first = (objects: readonly Live[]): string | undefined => objects.map(({ metadata }) => metadata.name).toSorted()[0];
  const [pod, job] = [first(pods), first(jobs)];
  const waitsFor = pod !== undefined ? `pod ${pod} to end (${pods.length} left)`
    : child !== undefined ? `Deployment ${child.metadata.name} to be gone`
    : cronJob !== undefined ? `CronJob ${cronJob.metadata.name} to be gone`
    : job !== undefined ? `Job ${job} to be gone` : undefined;
  if (waitsFor !== undefined) return { plan: [[...leave(DEPLOYMENTS, child), ...leave(CRON_JOBS, cronJob)]], waitsFor };
  const free = { kind: "removeFinalizer", resource: languageModelDeployment.resource, live: owner, finalizer: SEAL_FINALIZER } as const;
  return { plan: [...release(policy), [free]], waitsFor: undefined };
}

const leave = (resource: Resource, live: Live | undefined): Step[] =>
  (live === undefined || live.metadata.deletionTimestamp !== undefined ? [] : [{ kind: "delete", resource, live, propagation: "Foreground" }]);

/** Deleted here and not left to the garbage collector, so that a successor of the same name need not wait for it. */
function release(policy: Live<NetworkPolicy> | undefined): Plan {
  if (policy === undefined) return [];
  const held = policy.metadata.finalizers?.includes(SEAL_FINALIZER) === true;
  const free: Step[] = held ? [{ kind: "removeFinalizer", resource: NETWORK_POLICIES, live: policy, finalizer: SEAL_FINALIZER }] : [];
  const leave: Step[] = policy.metadata.deletionTimestamp === undefined ? [{ kind: "delete", resource: NETWORK_POLICIES, live: policy, propagation: "Background" }] : [];
  return [free, leave];
}
