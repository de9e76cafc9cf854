/** The part of a SovereigntyPolicy that the pure cores know. */
import type { Policy } from "../../sovereignty/policy.ts";
import type { SovereigntyPolicy } from "./schema.ts";

/** Name and spec in one, without what says how it is enforced. */
export const policyOf = ({ metadata: { name }, spec: { jurisdictions, destinations, inCluster } }: Pick<SovereigntyPolicy, "metadata" | "spec">): Policy =>
  ({ name, jurisdictions, destinations, inCluster });

/** The day of a wall clock, YYYY-MM-DD in UTC: what jurisdictions are judged by. */
export const dayOf = (now: number): string => new Date(now).toISOString().slice(0, 10);
