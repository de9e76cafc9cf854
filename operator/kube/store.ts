/**
 * The copy itself. A resourceVersion is a point on one time line for all objects of a resource, so two numbers decide
 * everything: the version of an object we hold, and how far we have read the time line (`position`). What is not newer
 * than the first, or belongs to an object that we do not hold and is not newer than the second, is the past: the object
 * has moved on or was deleted since. No tombstones are needed, and none can leak.
 */
import { keyOf, type KubeObject, type Live } from "../lib/k8s-types.ts";
import type { Cache, CacheChange, CacheSpec } from "./cache.ts";
import { Indexes } from "./indexes.ts";

/** Whether version `a` is later than `b`. KEP-5504: decimal numbers of any size without leading zeros, so the longer one is larger. */
export function isLater(a: string, b: string): boolean {
  return a.length === b.length ? a > b : a.length > b.length;
}

/**
 * Whether `answer` is the one to the removal of the last finalizer. With it the object is gone, and the answer carries the
 * version from before (seen on 1.37.1): taken for the past, it would have us remove the finalizer again until the watch
 * tells of the deletion.
 */
function isFarewell({ metadata: known }: Live, { metadata: answer }: Live): boolean {
  const isSame = known.uid === answer.uid && known.resourceVersion === answer.resourceVersion;
  return isSame && answer.deletionTimestamp !== undefined && (known.finalizers ?? []).length > 0 && (answer.finalizers ?? []).length === 0;
}

/** A listener threw: a bug that must not be swallowed by whoever happens to deliver the change. */
function crash(error: unknown): void {
  process.nextTick(() => {
    throw error;
  });
}

export class Store<T extends KubeObject = KubeObject> implements Cache<T> {
  readonly spec: CacheSpec<T>;
  readonly #onBug: (error: unknown) => void;
  readonly #objects = new Map<string, Live<T>>();
  readonly #indexes: Indexes<T>;
  readonly #listeners: ((change: CacheChange<T>) => void)[] = [];
  readonly #listed = Promise.withResolvers<void>();
  #position = "0";
  #synced = false;

  constructor(spec: CacheSpec<T>, onBug: (error: unknown) => void = crash) {
    this.spec = spec;
    this.#onBug = onBug;
    this.#indexes = new Indexes(spec);
  }

  get synced(): boolean {
    return this.#synced;
  }

  /** Resolves with the first complete list. */
  get firstList(): Promise<void> {
    return this.#listed.promise;
  }

  /** The version up to which everything has been seen; "0" before the first list. */
  get position(): string {
    return this.#position;
  }

  get(key: string): Live<T> | undefined {
    return this.#objects.get(key);
  }

  list(): Live<T>[] {
    return [...this.#objects.values()];
  }

  by(index: string, value: string): Live<T>[] {
    return this.#indexes.keys(index, value).flatMap((key) => this.#objects.get(key) ?? []);
  }

  onChange(listener: (change: CacheChange<T>) => void): void {
    this.#listeners.push(listener);
  }

  observe(object: Live<T>): void {
    if (this.#isNews(object)) this.#put(this.slim(object));
  }

  /** ADDED or MODIFIED from the watch. */
  upsert(object: Live<T>): void {
    this.observe(object);
    this.advance(object.metadata.resourceVersion);
  }

  /** DELETED from the watch. Its version is that of the deletion. */
  remove(object: Live<T>): void {
    const key = keyOf(object.metadata);
    const known = this.#objects.get(key);
    if (known !== undefined && isLater(object.metadata.resourceVersion, known.metadata.resourceVersion)) this.#drop(key, known);
    this.advance(object.metadata.resourceVersion);
  }

  /** Everything up to this version has been seen: a bookmark, or the end of a list. */
  advance(resourceVersion: string): void {
    if (isLater(resourceVersion, this.#position)) this.#position = resourceVersion;
  }

  /**
   * A complete, consistent list at `resourceVersion`, already slim. What we hold and the list lacks is gone, unless our
   * own write is later than the list. False, and nothing changes, if the list is older than what we have seen.
   */
  replace(objects: ReadonlyMap<string, Live<T>>, resourceVersion: string): boolean {
    if (isLater(this.#position, resourceVersion)) return false;
    for (const [key, known] of [...this.#objects]) {
      if (!objects.has(key) && !isLater(known.metadata.resourceVersion, resourceVersion)) this.#drop(key, known);
    }
    for (const [key, object] of objects) {
      const known = this.#objects.get(key);
      if (known === undefined || isLater(object.metadata.resourceVersion, known.metadata.resourceVersion)) this.#put(object);
    }
    this.advance(resourceVersion);
    this.#synced = true;
    this.#listed.resolve();
    return true;
  }

  /** The part that is kept. Does not change `object`. */
  slim(object: Live<T>): Live<T> {
    const { managedFields: _, ...metadata } = object.metadata as Live<T>["metadata"] & { managedFields?: unknown };
    const slim = { ...object, metadata };
    return this.spec.keep === undefined ? slim : this.spec.keep(slim);
  }

  #isNews(object: Live<T>): boolean {
    const known = this.#objects.get(keyOf(object.metadata));
    if (known !== undefined && isFarewell(known, object)) return true;
    return isLater(object.metadata.resourceVersion, known?.metadata.resourceVersion ?? this.#position);
  }

  #put(after: Live<T>): void {
    const key = keyOf(after.metadata);
    const known = this.#objects.get(key);
    if (known !== undefined && known.metadata.uid !== after.metadata.uid) this.#drop(key, known);
    const before = this.#objects.get(key);
    this.#objects.set(key, after);
    this.#indexes.set(key, after);
    this.#tell(before === undefined ? { after } : { before, after });
  }

  #drop(key: string, before: Live<T>): void {
    this.#objects.delete(key);
    this.#indexes.delete(key);
    this.#tell({ before });
  }

  #tell(change: CacheChange<T>): void {
    for (const listener of this.#listeners) {
      try {
        listener(change);
      } catch (error) {
        this.#onBug(error);
      }
    }
  }
}
