/** One pass over a Namespace: a table of contents. */
import { isRefusal } from "../../kube/errors.ts";
import { NAMESPACES, NETWORK_POLICIES, PODS } from "../../kube/resources.ts";
import type { Live, Namespace, ObjectRef } from "../../lib/k8s-types.ts";
import { DEFAULT_DENY, SEAL_FINALIZER } from "../../lib/names.ts";
import { execute, type Plan } from "../../runtime/execute.ts";
import type { Context } from "../../runtime/kind.ts";
import { done, waiting, type Outcome } from "../../runtime/outcome.ts";
import { observe, type Observed, type Options } from "./observe.ts";
import { planChanges, planNew, planRelease, planRest } from "./plan.ts";
import { isHeld, isOurs } from "./scene.ts";
import { childrenOf, judge } from "./state.ts";
import { notesOf, releaseNote } from "./words.ts";

/** How long to wait where no watch says that something moved: an object of others, a default deny that has to go first. */
const SOON_MS = 10_000;
/** The longest pause between two tries of what the API server keeps refusing: as long as the queue's own. */
const LONGEST_PAUSE_MS = 300_000;
const DAY_MS = 86_400_000;
/** Pods of others are in no cache: how soon it is first looked again whether they have ended. */
const DRAINED_FROM_MS = 250;

export async function reconcile({ name }: ObjectRef, context: Context, options: Options): Promise<Outcome> {
  // 1. get
  const live = context.cache(NAMESPACES).get(name);
  if (live === undefined) return done();
  if (live.metadata.deletionTimestamp !== undefined) return tearDown(live, context);
  // 2. observe
  const observed = observe(live, context, options);
  return observed.governance === undefined || observed.isExempt ? release(observed, context, options) : govern(observed, context, options);
}

async function govern(observed: Observed, context: Context, options: Options): Promise<Outcome> {
  const { namespace: live } = observed;
  // 3. build
  const children = childrenOf(observed);
  // 4. plan, 5. execute: what is new comes first, that nothing be cut off which stays allowed; what is no longer wanted goes even where something stands in the way of the rest
  const refusals = [await attempt(planNew(observed, children), live, context), await attempt(planChanges(observed, children), live, context)];
  const refusal = refusals.find((one) => one !== undefined);
  await execute(planRest(observe(live, context, options), children), live, context);
  // 6. report what is there now
  const after = observe(context.cache(NAMESPACES).get(live.metadata.name) ?? live, context, options);
  const state = judge(after, children);
  for (const note of notesOf({ before: observed, after, state, refusal })) context.events.record(live, note);
  if (refusal !== undefined) return waiting("ApplyFailed", LONGEST_PAUSE_MS, SOON_MS);
  return state.reason === "Sealed" ? done(untilTomorrowMs(context.clock.now())) : waiting(state.reason, SOON_MS);
}

/** Adequacy decisions begin and end with a day, UTC. */
const untilTomorrowMs = (now: number): number => DAY_MS - (now % DAY_MS);

/** What the API server refused, in its words. Races and failures of transport are thrown: they pass by themselves. */
async function attempt(plan: Plan, live: Live<Namespace>, context: Context): Promise<string | undefined> {
  try {
    await execute(plan, live, context);
    return undefined;
  } catch (error) {
    if (!isRefusal(error)) throw error;
    return error.message;
  }
}

async function release(observed: Observed, context: Context, { releaseMs }: Options): Promise<Outcome> {
  const { namespace } = observed;
  const { plan, step, waitMs } = planRelease(observed, { now: context.clock.now(), releaseMs });
  await execute(plan, namespace, context);
  const note = releaseNote(observed, { step, waitMs });
  if (note !== undefined) context.events.record(namespace, note);
  return waitMs > 0 ? waiting("Releasing", waitMs) : done();
}

/** The namespace is being deleted: what holds its pods stays until the last of them has ended, and no new one can come. */
async function tearDown(namespace: Live<Namespace>, context: Context): Promise<Outcome> {
  const { name } = namespace.metadata;
  const policy = context.cache(NETWORK_POLICIES).get(`${name}/${DEFAULT_DENY}`);
  if (policy === undefined || !isHeld(policy) || !isOurs(policy, { namespace })) return done();
  const { items } = await context.api.list(PODS, { namespace: name });
  if (items.length > 0) return waiting("Draining", SOON_MS, DRAINED_FROM_MS);
  await execute([[{ kind: "removeFinalizer", resource: NETWORK_POLICIES, live: policy, finalizer: SEAL_FINALIZER }]], namespace, context);
  return done();
}
