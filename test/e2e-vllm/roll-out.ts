/**
 * A roll-out while people work: short requests through the Service from several at a time, and two streams on every
 * old pod: one from before the roll-out, and one that begins just before the pod's server is told to end.
 */
import { setTimeout as delay } from "node:timers/promises";
import { deploymentNamed, podsOf, put } from "../support/house.ts";
import { eventually } from "../support/control-plane.ts";
import { servers } from "../support/node/house.ts";
import { node } from "../support/node/node.ts";
import type { Pod } from "../support/node/pods.ts";
import { loadFrom, streamFrom, type Outcome } from "./client.ts";
import { DEPLOYMENT, untilServing, urlOf, type Scene } from "./setup.ts";

const PARALLEL = 2;
/** After the deletion of a pod; as from a client whose proxy has not forgotten it yet. SIGTERM comes three seconds later. */
const LATE_START_MS = 12_000;
const POLL_MS = 200;
/** Two starts one after the other, and two ends, on a busy machine. */
const REPLACED_MS = 420_000;
/** Between the answer and the next request of one client. */
const THINK_MS = 200;

export interface StreamRecord {
  readonly pod: string;
  /** Milliseconds since 1970. */
  readonly started: number;
  readonly ended: number;
  readonly outcome: Outcome;
  /** The last two events: how it finished, and `[DONE]`. */
  readonly lastEvents: readonly string[];
}

export interface RollOut {
  readonly oldPods: readonly string[];
  readonly newPods: readonly string[];
  readonly requests: readonly Outcome[];
  readonly streams: readonly StreamRecord[];
  /** When each old pod was seen to stop, in milliseconds since 1970. */
  readonly stopping: ReadonlyMap<string, number>;
}

export interface Requests {
  /** Bodies for /v1/chat/completions. */
  readonly short: object;
  /** With `stream: true`; takes at least some seconds. */
  readonly long: object;
}

/** Changes an argument of the engine and returns what was seen until all pods were new. */
export async function rollOut(scene: Scene, { short, long }: Requests): Promise<RollOut> {
  const old = await servers(scene.namespace, DEPLOYMENT);
  const watch = watchStopping(scene.namespace);
  const load = loadFrom(scene.clients.declared, { url: `${scene.urls[0] ?? ""}/v1/chat/completions`, method: "POST", body: short, parallel: PARALLEL, pauseMs: THINK_MS, timeoutMs: 120_000 });
  const streams = old.map((pod) => streamTwice(scene.clients.declared, pod, { body: long, stopping: watch.stopping }));
  try {
    await eventually(() => load.outcomes.length > 0, { timeoutMs: 60_000 });
    await changeArguments(scene.namespace);
    await untilReplaced(scene.namespace, old);
    await untilServing(scene.namespace);
  } finally {
    watch.stop();
  }
  return {
    oldPods: old.map(({ metadata }) => metadata.name), newPods: (await servers(scene.namespace, DEPLOYMENT)).map(({ metadata }) => metadata.name),
    requests: await load.stop(), streams: (await Promise.all(streams)).flat(), stopping: watch.stopping,
  };
}

async function changeArguments(namespace: string): Promise<void> {
  const live = await deploymentNamed(node(), namespace, DEPLOYMENT);
  if (live === undefined) throw new Error("the deployment is gone");
  const { apiVersion, kind, metadata: { name }, spec } = live;
  await put(node(), { apiVersion, kind, metadata: { name, namespace }, spec: { ...spec, engine: { ...spec.engine, args: [...spec.engine.args, "--seed=1"] } } });
}

async function untilReplaced(namespace: string, old: readonly Pod[]): Promise<void> {
  const names = new Set(old.map(({ metadata }) => metadata.name));
  await eventually(async () => {
    const left = (await servers(namespace, DEPLOYMENT)).filter(({ metadata }) => names.has(metadata.name));
    if (left.length > 0) throw new Error(`${left.map(({ metadata }) => metadata.name).join(", ")} still there`);
  }, { timeoutMs: REPLACED_MS, everyMs: 500 });
}

/** Notes when pods get a time of deletion. */
function watchStopping(namespace: string): { stopping: Map<string, number>; stop(): void } {
  const stopping = new Map<string, number>();
  let watching = true;
  void (async () => {
    while (watching) {
      const live = await podsOf(node(), namespace, DEPLOYMENT).catch(() => []);
      for (const { metadata } of live.filter((pod) => pod.metadata.deletionTimestamp !== undefined)) {
        if (!stopping.has(metadata.name)) stopping.set(metadata.name, Date.now());
      }
      await delay(POLL_MS);
    }
  })();
  return { stopping, stop: () => { watching = false; } };
}

async function streamTwice(from: Pod, pod: Pod, { body, stopping }: { body: object; stopping: ReadonlyMap<string, number> }): Promise<StreamRecord[]> {
  const isLate = (): boolean => Date.now() - (stopping.get(pod.metadata.name) ?? Number.POSITIVE_INFINITY) >= LATE_START_MS;
  const late = eventually(isLate, { timeoutMs: REPLACED_MS, everyMs: POLL_MS }).then(() => streamOnce(from, pod, body));
  return Promise.all([streamOnce(from, pod, body), late]);
}

async function streamOnce(from: Pod, pod: Pod, body: object): Promise<StreamRecord> {
  const started = Date.now();
  const stream = streamFrom(from, { url: `${urlOf(pod.status.podIP ?? "")}/v1/chat/completions`, method: "POST", body, timeoutMs: 120_000 });
  const outcome = await stream.outcome;
  return { pod: pod.metadata.name, started, ended: Date.now(), outcome, lastEvents: stream.events.slice(-2).map(({ event }) => event) };
}
