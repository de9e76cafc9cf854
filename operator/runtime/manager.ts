/**
 * Drives every kind: changes in caches wake keys in a queue, workers take keys and reconcile, outcomes say what is next.
 *
 * A standby has everything but the workers: its caches are warm, so that after a take-over the first reconcile needs no
 * read. Nothing is remembered between passes but when to look again, and a restart looks at everything once.
 */
import type { KubeApi } from "../kube/api.ts";
import type { Cache, CacheSpec } from "../kube/cache.ts";
import { FencedError, isConflict } from "../kube/errors.ts";
import { resourceName, type Resource } from "../kube/resources.ts";
import type { Clock } from "../lib/clock.ts";
import { canonicalJson } from "../lib/hash.ts";
import { keyOf, refOf, type KubeObject, type Live, type ObjectRef } from "../lib/k8s-types.ts";
import type { EventRecorder } from "./events.ts";
import type { Context, Controller, Read } from "./kind.ts";
import type { Logger } from "./log.ts";
import type { Outcome } from "./outcome.ts";
import { WorkQueue } from "./queue.ts";

/** What the manager tells about itself; metrics.ts implements it. */
export interface ManagerMetrics {
  reconciled(kind: string, outcome: Outcome["kind"] | "error" | "conflict", seconds: number): void;
  watchQueue(kind: string, queue: { readonly depth: number; readonly oldestAgeMs: number }): void;
}

export interface ManagerOptions {
  readonly controllers: readonly Controller[];
  readonly api: KubeApi;
  readonly caches: { for<T extends KubeObject>(spec: CacheSpec<T>): Cache<T> };
  readonly clock: Clock;
  readonly log: Logger;
  readonly events: EventRecorder;
  readonly metrics: ManagerMetrics;
  /** Reconciles at a time, per kind. They wait for the API server nearly all the time, so more than cores. */
  readonly workers: number;
}

interface Driven {
  readonly controller: Controller;
  readonly queue: WorkQueue<string>;
  readonly cache: Cache;
}

/** Expiry is a time of the wall clock, which may be set; timers run by another clock. So no answer is trusted for longer. */
const LONGEST_LOOK_AWAY_MS = 10 * 60_000;

export class Manager {
  private readonly options: ManagerOptions;
  private readonly driven: readonly Driven[];
  private readonly caches = new Map<string, Cache>();
  /** The caches, as reconciles see them. */
  readonly lookUp: Pick<Context, "cache"> = { cache: (resource) => this.cacheOf(resource) };
  private leading = false;
  /** Start times of the reconciles that run now: what /healthz looks at. */
  private readonly running = new Map<string, number>();

  constructor(options: ManagerOptions) {
    this.options = options;
    this.driven = options.controllers.map((controller) => this.wire(controller));
  }

  /** Runs the workers until `signal` aborts; resolves when the last reconcile has ended. Caches must be synced. */
  async lead(signal: AbortSignal): Promise<void> {
    this.leading = true;
    for (const { controller, queue, cache } of this.driven) {
      for (const object of cache.list()) queue.addInitial(keyOf(object.metadata));
      for (const ref of controller.leftBehind?.(this.lookUp) ?? []) queue.addInitial(keyOf(ref));
    }
    const workers = this.driven.flatMap((one) => Array.from({ length: this.options.workers }, () => this.work(one, signal)));
    try {
      await Promise.all(workers);
    } finally {
      this.leading = false;
    }
  }

  /** Milliseconds that the longest reconcile has been running; 0 when none runs. */
  longestReconcileMs(): number {
    const now = this.options.clock.monotonic();
    return [...this.running.values()].reduce((longest, start) => Math.max(longest, now - start), 0);
  }

  private wire(controller: Controller): Driven {
    const { clock, metrics } = this.options;
    const queue = new WorkQueue<string>({ clock });
    metrics.watchQueue(controller.name, queue);
    const wake = (ref: ObjectRef): void => {
      if (this.leading) queue.add(keyOf(ref));
    };
    const cache = this.register(controller.owns);
    cache.onChange(({ before, after }) => {
      const object = after ?? before;
      if (object === undefined) return;
      // What was refused may do now that somebody says something else: it is not made to wait for its predecessor.
      if (before?.metadata.generation !== after?.metadata.generation) queue.forget(keyOf(object.metadata));
      wake(object.metadata);
    });
    for (const read of controller.reads) this.follow(read, wake);
    return { controller, queue, cache };
  }

  private follow(read: Read, wake: (ref: ObjectRef) => void): void {
    this.register(read.cache).onChange(({ before, after }) => {
      if (before !== undefined && after !== undefined && isSame(read, before, after)) return;
      const woken = new Map<string, ObjectRef>();
      for (const object of [before, after]) {
        if (object === undefined) continue;
        for (const ref of read.wakes(object, this.lookUp)) woken.set(keyOf(ref), ref);
      }
      for (const ref of woken.values()) wake(ref);
    });
  }

  /** One cache for a resource, however many kinds read it. */
  private register<T extends KubeObject>(spec: CacheSpec<T>): Cache<T> {
    const cache = this.options.caches.for(spec);
    this.caches.set(resourceName(spec.resource), cache);
    return cache;
  }

  private cacheOf<T extends KubeObject>(resource: Resource<T>): Cache<T> {
    const known = this.caches.get(resourceName(resource));
    if (known === undefined) throw new Error(`nobody declared to read ${resourceName(resource)}: add it to the reads of the kind`);
    return known as unknown as Cache<T>;
  }

  private async work(driven: Driven, signal: AbortSignal): Promise<void> {
    const { controller, queue } = driven;
    for (let key = await queue.take(signal); key !== undefined; key = await queue.take(signal)) {
      const started = this.options.clock.monotonic();
      this.running.set(`${controller.name} ${key}`, started);
      const ended = await this.pass(driven, key);
      this.running.delete(`${controller.name} ${key}`);
      this.options.metrics.reconciled(controller.name, ended, (this.options.clock.monotonic() - started) / 1000);
      queue.done(key);
    }
  }

  private async pass({ controller, queue }: Driven, key: string): Promise<Outcome["kind"] | "error" | "conflict"> {
    const { api, clock, events } = this.options;
    const log = this.options.log.child({ kind: controller.name, object: key });
    try {
      const outcome = await controller.reconcile(refOf(key), { api, clock, events, log, cache: (resource) => this.cacheOf(resource) });
      lookAgain(queue, key, outcome);
      log.debug({ outcome }, "reconciled");
      return outcome.kind;
    } catch (error) {
      queue.addRateLimited(key);
      const conflict = isConflict(error);
      // Fenced is no failure: this replica leads no more and is about to end.
      if (!conflict && !(error instanceof FencedError)) log.warn({ err: error }, "reconcile failed, will be tried again");
      return conflict ? "conflict" : "error";
    }
  }
}

/** When `outcome` wants the key looked at again. */
function lookAgain(queue: WorkQueue<string>, key: string, outcome: Outcome): void {
  if (outcome.kind === "waiting") {
    if (outcome.tryFromMs === undefined) queue.forget(key);
    else queue.addRateLimited(key, outcome.tryFromMs);
    return queue.addAfter(key, outcome.delayMs);
  }
  queue.forget(key);
  if (outcome.recheckAfterMs !== undefined) queue.addAfter(key, Math.min(outcome.recheckAfterMs, LONGEST_LOOK_AWAY_MS));
}

/** Nothing that matters has changed: the heartbeat of a node, the probe time of a pod. */
function isSame({ cache, matters }: Read, before: Live, after: Live): boolean {
  if (matters === undefined && cache.keep === undefined) return false;
  const unversioned = (object: Live): unknown => ({ ...object, metadata: { ...object.metadata, resourceVersion: undefined } });
  const about = matters ?? unversioned;
  return canonicalJson(about(before)) === canonicalJson(about(after));
}
