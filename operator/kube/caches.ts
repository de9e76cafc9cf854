/** All caches of the process: one store and one reflector for each resource that somebody reads. */
import type { KubeObject } from "../lib/k8s-types.ts";
import type { Cache, CacheSpec } from "./cache.ts";
import { Reflector, type ReflectorOptions } from "./reflector.ts";
import { resourceName } from "./resources.ts";
import { Store } from "./store.ts";

export class Caches {
  readonly #options: ReflectorOptions;
  readonly #stores = new Map<string, Store>();

  constructor(options: ReflectorOptions) {
    this.#options = options;
  }

  /** The cache for a spec; the same one for the same spec. Throws for a second spec of a resource: a bug of the caller. */
  for<T extends KubeObject>(spec: CacheSpec<T>): Cache<T> {
    const name = resourceName(spec.resource);
    const known = this.#stores.get(name) as Store<T> | undefined;
    if (known !== undefined && known.spec !== spec) throw new Error(`two different caches of ${name} are asked for: share one CacheSpec`);
    const store = known ?? new Store(spec);
    this.#stores.set(name, store as unknown as Store);
    return store;
  }

  /** Runs every reflector until `signal` aborts; ask for all caches first. Rejects only for a bug. */
  async start(signal: AbortSignal): Promise<void> {
    await Promise.all([...this.#stores.values()].map((store) => new Reflector(store, this.#options).run(signal)));
  }

  /** Resolves when every cache has had its first list. Never, if the server cannot be reached: race it with a signal. */
  async synced(): Promise<void> {
    await Promise.all([...this.#stores.values()].map((store) => store.firstList));
  }
}
