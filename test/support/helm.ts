/** The real helm 4, built like the control plane; every call with state of its own, so that the user's is never touched. */
import { execFile } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { ensureBinaries } from "../../hack/cluster/binaries.ts";
import { ROOT } from "../../hack/run.ts";

const run = promisify(execFile);

export const CHART = join(ROOT, "charts", "hoheit");
export const CRDS_CHART = join(ROOT, "charts", "hoheit-crds");

/** Runs helm and returns what it printed. Rejects with what it said when it fails. The first call builds helm (minutes) if it must. */
export async function helm(args: readonly string[], kubeconfig?: string): Promise<string> {
  const { helm: program } = await ensureBinaries(["helm"], { step: (text) => console.log(text), tick: () => undefined });
  const home = mkdtempSync(join(tmpdir(), "hoheit-helm-"));
  const env = { PATH: process.env["PATH"] ?? "", HOME: home, ...(kubeconfig !== undefined && { KUBECONFIG: kubeconfig }) };
  try {
    return (await run(program, [...args], { env, maxBuffer: 1 << 25 })).stdout;
  } catch (error) {
    throw new Error(`helm ${args.join(" ")}: ${(error as { stderr?: string }).stderr ?? String(error)}`, { cause: error });
  } finally {
    rmSync(home, { recursive: true, force: true });
  }
}
