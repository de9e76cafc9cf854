/** One pass over a SovereigntyPolicy: a table of contents. */
import { keyOf, type Live, type ObjectRef } from "../../lib/k8s-types.ts";
import { execute } from "../../runtime/execute.ts";
import type { Context } from "../../runtime/kind.ts";
import { done, stalled, type Outcome } from "../../runtime/outcome.ts";
import { parse } from "../define.ts";
import { invalidSpec, report } from "../report.ts";
import { buildDesired } from "./build/index.ts";
import { judge } from "./checks.ts";
import { knowing, readClusterPolicies } from "./cluster-policies.ts";
import { outcomeOf } from "./ending.ts";
import { probeGuard, verdictOf, type GuardVerdict } from "./guard/probe.ts";
import { guardedCondition, guardingOf, nextTrial, type GuardRecord, type Guarding } from "./guarding.ts";
import { buildInputOf, observe, type Facts } from "./observe.ts";
import { clusterObstacles, deletionHeld, heldAlone, obstaclesOf, refusalOf } from "./obstacles.ts";
import { plan } from "./plan.ts";
import { olderThanTheGuard } from "./preexisting/look.ts";
import { announceFlips } from "./proof/announce.ts";
import { learn } from "./proof/learn.ts";
import { release } from "./release.ts";
import { sovereigntyPolicy, type SovereigntyPolicy } from "./schema.ts";
import { summarise } from "./summary.ts";
import { notesOf, surveyingOf, withSurvey } from "./surveying.ts";

const { resource } = sovereigntyPolicy;

export async function reconcile(ref: ObjectRef, context: Context, facts: Facts): Promise<Outcome> {
  // 1. get
  const live = context.cache(resource).get(keyOf(ref));
  if (live === undefined) return done();
  const isLeaving = live.metadata.deletionTimestamp !== undefined;
  if (isLeaving && heldAlone(observe(live, context, facts).states).length === 0) return release(live, context, facts);
  const parsed = parse(sovereigntyPolicy, live);
  if (parsed.ok) return bringAbout(parsed.value, context, facts);
  await report({ resource, live }, invalidSpec(live, parsed.violations), context);
  return stalled("InvalidSpec", "correct the spec");
}

async function bringAbout(live: Live<SovereigntyPolicy>, context: Context, facts: Facts): Promise<Outcome> {
  // 2. observe
  const clusterPolicies = await readClusterPolicies(context);
  const observed = observe(live, context, facts);
  // 3. check
  const judgement = judge(live, observed.now);
  // 4. build
  const desired = buildDesired(buildInputOf(observed, facts));
  // 5. plan, 6. execute
  const blocked = await execute(plan(observed, desired, clusterPolicies), live, knowing(clusterPolicies, context)).then(obstaclesOf, refusalOf);
  // 7. report
  const obstacles = [...deletionHeld(live, heldAlone(observed.states)), ...clusterObstacles(live, desired, clusterPolicies), ...blocked];
  const guarding = guardingOf(live, observed.states, desired);
  const trial = blocked.length === 0 && nextTrial(guarding) <= observed.now ? await tryGuard(guarding, live, context) : undefined;
  const guardProbe = trial?.record ?? (guarding.namespace === undefined ? undefined : live.status?.guardProbe);
  const preexisting = await olderThanTheGuard(surveyingOf(observed, judgement, facts), context);
  const guarded = withSurvey(guardedCondition(guarding, trial?.verdict), preexisting);
  const learned = await learn(observed, context, facts);
  const summary = summarise({ observed, judgement, obstacles, guarded, guardProbe, preexisting, clusterPolicies, learned });
  await report({ resource, live }, summary, context);
  for (const note of notesOf(live.status?.preexisting, preexisting)) context.events.record(live, note);
  announceFlips(learned.flips, live, context.events);
  return outcomeOf(summary, learned.askAgainMs);
}

interface Trial {
  readonly verdict: GuardVerdict;
  readonly record: GuardRecord;
}

async function tryGuard({ namespace = "", of }: Guarding, live: Live<SovereigntyPolicy>, { api, clock }: Context): Promise<Trial> {
  const verdict = verdictOf(await probeGuard(api, namespace, live));
  return { verdict, record: { of, probeTime: new Date(clock.now()).toISOString() } };
}
