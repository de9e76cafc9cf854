/** A ProcessingActivity is a record: there is nothing to make, only to say that it is read. */
import { keyOf, type ObjectRef } from "../../lib/k8s-types.ts";
import { done, stalled, type Outcome } from "../../runtime/outcome.ts";
import type { Context, Controller } from "../../runtime/kind.ts";
import { processingActivities } from "../caches.ts";
import { parse } from "../define.ts";
import { ownRules } from "../rules.ts";
import { invalidSpec, report, type Summary } from "../report.ts";
import { processingActivity } from "./schema.ts";

const RECORDED: Summary = {
  conditions: [{ type: "Ready", status: "True", reason: "Recorded", message: "The activity can be referenced." }],
  stalled: false,
  severity: "Normal",
  fields: {},
};

async function reconcile(ref: ObjectRef, context: Context): Promise<Outcome> {
  const { resource } = processingActivity;
  const live = context.cache(resource).get(keyOf(ref));
  if (live === undefined || live.metadata.deletionTimestamp !== undefined) return done();
  const parsed = parse(processingActivity, live);
  await report({ resource, live }, parsed.ok ? RECORDED : invalidSpec(parsed.violations), context);
  return parsed.ok ? done() : stalled("InvalidSpec", "correct the spec");
}

export const processingActivityController: Controller = {
  name: "ProcessingActivity",
  owns: processingActivities,
  reads: [],
  rules: ownRules(processingActivity),
  conditions: ["Ready", "Reconciling", "Stalled"],
  reconcile,
};
