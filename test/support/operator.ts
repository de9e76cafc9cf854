/**
 * The operator as users run it: a process of its own, from this checkout, with the permissions that the chart ships.
 *
 *     await using operator = await startOperator(plane, { through: proxy });
 *     operator.kill("SIGKILL");
 */
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { randomBytes } from "node:crypto";
import { createInterface } from "node:readline";
import { resolve } from "node:path";
import { writeFile } from "node:fs/promises";
import { kubeconfig as kubeconfigText } from "../../hack/cluster/kubeconfig.ts";
import type { ControlPlane } from "../../hack/cluster/control-plane.ts";
import { eventually } from "./control-plane.ts";

const MAIN = resolve(import.meta.dirname, "..", "..", "operator", "main.ts");

export interface OperatorOptions {
  /** Reach the API server by another way, such as the fault proxy. */
  readonly through?: { readonly url: string; readonly ca: string };
  /** Who the operator is; default the service account of the chart. */
  readonly identity?: string;
  /** Flags beside those that every test needs. */
  readonly flags?: readonly string[];
}

/** One JSON line of its log. */
export type LogLine = Readonly<Record<string, unknown>> & { readonly msg?: string };

export interface RunningOperator extends AsyncDisposable {
  readonly process: ChildProcess;
  readonly log: readonly LogLine[];
  /** Everything that it printed, stdout and stderr. */
  readonly output: readonly string[];
  /** `http://127.0.0.1:PORT` of /metrics, /healthz, /readyz. */
  address(): Promise<string>;
  kill(signal: NodeJS.Signals): void;
  /** Exit code, or null when a signal ended it. */
  readonly ended: Promise<number | null>;
}

/** Lease times that make a take-over quick. */
export const QUICK_LEASE = ["--lease-seconds", "3", "--renew-seconds", "2", "--retry-seconds", "0.3", "--poll-seconds", "0.2"];

/** Where the gates of pods that nobody runs would come from, and a tripwire that is in nobody's way. */
export const GATE_FLAGS = ["--image", "registry.example/hoheit:test", "--listen-control", "127.0.0.1:0", "--listen-tripwire", "127.0.0.1:0"];

/** Probes in twelve hours: no test is to find a pod that it did not expect. */
const LATER = ["--probe-schedule", `0 ${(new Date().getUTCHours() + 12) % 24} * * *`];

/** Starts it; does not wait until it leads. */
export async function startOperator(plane: Pick<ControlPlane, "url" | "ca" | "tokens" | "folder">, options: OperatorOptions = {}): Promise<RunningOperator> {
  const { url, ca } = options.through ?? plane;
  const kubeconfig = `${plane.folder}/operator-${randomBytes(4).toString("hex")}.kubeconfig`;
  await writeFile(kubeconfig, kubeconfigText({ server: url, ca, token: plane.tokens[options.identity ?? "operator"] ?? "" }), { mode: 0o600 });
  const flags = ["--kubeconfig", kubeconfig, "--listen", "127.0.0.1:0", ...GATE_FLAGS, "--log-level", "debug", ...QUICK_LEASE, ...LATER, ...(options.flags ?? [])];
  const child = spawn(process.execPath, [MAIN, "operator", ...flags], { stdio: ["ignore", "pipe", "pipe"], env: { PATH: process.env["PATH"] ?? "" } });
  return running(child);
}

function running(child: ChildProcess): RunningOperator {
  const log: LogLine[] = [];
  const output: string[] = [];
  const ended = once(child, "exit").then(([code]) => code as number | null);
  for (const stream of [child.stdout, child.stderr]) {
    if (stream === null) continue;
    createInterface({ input: stream }).on("line", (line) => {
      output.push(line);
      if (line.startsWith("{")) log.push(JSON.parse(line) as LogLine);
    });
  }
  const port = (): number => log.find((line) => typeof line["port"] === "number")?.["port"] as number;
  return {
    process: child,
    log,
    output,
    ended,
    address: () => eventually(() => (port() === undefined ? false : `http://127.0.0.1:${port()}`)),
    kill: (signal) => void child.kill(signal),
    async [Symbol.asyncDispose]() {
      if (child.exitCode !== null || child.signalCode !== null) return;
      child.kill("SIGKILL");
      await ended;
    },
  };
}
