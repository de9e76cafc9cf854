/** A SovereigntyPolicy is read; nothing enforces it yet, and that is what it says. */
import type { Live } from "../../lib/k8s-types.ts";
import { done, type Outcome } from "../../runtime/outcome.ts";
import type { Context, Controller } from "../../runtime/kind.ts";
import { sovereigntyPolicies } from "../caches.ts";
import { whenParsed } from "../parsed.ts";
import { ownRules } from "../rules.ts";
import { report, type Summary } from "../report.ts";
import { sovereigntyPolicy, type SovereigntyPolicy } from "./schema.ts";

const RECORDED: Summary = {
  conditions: [{ type: "Ready", status: "True", reason: "Recorded", message: "The policy is read. Nothing enforces it yet." }],
  stalled: false,
  severity: "Normal",
  fields: {},
};

async function follow(policy: Live<SovereigntyPolicy>, context: Context): Promise<Outcome> {
  await report({ resource: sovereigntyPolicy.resource, live: policy }, RECORDED, context);
  return done();
}

export const sovereigntyPolicyController: Controller = {
  name: "SovereigntyPolicy",
  owns: sovereigntyPolicies,
  reads: [],
  rules: ownRules(sovereigntyPolicy),
  conditions: ["Ready", "Reconciling", "Stalled"],
  reconcile: whenParsed(sovereigntyPolicy, follow),
};
