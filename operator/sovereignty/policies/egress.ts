/**
 * What NetworkPolicies beside the seal do to it. They are additive: one that selects a sealed pod and has an egress rule
 * opens it, whoever wrote it, and the seal cannot forbid that.
 */
import type { NetworkPolicy } from "../../lib/k8s-types.ts";
import { selects, type Labels } from "./selector.ts";

/** A way out, and who made it. */
export interface Opening {
  readonly policy: string;
  /** Number of its egress rules; the first is `spec.egress[0]`. */
  readonly rules: number;
}

/** Policies that say something about egress. The API server fills `policyTypes`; where it is absent its rule holds: Egress if there are egress rules. */
export function isAboutEgress({ spec }: NetworkPolicy): boolean {
  return spec?.policyTypes?.includes("Egress") ?? (spec?.egress ?? []).length > 0;
}

const inOrder = (policies: readonly NetworkPolicy[]): NetworkPolicy[] =>
  policies.filter(isAboutEgress).toSorted((a, b) => (a.metadata.name < b.metadata.name ? -1 : 1));

const selectsPod = ({ spec }: NetworkPolicy, labels: Labels): boolean => selects(spec?.podSelector ?? {}, labels);

/** Every policy that lets one of these pods out, by name. */
export function openings(policies: readonly NetworkPolicy[], pods: readonly Labels[]): Opening[] {
  return inOrder(policies)
    .filter((policy) => (policy.spec?.egress ?? []).length > 0 && pods.some((labels) => selectsPod(policy, labels)))
    .map(({ metadata, spec }) => ({ policy: metadata.name, rules: spec?.egress?.length ?? 0 }));
}

/** Names of policies that hold for some of these pods and not for all: what one of them can reach tells nothing of the others. */
export function dividing(policies: readonly NetworkPolicy[], pods: readonly Labels[]): string[] {
  const splits = (policy: NetworkPolicy): boolean => new Set(pods.map((labels) => selectsPod(policy, labels))).size > 1;
  return inOrder(policies).filter(splits).map(({ metadata }) => metadata.name);
}
