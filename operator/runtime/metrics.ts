/**
 * What Prometheus reads. Names follow its rules (one prefix, base units, `_total` for counters); labels are words of
 * ours, kinds and resources: never a name, a namespace or anything else that a user wrote.
 *
 * What can be looked up is looked up when somebody asks, so that it costs nothing in between.
 */
import { monitorEventLoopDelay } from "node:perf_hooks";
import { Counter, Gauge, Histogram, Registry } from "prom-client";
import type { Condition } from "../lib/k8s-types.ts";
import type { Outcome } from "./outcome.ts";
import { addProcessMetrics } from "./process-metrics.ts";

export type ReconcileOutcome = Outcome["kind"] | "error" | "conflict";

const OUTCOMES: readonly ReconcileOutcome[] = ["done", "waiting", "stalled", "error", "conflict"];
/** Every kind has these; other types of conditions are counted if the caller names them. */
const KSTATUS_CONDITIONS: readonly string[] = ["Ready", "Reconciling", "Stalled"];
const STATUSES: readonly Condition["status"][] = ["True", "False", "Unknown"];
/** Seconds: from a call on the loopback to the longest deadline. */
const BUCKETS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];
/** Milliseconds between two looks at the event loop. */
const LOOP_RESOLUTION_MS = 10;

interface Judged {
  readonly status?: { readonly conditions?: readonly Condition[] };
}

/** One value of a gauge. Label values are words of ours. */
export interface Sample {
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

interface Watched {
  readonly kind: string;
  readonly list: () => readonly object[];
  readonly conditions: readonly string[];
}

export class Metrics {
  readonly registry = new Registry();
  private readonly queues = new Map<string, { readonly depth: number; readonly oldestAgeMs: number }>();
  private readonly watched: Watched[] = [];
  private leading = (): boolean => false;
  private readonly loop = monitorEventLoopDelay({ resolution: LOOP_RESOLUTION_MS });

  private readonly reconciles = this.counter("hoheit_reconciles_total", "Reconciles by kind and how they ended.", ["kind", "outcome"]);
  private readonly reconcileSeconds = this.histogram("hoheit_reconcile_duration_seconds", "Duration of a reconcile.", ["kind"]);
  private readonly calls = this.counter("hoheit_api_calls_total", "Attempts of calls to the API server; code none: no answer.", ["verb", "resource", "code"]);
  private readonly callSeconds = this.histogram("hoheit_api_call_duration_seconds", "Duration of an attempt of a call to the API server.", ["verb", "resource"]);
  private readonly restarts = this.counter("hoheit_watch_restarts_total", "Watches that ended and were begun again, by reason.", ["resource", "reason"]);
  private readonly dropped = this.counter("hoheit_events_dropped_total", "Events that were not written, by reason.", ["reason"]);

  private readonly contacts = this.counter("hoheit_tripwire_contacts_total", "Who came to the tripwire, other than this replica; what a pod that is not sealed yet gets through to is port tripwire.", ["port", "protocol"]);

  constructor({ version }: { readonly version: string }) {
    this.loop.enable();
    this.gauge("hoheit_build_info", "1, with the version of this operator.", ["version"]).set({ version }, 1);
    this.gauge("hoheit_leader", "Whether this replica leads and may write.", [], (gauge) => gauge.set(this.leading() ? 1 : 0));
    this.gauge("hoheit_queue_depth", "Objects that are ready to be reconciled and wait for a worker.", ["kind"], (gauge) => {
      for (const [kind, { depth }] of this.queues) gauge.set({ kind }, depth);
    });
    this.gauge("hoheit_queue_oldest_age_seconds", "How long the longest waiting of them has been waiting.", ["kind"], (gauge) => {
      for (const [kind, { oldestAgeMs }] of this.queues) gauge.set({ kind }, oldestAgeMs / 1000);
    });
    this.addObjects();
    this.addLoop();
    // A rate needs the series to exist before the first contact.
    for (const port of ["control", "tripwire"]) for (const protocol of ["TCP", "UDP"]) this.contacts.inc({ port, protocol }, 0);
    addProcessMetrics(this.registry);
  }

  /** One reconcile ended. */
  reconciled(kind: string, outcome: ReconcileOutcome, seconds: number): void {
    this.reconciles.inc({ kind, outcome });
    this.reconcileSeconds.observe({ kind }, seconds);
  }

  /** From now on the queue of `kind` is looked at. */
  watchQueue(kind: string, queue: { readonly depth: number; readonly oldestAgeMs: number }): void {
    this.queues.set(kind, queue);
    // A rate needs the series to exist before the first event.
    for (const outcome of OUTCOMES) this.reconciles.inc({ kind, outcome }, 0);
  }

  /** One attempt of a call to the API server ended; `code` 0 means that no answer came. */
  called({ verb, resource, code, seconds }: { verb: string; resource: string; code: number; seconds: number }): void {
    this.calls.inc({ verb, resource, code: code === 0 ? "none" : String(code) });
    this.callSeconds.observe({ verb, resource }, seconds);
  }

  /** A watch ended and is begun again. */
  watchRestarted({ resource, reason }: { resource: string; reason: string }): void {
    this.restarts.inc({ resource, reason });
  }

  /** An Event was not written. */
  eventDropped(reason: "failed" | "budget" | "queue"): void {
    this.dropped.inc({ reason });
  }

  /** Somebody reached a port of the tripwire. Who, is nobody's business. */
  tripwireContacted(port: "control" | "tripwire", protocol: "TCP" | "UDP"): void {
    this.contacts.inc({ port, protocol });
  }

  /** Adds a counter with one label; the function that is returned counts one of these values. */
  addCounter<T extends string>({ name, help, label, values }: { readonly name: string; readonly help: string; readonly label: string; readonly values: readonly T[] }): (value: T) => void {
    const counter = this.counter(name, help, [label]);
    // A rate needs the series to exist before the first event.
    for (const value of values) counter.inc({ [label]: value }, 0);
    return (value) => counter.inc({ [label]: value });
  }

  /** From now on `leading` says whether this replica leads. */
  watchLeader(leading: () => boolean): void {
    this.leading = leading;
  }

  /** From now on the objects of `kind` are counted, in all and by the status of `conditions`. */
  watchObjects(kind: string, list: () => readonly object[], conditions: readonly string[] = KSTATUS_CONDITIONS): void {
    this.watched.push({ kind, list, conditions });
  }

  /** From now on a gauge has the values that `samples` tells when somebody asks. */
  watchGauge({ name, help, labels }: { readonly name: string; readonly help: string; readonly labels: readonly string[] }, samples: () => readonly Sample[]): void {
    this.gauge(name, help, [...labels], (gauge) => {
      gauge.reset();
      for (const sample of samples()) gauge.set(sample.labels, sample.value);
    });
  }

  /** The exposition text. */
  text(): Promise<string> {
    return this.registry.metrics();
  }

  /** Ends what looks at the event loop. */
  close(): void {
    this.loop.disable();
  }

  private addObjects(): void {
    this.gauge("hoheit_objects", "Custom resources by kind, as this replica sees them: standbys count them, too, so take the maximum, not the sum.", ["kind"], (gauge) => {
      for (const { kind, list } of this.watched) gauge.set({ kind }, list().length);
    });
    this.gauge("hoheit_objects_by_condition", "Custom resources by kind, condition and its status.", ["kind", "condition", "status"], (gauge) => {
      for (const one of this.watched) countConditions(one, gauge);
    });
  }

  private addLoop(): void {
    // The histogram measures from look to look, so it contains the pause between them.
    const seconds = (nanoseconds: number): number => Math.max(0, nanoseconds / 1e9 - LOOP_RESOLUTION_MS / 1000);
    this.gauge("hoheit_event_loop_delay_p99_seconds", "99th percentile of the delay of the event loop since it was last asked for.", [], (gauge) => gauge.set(seconds(this.loop.percentile(99))));
    this.gauge("hoheit_event_loop_delay_max_seconds", "Longest delay of the event loop since it was last asked for.", [], (gauge) => {
      gauge.set(seconds(this.loop.max));
      this.loop.reset();
    });
  }

  private counter<L extends string>(name: string, help: string, labelNames: L[]): Counter<L> {
    return new Counter({ name, help, labelNames, registers: [this.registry] });
  }

  private histogram<L extends string>(name: string, help: string, labelNames: L[]): Histogram<L> {
    return new Histogram({ name, help, labelNames, buckets: BUCKETS, registers: [this.registry] });
  }

  private gauge<L extends string>(name: string, help: string, labelNames: L[], collect?: (gauge: Gauge<L>) => void): Gauge<L> {
    return new Gauge({ name, help, labelNames, registers: [this.registry], ...(collect && { collect() { collect(this); } }) });
  }
}

function countConditions({ kind, list, conditions }: Watched, gauge: Gauge<"kind" | "condition" | "status">): void {
  for (const condition of conditions) for (const status of STATUSES) gauge.set({ kind, condition, status }, 0);
  for (const object of list()) {
    for (const { type, status } of (object as Judged).status?.conditions ?? []) {
      if (conditions.includes(type) && STATUSES.includes(status)) gauge.inc({ kind, condition: type, status });
    }
  }
}
