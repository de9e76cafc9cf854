/**
 * Carries out a plan: a loop over steps that were decided elsewhere.
 *
 * A plan is a list of phases; the steps of a phase are independent and run side by side, a phase begins when the one
 * before it is through. That is how a seal is in force before anything that can make pods. Every step is idempotent, so
 * a crash between any two of them, or between a request and its answer, is healed by planning again.
 */
import { ApiError, isAlreadyExists } from "../kube/errors.ts";
import type { Resource } from "../kube/resources.ts";
import { compare, isMerged } from "../lib/diff.ts";
import { shortHash } from "../lib/hash.ts";
import { keyOf, type KubeObject, type Live, type OwnerReference } from "../lib/k8s-types.ts";
import { APPLIED_HASH, HOHEIT, MANAGED_BY } from "../lib/labels.ts";
import type { Context } from "./kind.ts";

export type Step =
  /** Make the live object say what `object` says, if it is ours or absent. `shared`: it is for several owners and has none; ours is what carries our label. */
  | { readonly kind: "apply"; readonly resource: Resource; readonly object: KubeObject; readonly shared?: boolean }
  | { readonly kind: "delete"; readonly resource: Resource; readonly live: Live; readonly propagation: "Background" | "Foreground" }
  /** Sets spec.replicas and nothing else: for what must shrink although its template may not be rendered anew. */
  | { readonly kind: "scale"; readonly resource: Resource; readonly live: Live; readonly replicas: number }
  /** Goes no further if `live` is leaving or gone by now: caches of different resources are not of the same moment. */
  | { readonly kind: "confirm"; readonly resource: Resource; readonly live: Live }
  /** Goes no further if the server would take no new object like this one (its namespace is being deleted). Stores nothing. */
  | { readonly kind: "rehearse"; readonly resource: Resource; readonly object: KubeObject }
  /** Annotations of an object whose spec is somebody else's; null takes one off. */
  | { readonly kind: "annotate"; readonly resource: Resource; readonly live: Live; readonly annotations: Readonly<Record<string, string | null>> }
  | { readonly kind: "addFinalizer" | "removeFinalizer"; readonly resource: Resource; readonly live: Live; readonly finalizer: string };

export type Plan = readonly (readonly Step[])[];

/** A child that could not be made because its name is taken. */
export interface Blocked {
  readonly resource: Resource;
  readonly name: string;
  /** `foreign`: not ours, never touched. `predecessor`: belongs to an owner of the same name that is gone; the garbage collector removes it. `leaving`: ours, being deleted. */
  readonly by: "foreign" | "predecessor" | "leaving";
}

/** Runs the phases in order and stops after a phase that was blocked. Throws on transport errors and refusals. */
export async function execute(plan: Plan, owner: Live, context: Context): Promise<readonly Blocked[]> {
  for (const phase of plan) {
    const results = await Promise.allSettled(phase.map((step) => runStep(step, owner, context)));
    const failed = results.find((result) => result.status === "rejected");
    if (failed !== undefined) throw failed.reason;
    const blocked = results.flatMap((result) => (result.status === "fulfilled" && result.value !== undefined ? [result.value] : []));
    if (blocked.length > 0) return blocked;
  }
  return [];
}

async function runStep(step: Step, owner: Live, context: Context): Promise<Blocked | undefined> {
  switch (step.kind) {
    case "apply":
      return applyChild(step, owner, context);
    case "delete":
      await context.api.delete(step.resource, step.live.metadata, { uid: step.live.metadata.uid, propagationPolicy: step.propagation });
      return undefined;
    case "scale": {
      const { resource, live, replicas } = step;
      context.cache(resource).observe(await context.api.mergePatch(resource, live.metadata, { spec: { replicas } }, { uid: live.metadata.uid }));
      return undefined;
    }
    case "annotate": {
      const { resource, live, annotations } = step;
      context.cache(resource).observe(await context.api.mergePatch(resource, live.metadata, { metadata: { annotations } }, { uid: live.metadata.uid }));
      return undefined;
    }
    case "confirm":
      return confirm(step.resource, step.live, context);
    case "rehearse":
      return rehearse(step.resource, step.object, context);
    case "addFinalizer":
    case "removeFinalizer":
      return changeFinalizer(step, context);
  }
}

async function applyChild({ resource, object: desired, shared = false }: Extract<Step, { kind: "apply" }>, owner: Live, context: Context): Promise<Blocked | undefined> {
  const object = withHash(desired);
  const cache = context.cache(resource);
  const known = cache.get(keyOf(object.metadata));
  const live = known ?? (await createChild(resource, object, context));
  if (live === undefined) return undefined;
  const blocked = shared ? blockedShared(live) : blockedBy(live, owner);
  if (blocked !== undefined) return { resource, name: object.metadata.name, by: blocked };
  await heal(resource, object, live, context);
  return undefined;
}

/** Creates what the cache does not know. Returns the live object if the name turns out to be taken, to be judged by its owner. */
async function createChild(resource: Resource, object: KubeObject, context: Context): Promise<Live | undefined> {
  try {
    context.cache(resource).observe(await context.api.apply(resource, object, { createOnly: true }));
    return undefined;
  } catch (error) {
    if (!isAlreadyExists(error)) throw error;
    const live = await context.api.get(resource, object.metadata);
    // Gone again between the two calls: whatever happened, the next pass sees it.
    if (live === undefined) throw error;
    return live;
  }
}

async function heal(resource: Resource, object: KubeObject, live: Live, context: Context): Promise<void> {
  const { differs, extras } = compare(object, live);
  let current = live;
  if (differs !== undefined) {
    context.log.debug({ resource: resource.plural, name: object.metadata.name, differs }, "apply");
    if (isMerged(object) && differs.startsWith("/spec")) await replaceSpec(resource, object, live, context);
    current = await context.api.apply(resource, object, { uid: live.metadata.uid });
    context.cache(resource).observe(current);
  }
  // Indexes in a JSON patch are only right for the very list that was compared.
  const leftover = differs === undefined ? extras : compare(object, current).extras;
  if (leftover.length === 0) return;
  context.log.warn({ resource: resource.plural, name: object.metadata.name, extras: leftover }, "remove what others added");
  const patch = [
    { op: "test" as const, path: "/metadata/resourceVersion", value: current.metadata.resourceVersion },
    ...leftover.map((path) => ({ op: "remove" as const, path })),
  ];
  context.cache(resource).observe(await context.api.jsonPatch(resource, object.metadata, patch));
}

/** What others added is theirs and would stay; together with ours it may even be refused (two actions of a binding). */
async function replaceSpec(resource: Resource, object: KubeObject, { metadata: { resourceVersion } }: Live, { api }: Context): Promise<void> {
  await api.jsonPatch(resource, object.metadata, [{ op: "test", path: "/metadata/resourceVersion", value: resourceVersion }, { op: "replace", path: "/spec", value: (object as { spec?: unknown }).spec }]);
}

/** The hash tells a field that we no longer want from one that was never ours: only then is an apply needed to remove it. */
function withHash(object: KubeObject): KubeObject {
  const annotations = { ...object.metadata.annotations, [APPLIED_HASH]: shortHash(object) };
  return { ...object, metadata: { ...object.metadata, annotations } };
}

/** Why `live` may not be applied to, or undefined if it may. */
function blockedBy(live: Live, owner: Live): Blocked["by"] | undefined {
  const controller = live.metadata.ownerReferences?.find((reference) => reference.controller === true);
  if (controller?.uid === owner.metadata.uid) return live.metadata.deletionTimestamp === undefined ? undefined : "leaving";
  const samePlace = controller !== undefined && controller.kind === owner.kind && controller.name === owner.metadata.name && controller.apiVersion === owner.apiVersion;
  return samePlace ? "predecessor" : "foreign";
}

function blockedShared({ metadata: { labels, deletionTimestamp } }: Live): Blocked["by"] | undefined {
  if (labels?.[MANAGED_BY] !== HOHEIT) return "foreign";
  return deletionTimestamp === undefined ? undefined : "leaving";
}

async function confirm(resource: Resource, { metadata: { name, namespace, uid } }: Live, { api }: Context): Promise<undefined> {
  const live = await api.get(resource, { name, ...(namespace !== undefined && { namespace }) });
  if (live?.metadata.uid === uid && live.metadata.deletionTimestamp === undefined) return undefined;
  throw new ApiError(`confirm ${resource.plural} ${name}`, { code: 409, reason: "Conflict", message: "the object is being deleted or gone" });
}

/** Under another name, because the object's own is still taken. */
async function rehearse(resource: Resource, object: KubeObject, { api }: Context): Promise<undefined> {
  await api.create(resource, { ...object, metadata: { ...object.metadata, name: `${object.metadata.name}-rehearsal` } }, { dryRun: true });
  return undefined;
}

async function changeFinalizer(step: Extract<Step, { finalizer: string }>, context: Context): Promise<undefined> {
  const { resource, live, finalizer } = step;
  const others = (live.metadata.finalizers ?? []).filter((name) => name !== finalizer);
  const finalizers = step.kind === "addFinalizer" ? [...others, finalizer] : others;
  try {
    // The list is replaced whole, so the version is a precondition: someone else's finalizer must not get lost.
    const { uid, resourceVersion } = live.metadata;
    context.cache(resource).observe(await context.api.mergePatch(resource, live.metadata, { metadata: { finalizers } }, { uid, resourceVersion }));
  } catch (error) {
    if (step.kind === "removeFinalizer" && (await isGoneByNow(step, context))) return undefined;
    throw error;
  }
  return undefined;
}

async function isGoneByNow(step: Extract<Step, { finalizer: string }>, context: Context): Promise<boolean> {
  const live = await context.api.get(step.resource, step.live.metadata);
  return live?.metadata.uid !== step.live.metadata.uid;
}

/** The controller reference that ties a child to its owner (garbage collection, adoption, `kubectl tree`). */
export function controllerReference(owner: Live): OwnerReference {
  const { apiVersion, kind } = owner;
  return { apiVersion, kind, name: owner.metadata.name, uid: owner.metadata.uid, controller: true, blockOwnerDeletion: true };
}
