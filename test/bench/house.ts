/**
 * What benchmarks of the whole operator begin with: etcd and an API server of their own (nothing else: no controller
 * manager, no nodes), warmed, with CRDs, permissions, one namespace and an approved model in it; and the operator as it
 * is shipped, the bundle, as processes of their own.
 */
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import path from "node:path";
import { createInterface } from "node:readline";
import { startControlPlane, type ControlPlane, type Identity } from "../../hack/cluster/control-plane.ts";
import { installHoheit } from "../../hack/cluster/install.ts";
import { ROOT } from "../../hack/run.ts";
import { languageModelDeployment, type LanguageModelDeployment } from "../../operator/kinds/language-model-deployment/schema.ts";
import { languageModel } from "../../operator/kinds/language-model/schema.ts";
import { modelApproval } from "../../operator/kinds/model-approval/schema.ts";
import { processingActivity } from "../../operator/kinds/processing-activity/schema.ts";
import { PERSISTENT_VOLUME_CLAIMS, type Resource } from "../../operator/kube/resources.ts";
import type { KubeObject } from "../../operator/lib/k8s-types.ts";
import { CONFIG_MAPS, configMap, connect, type Connected } from "../support/kube-client.ts";
import { activity, approval, lm, lmd } from "../support/makers.ts";
import { GATE_FLAGS } from "../support/operator.ts";

export const NAMESPACE = "bench";
/** The service account of the chart: the operator has the permissions that it ships with, and passes the API server's fair queues like in life. */
export const OPERATOR: Identity = { name: "operator", user: "system:serviceaccount:hoheit-system:hoheit-operator", groups: ["system:serviceaccounts", "system:serviceaccounts:hoheit-system", "system:authenticated"] };
/** Requests at a time of everything that is not the operator. */
const IN_FLIGHT = 64;
const WARMING = 1_500;

const NAMESPACES: Resource = { group: "", version: "v1", plural: "namespaces", kind: "Namespace", namespaced: false };

/** Requests of `audited` are on disk, one line each, before they are answered. */
export async function startBenchHouse(audited: readonly Identity[]): Promise<ControlPlane> {
  const plane = await startControlPlane({ identities: audited, audit: { users: audited.map(({ user }) => user) } });
  try {
    await installHoheit({ url: plane.url, ca: plane.ca, token: plane.tokens["admin"] ?? "" });
    using admin = join(plane, "admin");
    await furnish(admin);
    await warm(admin);
    return plane;
  } catch (error) {
    await plane.stop();
    throw error;
  }
}

export const join = (plane: ControlPlane, identity: string): Connected => connect(plane, plane, { token: plane.tokens[identity] ?? "", pingIntervalMs: 5_000, pingTimeoutMs: 5_000 });

async function furnish({ client }: Connected): Promise<void> {
  await client.create(NAMESPACES, { apiVersion: "v1", kind: "Namespace", metadata: { name: NAMESPACE } });
  const claim = { apiVersion: "v1", kind: "PersistentVolumeClaim", metadata: { name: "weights", namespace: NAMESPACE }, spec: { accessModes: ["ReadOnlyMany"], storageClassName: "", volumeName: "weights", resources: { requests: { storage: "200Gi" } } } };
  await client.create<KubeObject>(PERSISTENT_VOLUME_CLAIMS, claim);
  // Binding is the controller manager's work, and there is none.
  await client.mergePatch(PERSISTENT_VOLUME_CLAIMS, claim.metadata, { status: { phase: "Bound" } }, { subresource: "status" });
  await client.create<KubeObject>(processingActivity.resource, activity().namespace(NAMESPACE).manifest());
  await client.create<KubeObject>(languageModel.resource, lm().namespace(NAMESPACE).manifest());
  await client.create<KubeObject>(modelApproval.resource, approval().namespace(NAMESPACE).manifest());
}

/** A server that has just started is slow for its first requests. */
async function warm({ client }: Connected): Promise<void> {
  await side(WARMING, async (i) => void (await client.create(CONFIG_MAPS, configMap(NAMESPACE, `warm-${i}`))));
  await side(WARMING, async (i) => void (await client.delete(CONFIG_MAPS, { namespace: NAMESPACE, name: `warm-${i}` })));
}

/** Does `work` for 0 to n - 1, many at a time. */
export async function side(n: number, work: (i: number) => Promise<void>): Promise<void> {
  let next = 0;
  await Promise.all(Array.from({ length: Math.min(n, IN_FLIGHT) }, async () => {
    for (let i = next++; i < n; i = next++) await work(i);
  }));
}

export const nameOf = (i: number): string => `d-${String(i).padStart(5, "0")}`;

export const manifestOf = (i: number): KubeObject => lmd(nameOf(i)).namespace(NAMESPACE).manifest();

/** The resource as the type that the operator reads. */
export const DEPLOYED = languageModelDeployment.resource as unknown as Resource<LanguageModelDeployment>;

export interface Operator extends AsyncDisposable {
  readonly process: ChildProcess;
  readonly pid: number;
  /** Resolves with the time (epoch, milliseconds) at which it began to lead. */
  readonly leads: Promise<number>;
  /** Resolves when its caches hold everything: it is ready to take over. */
  readonly ready: Promise<void>;
  /** Ends it and waits until it is gone. */
  end(signal: NodeJS.Signals): Promise<void>;
}

/** The flags with which Node runs what we ship: those of the first line of the program. */
export function shippedFlags(): string[] {
  const [first = ""] = readFileSync(path.join(ROOT, "operator", "main.ts"), "utf8").split("\n", 1);
  return first.split(" ").slice(1).filter((word) => word.startsWith("--"));
}

/** Starts the bundle with the settings that we ship. What it warns of goes to stderr. */
export function startOperator(plane: ControlPlane, bundle: string, identity = OPERATOR.name): Operator {
  const args = [...shippedFlags(), bundle, "operator", "--kubeconfig", plane.kubeconfig(identity), "--listen", "127.0.0.1:0", ...GATE_FLAGS, "--identity", identity];
  const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "inherit"] });
  const exited = once(child, "exit");
  const leading = Promise.withResolvers<number>();
  const started = Promise.withResolvers<number>();
  createInterface({ input: child.stdout }).on("line", (line) => {
    const { msg, level, port } = JSON.parse(line) as { msg: string; level: string; port?: number };
    if (msg === "this replica leads") leading.resolve(Date.now());
    if (port !== undefined) started.resolve(port);
    if (level === "error") console.error(line);
  });
  const end = async (signal: NodeJS.Signals): Promise<void> => {
    if (child.exitCode === null && child.signalCode === null && child.kill(signal)) await exited;
  };
  return { process: child, pid: child.pid ?? 0, leads: leading.promise, ready: started.promise.then(untilReady), end, [Symbol.asyncDispose]: () => end("SIGKILL") };
}

async function untilReady(port: number): Promise<void> {
  await until(async () => (await fetch(`http://127.0.0.1:${port}/readyz`)).ok, 60_000);
}

/** Repeats `check` until it holds; throws after `deadlineMs`. */
export async function until(check: () => boolean | Promise<boolean>, deadlineMs: number, everyMs = 25): Promise<void> {
  const end = performance.now() + deadlineMs;
  while (!(await check())) {
    if (performance.now() > end) throw new Error(`not within ${deadlineMs} ms: ${check.toString()}`);
    await new Promise((resolve) => setTimeout(resolve, everyMs));
  }
}

/** Resident memory of a process in MiB: now and at most. */
export function memoryOf(pid: number): { now: number; most: number } {
  const text = readFileSync(`/proc/${pid}/status`, "utf8");
  const field = (name: string): number => Math.round(Number(new RegExp(`^${name}:\\s+(\\d+)`, "m").exec(text)?.[1]) / 102.4) / 10;
  return { now: field("VmRSS"), most: field("VmHWM") };
}

/** Seconds of CPU, in user and kernel mode, that a process has used. */
function cpuOf(pid = 0): number {
  const text = readFileSync(`/proc/${pid}/stat`, "utf8");
  const [user, system] = text.slice(text.lastIndexOf(")") + 2).split(" ").slice(11, 13);
  return (Number(user) + Number(system)) / 100;
}

/** Tells how much CPU the process has used since this call. */
export function cpuSince(pid: number | undefined): () => number {
  const before = cpuOf(pid);
  return () => cpuOf(pid) - before;
}

/** The part of an audit line that benchmarks read. */
export interface Request {
  readonly stage: string;
  readonly verb: string;
  readonly user: { readonly username: string };
  readonly objectRef?: { readonly resource: string; readonly subresource?: string; readonly name?: string };
  readonly requestReceivedTimestamp: string;
  readonly responseStatus?: { readonly code?: number };
}

/** Requests so far. A watch counts when it opens, anything else when it is answered. */
export function requestsOf({ auditLogFile = "" }: ControlPlane): Request[] {
  const lines = readFileSync(auditLogFile, "utf8").split("\n").slice(0, -1).map((line) => JSON.parse(line) as Request);
  return lines.filter(({ verb, stage }) => (verb === "watch") === (stage === "ResponseStarted"));
}

export const WRITES: ReadonlySet<string> = new Set(["create", "update", "patch", "delete", "deletecollection"]);

/** `patch deployments 201` -> how often. */
export function count(requests: readonly Request[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { verb, objectRef, responseStatus } of requests) {
    const what = objectRef === undefined ? "other" : [objectRef.resource, objectRef.subresource].filter((part) => part !== undefined).join("/");
    const key = `${verb} ${what} ${responseStatus?.code ?? 0}`;
    counts[key] = (counts[key] ?? 0) + 1;
  }
  return Object.fromEntries(Object.entries(counts).toSorted(([a], [b]) => a.localeCompare(b)));
}

/** Without the leader's renewals, which are there at rest, too. */
export const besidesLease = (requests: readonly Request[]): Request[] => requests.filter(({ objectRef }) => objectRef?.resource !== "leases");
