/**
 * Pods by their role. Application is every pod that Hoheit did not make: without the label, or with a value that says
 * nothing to Hoheit, so that no new label gets a pod out. Serving and Probe are nowhere: what they reach is the same under
 * every policy, and stands in the seal of their deployment.
 */
import { ROLE } from "../../../lib/labels.ts";
import { ROLES, type Role } from "../../../sovereignty/policy.ts";
import type { PodSelector } from "./metadata.ts";

const CHOICES: readonly Role[] = ["Application", "Fetch", "Gateway", "Purge"];

/** Every pod but those of roles that are not among `roles`. */
const allBut = (roles: readonly Role[]) => ({ key: ROLE, operator: "NotIn", values: ROLES.filter((role) => role !== "Application" && !roles.includes(role)).toSorted() });

export const APPLICATION = allBut([]);

/** Undefined where none of the roles is a choice: a selector that says nothing would be every pod. */
export function podsWithRoles(roles: readonly Role[]): PodSelector | undefined {
  const chosen = CHOICES.filter((role) => roles.includes(role));
  if (chosen.includes("Application")) return { matchExpressions: [allBut(chosen)] };
  const [only] = chosen;
  if (only === undefined) return undefined;
  return chosen.length === 1 ? { matchLabels: { [ROLE]: only } } : { matchExpressions: [{ key: ROLE, operator: "In", values: [...chosen] }] };
}
