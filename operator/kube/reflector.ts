/**
 * Keeps a store equal to the API server's objects of one resource, for ever.
 *
 *     no position --list--> at a position --watch--> at a later position --end, error--> wait, watch from there
 *          ^                                                                  |
 *          +------------------------- 410 ------------------------------------+
 *
 * The list comes through the watch itself (KEP-3157): no page, no second request, and it is a consistent read. A server
 * that refuses that is asked for pages.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { keyOf, type KubeObject, type Live } from "../lib/k8s-types.ts";
import { describe, type KubeClient } from "./client.ts";
import { ApiError, TransportError, isInvalid } from "./errors.ts";
import { resourceName } from "./resources.ts";
import { reasonFor, restartDelay, type RestartReason } from "./restart.ts";
import type { Store } from "./store.ts";
import type { Transport } from "./transport.ts";
import { collectionPath, queryString, type Query } from "./url.ts";
import { parseEvent, type WatchEvent } from "./watch-event.ts";

export interface Restart {
  resource: string;
  reason: RestartReason;
  /** What ended it; absent for a clean end. Carries no object. */
  error?: unknown;
  delayMs: number;
}

export interface ReflectorOptions {
  transport: Transport;
  client: Pick<KubeClient, "scan">;
  /** Called whenever a watch has ended and will be tried again. */
  onRestart?: (restart: Restart) => void;
  /** The server sends a bookmark a minute; nothing for longer than this means that it is gone. Default 70,000. */
  silenceMs?: number;
  random?: () => number;
}

/** A watch that lived so long was healthy, whatever it delivered. */
const HEALTHY_MS = 10_000;
const SHORTEST_WATCH_S = 240;
const LONGEST_WATCH_S = 300;

export class Reflector<T extends KubeObject = KubeObject> {
  readonly #store: Store<T>;
  readonly #options: ReflectorOptions;
  readonly #random: () => number;
  #streamsLists = true;
  /** Where to watch from; undefined means that a list is due. */
  #from: string | undefined;
  #progress = false;

  constructor(store: Store<T>, options: ReflectorOptions) {
    this.#store = store;
    this.#options = options;
    this.#random = options.random ?? Math.random;
  }

  /** Runs until `signal` aborts, then resolves. Rejects only for a bug (a `keep` or `index` that throws). */
  async run(signal: AbortSignal): Promise<void> {
    let failures = 0;
    let wasAway = false;
    while (!signal.aborted) {
      const started = performance.now();
      this.#progress = false;
      const error = await this.#once(signal);
      if (signal.aborted) return;
      const reason = reasonFor(error);
      if (reason === undefined) throw error;
      // A server that was away and answers again (403 and 429 while it starts) is not made to pay for the time that it was away.
      const isAway = reason === "unreachable" || reason === "broken";
      if (this.#progress || performance.now() - started > HEALTHY_MS || (wasAway && !isAway)) failures = 0;
      wasAway = isAway;
      await this.#pause(error, { reason, failures }, signal);
      failures += 1;
    }
  }

  /** One list or watch. Returns what ended it. */
  async #once(signal: AbortSignal): Promise<unknown> {
    try {
      if (this.#from !== undefined) await this.#watch(this.#from, signal);
      else if (this.#streamsLists) await this.#listByWatch(signal);
      else await this.#listByPages(signal);
      return undefined;
    } catch (error) {
      return error ?? new Error("undefined was thrown");
    }
  }

  async #pause(error: unknown, { reason, failures }: { reason: RestartReason; failures: number }, signal: AbortSignal): Promise<void> {
    if (reason === "gone") this.#from = undefined;
    const retryAfterMs = error instanceof ApiError ? error.retryAfterMs : undefined;
    const delayMs = restartDelay({ reason, failures, retryAfterMs, random: this.#random });
    this.#options.onRestart?.({ resource: resourceName(this.#store.spec.resource), reason, delayMs, ...(error === undefined ? {} : { error }) });
    if (delayMs > 0) await sleep(delayMs, undefined, { signal }).catch(() => {});
  }

  async #watch(from: string, signal: AbortSignal): Promise<void> {
    await this.#stream({ resourceVersion: from }, signal, (event) => this.#take(event));
  }

  #take(event: WatchEvent<T>): void {
    const { resourceVersion } = event.object.metadata;
    if (event.type === "DELETED") this.#store.remove(event.object);
    else if (event.type === "BOOKMARK") this.#store.advance(resourceVersion);
    else this.#store.upsert(event.object);
    if (this.#from !== resourceVersion) this.#progress = true;
    this.#from = resourceVersion;
  }

  async #listByWatch(signal: AbortSignal): Promise<void> {
    const listed = new Map<string, Live<T>>();
    let listing = true;
    const collect = (event: WatchEvent<T>): void => {
      const key = keyOf(event.object.metadata);
      if (event.type === "DELETED") listed.delete(key);
      else if (event.type !== "BOOKMARK") listed.set(key, this.#store.slim(event.object));
      else if (event.endsList) {
        listing = false;
        this.#adopt(listed, event.object.metadata.resourceVersion);
        listed.clear();
      }
    };
    try {
      await this.#stream({ sendInitialEvents: true, resourceVersionMatch: "NotOlderThan" }, signal, (event) => (listing ? collect(event) : this.#take(event)));
      if (listing) throw new TransportError(this.#what(), "the server ended the watch before the list was complete");
    } catch (error) {
      if (!listing || !isInvalid(error)) throw error;
      this.#streamsLists = false;
      await this.#listByPages(signal);
    }
  }

  async #listByPages(signal: AbortSignal): Promise<void> {
    const { resource, labelSelector } = this.#store.spec;
    const listed = new Map<string, Live<T>>();
    const options = { signal, ...(labelSelector === undefined ? {} : { labelSelector }) };
    const version = await this.#options.client.scan(resource, options, (object) => listed.set(keyOf(object.metadata), this.#store.slim(object)));
    this.#adopt(listed, version);
    await this.#watch(version, signal);
  }

  #adopt(listed: ReadonlyMap<string, Live<T>>, version: string): void {
    if (!this.#store.replace(listed, version)) {
      throw new TransportError(this.#what(), `the list is of version ${version}, older than ${this.#store.position}, which was seen before; if etcd was restored from a backup, restart the operator`);
    }
    this.#from = version;
    this.#progress = true;
  }

  async #stream(query: Query, signal: AbortSignal, take: (event: WatchEvent<T>) => void): Promise<void> {
    const { resource, labelSelector } = this.#store.spec;
    const timeoutSeconds = Math.floor(SHORTEST_WATCH_S + this.#random() * (LONGEST_WATCH_S - SHORTEST_WATCH_S));
    const what = this.#what();
    await this.#options.transport.watch({
      what,
      method: "GET",
      path: collectionPath(resource) + queryString({ watch: true, allowWatchBookmarks: true, timeoutSeconds, labelSelector, ...query }),
      silenceMs: this.#options.silenceMs ?? 70_000,
      signal,
      onLine: (line) => take(parseEvent<T>(what, line)),
    });
  }

  #what(): string {
    return describe("watch", this.#store.spec.resource);
  }
}
