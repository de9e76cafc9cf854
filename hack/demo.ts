/**
 * `npm run demo`: the whole of Hoheit on one machine, in front of your eyes. A real control plane, simulated GPU nodes,
 * the operator from this checkout with the permissions that the chart ships, and the samples. What it starts ends with
 * it, whatever ends it (cluster/supervise.ts).
 */
import { setTimeout as delay } from "node:timers/promises";
import { existsSync } from "node:fs";
import { delimiter, join } from "node:path";
import { ensureBinaries } from "./cluster/binaries.ts";
import { startControlPlane } from "./cluster/control-plane.ts";
import { crdFiles, OPERATOR_ACCOUNT, OPERATOR_NAMESPACE, RBAC_FILE, TRIPWIRE } from "./cluster/install.ts";
import { Sorry } from "./cluster/sorry.ts";
import { temporaryFolder } from "./cluster/supervise.ts";
import { absentOnes, announcement, askForConsent, refuseIfInstalled, remove } from "./demo/existing-cluster.ts";
import { apply, kubectl, type Kubectl } from "./demo/kubectl.ts";
import { logTail, startOperator, type RunningOperator } from "./demo/operator.ts";
import { parseOptions, USAGE, type DemoOptions } from "./demo/options.ts";
import { proveFoundOpen, PROVED_SAMPLE } from "./demo/proof.ts";
import { readSamples, type Sample, type Samples } from "./demo/samples.ts";
import { terminal, type Terminal } from "./demo/terminal.ts";
import { untilReady } from "./demo/wait.ts";
import { ROOT } from "./run.ts";

interface Cluster {
  readonly kubectl: Kubectl;
  readonly program: string;
  readonly folder: string;
  /** What a person types before kubectl. */
  readonly access: string;
  /** How `hoheit prove` gets there. */
  readonly flags: readonly string[];
  /** Samples that were not there before. */
  readonly ours: readonly Sample[];
}

type CleanUp = AsyncDisposableStack;

interface Life {
  readonly cleanUp: CleanUp;
  /** Set when everything was shown and only Ctrl-C is waited for. */
  readonly stage: { staying: boolean };
}

async function demo(options: DemoOptions, out: Terminal, { cleanUp, stage }: Life): Promise<void> {
  const samples = readSamples(ROOT);
  const cluster = options.context === undefined ? await localCluster(out, cleanUp) : await existingCluster(options, options.context, out, cleanUp);
  await install(cluster.kubectl);
  out.step(`Installed the CRDs and the permissions of ${OPERATOR_NAMESPACE}/${OPERATOR_ACCOUNT}`);
  const operator = await startOperator(cluster.kubectl, cluster.folder);
  cleanUp.defer(() => operator.stop());
  out.step("The operator is ready; it runs as that account, with a token of its own");
  if (options.context !== undefined) cleanUp.defer(() => removeSamples(cluster, out));
  await apply(cluster.kubectl, samples.namespaces);
  await apply(cluster.kubectl, samples.objects);
  out.step(`Applied samples/ (${samples.objects.length} objects in ${samples.namespaces.length} namespaces)`);
  const timeoutMs = options.timeoutSeconds * 1000;
  const lacking = await untilReady(cluster.kubectl, { wanted: samples.objects, unplaceable: samples.unplaceable, timeoutMs, tick: out.tick });
  out.step(lacking.length === 0 ? "The samples are Ready" : `Not Ready after ${options.timeoutSeconds} s`);
  await look(cluster, samples, out);
  if (lacking.length === 0) lacking.push(...await proveFoundOpen({ ...cluster, timeoutMs, out }));
  if (lacking.length > 0) out.show(`\n${lacking.join("\n")}\nThe operator's log ends with:\n${logTail(operator.logFile)}`);
  if (options.once && lacking.length > 0) throw new Sorry("The samples did not become Ready in time; the reasons are above.");
  if (options.once) return;
  stage.staying = true;
  await stay(cluster, operator, out);
}

async function localCluster(out: Terminal, cleanUp: CleanUp): Promise<Cluster> {
  const { kubectl: program } = await ensureBinaries(["kubectl"], out);
  out.tick("Starting the control plane");
  const plane = await startControlPlane({ controllerManager: true, scheduler: true, nodes: true, progress: out });
  cleanUp.defer(() => plane.stop());
  out.step(`etcd, kube-apiserver, kube-controller-manager, kube-scheduler and kwok run on 127.0.0.1 (${plane.url})`);
  const kubeconfig = plane.kubeconfig();
  return { program, kubectl: kubectl(program, { kubeconfig }), folder: plane.folder, access: `export KUBECONFIG=${kubeconfig}`, flags: ["--kubeconfig", kubeconfig], ours: [] };
}

async function existingCluster(options: DemoOptions, context: string, out: Terminal, cleanUp: CleanUp): Promise<Cluster> {
  // Who has a cluster has kubectl, and need not have Go.
  const program = onPath("kubectl") ?? (await ensureBinaries(["kubectl"], out)).kubectl;
  const run = kubectl(program, { context });
  const samples = readSamples(ROOT);
  const server = await run(["config", "view", "--minify", "-o", "jsonpath={.clusters[0].cluster.server}"]);
  out.show(announcement(context, server, samples));
  if (!options.yes) await askForConsent();
  await refuseIfInstalled(run);
  await installCrds(run); // before the question which samples exist: without the CRDs there is no answer
  const ours = await absentOnes(run, [...samples.namespaces, ...samples.objects]);
  const folder = temporaryFolder("hoheit-demo-");
  cleanUp.defer(() => folder.remove());
  return { program, kubectl: run, folder: folder.path, access: `alias kubectl="kubectl --context=${context}"`, flags: ["--context", context], ours };
}

const onPath = (name: string): string | undefined =>
  (process.env.PATH ?? "").split(delimiter).filter((folder) => folder !== "").map((folder) => join(folder, name)).find((path) => existsSync(path));

async function installCrds(run: Kubectl): Promise<void> {
  const files = crdFiles().map((file) => `--filename=${file}`);
  await run(["apply", "--server-side", "--force-conflicts", "--field-manager=hoheit-demo", ...files]);
  await untilEstablished(run, files);
}

/** kubectl wait fails at once ("accessor error") for a CRD that has no conditions yet, so it is called again until it waits. */
async function untilEstablished(run: Kubectl, files: readonly string[]): Promise<void> {
  const deadline = performance.now() + 60_000;
  for (;;) {
    try {
      await run(["wait", "--for=condition=Established", "--timeout=60s", ...files]);
      return;
    } catch (error) {
      if (performance.now() > deadline) throw error;
      await delay(250);
    }
  }
}

async function install(run: Kubectl): Promise<void> {
  await installCrds(run);
  await apply(run, [
    { apiVersion: "v1", kind: "Namespace", metadata: { name: OPERATOR_NAMESPACE } },
    { apiVersion: "v1", kind: "ServiceAccount", metadata: { name: OPERATOR_ACCOUNT, namespace: OPERATOR_NAMESPACE } },
    TRIPWIRE,
  ]);
  await run(["apply", "--server-side", "--force-conflicts", "--field-manager=hoheit-demo", `--filename=${RBAC_FILE}`]);
}

/** What a person would type, and what they would see. */
async function look({ kubectl: run }: Cluster, samples: Samples, out: Terminal): Promise<void> {
  const commands = [
    ["get", "nodes", "-L", "nvidia.com/gpu.product"],
    ["get", "sovereigntypolicies"],
    ["get", "processingactivities,languagemodels,modelapprovals", "--all-namespaces"],
    ["get", "languagemodeldeployments", "--all-namespaces"],
    ["get", "pods,networkpolicies", "--all-namespaces", "--selector=app.kubernetes.io/managed-by=hoheit"],
  ];
  for (const command of commands) out.show(`\n$ kubectl ${command.join(" ")}\n${(await run(command)).trimEnd()}`);
  for (const key of samples.unplaceable) {
    const [namespace = "", name = ""] = key.split("/");
    const command = ["get", "lmd", name, `--namespace=${namespace}`, "-o"];
    const waitingFor = await run([...command, "jsonpath={.status.waitingFor}"]);
    out.show(`\n${name} asks for more than any node has, so it waits, and says for what:\n$ kubectl ${command.join(" ")} jsonpath='{.status.waitingFor}'\n${waitingFor}`);
  }
}

async function stay(cluster: Cluster, operator: RunningOperator, out: Terminal): Promise<void> {
  out.show(`
Look around in another terminal:
  ${cluster.access}
  alias k=${cluster.program}
  k get lmd -A -o wide
  k explain lmd.spec
  k describe lmd -n assistant
  npm run -s hoheit -- prove ${cluster.flags.join(" ")} --namespace ${PROVED_SAMPLE} --explain
The report, in German or English: ${operator.reportUrl}
The operator's log: ${operator.logFile}

Ctrl-C ends everything.`);
  const status = await operator.process.exited;
  throw new Sorry(`The operator ended with status ${status}; its log ends with:\n${logTail(operator.logFile)}`);
}

async function removeSamples(cluster: Cluster, out: Terminal): Promise<void> {
  out.step("Deleting the samples");
  await remove(cluster.kubectl, cluster.ours);
  out.show(`Still there: the CRDs and the namespace ${OPERATOR_NAMESPACE}. To remove them as well:
  kubectl delete -f crds/ && kubectl delete -f charts/hoheit/generated/rbac.yaml && kubectl delete namespace ${OPERATOR_NAMESPACE}`);
}

/** Resolves with the exit status when somebody ends us: Ctrl-C, kill, a closed terminal, or the death of npm above us. */
function untilEnded(): Promise<number> {
  return new Promise((resolve) => {
    process.on("SIGINT", () => resolve(130)).on("SIGTERM", () => resolve(143)).on("SIGHUP", () => resolve(129));
    const parent = process.ppid;
    setInterval(() => { if (process.ppid !== parent) resolve(129); }, 1000).unref();
  });
}

/** Does everything, puts everything away, and returns the exit status. */
async function main(args: readonly string[]): Promise<number> {
  const out = terminal(process.stdout);
  const cleanUp = new AsyncDisposableStack();
  try {
    const options = parseOptions(args);
    if (options.help) {
      out.show(USAGE);
      return 0;
    }
    const stage = { staying: false };
    const status = await Promise.race([demo(options, out, { cleanUp, stage }).then(() => 0), untilEnded()]);
    if (status !== 0) out.step("Stopping");
    return stage.staying ? 0 : status; // Ctrl-C is how one leaves
  } catch (error) {
    out.show(error instanceof Sorry ? `\n${error.message}` : `\n${error instanceof Error ? (error.stack ?? error.message) : String(error)}`);
    return 1;
  } finally {
    await cleanUp.disposeAsync().catch((error: unknown) => out.show(`While putting things away: ${String(error)}`));
  }
}

if (import.meta.main) {
  const status = await main(process.argv.slice(2));
  process.exit(status); // a build or a kubectl that is still running dies with us
}
