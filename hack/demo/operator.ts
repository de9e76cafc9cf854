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
const PORT_ATTEMPTS = 3;

export interface RunningOperator {
  readonly process: Supervised;
  readonly logFile: string;
  /** Where a browser finds the report. */
  readonly reportUrl: string;
  /** Asks it to release its lease and end. */
  stop(): Promise<void>;
}

/** Starts it and waits until it is ready. `folder` takes its kubeconfig and its log. */
export async function startOperator(kubectl: Kubectl, folder: string): Promise<RunningOperator> {
  const kubeconfig = join(folder, "operator.kubeconfig");
  writeFileSync(kubeconfig, await operatorKubeconfig(kubectl), { mode: 0o600 });
  const logFile = join(folder, "operator.log");
  for (let attempt = 1; ; attempt++) {
    const running = await attemptToStart(kubeconfig, logFile);
    if (running !== undefined) return running;
    const log = logTail(logFile);
    // Another program was quicker than we at the port that was free a moment ago.
    if (!log.includes("EADDRINUSE") || attempt === PORT_ATTEMPTS) throw new Sorry(`The operator did not get ready; its log ends with:\n${log}`);
  }
}

/** Undefined if it ended or did not get ready. */
async function attemptToStart(kubeconfig: string, logFile: string): Promise<RunningOperator | undefined> {
  const [port = 0, reportPort = 0] = await freePorts(2);
  const child = await supervise({
    command: process.execPath, logFile, cwd: ROOT,
    args: [
      join(ROOT, "operator", "main.ts"), "operator", `--kubeconfig=${kubeconfig}`, `--namespace=${OPERATOR_NAMESPACE}`, `--listen=127.0.0.1:${port}`, `--listen-report=127.0.0.1:${reportPort}`,
      // Simulated nodes run no gate, and nobody asks a tripwire.
      "--image=hoheit:demo", "--listen-control=127.0.0.1:0", "--listen-tripwire=127.0.0.1:0",
    ],
  });
  if (!await isServing(child, `http://127.0.0.1:${port}/readyz`)) return undefined;
  return { process: child, logFile, reportUrl: `http://127.0.0.1:${reportPort}/`, stop: () => child.stop(GRACE_MS) };
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

/** False when it ended, or was ended because it took too long. */
async function isServing(child: Supervised, url: string): Promise<boolean> {
  const deadline = Date.now() + READY_MS;
  while (child.running && Date.now() < deadline) {
    const answer = await call({ url, timeoutMs: 1000 }).catch(() => undefined);
    if (answer?.status === 200) return true;
    await delay(100);
  }
  await child.stop();
  return false;
}

export function logTail(file: string, lines = 15): string {
  return readFileSync(file, "utf8").trimEnd().split("\n").slice(-lines).join("\n");
}
