/**
 * A control plane with CRDs, permissions and a namespace in which everything that a deployment refers to is there: what
 * tests of the whole operator begin with.
 */
import { installHoheit, startControlPlane, uniqueNamespace, rawCall, eventually, type ControlPlane, type ControlPlaneOptions, type Reachable } from "./control-plane.ts";
import { activity, approval, lm } from "./makers.ts";
import { CONFIG_MAPS, CRON_JOBS, DEPLOYMENTS, NETWORK_POLICIES, PODS, POD_DISRUPTION_BUDGETS, SERVICES, SERVICE_ACCOUNTS, type Resource } from "../../operator/kube/resources.ts";
import type { Condition, KubeObject, Live } from "../../operator/lib/k8s-types.ts";
import { collectionPath, objectPath } from "../../operator/kube/url.ts";
import { childName, gateName, probeName } from "../../operator/lib/names.ts";
import { languageModelDeployment, type LanguageModelDeployment } from "../../operator/kinds/language-model-deployment/schema.ts";
import { languageModel } from "../../operator/kinds/language-model/schema.ts";
import { modelApproval } from "../../operator/kinds/model-approval/schema.ts";
import { processingActivity } from "../../operator/kinds/processing-activity/schema.ts";
import type { Kind } from "../../operator/kinds/define.ts";
import { kinds } from "../../operator/kinds/index.ts";

export const KINDS: readonly Kind[] = [processingActivity, languageModel, modelApproval, languageModelDeployment];
export const CHILDREN: readonly Resource[] = [NETWORK_POLICIES, SERVICE_ACCOUNTS, SERVICES, POD_DISRUPTION_BUDGETS, CONFIG_MAPS, DEPLOYMENTS, CRON_JOBS];

/** Children have the deployment's name, but for these. */
const NAMES: Readonly<Record<string, (deployment: string) => string>> = { [CONFIG_MAPS.plural]: gateName, [CRON_JOBS.plural]: probeName };

export const nameOfChild = (resource: Resource, deployment: string): string => (NAMES[resource.plural] ?? childName)(deployment);

/** A control plane of its own with everything but the operator. */
export async function startHouse(options: ControlPlaneOptions = {}): Promise<ControlPlane & AsyncDisposable> {
  const plane = await startControlPlane({ controllerManager: true, scheduler: true, nodes: true, ...options });
  await installHoheit(plane);
  return plane;
}

/** A volume that is never mounted. */
const NOWHERE = { nfs: { server: "192.0.2.10", path: "/weights", readOnly: true } };

/**
 * A namespace that enforces Pod Security `restricted`, with a bound claim (of a volume with this source), an activity, a
 * model and its approval.
 */
export async function furnishedNamespace(plane: Reachable, source: object = NOWHERE): Promise<string> {
  const namespace = await uniqueNamespace(plane, { prefix: "slice", restricted: true });
  await boundClaim(plane, namespace, "weights", source);
  for (const object of [activity(), lm(), approval()]) await put(plane, object.namespace(namespace).manifest());
  return namespace;
}

/** A claim that is bound, whatever volumes there are: a volume made for it. */
export async function boundClaim(plane: Reachable, namespace: string, name: string, source: object = NOWHERE): Promise<void> {
  const volumeName = `${namespace}-${name}`;
  const shape = { accessModes: ["ReadOnlyMany"], storageClassName: "" };
  await rawCall(plane, "POST", "/api/v1/persistentvolumes", {
    body: { apiVersion: "v1", kind: "PersistentVolume", metadata: { name: volumeName }, spec: { ...shape, capacity: { storage: "200Gi" }, ...source } },
  });
  await rawCall(plane, "POST", `/api/v1/namespaces/${namespace}/persistentvolumeclaims`, {
    body: { apiVersion: "v1", kind: "PersistentVolumeClaim", metadata: { name }, spec: { ...shape, volumeName, resources: { requests: { storage: "200Gi" } } } },
  });
}

const resourceOf = (kind: string): Resource => {
  const found = kinds.find((one) => one.kind === kind);
  if (found === undefined) throw new Error(`${kind} is not ours`);
  return found.resource;
};

/** Applies a manifest of ours as a user would. */
export function put<T extends KubeObject>(plane: Reachable, manifest: T): Promise<Live<T>> {
  return rawCall(plane, "PATCH", `${objectPath(resourceOf(manifest.kind), manifest.metadata)}?fieldManager=user&force=true`, { body: manifest, contentType: "application/apply-patch+yaml" });
}

export const remove = (plane: Reachable, object: KubeObject): Promise<unknown> => rawCall(plane, "DELETE", objectPath(resourceOf(object.kind), object.metadata));

/** The live object, or undefined if there is none. */
export async function find<T extends KubeObject = KubeObject>(plane: Reachable, resource: Resource<T>, namespace: string, name: string): Promise<Live<T> | undefined> {
  const all = await rawCall<{ items: Live<T>[] }>(plane, "GET", `${collectionPath(resource, namespace)}?fieldSelector=metadata.name=${name}`);
  return all.items[0];
}

/** The child of a deployment. */
export const findChild = <T extends KubeObject = KubeObject>(plane: Reachable, resource: Resource<T>, namespace: string, deployment: string): Promise<Live<T> | undefined> =>
  find(plane, resource, namespace, nameOfChild(resource, deployment));

export const deploymentNamed = (plane: Reachable, namespace: string, name: string): Promise<Live<LanguageModelDeployment> | undefined> =>
  find(plane, languageModelDeployment.resource as unknown as Resource<LanguageModelDeployment>, namespace, name);

export const conditionOf = (object: { status?: { conditions?: readonly Condition[] } } | undefined, type: string): Condition | undefined =>
  object?.status?.conditions?.find((condition) => condition.type === type);

/** Waits until the operator has seen all that a furnished namespace holds: a deployment that comes then is held by nothing. */
export async function untilJudged(plane: Reachable, namespace: string): Promise<void> {
  for (const wanted of [activity(), lm(), approval()].map((object) => object.namespace(namespace).manifest())) {
    await eventually(async () => {
      const live = await find(plane, resourceOf(wanted.kind), namespace, wanted.metadata.name);
      return conditionOf(live as never, "Ready")?.status === "True" && conditionOf(live as never, "Approved")?.status !== "False";
    });
  }
}

/** Waits until the Ready condition of a deployment has this reason, and returns the deployment. */
export function untilReason(plane: Reachable, namespace: string, name: string, reason: string): Promise<Live<LanguageModelDeployment>> {
  return eventually(async () => {
    const live = await deploymentNamed(plane, namespace, name);
    const ready = conditionOf(live, "Ready");
    if (live === undefined || ready?.reason !== reason) throw new Error(`${name} is ${ready?.reason ?? "without status"} (${ready?.message ?? ""}), not ${reason}`);
    return live;
  }, { timeoutMs: 30_000 });
}

export const podsOf = async (plane: Reachable, namespace: string, deployment: string): Promise<Live<KubeObject>[]> =>
  (await rawCall<{ items: Live<KubeObject>[] }>(plane, "GET", `${collectionPath(PODS, namespace)}?labelSelector=hoheit.dev/deployment=${deployment}`)).items;
