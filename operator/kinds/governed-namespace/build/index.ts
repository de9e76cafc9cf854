/**
 * What a governed namespace gets: a policy under which nothing goes in or out, and beside it what each role may reach.
 * Every builder is pure: the same input gives the same objects, byte for byte. testdata/ shows the results as YAML.
 */
import type { NetworkPolicy } from "../../../lib/k8s-types.ts";
import { byKey } from "../../../lib/order.ts";
import { buildClientPolicy } from "./client.ts";
import { buildDefaultDeny } from "./default-deny.ts";
import type { BuildInput } from "./input.ts";
import { buildRolePolicy, ROLES_WITH_RULES } from "./role.ts";

export { buildDefaultDeny } from "./default-deny.ts";
export type { BuildInput, ModelClient } from "./input.ts";

export interface Children {
  readonly defaultDeny: NetworkPolicy;
  /** What lets something through, by name: of roles, then of clients. All add up; none can take away. */
  readonly openings: readonly NetworkPolicy[];
}

export function buildChildren(input: BuildInput): Children {
  const roles = ROLES_WITH_RULES.flatMap((role) => buildRolePolicy(role, input) ?? []);
  const clients = input.clients.map((client) => buildClientPolicy(client, input));
  return { defaultDeny: buildDefaultDeny(input), openings: [...roles, ...clients].toSorted(byKey(({ metadata }) => metadata.name)) };
}
