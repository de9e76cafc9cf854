/** One pass over a LanguageModelDeployment: a table of contents. */
import { keyOf, type Live, type ObjectRef } from "../../lib/k8s-types.ts";
import { SEAL_FINALIZER } from "../../lib/names.ts";
import { execute } from "../../runtime/execute.ts";
import type { Context } from "../../runtime/kind.ts";
import { done, stalled, waiting, type Outcome } from "../../runtime/outcome.ts";
import { parse } from "../define.ts";
import { invalidSpec, report } from "../report.ts";
import { nextExpiryMs } from "./approval.ts";
import { LATEST_REVISION } from "./build/index.ts";
import { childrenFor, type Options } from "./children.ts";
import { violationsOf } from "./checks.ts";
import { obstacleOf, refusalOf } from "./obstacles.ts";
import { findHidden, observe } from "./observe.ts";
import { modeOf, plan } from "./plan.ts";
import { letGoOfPredecessor } from "./predecessor.ts";
import { languageModelDeployment, type LanguageModelDeployment } from "./schema.ts";
import { summarise, summariseTeardown } from "./summary.ts";
import { observeRemains, planTeardown } from "./teardown.ts";

const { resource } = languageModelDeployment;
/** How long to wait where a watch normally says earlier that something moved. */
const RECHECK_MS = 60_000;
/** How long to wait where no watch says it: a refusal, an object of others, a Deployment whose label somebody took off. */
const SOON_MS = 10_000;

export async function reconcile(ref: ObjectRef, context: Context, options: Options): Promise<Outcome> {
  // 1. get
  const live = context.cache(resource).get(keyOf(ref));
  const occupied = await letGoOfPredecessor(ref, context);
  if (live === undefined) return occupied ? waiting("Draining", SOON_MS) : done();
  if (live.metadata.deletionTimestamp !== undefined) return tearDown(live, context);
  const parsed = parse(languageModelDeployment, live);
  if (parsed.ok) return bringAbout(parsed.value, context, options);
  await report({ resource, live }, invalidSpec(live, parsed.violations), context);
  return stalled("InvalidSpec", "correct the spec");
}

async function bringAbout(live: Live<LanguageModelDeployment>, context: Context, options: Options): Promise<Outcome> {
  // 2. observe
  await findHidden(live, context);
  const observed = observe(live, context, options.operator);
  // 3. check
  const violations = violationsOf(observed);
  // 4. build, 5. plan
  const mode = modeOf(observed, violations);
  const steps = plan(observed, mode, childrenFor(observed, mode, options));
  // 6. execute
  const obstacle = await execute(steps, live, context).then(obstacleOf, refusalOf);
  // 7. report what is there now: a Deployment that was just changed has not been rolled out, whatever it was before
  const summary = summarise(observe(live, context, options.operator), { violations, obstacle, latestRevision: LATEST_REVISION });
  await report({ resource, live }, summary, context);
  const [violation] = violations;
  if (violation?.stalled === true) return stalled(violation.reason, violation.message, nextExpiryMs(observed));
  // An obstacle is looked at again even where only a person can remove it: neither what is not ours nor what the API
  // server refuses is in a cache that could tell.
  const recheckMs = obstacle === undefined ? RECHECK_MS : SOON_MS;
  const nextMs = Math.min(nextExpiryMs(observed) ?? Infinity, summary.conditions[0]?.status === "True" ? Infinity : recheckMs);
  const blocking = violation ?? obstacle;
  if (blocking !== undefined) return waiting(blocking.reason, nextMs);
  return done(nextMs === Infinity ? undefined : nextMs);
}

async function tearDown(live: Live, context: Context): Promise<Outcome> {
  const { plan: steps, waitsFor } = planTeardown(await observeRemains(live, context));
  await execute(steps, live, context);
  const others = (live.metadata.finalizers ?? []).filter((finalizer) => finalizer !== SEAL_FINALIZER);
  if (waitsFor === undefined && others.length === 0) return done();
  await report({ resource, live }, summariseTeardown(live, waitsFor, others), context);
  return waitsFor === undefined ? done() : waiting("Draining", SOON_MS);
}
