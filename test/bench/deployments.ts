/**
 * `npm run bench -- deployments`: what the operator makes of N LanguageModelDeployments, beside the same objects written
 * plainly: the same custom resource, children, Event and status by our own client with the operator's identity, 64 at a time, with
 * nothing to watch and nothing to decide. Rounds are interleaved, each on a fresh etcd and API server.
 *
 * There is no controller manager. For the second phase a stand-in of this file says of every Deployment that it is rolled
 * out, so that each LanguageModelDeployment becomes Ready.
 */
import { loadavg } from "node:os";
import { parseArgs } from "node:util";
import { build } from "../../hack/build.ts";
import type { ControlPlane } from "../../hack/cluster/control-plane.ts";
import { buildChildren } from "../../operator/kinds/language-model-deployment/build/index.ts";
import type { LanguageModelDeployment } from "../../operator/kinds/language-model-deployment/schema.ts";
import { Caches } from "../../operator/kube/caches.ts";
import { CONFIG_MAPS, CRON_JOBS, DEPLOYMENTS, EVENTS, NETWORK_POLICIES, SERVICES, SERVICE_ACCOUNTS, type Resource } from "../../operator/kube/resources.ts";
import type { Cache } from "../../operator/kube/cache.ts";
import type { Condition, KubeObject, Live } from "../../operator/lib/k8s-types.ts";
import { buildEvent } from "../../operator/runtime/event-object.ts";
import type { EventNote } from "../../operator/runtime/events.ts";
import { controllerReference } from "../../operator/runtime/execute.ts";
import { DIGEST, lmd, OPERATOR as FACTS, TRIPWIRE } from "../support/makers.ts";
import { keep, show, spread } from "./figures.ts";
import { besidesLease, count, cpuSince, DEPLOYED, join, manifestOf, memoryOf, nameOf, NAMESPACE, OPERATOR, requestsOf, side, startBenchHouse, startOperator, until, WRITES, type Request } from "./house.ts";

const REST_MS = 10_000;
const LIMIT_MS = 180_000;

/** What it takes to have all objects there. The API server's share is what neighbours on the machine disturb least. */
interface Cost { readonly seconds: number; readonly serverCpuSeconds: number; readonly clientCpuSeconds: number }

interface OperatorRun {
  /** First create to last status. */
  readonly converge: Cost;
  /** Stand-in's first write to the last LanguageModelDeployment that is Ready. */
  readonly rolloutSeconds: number;
  readonly requests: Readonly<Record<"converge" | "rollout" | "rest" | "restart", Readonly<Record<string, number>>>>;
  readonly memoryMiB: Readonly<Record<"empty" | "converged" | "ready" | "restarted" | "most", number>>;
  /** What it wrote into the first one: the plain writer writes the same. */
  readonly status: LanguageModelDeployment["status"];
}

export async function deployments(args: string[]): Promise<void> {
  const { values } = parseArgs({ args, options: { n: { type: "string", default: "1000" }, runs: { type: "string", default: "3" } } });
  const [n, rounds] = [Number(values.n), Number(values.runs)];
  const bundle = await build();
  const ours: OperatorRun[] = [];
  const plain: Cost[] = [];
  for (let round = 1; round <= rounds; round += 1) {
    const one = await inHouse((plane) => runOperator(plane, bundle, n));
    const floor = await inHouse((plane) => writePlainly(plane, n, one.status));
    ours.push(one);
    plain.push(floor);
    console.log(`round ${round}, N=${n}, load ${loadavg()[0]?.toFixed(1)}: operator ${JSON.stringify(one.converge)}, plainly ${JSON.stringify(floor)}, ${JSON.stringify(one.memoryMiB)}`);
  }
  report(n, ours, plain);
}

async function inHouse<T>(work: (plane: ControlPlane) => Promise<T>): Promise<T> {
  const plane = await startBenchHouse([OPERATOR]);
  try {
    return await work(plane);
  } finally {
    await plane.stop();
  }
}

async function runOperator(plane: ControlPlane, bundle: string, n: number): Promise<OperatorRun> {
  using admin = join(plane, "admin");
  const stop = new AbortController();
  const caches = new Caches(admin);
  const seen = caches.for<LanguageModelDeployment>({ resource: DEPLOYED });
  const watching = caches.start(stop.signal);
  await caches.synced();
  try {
    await using first = startOperator(plane, bundle);
    await first.leads;
    await quiet(plane, 2_000);
    const empty = memoryOf(first.pid).now;
    const phase = phases(plane);
    const [serverCpu, clientCpu] = [cpuSince(plane.apiServer.pid), cpuSince(first.pid)];
    const seconds = await converge(admin.client, seen, n);
    const cost = { seconds, serverCpuSeconds: serverCpu(), clientCpuSeconds: clientCpu() };
    await quiet(plane, 1_500);
    const [converge1, converged] = [phase(), memoryOf(first.pid).now];
    const rolloutSeconds = await rollOut(admin.client, seen, n);
    await quiet(plane, 1_500);
    const [rollout, atRest] = [phase(), memoryOf(first.pid)];
    await pause(REST_MS);
    const rest = phase();
    await first.end("SIGTERM");
    await using second = startOperator(plane, bundle);
    await second.leads;
    await quiet(plane, 3_000);
    return {
      converge: cost, rolloutSeconds, status: seen.get(`${NAMESPACE}/${nameOf(0)}`)?.status,
      requests: { converge: count(converge1), rollout: count(rollout), rest: count(rest), restart: count(phase()) },
      memoryMiB: { empty, converged, ready: atRest.now, restarted: memoryOf(second.pid).now, most: atRest.most },
    };
  } finally {
    stop.abort();
    await watching;
  }
}

type Client = ReturnType<typeof join>["client"];

async function converge(client: Client, seen: Cache<LanguageModelDeployment>, n: number): Promise<number> {
  const started = performance.now();
  const creating = side(n, async (i) => void (await client.create<KubeObject>(DEPLOYED, manifestOf(i))));
  const last = await lastOf(seen, n, (one) => one.status?.observedGeneration === one.metadata.generation && readyOf(one) !== undefined && isComplete(one));
  await creating;
  return (last - started) / 1000;
}

/** Its status tells of the child that was made last. */
const isComplete = ({ status }: LanguageModelDeployment): boolean => status?.templateRevision !== undefined;

async function rollOut(client: Client, seen: Cache<LanguageModelDeployment>, n: number): Promise<number> {
  const started = performance.now();
  const status = { observedGeneration: 1, replicas: 1, updatedReplicas: 1, readyReplicas: 1, availableReplicas: 1 };
  const working = side(n, async (i) => void (await client.mergePatch(DEPLOYMENTS, { namespace: NAMESPACE, name: nameOf(i) }, { status }, { subresource: "status" })));
  const last = await lastOf(seen, n, (one) => readyOf(one)?.status === "True");
  await working;
  return (last - started) / 1000;
}

const readyOf = ({ status }: LanguageModelDeployment): Condition | undefined => status?.conditions?.find(({ type }) => type === "Ready");

/** When the n-th object came to be as `holds` asks (the cache's listeners stay, but no longer count). */
async function lastOf(seen: Cache<LanguageModelDeployment>, n: number, holds: (object: Live<LanguageModelDeployment>) => boolean): Promise<number> {
  const there = new Set<string>();
  let last = 0;
  seen.onChange(({ after }) => {
    if (after === undefined || there.has(after.metadata.name) || !holds(after)) return;
    there.add(after.metadata.name);
    last = performance.now();
  });
  await until(() => there.size === n, LIMIT_MS);
  return last;
}

/** As the operator announces a rollout. */
const NOTE: EventNote = { type: "Normal", reason: "RollingOut", action: "Reconcile", message: "Pods are being created or replaced." };

/** Seconds for the same objects without an operator. */
async function writePlainly(plane: ControlPlane, n: number, status: object | undefined): Promise<Cost> {
  using admin = join(plane, "admin");
  using writer = join(plane, OPERATOR.name);
  const [serverCpu, clientCpu] = [cpuSince(plane.apiServer.pid), cpuSince(process.pid)];
  const started = performance.now();
  await side(n, async (i) => {
    const made = await admin.client.create<KubeObject>(DEPLOYED, manifestOf(i));
    for (const [resource, child] of childrenOf(i)) {
      await writer.client.apply(resource, { ...child, metadata: { ...child.metadata, ownerReferences: [controllerReference(made)] } }, { createOnly: true });
    }
    await writer.client.create(EVENTS, buildEvent(made, NOTE, { instance: "plain-writer", nowMs: Date.now() }));
    const { uid, resourceVersion } = made.metadata;
    await writer.client.mergePatch(DEPLOYED, made.metadata, { status }, { uid, resourceVersion, subresource: "status" });
  });
  return { seconds: (performance.now() - started) / 1000, serverCpuSeconds: serverCpu(), clientCpuSeconds: clientCpu() };
}

function childrenOf(i: number): [Resource, KubeObject][] {
  const deployment = lmd(nameOf(i)).namespace(NAMESPACE).live();
  const start = { model: { claimName: "weights", path: ".", digest: DIGEST }, replicas: 1, liveAnnotations: undefined };
  const children = buildChildren({ deployment, clients: deployment.spec.clients, metricsScraper: undefined, operator: FACTS, tripwire: TRIPWIRE, start });
  if (children.deployment === undefined || children.gateConfig === undefined) throw new Error("nothing would start");
  return [[NETWORK_POLICIES, children.networkPolicy], [SERVICE_ACCOUNTS, children.serviceAccount], [SERVICES, children.service], [CONFIG_MAPS, children.gateConfig], [DEPLOYMENTS, children.deployment], [CRON_JOBS, children.cronJob]];
}

/** Returns what was asked of the API server since the last call, without the leader's renewals. */
function phases(plane: ControlPlane): () => Request[] {
  let from = requestsOf(plane).length;
  return () => {
    const all = requestsOf(plane);
    const since = all.slice(from);
    from = all.length;
    return besidesLease(since);
  };
}

/** Waits until the operator has asked nothing for `ms`. */
async function quiet(plane: ControlPlane, ms: number): Promise<void> {
  for (let before = -1, now = besidesLease(requestsOf(plane)).length; now !== before;) {
    await pause(ms);
    [before, now] = [now, besidesLease(requestsOf(plane)).length];
  }
}

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

function report(n: number, ours: readonly OperatorRun[], plain: readonly Cost[]): void {
  const writesOf = (requests: Readonly<Record<string, number>>): number => Object.entries(requests).reduce((sum, [what, times]) => sum + (WRITES.has(what.split(" ")[0] ?? "") ? times : 0), 0);
  const of = (figure: (run: OperatorRun) => number) => spread(ours.map(figure));
  const figures = {
    "operator, s": of(({ converge }) => converge.seconds),
    "plainly, s": spread(plain.map(({ seconds }) => seconds)),
    "share of the floor": spread(ours.map(({ converge }, i) => (plain[i]?.seconds ?? Number.NaN) / converge.seconds)),
    "API server's CPU, operator, s": of(({ converge }) => converge.serverCpuSeconds),
    "API server's CPU, plainly, s": spread(plain.map(({ serverCpuSeconds }) => serverCpuSeconds)),
    "operator's CPU, s": of(({ converge }) => converge.clientCpuSeconds),
    "plain writer's CPU, s": spread(plain.map(({ clientCpuSeconds }) => clientCpuSeconds)),
    "rolled out to Ready, s": of(({ rolloutSeconds }) => rolloutSeconds),
    "writes per deployment to converge": of(({ requests }) => writesOf(requests.converge) / n),
    "writes per deployment, rolled out to Ready": of(({ requests }) => writesOf(requests.rollout) / n),
    "writes at rest": of(({ requests }) => writesOf(requests.rest)),
    "writes after a restart": of(({ requests }) => writesOf(requests.restart)),
    "memory empty, MiB": of(({ memoryMiB }) => memoryMiB.empty),
    "memory with all Ready, MiB": of(({ memoryMiB }) => memoryMiB.ready),
    "memory after a restart, MiB": of(({ memoryMiB }) => memoryMiB.restarted),
    "memory at most, MiB": of(({ memoryMiB }) => memoryMiB.most),
  };
  console.table(Object.fromEntries(Object.entries(figures).map(([what, value]) => [what, show(value)])));
  console.log("requests of the last run:", JSON.stringify(ours.at(-1)?.requests, null, 1));
  keep(`deployments-${n}`, { n, figures, requests: ours.map(({ requests }) => requests) });
}
