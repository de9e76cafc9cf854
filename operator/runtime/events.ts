/**
 * Events (events.k8s.io/v1): what happened, for whoever runs `kubectl describe`. They are a courtesy: a reconcile never
 * waits for one, and an API server that refuses them changes nothing.
 *
 * The same thing said again within six minutes becomes a `series` of the first Event. Per object there is a budget, as
 * in client-go, so that one object that flaps cannot fill etcd.
 */
import type { KubeApi } from "../kube/api.ts";
import { isNotFound } from "../kube/errors.ts";
import { EVENTS } from "../kube/resources.ts";
import type { Clock } from "../lib/clock.ts";
import { shortHash } from "../lib/hash.ts";
import { keyOf, type KubeEvent, type KubeObject, type Live } from "../lib/k8s-types.ts";
import { EventBudget } from "./event-budget.ts";
import { buildEvent } from "./event-object.ts";
import type { Rule } from "./kind.ts";
import type { Logger } from "./log.ts";
import { microTime } from "./micro-time.ts";

/** An event about an object. `reason` equals the condition's reason; `action` is what we did or tried (machine word). */
export interface EventNote {
  readonly type: "Normal" | "Warning";
  readonly reason: string;
  readonly action: string;
  readonly message: string;
}

export interface EventRecorder {
  /** Queues the event; never throws and never delays a reconcile. */
  record(about: Live<KubeObject>, note: EventNote): void;
}

/** What the recorder needs, in the namespaces of the objects that it writes about. */
export const EVENT_RULES: readonly Rule[] = [{ apiGroups: ["events.k8s.io"], resources: ["events"], verbs: ["create", "patch"] }];

/** As client-go and the API's documentation: what comes later is another Event. */
const SERIES_MS = 6 * 60_000;
/** A series that goes on is brought up to date no more often. */
const PATCH_EVERY_MS = 60_000;
const LONGEST_QUEUE = 1_000;
/** Things said that are remembered; each costs about a kilobyte. */
const MOST_SERIES = 1_024;
const CALL_MS = 10_000;

export interface EventWriterOptions {
  readonly api: KubeApi;
  readonly clock: Clock;
  readonly log: Logger;
  /** This process: `reportingInstance`. */
  readonly instance: string;
  /** Called for every Event that was not written: refused, unreachable, over budget or over the queue's length. */
  onDropped?(why: "failed" | "budget" | "queue"): void;
}

interface Series {
  readonly event: KubeEvent;
  count: number;
  /** The last time that it was said: wall clock and monotonic. */
  lastWall: number;
  lastAt: number;
  /** Monotonic. */
  writtenAt: number;
  /** What the API server knows; 0 before the Event exists. */
  writtenCount: number;
  /** A write of it waits or is under way. */
  queued: boolean;
  /** Cancels the write that is planned for later. */
  cancel: (() => void) | undefined;
}

export class EventWriter implements EventRecorder {
  private readonly options: EventWriterOptions;
  private readonly series = new Map<string, Series>();
  private readonly budget: EventBudget;
  private readonly queue: (() => Promise<void>)[] = [];
  private writing: Promise<void> | undefined;
  private troubled = false;
  private stopped = false;

  constructor(options: EventWriterOptions) {
    this.options = options;
    this.budget = new EventBudget(options.clock);
  }

  record(about: Live<KubeObject>, note: EventNote): void {
    if (this.stopped) return;
    const key = shortHash([about.metadata.uid, note.type, note.reason, note.message]);
    const known = this.series.get(key);
    if (known !== undefined && this.options.clock.monotonic() - known.lastAt < SERIES_MS) return this.goOn(key, known);
    if (!this.budget.spend(about.metadata.uid)) return this.options.onDropped?.("budget");
    this.begin(key, buildEvent(about, note, { instance: this.options.instance, nowMs: this.options.clock.now() }));
  }

  /** Writes what waits and brings all series up to date, for at most `ms` milliseconds; takes no more events. */
  async stop(ms = 2_000): Promise<void> {
    this.stopped = true;
    for (const [key, one] of this.series) {
      one.cancel?.();
      one.cancel = undefined;
      this.plan(key, one);
    }
    await this.within(ms);
    this.queue.length = 0;
  }

  /** Resolves when nothing waits to be written. */
  async idle(): Promise<void> {
    while (this.writing !== undefined) await this.writing;
  }

  private begin(key: string, event: KubeEvent): void {
    const { clock } = this.options;
    const at = clock.monotonic();
    const one: Series = { event, count: 1, lastWall: clock.now(), lastAt: at, writtenAt: -Infinity, writtenCount: 0, queued: false, cancel: undefined };
    this.series.delete(key);
    this.series.set(key, one);
    if (this.series.size > MOST_SERIES) this.series.delete(this.series.keys().next().value ?? "");
    this.plan(key, one);
  }

  private goOn(key: string, one: Series): void {
    one.count += 1;
    one.lastAt = this.options.clock.monotonic();
    one.lastWall = this.options.clock.now();
    this.plan(key, one);
  }

  /** Has the series written as soon as it may be, if the API server does not know all of it. */
  private plan(key: string, one: Series): void {
    if (one.queued || one.cancel !== undefined || one.count === one.writtenCount) return;
    const waitMs = one.writtenAt + PATCH_EVERY_MS - this.options.clock.monotonic();
    // The second time is written at once: it tells a series from a single event.
    if (one.writtenCount <= 1 || this.stopped || waitMs <= 0) return this.enqueue(key, one);
    one.cancel = this.options.clock.after(waitMs, () => {
      one.cancel = undefined;
      this.enqueue(key, one);
    });
  }

  // --- writing

  private enqueue(key: string, one: Series): void {
    if (this.queue.length >= LONGEST_QUEUE) {
      this.series.delete(key);
      return this.options.onDropped?.("queue");
    }
    one.queued = true;
    this.queue.push(() => this.write(key, one));
    this.writing ??= this.drain();
  }

  private async drain(): Promise<void> {
    for (let next = this.queue.shift(); next !== undefined; next = this.queue.shift()) await next();
    this.writing = undefined;
  }

  private async write(key: string, one: Series): Promise<void> {
    const { count, lastWall, event } = one;
    const series = { count, lastObservedTime: microTime(lastWall) };
    one.writtenAt = this.options.clock.monotonic();
    try {
      if (one.writtenCount === 0) await this.create(count === 1 ? event : { ...event, series });
      else await this.patch(event, series);
      one.writtenCount = count;
      this.troubled = false;
    } catch (error) {
      this.series.delete(key);
      return this.failed(one.event, error);
    } finally {
      one.queued = false;
    }
    this.plan(key, one);
  }

  private create(event: KubeEvent): Promise<unknown> {
    return this.options.api.create(EVENTS, event, { deadlineMs: CALL_MS });
  }

  /** An Event that the API server has forgotten meanwhile (after an hour by default) is made again. */
  private async patch(event: KubeEvent, series: NonNullable<KubeEvent["series"]>): Promise<void> {
    try {
      await this.options.api.mergePatch(EVENTS, event.metadata, { series }, { deadlineMs: CALL_MS });
    } catch (error) {
      if (!isNotFound(error)) throw error;
      await this.create({ ...event, series });
    }
  }

  private failed(event: KubeEvent, error: unknown): void {
    this.options.onDropped?.("failed");
    if (this.troubled) return;
    this.troubled = true;
    this.options.log.warn({ event: keyOf(event.metadata), err: error }, "events cannot be written; said once until one can");
  }

  private within(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const cancel = this.options.clock.after(ms, resolve);
      void this.idle().then(() => {
        cancel();
        resolve();
      });
    });
  }
}
