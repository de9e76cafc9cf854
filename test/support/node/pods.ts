/** Pods on the real node: make them, and send packets from where they are. */
import { execFile } from "node:child_process";
import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { eventually, rawCall } from "../control-plane.ts";
import type { Attempt, Target } from "./attempt.ts";
import { node } from "./node.ts";
import { PAUSE_IMAGE } from "./pause.ts";
import { SANDBOX_CGROUP } from "./sandbox.ts";

const run = promisify(execFile);

export interface Pod {
  readonly metadata: { readonly name: string; readonly namespace: string; readonly uid: string; readonly labels?: Readonly<Record<string, string>> };
  readonly status: {
    readonly phase?: string; readonly podIP?: string; readonly podIPs?: readonly { readonly ip: string }[];
    readonly conditions?: readonly { readonly type: string; readonly status: string }[];
    readonly initContainerStatuses?: readonly { readonly state?: { readonly running?: object; readonly terminated?: { readonly exitCode: number; readonly message?: string } } }[];
  };
}

/** What the longest of tests lets a program run; one that hangs would keep vitest from saying which test it was. */
const LONGEST_MS = 280_000;

export interface PodOptions {
  readonly namespace: string;
  readonly name: string;
  readonly labels?: Readonly<Record<string, string>>;
  /** Merged over `idleSpec()`. */
  readonly spec?: object;
}

/** Creates a pod and resolves when it runs. */
export async function startPod({ namespace, name, labels = {}, spec = {} }: PodOptions): Promise<Pod> {
  await rawCall(node(), "POST", `/api/v1/namespaces/${namespace}/pods`, {
    body: { apiVersion: "v1", kind: "Pod", metadata: { name, labels }, spec: { ...idleSpec(), ...spec } },
  });
  return untilRunning(namespace, name);
}

/** A container that waits for ever and passes Pod Security `restricted`, with whatever else it shall have. */
export function idleSpec(container: object = {}): object {
  return {
    automountServiceAccountToken: false, terminationGracePeriodSeconds: 0, enableServiceLinks: false,
    securityContext: { runAsNonRoot: true, runAsUser: 2000, seccompProfile: { type: "RuntimeDefault" } },
    containers: [{
      name: "idle", image: PAUSE_IMAGE, imagePullPolicy: "Never",
      securityContext: { allowPrivilegeEscalation: false, readOnlyRootFilesystem: true, capabilities: { drop: ["ALL"] } }, ...container,
    }],
  };
}

export async function untilRunning(namespace: string, name: string): Promise<Pod> {
  return eventually(async () => {
    const pod = await rawCall<Pod>(node(), "GET", `/api/v1/namespaces/${namespace}/pods/${name}`);
    if (pod.status.phase !== "Running") throw new Error(`pod ${namespace}/${name} is ${JSON.stringify(pod.status)}`);
    return pod;
  }, { timeoutMs: 60_000 });
}

/** Both addresses of a pod. */
export const addressesOf = (pod: Pod): string[] => (pod.status.podIPs ?? []).map(({ ip }) => ip);

/** Tries all targets at once, from the pod's network and in its name. */
export async function attemptsFrom(pod: Pod, targets: readonly Target[]): Promise<Attempt[]> {
  const { stdout } = await inNetworkOf(pod, process.execPath, join(import.meta.dirname, "attempt.ts"), JSON.stringify(targets));
  return JSON.parse(stdout) as Attempt[];
}

/** Runs a program of ours in the network of a pod, and in nothing else of it. */
export function inNetworkOf(pod: Pod, command: string, ...args: string[]): Promise<{ stdout: string; stderr: string }> {
  return run("nsenter", [`--net=/proc/${processOf(pod)}/ns/net`, command, ...args], { timeout: LONGEST_MS });
}

/** Some process of the pod. */
export function processOf(pod: Pod): number {
  const [first] = processesOf(pod);
  if (first === undefined) throw new Error(`pod ${pod.metadata.name} has no process on this node`);
  return first;
}

/** All processes of the pod; kubelet keeps them in a cgroup with the pod's uid. */
export function processesOf({ metadata: { uid } }: Pod): number[] {
  const root = process.env[SANDBOX_CGROUP] ?? "";
  const [v1, v2] = [`/sys/fs/cgroup/memory${root}`, `/sys/fs/cgroup${root}`];
  const files = globSync([`${v1}/kubepods/**/pod${uid}/*/cgroup.procs`, `${v2}/kubepods/**/pod${uid}/*/cgroup.procs`]);
  return files.flatMap((file) => readFileSync(file, "utf8").split("\n")).map(Number).filter((pid) => pid > 0);
}
