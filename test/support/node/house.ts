/** Model servers on the real node, as a user gets them: papers and a LanguageModelDeployment, the rest is Hoheit's. */
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { ENGINE } from "./engine/image.ts";
import { eventually, rawCall, uniqueNamespace } from "../control-plane.ts";
import { conditionOf, deploymentNamed, furnishedNamespace, put } from "../house.ts";
import { client, lmd } from "../makers.ts";
import { node } from "./node.ts";
import { startPod, type Pod } from "./pods.ts";

/** Pulling nothing, mounting an empty folder, starting a small server: what a busy machine may take for it. */
const READY_MS = 90_000;

/** A namespace with everything that a deployment refers to; the weights are an empty folder. */
export function furnished(): Promise<string> {
  const path = join(node().folder, "weights");
  mkdirSync(path, { recursive: true });
  return furnishedNamespace(node(), { hostPath: { path, type: "Directory" } });
}

/** A deployment of the stand-in engine that stops at once. Change it as makers do: `engine("x").replicas(2)`. */
export const engine = (name: string, image = ENGINE): ReturnType<typeof lmd> => lmd(name).engine({ image }).spec({ rollout: { startupSeconds: 120, drainSeconds: 0 } });

/** Applies a deployment and resolves with its running pods when it is Ready. */
export async function serve(namespace: string, deployment: ReturnType<typeof lmd>): Promise<Pod[]> {
  const { metadata: { name } } = await put(node(), deployment.namespace(namespace).manifest());
  await untilReady(namespace, name);
  return servers(namespace, name);
}

/** `timeoutMs`: longer where a real engine starts. */
export async function untilReady(namespace: string, name: string, timeoutMs = READY_MS): Promise<void> {
  await eventually(async () => {
    const live = await deploymentNamed(node(), namespace, name);
    if (live?.status?.observedGeneration !== live?.metadata.generation) throw new Error(`${name} has not been looked at`);
    const ready = conditionOf(live, "Ready");
    if (ready?.status !== "True") throw new Error(`${name} is not Ready: ${JSON.stringify({ ...ready, waitingFor: live?.status?.waitingFor })}`);
  }, { timeoutMs, everyMs: 200 });
}

/** Model servers of a deployment, stopping ones included; not its probes. */
export async function servers(namespace: string, name: string): Promise<Pod[]> {
  const selector = `hoheit.dev/deployment=${name},hoheit.dev/role=Serving`;
  return (await rawCall<{ items: Pod[] }>(node(), "GET", `/api/v1/namespaces/${namespace}/pods?labelSelector=${selector}`)).items;
}

/** The addresses at which clients reach a deployment, both families. */
export async function serviceAddresses(namespace: string, name: string): Promise<string[]> {
  return (await rawCall<{ spec: { clusterIPs: string[] } }>(node(), "GET", `/api/v1/namespaces/${namespace}/services/${name}`)).spec.clusterIPs;
}

export interface Clients {
  /** For `clients` of a deployment. */
  readonly entry: ReturnType<typeof client>;
  /** A pod that the entry names, one beside it that it does not name, and one with the same labels in another namespace. */
  readonly declared: Pod;
  readonly undeclared: Pod;
  readonly elsewhere: Pod;
}

/** Pods that would like to ask a model server. */
export async function startClients(): Promise<Clients> {
  const [namespace, other] = await Promise.all([uniqueNamespace(node(), { restricted: true }), uniqueNamespace(node(), { restricted: true })]);
  const entry = { ...client("chat-ui"), namespace };
  const labels = entry.podSelector.matchLabels;
  const [declared, undeclared, elsewhere] = await Promise.all([
    startPod({ namespace, name: "declared", labels }),
    startPod({ namespace, name: "undeclared", labels: { app: "other" } }),
    startPod({ namespace: other, name: "elsewhere", labels }),
  ]);
  return { entry, declared, undeclared, elsewhere };
}

interface CronJob { metadata: { name: string; uid: string }; spec: { jobTemplate: { metadata?: object; spec: object } } }

/** Probes a deployment now, as `kubectl create job --from=cronjob/...` does. */
export async function probeNow(namespace: string, deployment: string): Promise<void> {
  const { metadata: { name, uid }, spec } = await rawCall<CronJob>(node(), "GET", `/apis/batch/v1/namespaces/${namespace}/cronjobs/${deployment}-probe`);
  const ownerReferences = [{ apiVersion: "batch/v1", kind: "CronJob", name, uid, controller: true }];
  await rawCall(node(), "POST", `/apis/batch/v1/namespaces/${namespace}/jobs`, {
    body: { apiVersion: "batch/v1", kind: "Job", metadata: { ...spec.jobTemplate.metadata, generateName: `${name}-`, ownerReferences }, spec: spec.jobTemplate.spec },
  });
}
