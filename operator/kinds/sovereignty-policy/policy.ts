/** The part of a SovereigntyPolicy that the pure cores know. */
import type { OriginRule } from "../../sovereignty/origins.ts";
import type { Policy } from "../../sovereignty/policy.ts";
import { withoutNulls } from "../violations.ts";
import { models, type SovereigntyPolicy } from "./schema.ts";

/** Name and spec in one, without what says how it is enforced. */
export const policyOf = ({ metadata: { name }, spec: { jurisdictions, destinations, inCluster } }: Pick<SovereigntyPolicy, "metadata" | "spec">): Policy =>
  ({ name, jurisdictions, destinations, inCluster });

/** What it says of the origins of models, be the rest of it readable or not. */
export function originRuleOf({ metadata: { name }, spec }: SovereigntyPolicy): OriginRule {
  const { models: said } = withoutNulls(spec) as { readonly models?: unknown };
  return { policy: name, denied: said === undefined ? [] : models.safeParse(said).data?.deniedOrigins };
}

/** The day of a wall clock, YYYY-MM-DD in UTC: what jurisdictions are judged by. */
export const dayOf = (now: number): string => new Date(now).toISOString().slice(0, 10);
