/**
 * A policy goes. It has been held until no namespace would be left without any (obstacles.ts): a deletion by mistake opens
 * nothing, and nobody is governed by nothing without having been given up by a person.
 */
import type { Live } from "../../lib/k8s-types.ts";
import { POLICY_FINALIZER } from "../../lib/names.ts";
import { execute } from "../../runtime/execute.ts";
import type { EventNote } from "../../runtime/events.ts";
import type { Context } from "../../runtime/kind.ts";
import { done, waiting, type Outcome } from "../../runtime/outcome.ts";
import { exemptNamespaces } from "../governed-namespace/governance.ts";
import { buildGuard } from "./build/guard/index.ts";
import { knowing, readClusterPolicies } from "./cluster-policies.ts";
import { observe, type Facts, type Observed } from "./observe.ts";
import { planEnd, planRelease } from "./plan.ts";
import type { SovereigntyPolicy } from "./schema.ts";

/** How long API servers go on asking a binding that was deleted: they would refuse everything for want of its parameter. */
const FORGET_MS = 5_000;

export async function release(live: Live<SovereigntyPolicy>, context: Context, facts: Facts): Promise<Outcome> {
  if (live.metadata.finalizers?.includes(POLICY_FINALIZER) !== true) return done();
  const clusterPolicies = await readClusterPolicies(context);
  const observed = observe(live, context, facts);
  const others = observed.guarded.filter(({ metadata }) => metadata.name !== live.metadata.name);
  const guard = buildGuard({ policies: others, operator: { user: facts.user, image: facts.image }, exempt: exemptNamespaces(facts.governing.operatorNamespace) });
  await execute(planRelease(observed, guard, clusterPolicies), live, knowing(clusterPolicies, context));
  if (observed.bindings.some(({ spec }) => spec?.paramRef?.name === live.metadata.name)) return waiting("Releasing", FORGET_MS);
  await execute(planEnd(observed), live, context);
  context.events.record(live, noteOf(observed));
  return done();
}

function noteOf({ policy: { metadata: { name } }, states }: Observed): EventNote {
  const held = states.filter(({ reason }) => reason !== "Exempt").map(({ namespace, policies }) => `${namespace} (${policies.filter((one) => one !== name).join(", ")})`);
  const note = held.length === 0 ? "It governed no namespace any more." : `Its namespaces are held by other policies, which may allow more: ${held.join(", ")}.`;
  return { type: held.length === 0 ? "Normal" : "Warning", reason: "Released", action: "Release", message: `SovereigntyPolicy ${name} is gone. ${note}` };
}
