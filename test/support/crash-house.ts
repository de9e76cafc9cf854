/** What tests of faults do to a house, and what they look at afterwards. */
import { PODS } from "../../operator/kube/resources.ts";
import { collectionPath, objectPath } from "../../operator/kube/url.ts";
import type { KubeObject } from "../../operator/lib/k8s-types.ts";
import { auditLog, eventually, IDENTITIES, rawCall, type Reachable } from "./control-plane.ts";
import { remove } from "./house.ts";
import type { RunningOperator } from "./operator.ts";

/** Flags of a leader that outlasts an API server that is away for a minute or two. */
export const PATIENT_LEASE = ["--lease-seconds", "180", "--renew-seconds", "150", "--retry-seconds", "0.5"];

/** The operator's user in the audit log. */
export const OPERATOR_USER = IDENTITIES[0]?.user ?? "";

/** Removes every deployment and waits until they are gone: GPUs are scarce here, too. */
export async function removeDeployments(plane: Reachable): Promise<void> {
  await eventually(async () => {
    const { items } = await rawCall<{ items: KubeObject[] }>(plane, "GET", "/apis/hoheit.dev/v1alpha1/languagemodeldeployments");
    for (const object of items.filter(({ metadata }) => metadata.deletionTimestamp === undefined)) await remove(plane, { ...object, kind: "LanguageModelDeployment" });
    if (items.length > 0) throw new Error(`still there: ${items.map(({ metadata }) => `${metadata.namespace}/${metadata.name}`).join(", ")}`);
  }, { timeoutMs: 45_000 });
}

/** What the operator created in a namespace, sorted: one entry for each time that the API server answered 201. Events are not counted. */
export async function creations(plane: { auditLogFile: string | undefined }, namespace: string): Promise<string[]> {
  const entries = await auditLog(plane, { user: OPERATOR_USER, namespace, verbs: ["create", "patch"] });
  return entries.filter(({ responseStatus, objectRef, requestURI }) => responseStatus?.code === 201 && objectRef?.resource !== "events" && !requestURI.includes("dryRun=")).map(({ objectRef }) => objectRef?.resource ?? "").toSorted();
}

export const mergePatch = (plane: Reachable, path: string, body: object): Promise<unknown> => rawCall(plane, "PATCH", path, { body, contentType: "application/merge-patch+json" });

/** The container of a pod as a kubelet would report it when it is not well; the simulated kubelet leaves it so. */
export async function containerIs(plane: Reachable, pod: KubeObject, container: object): Promise<void> {
  const no = (type: string): object => ({ type, status: "False", lastTransitionTime: new Date().toISOString() });
  const yes = (type: string): object => ({ ...no(type), status: "True" });
  const status = {
    phase: "Running", conditions: [yes("PodScheduled"), yes("Initialized"), no("Ready"), no("ContainersReady")],
    containerStatuses: [{ name: "vllm", image: "registry.example/vllm", imageID: "", ready: false, restartCount: 0, ...container }],
  };
  await mergePatch(plane, `${objectPath(PODS, pod.metadata)}/status`, { status });
}

/** Events about objects of a namespace, as `kubectl get events` would print them. */
export async function eventsIn(plane: Reachable, namespace: string): Promise<string[]> {
  const path = collectionPath({ group: "events.k8s.io", version: "v1", plural: "events", kind: "Event", namespaced: true }, namespace);
  return (await rawCall<{ items: { reason?: string; note?: string }[] }>(plane, "GET", path)).items.map(({ reason, note }) => `${reason}: ${note}`);
}

/** Whether it has become the leader. */
export const leads = (operator: RunningOperator): boolean => operator.log.some(({ msg }) => msg === "this replica leads");

/** Resolves when its caches are synced; its address. */
export async function untilSynced(operator: RunningOperator): Promise<string> {
  const address = await operator.address();
  await eventually(async () => (await fetch(`${address}/readyz`)).ok, { timeoutMs: 20_000 });
  return address;
}
