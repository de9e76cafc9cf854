/** What the runtime needs to know of a kind. It knows no kind itself: `kinds/index.ts` is the only list. */
import type { Cache, CacheSpec } from "../kube/cache.ts";
import type { KubeApi } from "../kube/api.ts";
import type { Clock } from "../lib/clock.ts";
import type { KubeObject, Live, ObjectRef } from "../lib/k8s-types.ts";
import type { Resource } from "../kube/resources.ts";
import type { Outcome } from "./outcome.ts";
import type { EventRecorder } from "./events.ts";
import type { Logger } from "./log.ts";

/** Everything a reconcile may use. There is no other way to the outside. */
export interface Context {
  readonly api: KubeApi;
  readonly clock: Clock;
  readonly log: Logger;
  readonly events: EventRecorder;
  /** The cache for a resource that the kind named in `reads`; throws for any other, which is a bug of that kind. */
  cache<T extends KubeObject>(resource: Resource<T>): Cache<T>;
}

/** One thing that a kind reads beside its own objects. A change of it wakes the objects named by `wakes`. */
export interface Read<T extends KubeObject = KubeObject> {
  readonly cache: CacheSpec<T>;
  /** What of an object matters, as plain JSON: a change of anything else wakes nobody. Without it, all that is kept does. */
  matters?(object: Live<T>): unknown;
  /** References of objects of the kind that must look again because `object` changed. Called for the old and the new state. */
  wakes(object: Live<T>, caches: Pick<Context, "cache">): readonly ObjectRef[];
}

/** RBAC of one kind, in the shape of a ClusterRole rule. */
export interface Rule {
  readonly apiGroups: readonly string[];
  readonly resources: readonly string[];
  readonly verbs: readonly string[];
}

/** A kind as the runtime drives it. */
export interface Controller {
  readonly name: string;
  /** The custom resource itself; its cache spec, with indexes where `wakes` of others need them. */
  readonly owns: CacheSpec;
  readonly reads: readonly Read[];
  readonly rules: readonly Rule[];
  /** Types of conditions that metrics count. */
  readonly conditions: readonly string[];
  /** Objects of the kind that may be gone and have left something behind: looked at as well when this replica begins to lead. */
  leftBehind?(caches: Pick<Context, "cache">): readonly ObjectRef[];
  /** One pass for one object; called never twice at a time for the same key. */
  reconcile(ref: ObjectRef, context: Context): Promise<Outcome>;
}
