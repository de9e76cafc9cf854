/** The stand-in engine in a pod: what tests make it do, and what it says that it did (test/support/node/engine/vllm.mjs). */
import { eventually, rawCall } from "../support/control-plane.ts";
import { node } from "../support/node/node.ts";
import { untilRunning, type Pod } from "../support/node/pods.ts";
import { SERVING_PORT } from "../../operator/lib/names.ts";

export interface Hammered {
  readonly tried: number;
  readonly connected: number;
}

/** Asks a server directly: the node may reach every pod of its own, whatever the policies say. */
export async function tell<T>(pod: Pod, method: "GET" | "POST", path: string): Promise<T | undefined> {
  const request = fetch(`http://${pod.status.podIP ?? ""}:${SERVING_PORT}${path}`, { method, signal: AbortSignal.timeout(5000) });
  // One that crashes on demand answers nothing, and one that has nothing to say an empty text.
  const text = await request.then((response) => response.text()).catch(() => "");
  return text === "" ? undefined : JSON.parse(text) as T;
}

/** What a server says of its attempts to get out, as soon as it listens. */
export function hammered(pod: Pod): Promise<Hammered> {
  return eventually(async () => {
    const counts = await tell<Hammered>(pod, "GET", "/hammered");
    if (counts === undefined) throw new Error(`pod ${pod.metadata.name} does not answer`);
    return counts;
  });
}

/** In a row, after which a server counts as sealed; each takes a second at most, twelve run at a time. */
export const MANY = 40;

/** Waits until a server has failed many times without getting through once in between. */
export async function untilItFails(pod: Pod, timeoutMs = 30_000): Promise<void> {
  let from = await eventually(() => hammered(pod), { timeoutMs }); // its container may run longer than its server
  await eventually(async () => {
    const now = await hammered(pod);
    if (now.connected > from.connected) from = now;
    if (now.tried - from.tried < MANY) throw new Error(`since ${JSON.stringify(from)} it is ${JSON.stringify(now)}`);
  }, { timeoutMs, everyMs: 100 });
}

/** Waits until a server has got through. */
export async function untilItGetsOut(pod: Pod): Promise<void> {
  const { connected } = await eventually(() => hammered(pod), { timeoutMs: 30_000 });
  await eventually(async () => (await hammered(pod)).connected > connected, { timeoutMs: 30_000 });
}

interface Restarts { readonly status: { readonly containerStatuses: readonly { readonly restartCount: number }[] } }

/** How often the server in a pod was started again. Throws if the pod is not there any more. */
export async function restartsOf({ metadata: { namespace, name } }: Pod): Promise<number | undefined> {
  await untilRunning(namespace, name);
  return (await rawCall<Restarts>(node(), "GET", `/api/v1/namespaces/${namespace}/pods/${name}`)).status.containerStatuses[0]?.restartCount;
}

interface Template { readonly metadata: { readonly labels: Readonly<Record<string, string>> }; readonly spec: { readonly initContainers: readonly Container[]; readonly containers: readonly Container[] } }
interface Container { readonly args?: readonly string[] }

interface FromTemplate {
  readonly namespace: string;
  readonly deployment: string;
  /** Of the pod. */
  readonly name: string;
  /** Default: those of the deployment's pods. */
  readonly labels?: Readonly<Record<string, string>>;
  readonly initContainers: (gates: readonly Container[]) => readonly Container[];
}

/** A pod as the deployment's are but for what is said here, and without accelerators, which are for those. */
export async function startFromTemplate({ namespace, deployment, name, labels, initContainers }: FromTemplate): Promise<void> {
  const { spec: { template } } = await rawCall<{ spec: { template: Template } }>(node(), "GET", `/apis/apps/v1/namespaces/${namespace}/deployments/${deployment}`);
  const containers = template.spec.containers.map((container) => ({ ...container, resources: {} }));
  const spec = { ...template.spec, initContainers: initContainers(template.spec.initContainers), containers };
  await rawCall(node(), "POST", `/api/v1/namespaces/${namespace}/pods`, { body: { apiVersion: "v1", kind: "Pod", metadata: { name, labels: labels ?? template.metadata.labels }, spec } });
}
