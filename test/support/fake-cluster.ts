/**
 * A cluster in memory for tests of one reconcile: objects, what an API server does with them as far as a reconcile can
 * tell, and caches that may lag behind. No controller runs in it: a test says itself what Kubernetes would do.
 */
import { Caches } from "../../operator/kube/caches.ts";
import type { CacheSpec } from "../../operator/kube/cache.ts";
import type { ApplyOptions, JsonPatch, KubeApi, ListOptions, Preconditions } from "../../operator/kube/api.ts";
import { ApiError } from "../../operator/kube/errors.ts";
import { resourceName, type Resource } from "../../operator/kube/resources.ts";
import type { Store } from "../../operator/kube/store.ts";
import { keyOf, type KubeObject, type Live, type ObjectRef } from "../../operator/lib/k8s-types.ts";
import type { Context, Controller } from "../../operator/runtime/kind.ts";
import type { Logger } from "../../operator/runtime/log.ts";
import { fakeClock } from "./fake-clock.ts";

const silent: Logger = { debug() {}, info() {}, warn() {}, error() {}, child: () => silent };

type Member = Record<string, unknown>;

/** RFC 7396. */
function merged(target: unknown, patch: unknown): unknown {
  if (typeof patch !== "object" || patch === null || Array.isArray(patch)) return patch;
  const result: Member = typeof target === "object" && target !== null && !Array.isArray(target) ? { ...(target as Member) } : {};
  for (const [name, value] of Object.entries(patch)) {
    if (value === null) delete result[name];
    else result[name] = merged(result[name], value);
  }
  return result;
}

/** RFC 6902, as far as it is used here: members of objects, and nothing is added. */
function patched(target: object, patch: JsonPatch): unknown {
  const result = structuredClone(target) as Member;
  for (const { op, path, value } of patch) {
    const keys = path.split("/").slice(1);
    const last = keys.pop() ?? "";
    const parent = keys.reduce((at, key) => at[key] as Member, result);
    if (op === "test" && parent[last] !== value) throw refusal(422, "Invalid", `${path} is not ${String(value)}`);
    else if (op === "replace") parent[last] = value;
    else if (op === "remove") delete parent[last];
    else if (op !== "test") throw new Error(`the fake cluster knows no ${op}`);
  }
  return result;
}

const refusal = (code: number, reason: string, message = reason): ApiError => new ApiError("fake", { code, reason, message });

export class FakeCluster {
  /** Every write that was asked for, as `apply Service`; with ` (dry run)` where nothing was to be stored. */
  readonly writes: string[] = [];
  /** Resources whose watch brings nothing for now. */
  readonly late = new Set<Resource>();
  /** Answers the write of that name with an error, whoever sends it. */
  readonly refused = new Map<string, ApiError>();
  /** The namespace is being deleted: it takes no new object. */
  terminating = false;
  readonly context: Context;
  private readonly objects = new Map<string, Live>();
  private readonly specs = new Map<string, CacheSpec>();
  private readonly caches = new Caches({ transport: undefined as never, client: undefined as never });
  private version = 1;

  constructor(controller: Controller) {
    for (const spec of [controller.owns, ...controller.reads.map(({ cache }) => cache)]) {
      this.specs.set(resourceName(spec.resource), spec);
      this.store(spec).replace(new Map(), "1");
    }
    this.context = {
      api: this.api(), clock: fakeClock(), log: silent, events: { record() {} },
      cache: <T extends KubeObject>(resource: Resource<T>) => this.caches.for(this.specOf(resource)),
    };
  }

  /** Somebody else makes or replaces an object; the watch tells, unless it is late. */
  put<T extends KubeObject>(resource: Resource<T>, object: T): Live<T> {
    const known = this.live(resource, object.metadata);
    const uid = object.metadata.uid ?? known?.metadata.uid ?? `uid-${this.version}`;
    const live = { ...object, metadata: { ...object.metadata, uid, resourceVersion: String(this.version += 1) } } as Live<T>;
    this.objects.set(this.key(resource, object.metadata), live);
    this.tell(resource, live, false);
    return live;
  }

  /** The object as the API server has it. */
  live<T extends KubeObject>(resource: Resource<T>, ref: ObjectRef): Live<T> | undefined {
    return this.objects.get(this.key(resource, ref)) as Live<T> | undefined;
  }

  /** Somebody deletes an object: it stays, marked, while a finalizer holds it. */
  remove(resource: Resource, ref: ObjectRef): void {
    const live = this.live(resource, ref);
    if (live === undefined) return;
    if ((live.metadata.finalizers ?? []).length > 0) this.put(resource, { ...live, metadata: { ...live.metadata, deletionTimestamp: "2026-11-22T12:00:00Z" } });
    else this.vanish(resource, live);
  }

  /** The cache does not know an object that is there. */
  forget(resource: Resource, ref: ObjectRef): void {
    const live = this.live(resource, ref);
    if (live !== undefined) this.store(this.specOf(resource)).remove({ ...live, metadata: { ...live.metadata, resourceVersion: String(this.version += 1) } });
  }

  private vanish(resource: Resource, live: Live): void {
    this.objects.delete(this.key(resource, live.metadata));
    this.tell(resource, { ...live, metadata: { ...live.metadata, resourceVersion: String(this.version += 1) } }, true);
  }

  private tell(resource: Resource, live: Live, gone: boolean): void {
    const spec = this.specs.get(resourceName(resource));
    if (spec === undefined || this.late.has(resource)) return;
    const [label = "", value] = spec.labelSelector?.split("=") ?? [];
    if (gone || (label !== "" && live.metadata.labels?.[label] !== value)) this.store(spec).remove(live);
    else this.store(spec).upsert(this.store(spec).slim(live));
  }

  private store(spec: CacheSpec): Store {
    return this.caches.for(spec) as Store;
  }

  private specOf<T extends KubeObject>(resource: Resource<T>): CacheSpec<T> {
    const spec = this.specs.get(resourceName(resource));
    if (spec === undefined) throw new Error(`nobody declared to read ${resourceName(resource)}`);
    return spec as unknown as CacheSpec<T>;
  }

  private key(resource: Resource, ref: ObjectRef): string {
    return `${resourceName(resource)} ${keyOf(ref)}`;
  }

  private write(verb: string, resource: Resource, dryRun = false): void {
    const name = `${verb} ${resource.kind}${dryRun ? " (dry run)" : ""}`;
    this.writes.push(name);
    const error = this.refused.get(name);
    if (error !== undefined) throw error;
  }

  private expect(resource: Resource, ref: ObjectRef, only: Preconditions): Live {
    const live = this.live(resource, ref);
    if (live === undefined) throw refusal(404, "NotFound");
    const { uid, resourceVersion } = live.metadata;
    if ((only.uid ?? uid) !== uid || (only.resourceVersion ?? resourceVersion) !== resourceVersion) throw refusal(409, "Conflict");
    return live;
  }

  private refuseNew(): void {
    if (this.terminating) throw refusal(403, "Forbidden", "unable to create new content because it is being terminated");
  }

  private api(): KubeApi {
    const api: KubeApi = {
      get: async (of, ref) => this.live(of, ref),
      list: async <T extends KubeObject>(of: Resource<T>, { namespace, labelSelector = "" }: ListOptions = {}) => {
        const [label = "", value] = labelSelector.split("=");
        const items = [...this.objects].filter(([key]) => key.startsWith(`${resourceName(of)} ${namespace === undefined ? "" : `${namespace}/`}`)).map(([, live]) => live as Live<T>);
        return { items: items.filter(({ metadata }) => label === "" || metadata.labels?.[label] === value), resourceVersion: String(this.version) };
      },
      scan: async (of, options, take) => {
        const { items, resourceVersion } = await api.list(of, options);
        for (const item of items) take(item);
        return resourceVersion;
      },
      create: async (of, object, options) => {
        this.write("create", of, options?.dryRun);
        this.refuseNew();
        if (this.live(of, object.metadata) !== undefined) throw refusal(409, "AlreadyExists");
        return options?.dryRun === true ? (object as never) : this.put(of, object);
      },
      apply: async (of, object, options: ApplyOptions = {}) => {
        this.write("apply", of);
        const live = this.live(of, object.metadata);
        if (live === undefined) this.refuseNew();
        else if (options.createOnly === true) throw refusal(409, "AlreadyExists");
        else this.expect(of, object.metadata, options);
        // Status stays, and the generation says that it is about another spec.
        return this.put(of, { ...live, ...object, metadata: { ...live?.metadata, ...object.metadata, generation: (live?.metadata.generation ?? 0) + 1 } });
      },
      mergePatch: async (of, ref, patch, options = {}) => {
        this.write("patch", of);
        const live = this.expect(of, ref, options);
        const after = merged(live, patch) as typeof live;
        if (after.metadata.deletionTimestamp === undefined || (after.metadata.finalizers ?? []).length > 0) return this.put(of, after as never);
        this.vanish(of, live);
        // Nothing was stored, so the answer has the version that it was asked with.
        return after as never;
      },
      jsonPatch: async (of, ref, patch) => {
        this.write("patch", of);
        const live = this.expect(of, ref, {});
        return this.put(of, patched(live, patch) as never);
      },
      delete: async (of, ref, options = {}) => {
        this.write("delete", of);
        this.expect(of, ref, options);
        this.remove(of, ref);
        return true;
      },
    };
    return api;
  }
}
