/** The named look-ups of a cache: index name -> value -> keys. Holds no entry for an object that is gone. */
import type { KubeObject, Live } from "../lib/k8s-types.ts";
import type { CacheSpec } from "./cache.ts";

export class Indexes<T extends KubeObject> {
  readonly #spec: CacheSpec<T>;
  /** By `index\0value`: neither part contains a NUL. */
  readonly #keys = new Map<string, Set<string>>();
  readonly #slotsOfKey = new Map<string, readonly string[]>();

  constructor(spec: CacheSpec<T>) {
    this.#spec = spec;
  }

  keys(index: string, value: string): string[] {
    return [...(this.#keys.get(slot(index, value)) ?? [])];
  }

  set(key: string, object: Live<T>): void {
    if (this.#spec.index === undefined) return;
    this.delete(key);
    const slots = Object.entries(this.#spec.index(object)).flatMap(([index, values]) => values.map((value) => slot(index, value)));
    if (slots.length === 0) return;
    this.#slotsOfKey.set(key, slots);
    for (const one of slots) {
      const keys = this.#keys.get(one) ?? new Set();
      this.#keys.set(one, keys.add(key));
    }
  }

  delete(key: string): void {
    for (const one of this.#slotsOfKey.get(key) ?? []) {
      const keys = this.#keys.get(one);
      keys?.delete(key);
      if (keys?.size === 0) this.#keys.delete(one);
    }
    this.#slotsOfKey.delete(key);
  }
}

const slot = (index: string, value: string): string => `${index}\0${value}`;
