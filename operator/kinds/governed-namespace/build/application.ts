/** What every pod of somebody else's has, whatever the policy says: the cluster's name servers. It isolates them, too, while somebody has taken the default deny away. */
import type { NetworkPolicy } from "../../../lib/k8s-types.ts";
import { APPLICATION_POLICY } from "../../../lib/names.ts";
import { buildDnsRule } from "./dns.ts";
import type { BuildInput } from "./input.ts";
import { opening } from "./metadata.ts";
import { APPLICATION } from "./roles.ts";

/** A name is a way to be heard outside; only who may have to look names up gets it. All others are told addresses. */
export const buildApplicationPolicy = ({ namespace, nameServers }: Pick<BuildInput, "namespace" | "nameServers">): NetworkPolicy =>
  opening({ name: APPLICATION_POLICY, namespace }, { podSelector: { matchExpressions: [APPLICATION] }, egress: [buildDnsRule(nameServers)] });
