/** The operator from this checkout, as its own unprivileged identity: a service account with the permissions of the chart. */
import { writeFileSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { call } from "../cluster/http.ts";
import { OPERATOR_ACCOUNT, OPERATOR_NAMESPACE } from "../cluster/install.ts";
import { freePorts } from "../cluster/ports.ts";
import { Sorry } from "../cluster/sorry.ts";
import { supervise, type Supervised } from "../cluster/supervise.ts";
import { ROOT } from "../run.ts";
import type { Kubectl } from "./kubectl.ts";

const READY_MS = 60_000;
const GRACE_MS = 10_000;

export interface RunningOperator {
  readonly process: Supervised;
  readonly logFile: string;
  /** Asks it to release its lease and end. */
  stop(): Promise<void>;
}

/** Starts it and waits until it is ready. `folder` takes its kubeconfig and its log. */
export async function startOperator(kubectl: Kubectl, folder: string): Promise<RunningOperator> {
  const kubeconfig = join(folder, "operator.kubeconfig");
  writeFileSync(kubeconfig, await operatorKubeconfig(kubectl), { mode: 0o600 });
  const [port = 0] = await freePorts(1);
  const logFile = join(folder, "operator.log");
  const child = await supervise({
    command: process.execPath, logFile, cwd: ROOT,
    args: [join(ROOT, "operator", "main.ts"), "operator", `--kubeconfig=${kubeconfig}`, `--namespace=${OPERATOR_NAMESPACE}`, `--listen=127.0.0.1:${port}`],
  });
  await untilServing(child, `http://127.0.0.1:${port}/readyz`, logFile);
  return { process: child, logFile, stop: () => child.stop(GRACE_MS) };
}

/** The cluster as kubectl reaches it, with a token of the service account (TokenRequest) and nothing of the user's. */
async function operatorKubeconfig(kubectl: Kubectl): Promise<string> {
  const view = JSON.parse(await kubectl(["config", "view", "--raw", "--minify", "--flatten", "-o", "json"])) as { clusters: object[]; contexts: { context: { cluster: string } }[] };
  const token = (await kubectl(["create", "token", OPERATOR_ACCOUNT, `--namespace=${OPERATOR_NAMESPACE}`, "--duration=24h"])).trim();
  const context = { cluster: view.contexts[0]?.context.cluster ?? "", user: OPERATOR_ACCOUNT };
  return JSON.stringify({
    apiVersion: "v1", kind: "Config", clusters: view.clusters, users: [{ name: OPERATOR_ACCOUNT, user: { token } }],
    contexts: [{ name: "operator", context }], "current-context": "operator",
  });
}

async function untilServing(child: Supervised, url: string, logFile: string): Promise<void> {
  const deadline = Date.now() + READY_MS;
  while (child.running && Date.now() < deadline) {
    const answer = await call({ url, timeoutMs: 1000 }).catch(() => undefined);
    if (answer?.status === 200) return;
    await delay(100);
  }
  const how = child.running ? "did not get ready" : `ended with status ${await child.exited}`;
  await child.stop();
  throw new Sorry(`The operator ${how}; its log ends with:\n${logTail(logFile)}`);
}

export function logTail(file: string, lines = 15): string {
  return readFileSync(file, "utf8").trimEnd().split("\n").slice(-lines).join("\n");
}
