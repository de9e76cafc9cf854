/** A namespace that was there before anybody governed it (samples/found-open): governed now, and what is proved of it. */
import { execFile } from "node:child_process";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { ROOT } from "../run.ts";
import type { Kubectl } from "./kubectl.ts";
import type { Terminal } from "./terminal.ts";

/** Namespace of that sample. */
export const PROVED_SAMPLE = "library";
const POLICY = "land";

export interface ProofOptions {
  readonly kubectl: Kubectl;
  /** How `hoheit` reaches the cluster. */
  readonly flags: readonly string[];
  readonly timeoutMs: number;
  readonly out: Terminal;
}

interface Conditions {
  readonly status?: { readonly conditions?: readonly { readonly type: string; readonly status: string; readonly reason: string }[] };
}

/** Shows it; resolves with what did not come about in time. */
export async function proveFoundOpen({ kubectl, flags, timeoutMs, out }: ProofOptions): Promise<string[]> {
  const label = ["label", "namespace", PROVED_SAMPLE, "hoheit.dev/governed=true", "--overwrite"];
  await kubectl(label);
  out.show(`\nThe namespace ${PROVED_SAMPLE} ran before anybody governed it. From now on somebody does:\n$ kubectl ${label.join(" ")}`);
  if (!await isProved(kubectl, timeoutMs, out)) return [`SovereigntyPolicy ${POLICY} does not say that something gets out of ${PROVED_SAMPLE}`];
  const get = ["get", "sovereigntypolicies"];
  const arguments_ = ["prove", ...flags, "--namespace", PROVED_SAMPLE];
  out.show(`$ kubectl ${get.join(" ")}\n${(await kubectl(get)).trimEnd()}\n\n$ hoheit ${arguments_.join(" ")}\n${(await hoheit(arguments_)).trimEnd()}`);
  return [];
}

/** Once the default deny of the namespace is in force, what still gets out is the sample's own doing. */
async function isProved(kubectl: Kubectl, timeoutMs: number, out: Terminal): Promise<boolean> {
  for (const deadline = Date.now() + timeoutMs; Date.now() < deadline; await delay(500)) {
    const { status } = JSON.parse(await kubectl(["get", "sovereigntypolicies", POLICY, "-o", "json"])) as Conditions;
    const conditionOf = (wanted: string) => status?.conditions?.find(({ type }) => type === wanted);
    const [enforced, proved] = [conditionOf("Enforced"), conditionOf("Proved")];
    if (enforced?.status === "True" && proved?.reason === "Refuted") return true;
    out.tick(`Waiting for a proof of ${PROVED_SAMPLE}: Enforced is ${enforced?.status ?? "not there"}, Proved is ${proved?.reason ?? "not there"}`);
  }
  return false;
}

/** What it prints; it ends with 1 where something gets out. */
const hoheit = (args: readonly string[]): Promise<string> => new Promise((done) => {
  execFile(process.execPath, [join(ROOT, "operator", "main.ts"), ...args], (_error, stdout, stderr) => done(`${stdout}${stderr}`));
});
