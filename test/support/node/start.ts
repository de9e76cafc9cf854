/**
 * Starts a whole cluster of one real node from nothing: world, control plane, containerd, kubelet, CNI, kube-proxy,
 * kube-router, CoreDNS and Hoheit; real pods that send real packets. To be called inside a sandbox (sandbox.ts), whose end is
 * also theirs: nothing here needs to be taken away.
 *
 *   networks ─┬─▶ world
 *             ├─▶ containerd ─▶ images ──────┬────────────────────────▶ Hoheit
 *             └─▶ control plane ─┬─▶ kubelet ────┴─▶ node Ready, GPUs ─▶ kube-router
 *                                ├─▶ kube-proxy
 *                                └─▶ cluster DNS
 */
import { mkdirSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { ensureBinaries, type Binaries, type BinaryName } from "../../../hack/cluster/binaries.ts";
import { ManagedComponent } from "../../../hack/cluster/component.ts";
import { startControlPlane, type ControlPlane } from "../../../hack/cluster/control-plane.ts";
import { call, mustCall } from "../../../hack/cluster/http.ts";
import { OPERATOR_NAMESPACE } from "../../../hack/cluster/install.ts";
import { containerd, importImage } from "./containerd.ts";
import { kubelet, KUBELET_IDENTITY } from "./kubelet.ts";
import { buildNetworks, inWorld, NODE, WITNESS } from "./network.ts";
import { installProduct } from "./product.ts";
import { writePauseImage } from "./pause.ts";
import { CLUSTER_DNS, kubeProxy, kubeRouter, PROXY_IDENTITY, writeCoreDnsImage } from "./services.ts";
import { TENANT } from "./tenant.ts";
import { Timeline } from "./timeline.ts";

/** All programs that a node needs, so that they can be built before the sandbox takes the network away. */
export const NODE_BINARIES = [
  "etcd", "kube-apiserver", "kube-controller-manager", "kube-scheduler", "kubectl", "kubelet", "kube-proxy", "kube-router", "coredns", "helm",
] as const satisfies readonly BinaryName[];

/** Environment variable: paths of the image archives that shall be on the node, as a JSON list. */
export const NODE_IMAGES = "HOHEIT_NODE_IMAGES";

const GPUS = "8";
const READY_MS = 90_000;

export interface RunningNode {
  readonly plane: ControlPlane;
  /** What the node itself keeps and logs. */
  readonly folder: string;
  readonly components: Readonly<Record<NodePart, ManagedComponent>>;
  /** Ends everything at once. Throws if a part of the node had ended by itself. */
  stop(): Promise<void>;
}

/** What tests may freeze. */
export type NodePart = "containerd" | "kubelet" | "kube-proxy" | "kube-router";

/** Resolves when pods can run, names resolve and Hoheit is there. `images`: archives (OCI or docker save) that pods will want. */
export async function startNode(images: readonly string[]): Promise<RunningNode> {
  const folder = join(tmpdir(), "node");
  mkdirSync(folder);
  const timeline = new Timeline();
  const binaries = await ensureBinaries(NODE_BINARIES, { step: console.log, tick: () => undefined });
  await timeline.step("networks", buildNetworks);
  const runtime = containerd(folder);
  const outside = world(folder, join(folder, "hits.jsonl"));
  const withRuntime = timeline.step("containerd and cluster images", async () => {
    const [own] = await Promise.all([writeOwnImages(folder, binaries.coredns), runtime.start()]);
    for (const archive of own) await importImage(folder, archive);
  });
  const withImages = withRuntime.then(() => timeline.step("images", async () => {
    for (const archive of images) await importImage(folder, archive);
  }));
  const [plane] = await Promise.all([timeline.step("control plane", controlPlane), timeline.step("world", () => outside.start()), withRuntime]);
  const components = { containerd: runtime, ...nodeComponents(folder, binaries, plane) };
  await Promise.all([
    timeline.step("kubelet and node Ready", async () => { await components.kubelet.start(); await untilNodeReady(plane); await addGpus(plane); })
      .then(() => timeline.step("kube-router", () => components["kube-router"].start())),
    timeline.step("kube-proxy", () => components["kube-proxy"].start()),
    timeline.step("cluster DNS", () => installDns(plane)),
    timeline.step("Hoheit", () => installHoheit(plane, binaries.helm, withImages)),
  ]);
  console.log(String(timeline));
  return { plane, folder, components, stop: () => stop(plane, [outside, ...Object.values(components)]) };
}

/** In no order: the sandbox ends with us, and what pods still do is nobody's business. */
async function stop(plane: ControlPlane, parts: readonly ManagedComponent[]): Promise<void> {
  const dead = parts.filter(({ running }) => !running);
  await Promise.all([plane.stop(), ...parts.map((part) => part.stop())]);
  if (dead.length > 0) throw new Error(dead.map((part) => `${part.name} had ended by itself; its log ends with:\n${part.logTail()}`).join("\n"));
}

function controlPlane(): Promise<ControlPlane> {
  return startControlPlane({
    controllerManager: true, scheduler: true, address: NODE.v4, identities: [KUBELET_IDENTITY, PROXY_IDENTITY, TENANT],
    // Logs and exec go to the node's address: nothing resolves its name.
    apiServerArgs: [`--advertise-address=${NODE.v4}`, "--kubelet-preferred-address-types=InternalIP"],
  });
}

function nodeComponents(folder: string, binaries: Binaries<(typeof NODE_BINARIES)[number]>, plane: ControlPlane) {
  return {
    kubelet: kubelet(folder, binaries.kubelet, plane.kubeconfig("kubelet")),
    "kube-proxy": kubeProxy(folder, binaries["kube-proxy"], plane.kubeconfig("kube-proxy")),
    "kube-router": kubeRouter(folder, binaries["kube-router"], plane.kubeconfig()),
  };
}

function world(folder: string, hitLog: string): ManagedComponent {
  const { command, args } = inWorld(process.execPath, join(import.meta.dirname, "world.ts"), hitLog);
  const url = `http://${WITNESS.host}:${WITNESS.port}/hits`;
  return new ManagedComponent({ name: "world", command, args, folder, ready: () => call({ url, timeoutMs: 1000 }).then(({ status }) => status === 200, () => false) });
}

/** What every cluster has: pods' own container, and cluster DNS. Returns the archives. */
async function writeOwnImages(folder: string, coredns: string): Promise<string[]> {
  const [pause, dns] = [join(folder, "pause.tar"), join(folder, "coredns.tar")];
  await Promise.all([writePauseImage(pause), writeCoreDnsImage(coredns, dns)]);
  return [pause, dns];
}

interface Conditions { status?: { conditions?: { type: string; status: string; message?: string }[]; availableReplicas?: number } }

async function untilNodeReady(plane: ControlPlane): Promise<void> {
  await until(`node ${NODE.name} is Ready`, async () => {
    const node = await get<Conditions>(plane, `/api/v1/nodes/${NODE.name}`);
    const ready = node?.status?.conditions?.find(({ type }) => type === "Ready");
    return ready?.status === "True" ? undefined : ready?.message ?? "it has not registered";
  });
}

/** As a device plugin would: the scheduler counts them, and kubelet leaves what it does not know. */
async function addGpus(plane: ControlPlane): Promise<void> {
  const gpus = { "nvidia.com/gpu": GPUS };
  await mustCall({
    method: "PATCH", url: `${plane.url}/api/v1/nodes/${NODE.name}/status`, ca: plane.ca, token: plane.tokens.admin ?? "",
    contentType: "application/strategic-merge-patch+json", body: { status: { capacity: gpus, allocatable: gpus } },
  });
}

async function installDns(plane: ControlPlane): Promise<void> {
  for (const { path, object } of CLUSTER_DNS) await mustCall({ method: "POST", url: plane.url + path, body: object, ca: plane.ca, token: plane.tokens.admin ?? "" });
  await until("cluster DNS answers", async () => {
    const deployment = await get<Conditions>(plane, "/apis/apps/v1/namespaces/kube-system/deployments/coredns");
    return (deployment?.status?.availableReplicas ?? 0) > 0 ? undefined : deployment?.status?.conditions?.[0]?.message ?? "its pod has not started";
  });
}

/** Its pods take an image that is not there for a failure, and wait before they look again: `withImages` comes first. */
async function installHoheit(plane: ControlPlane, helm: string, withImages: Promise<void>): Promise<void> {
  await withImages;
  await installProduct({ helm, url: plane.url, ca: plane.ca, token: plane.tokens.admin ?? "", kubeconfig: plane.kubeconfig() });
  await until("the operator is available", async () => {
    const deployment = await get<Conditions>(plane, `/apis/apps/v1/namespaces/${OPERATOR_NAMESPACE}/deployments/hoheit-operator`);
    return (deployment?.status?.availableReplicas ?? 0) > 1 ? undefined : deployment?.status?.conditions?.[0]?.message ?? "its pods have not started";
  });
}

async function get<T>(plane: ControlPlane, path: string): Promise<T | undefined> {
  const answer = await call({ url: plane.url + path, ca: plane.ca, token: plane.tokens.admin ?? "" });
  return answer.status === 200 ? JSON.parse(answer.body) as T : undefined;
}

/** `check` returns what is missing, undefined if nothing. */
async function until(what: string, check: () => Promise<string | undefined>): Promise<void> {
  const deadline = Date.now() + READY_MS;
  let missing = await check();
  while (missing !== undefined) {
    if (Date.now() > deadline) throw new Error(`not within ${READY_MS / 1000} s: ${what} (${missing})`);
    await delay(100);
    missing = await check();
  }
}
