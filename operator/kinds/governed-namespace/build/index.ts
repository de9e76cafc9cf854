/**
 * What a governed namespace gets: a policy under which nothing goes in or out, and beside it one for each thing that some
 * of its pods may reach or be reached by.
 * Every builder is pure: the same input gives the same objects, byte for byte. testdata/ shows the results as YAML.
 */
import type { NetworkPolicy } from "../../../lib/k8s-types.ts";
import { byKey } from "../../../lib/order.ts";
import { buildApplicationPolicy } from "./application.ts";
import { buildClientPolicy } from "./client.ts";
import { buildDefaultDeny } from "./default-deny.ts";
import { buildDestinationPolicy } from "./destination.ts";
import type { BuildInput } from "./input.ts";
import { buildPeerPolicy } from "./peer.ts";

export { buildDefaultDeny } from "./default-deny.ts";
export type { BuildInput, ModelClient } from "./input.ts";

export interface Children {
  readonly defaultDeny: NetworkPolicy;
  /** What lets something through, by name. All add up; none can take away. */
  readonly openings: readonly NetworkPolicy[];
}

export function buildChildren(input: BuildInput): Children {
  const { destinations, inCluster } = input.policy;
  const openings = [
    buildApplicationPolicy(input),
    ...destinations.flatMap((destination) => buildDestinationPolicy(destination, input) ?? []),
    ...inCluster.flatMap((peer) => buildPeerPolicy(peer, input) ?? []),
    ...input.clients.map((client) => buildClientPolicy(client, input)),
  ];
  return { defaultDeny: buildDefaultDeny(input), openings: openings.toSorted(byKey(({ metadata }) => metadata.name)) };
}
