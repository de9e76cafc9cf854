/**
 * Nothing in, nothing out, for every pod that is there or will ever be, whatever its labels. It isolates; all others only
 * add to it. Our finalizer keeps it until the last pod of a namespace that is being deleted is gone.
 */
import type { NetworkPolicy } from "../../../lib/k8s-types.ts";
import { DEFAULT_DENY, SEAL_FINALIZER } from "../../../lib/names.ts";
import type { BuildInput } from "./input.ts";
import { networkPolicy } from "./metadata.ts";

export const buildDefaultDeny = ({ namespace }: Pick<BuildInput, "namespace">): NetworkPolicy =>
  // Both types named: without rules, neither is implied.
  networkPolicy({ name: DEFAULT_DENY, namespace, finalizers: [SEAL_FINALIZER] }, { podSelector: {}, policyTypes: ["Ingress", "Egress"], ingress: [], egress: [] });
