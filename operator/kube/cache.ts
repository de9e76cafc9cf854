/**
 * A local copy of a set of objects, kept by a reflector and by our own writes, and never going back in time.
 *
 * Every object carries its resourceVersion, which is comparable within a resource (KEP-5504, GA in 1.35): whatever
 * arrives with a lower one than what is known is dropped, whether it comes late from a watch, from a stale list or from
 * a slow write answer. So the answer of our own write can be put in at once (`observe`), and the next reconcile reads it
 * even if the watch is late: nothing is created or written twice.
 */
import type { KubeObject, Live } from "../lib/k8s-types.ts";
import type { Resource } from "./resources.ts";

/** What a cache keeps. Watch cost and memory follow from it, so each kind asks for no more than it reads. */
export interface CacheSpec<T extends KubeObject = KubeObject> {
  readonly resource: Resource<T>;
  readonly labelSelector?: string;
  /** Returns the part worth keeping. managedFields are always dropped. Must keep apiVersion, kind and metadata identity. */
  keep?(object: Live<T>): Live<T>;
  /** Named look-ups: index name -> values under which this object is found. */
  index?(object: Live<T>): Readonly<Record<string, readonly string[]>>;
}

/** `before` is absent for a new object, `after` for a deleted one. A uid that changed arrives as delete, then add. */
export interface CacheChange<T extends KubeObject = KubeObject> {
  readonly before?: Live<T>;
  readonly after?: Live<T>;
}

export interface ReadableCache<T extends KubeObject = KubeObject> {
  get(key: string): Live<T> | undefined;
  list(): Live<T>[];
  /** Objects that the spec's `index` puts under `value`. */
  by(index: string, value: string): Live<T>[];
}

export interface Cache<T extends KubeObject = KubeObject> extends ReadableCache<T> {
  /** The answer of our own write: known at once, unless something newer already is. */
  observe(object: Live<T>): void;
  /** Called after every change, in order. A listener that throws is a bug and stops the process loudly. */
  onChange(listener: (change: CacheChange<T>) => void): void;
  readonly synced: boolean;
}
