/** vitest's global set-up for the project `e2e`: one node for all its files. Runs only where hack/e2e.ts has put it. */
import { copyFileSync, globSync, mkdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import type { TestProject } from "vitest/node";
import { ROOT } from "../../../hack/run.ts";
import { SANDBOX_CGROUP } from "./sandbox.ts";
import { NODE_IMAGES, startNode, type NodePart } from "./start.ts";

/** Plain data, so that it can cross into vitest's workers. */
export interface SharedNode {
  readonly url: string;
  /** PEM. */
  readonly ca: string;
  readonly tokens: Readonly<Record<string, string>>;
  /** Path of the administrator's. */
  readonly kubeconfig: string;
  /** Of this run; removed with it. */
  readonly folder: string;
  readonly pids: Readonly<Record<NodePart, number>>;
}

declare module "vitest" {
  interface ProvidedContext {
    node: SharedNode;
  }
}

/** Logs of the last run, of the parts and of the pods, for whoever has to find out why it failed. */
const LOGS = join(ROOT, "build", "node-logs");

export async function setup(project: TestProject): Promise<() => Promise<void>> {
  if (process.env[SANDBOX_CGROUP] === undefined) throw new Error("These tests need a sandbox around them: run `npm run e2e`.");
  const { plane, folder, components, stop } = await startNode(JSON.parse(process.env[NODE_IMAGES] ?? "[]") as string[]).catch((error: unknown) => {
    keepLogs();
    // What has been started would keep vitest from ending; the end of the sandbox ends it.
    console.error(error);
    return process.exit(1);
  });
  const pid = (name: NodePart): number => {
    const running = components[name].pid;
    // A signal to 0 would freeze the tests instead.
    if (running === undefined) throw new Error(`${name} has ended; its log is in ${LOGS}`);
    return running;
  };
  project.provide("node", {
    url: plane.url, ca: plane.ca, tokens: plane.tokens, kubeconfig: plane.kubeconfig(), folder,
    pids: { containerd: pid("containerd"), kubelet: pid("kubelet"), "kube-proxy": pid("kube-proxy"), "kube-router": pid("kube-router") },
  });
  return async () => {
    keepLogs();
    await stop();
  };
}

function keepLogs(): void {
  rmSync(LOGS, { recursive: true, force: true });
  for (const file of globSync(["*/*.{log,jsonl}", "node/pod-logs/*/*/*.log"], { cwd: tmpdir() })) {
    const target = join(LOGS, file.replace(/^[^/]+\//, ""));
    mkdirSync(dirname(target), { recursive: true });
    copyFileSync(join(tmpdir(), file), target);
  }
}
