import { spawn, type ChildProcess } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { describe, expect, test } from "vitest";
import { eventually, rawCall, startControlPlane } from "../support/control-plane.ts";

const ROOT = resolve(import.meta.dirname, "..", "..");

interface Demo {
  readonly process: ChildProcess;
  readonly ended: Promise<number | null>;
  text(): string;
}

/** As npm runs it: by the bootstrap, in a session of its own so that a test may kill the group. */
function startDemo(args: readonly string[], env: NodeJS.ProcessEnv = {}): Demo {
  const child = spawn(process.execPath, ["hack/bootstrap.mjs", "hack/demo.ts", ...args], { cwd: ROOT, env: { ...process.env, ...env }, stdio: ["ignore", "pipe", "pipe"], detached: true });
  let text = "";
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding("utf8").on("data", (more: string) => { text += more; });
  return { process: child, ended: new Promise((done) => child.once("exit", done)), text: () => text };
}

/** Processes whose command line names `word`. Linux only, like the place where this runs; elsewhere none are seen. */
function processesOf(word: string): string[] {
  if (!existsSync("/proc/self")) return [];
  return readdirSync("/proc").filter((name) => /^\d+$/.test(name)).flatMap((pid) => {
    try {
      const line = readFileSync(`/proc/${pid}/cmdline`, "utf8").replaceAll("\0", " ");
      return line.includes(word) ? [line] : [];
    } catch {
      return []; // it ended while we looked
    }
  });
}

const kubeconfigIn = (text: string): string => /export KUBECONFIG=(\S+)/.exec(text)?.[1] ?? "";

describe("npm run demo", () => {
  test("-- --once ends with 0 when the samples are Ready and has shown what one waits for", { timeout: 180_000 }, async () => {
    const demo = startDemo(["--once", "--timeout", "120"]);
    const status = await demo.ended;
    expect(demo.text()).toContain("The samples are Ready");
    expect(demo.text()).toMatch(/jsonpath='\{\.status\.waitingFor\}'\npod \S+: 0\/3 nodes are available/);
    expect(demo.text()).toMatch(/\$ hoheit prove .* --namespace library\nPROVED {8}library\/Deployment\/catalogue\nREFUTED {7}library\/Deployment\/crawler\n +packet +TCP [0-9.]+:443\n +allowed by +NetworkPolicy library\/crawler /);
    expect(status).toBe(0);
  });

  test.each(["SIGKILL", "SIGINT"] as const)("leaves no process and no file when its whole group gets %s", { timeout: 180_000 }, async (signal) => {
    const demo = startDemo(["--timeout", "120"]);
    await eventually(() => expect(demo.text()).toContain("Ctrl-C ends everything"), { timeoutMs: 150_000, everyMs: 200 });
    const folder = dirname(kubeconfigIn(demo.text()));
    expect((await fetch(/The report, in German or English: (\S+)/.exec(demo.text())?.[1] ?? "")).status).toBe(200);
    expect([existsSync(join(folder, "operator.log")), processesOf(folder).length > 5]).toEqual([true, true]);
    process.kill(-(demo.process.pid ?? 0), signal);
    await demo.ended;
    await eventually(() => expect([processesOf(folder), existsSync(folder)]).toEqual([[], false]));
  });

  test("-- --context uses a cluster that is there, and deletes what it has created", { timeout: 240_000 }, async () => {
    await using plane = await startControlPlane({ controllerManager: true, scheduler: true, nodes: true });
    const demo = startDemo(["--context", "hoheit", "--yes", "--once", "--timeout", "120"], { KUBECONFIG: plane.kubeconfig() });
    const status = await demo.ended;
    expect(demo.text()).toContain(`This uses the cluster of context hoheit (${plane.url}) and will`);
    expect(demo.text()).toContain("The samples are Ready");
    expect(status).toBe(0);
    const { items } = await rawCall<{ items: object[] }>(plane, "GET", "/apis/hoheit.dev/v1alpha1/languagemodeldeployments");
    expect(items).toEqual([]);
    await eventually(async () => {
      const namespaces = await rawCall<{ items: { metadata: { name: string } }[] }>(plane, "GET", "/api/v1/namespaces");
      expect(namespaces.items.map(({ metadata }) => metadata.name).toSorted()).toEqual(["default", "hoheit-system", "kube-node-lease", "kube-public", "kube-system"]);
    }, { timeoutMs: 60_000 });
  });

  test("-- --context asks before it does anything, and does nothing when nobody can answer", { timeout: 60_000 }, async () => {
    await using plane = await startControlPlane();
    const demo = startDemo(["--context", "hoheit"], { KUBECONFIG: plane.kubeconfig() });
    expect(await demo.ended).toBe(1);
    expect(demo.text()).toContain("agree beforehand with --yes");
    await expect(rawCall(plane, "GET", "/api/v1/namespaces/hoheit-system")).rejects.toThrow("404");
  });
});
