/**
 * The HTTP side of the operator: /healthz and /readyz for the kubelet, /metrics for Prometheus. Nothing here says what
 * is in the cluster: whoever reaches the port learns words of ours and numbers.
 */
import type { Express, Response } from "express";
import type { Clock } from "../lib/clock.ts";
import { app, listen, type Address } from "./http.ts";

/** One thing to look at. Returns what is wrong, in words of ours, or undefined. */
export interface Check {
  readonly name: string;
  problem(): string | undefined;
}

export interface HealthOptions {
  /** Wrong for good: the kubelet restarts the process. */
  readonly alive: readonly Check[];
  /** Wrong for now. A standby with synced caches is ready: it is what a rolling update waits for. */
  readonly ready: readonly Check[];
  readonly metrics: { readonly contentType: string; text(): Promise<string> };
  readonly listen: Address;
  /** Where /metrics is, if it shall have an address of its own; `listen` then has none. */
  readonly listenMetrics?: Address;
}

export interface HealthServer {
  readonly listening: Address;
  readonly listeningMetrics: Address;
  /** Resolves when no connection is left; ends those that are there. */
  close(): Promise<void>;
}

/** Rejects with the system's error (EADDRINUSE, EACCES, ...) if an address cannot be had; then nothing is left open. */
export async function startHealthServer(options: HealthOptions): Promise<HealthServer> {
  const { listen: address, listenMetrics } = options;
  const health = app();
  health.get("/healthz", (_, response) => answer(response, options.alive));
  health.get("/readyz", (_, response) => answer(response, options.ready));
  const metrics = listenMetrics === undefined ? health : app();
  metrics.get("/metrics", async (_, response) => {
    response.set("content-type", options.metrics.contentType).end(await options.metrics.text());
  });
  for (const one of new Set([health, metrics])) endWith(one);

  const first = await listen(health, address);
  if (listenMetrics === undefined) return { listening: first.address, listeningMetrics: first.address, close: first.close };
  try {
    const second = await listen(metrics, listenMetrics);
    return { listening: first.address, listeningMetrics: second.address, close: async () => void (await Promise.all([first.close(), second.close()])) };
  } catch (error) {
    await first.close();
    throw error;
  }
}

/** Fails while the event loop is, or just was, stalled for longer than `mostMs`. Call the returned `stop` at the end. */
export function loopCheck(clock: Clock, mostMs = 30_000): Check & { stop(): void } {
  const everyMs = 1_000;
  let turnedAt = clock.monotonic();
  let cancel = (): void => {};
  const turn = (): void => {
    turnedAt = clock.monotonic();
    cancel = clock.after(everyMs, turn);
  };
  turn();
  return {
    name: "loop",
    problem: () => (clock.monotonic() - turnedAt > mostMs ? `the event loop has not turned for ${mostMs / 1000} s` : undefined),
    stop: () => cancel(),
  };
}

/** Fails when one reconcile has been running for longer than `mostMs`: every call has a deadline, so it is stuck. */
export function workerCheck(longestReconcileMs: () => number, mostMs = 10 * 60_000): Check {
  return {
    name: "workers",
    problem: () => (longestReconcileMs() > mostMs ? `a reconcile has been running for longer than ${mostMs / 60_000} min` : undefined),
  };
}

/** Fails until all caches have had their first list. */
export function syncedCheck(synced: () => boolean): Check {
  return { name: "caches", problem: () => (synced() ? undefined : "not all caches have been filled yet") };
}

/** What does not exist or fails is told without an echo of the request and without a stack. */
function endWith(made: Express): void {
  made.use((_request, response) => say(response, 404, "not found\n"));
  made.use((_error: unknown, _request: unknown, response: Response, _next: unknown) => say(response, 500, "failed\n"));
}

/** One line for each check, as the API server's own /healthz has it. */
function answer(response: Response, checks: readonly Check[]): void {
  const found = checks.map((check) => ({ name: check.name, problem: check.problem() }));
  const lines = found.map(({ name, problem }) => (problem === undefined ? `[+] ${name} ok\n` : `[-] ${name}: ${problem}\n`));
  say(response, found.every(({ problem }) => problem === undefined) ? 200 : 503, lines.join("") || "ok\n");
}

function say(response: Response, code: number, text: string): void {
  response.status(code).set({ "cache-control": "no-store", "content-type": "text/plain; charset=utf-8", "x-content-type-options": "nosniff" }).end(text);
}
