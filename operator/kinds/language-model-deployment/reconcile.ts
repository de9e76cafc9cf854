/** One pass over a LanguageModelDeployment: a table of contents. */
import { keyOf, type Live, type ObjectRef } from "../../lib/k8s-types.ts";
import { SEAL_FINALIZER } from "../../lib/names.ts";
import { execute } from "../../runtime/execute.ts";
import type { Context } from "../../runtime/kind.ts";
import { done, stalled, waiting, type Outcome } from "../../runtime/outcome.ts";
import { parse } from "../define.ts";
import { invalidSpec, report } from "../report.ts";
import { RETRY_MS } from "../sovereignty-policy/proof/keeper.ts";
import { nextExpiryMs } from "./approval.ts";
import { longestGapMs } from "../../sovereignty/probe/schedule.ts";
import { LATEST_REVISION } from "./build/index.ts";
import { childrenFor, type Options } from "./children.ts";
import { violationsOf } from "./checks.ts";
import { isGoverned } from "./clients.ts";
import { outcomeOf, SOON_MS } from "./ending.ts";
import { obstacleOf, refusalOf } from "./obstacles.ts";
import { findHidden, observe } from "./observe.ts";
import { modeOf, plan } from "./plan.ts";
import { letGoOfPredecessor } from "./predecessor.ts";
import { languageModelDeployment, type LanguageModelDeployment } from "./schema.ts";
import { staleInMs } from "./seal.ts";
import { summarise, summariseTeardown } from "./summary.ts";
import { observeRemains, planTeardown } from "./teardown.ts";

const { resource } = languageModelDeployment;
/** How many intervals the result of a probe counts: one probe may be missed. */
const INTERVALS = 2.5;

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
  await options.proofs.settled(context);
  const observed = observe(live, context, options);
  // 3. check
  const violations = violationsOf(observed);
  // 4. build, 5. plan
  const mode = modeOf(observed, violations);
  const children = childrenFor(observed, mode, options);
  // 6. execute
  const obstacle = await execute(plan(observed, mode, children), live, context).then(obstacleOf, refusalOf);
  // 7. report what is there now: a Deployment that was just changed has not been rolled out, whatever it was before
  const after = observe(live, context, options);
  const maxAgeMs = INTERVALS * longestGapMs(options.operator.probe.schedule);
  const summary = summarise(after, { violations, obstacle, latestRevision: LATEST_REVISION, gateImage: options.operator.image, children, maxAgeMs });
  await report({ resource, live }, summary, context);
  // A proof that comes may change nothing else, and wakes nobody then.
  const unprovedMs = isGoverned(after) && after.proof === undefined ? RETRY_MS : undefined;
  const times = [nextExpiryMs(observed), staleInMs({ record: summary.record, maxAgeMs, now: after.now }), unprovedMs].filter((ms) => ms !== undefined);
  return outcomeOf({ violations, obstacle, ready: summary.conditions[0]?.status === "True", timeMs: Math.min(...times) });
}

async function tearDown(live: Live, context: Context): Promise<Outcome> {
  const { plan: steps, waitsFor } = planTeardown(await observeRemains(live, context));
  await execute(steps, live, context);
  const others = (live.metadata.finalizers ?? []).filter((finalizer) => finalizer !== SEAL_FINALIZER);
  if (waitsFor === undefined && others.length === 0) return done();
  await report({ resource, live }, summariseTeardown(live, waitsFor, others), context);
  return waitsFor === undefined ? done() : waiting("Draining", SOON_MS);
}
