/** The floor under every operator's time: the harness's plain writer makes the same six writes for each Widget, with nothing to decide. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { mustCall } from "../../hack/cluster/http.ts";
import { run } from "../../hack/run.ts";
import type { Figures, Harness } from "./harness.ts";

/** As many at a time as the writer is fastest with. */
const IN_FLIGHT = "64";

/** Seconds for N Widgets on a fresh, warm control plane. The Widgets themselves are made before the clock starts. */
export async function measureFloor({ folder, env }: Harness, n: number): Promise<Figures> {
  const settings = { ...env, RUN: join(env["PEER"] ?? "", "run"), KUBECONFIG: join(env["PEER"] ?? "", "run", "kc") };
  const must = async (program: string, ...args: string[]): Promise<string> => {
    const { status, output } = await run(program, args, { env: settings, capture: true });
    if (status !== 0) throw new Error(`${program} ended with ${status}:\n${output}`);
    return output;
  };
  await must(join(folder, "cp-start.sh"));
  const kubectl = join(env["KBIN"] ?? "", "kubectl");
  await must(kubectl, "apply", "-f", join(folder, "crd.yaml"));
  await must(kubectl, "wait", "--for=condition=Established", "crd/widgets.bench.dev");
  // The same warming as in measure-op.sh.
  const writer = join(env["PEER"] ?? "", "bin", "writer");
  await must(writer, "-api", env["API"] ?? "", "-ns", "warm", "-c", "64", "-n", "3000", "-tag", "warm");
  await must(writer, "-api", env["API"] ?? "", "-ns", "warm2", "-c", "64", "-n", "1000", "-op", "apply");
  const ca = readFileSync(join(settings.RUN, "pki", "apiserver.crt"), "utf8");
  for (const namespace of ["warm", "warm2"]) {
    await mustCall({ method: "DELETE", url: `${env["API"]}/api/v1/namespaces/${namespace}/configmaps`, ca, token: "tok-admin", timeoutMs: 60_000 });
  }
  const output = await must(process.execPath, "--no-warnings", join(folder, "node", "writer.mjs"), "--op", "mix", "--lib", "http2", "--conns", "1", "--ns", "mix", "--n", String(n), "--c", IN_FLIGHT);
  const { s, errs, cpuApi } = JSON.parse(output) as { s: number; errs: number; cpuApi: number };
  if (errs > 0) throw new Error(`the plain writer failed ${errs} times: ${output}`);
  return { convergeSeconds: s, serverCpuSeconds: cpuApi };
}
