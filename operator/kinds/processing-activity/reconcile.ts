/** A ProcessingActivity is a record: there is nothing to make, only to say that it is read. */
import type { Live } from "../../lib/k8s-types.ts";
import { done, type Outcome } from "../../runtime/outcome.ts";
import type { Context, Controller } from "../../runtime/kind.ts";
import { processingActivities } from "../caches.ts";
import { whenParsed } from "../parsed.ts";
import { ownRules } from "../rules.ts";
import { report, type Summary } from "../report.ts";
import { processingActivity, type ProcessingActivity } from "./schema.ts";

const RECORDED: Summary = {
  conditions: [{ type: "Ready", status: "True", reason: "Recorded", message: "The activity can be referenced." }],
  stalled: false,
  severity: "Normal",
  fields: {},
};

async function follow(activity: Live<ProcessingActivity>, context: Context): Promise<Outcome> {
  await report({ resource: processingActivity.resource, live: activity }, RECORDED, context);
  return done();
}

export const processingActivityController: Controller = {
  name: "ProcessingActivity",
  owns: processingActivities,
  reads: [],
  rules: ownRules(processingActivity),
  conditions: ["Ready", "Reconciling", "Stalled"],
  reconcile: whenParsed(processingActivity, follow),
};
