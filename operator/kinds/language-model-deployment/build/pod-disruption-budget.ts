/** Keeps a drain from stopping all replicas at a time. With one replica there is nothing to keep: a budget would only block the drain for ever. */
import type { PodDisruptionBudget } from "../../../lib/k8s-types.ts";
import { servingSelector } from "../../../lib/labels.ts";
import type { BuildInput } from "./input.ts";
import { childMetadata } from "./metadata.ts";

export function buildPodDisruptionBudget({ deployment }: BuildInput): PodDisruptionBudget | undefined {
  if (deployment.spec.replicas <= 1) return undefined;
  return {
    apiVersion: "policy/v1",
    kind: "PodDisruptionBudget",
    metadata: childMetadata(deployment),
    spec: {
      maxUnavailable: 1,
      selector: { matchLabels: servingSelector(deployment.metadata.name) },
      // A server that never becomes ready must not hold up the drain of its node (KEP-3017).
      unhealthyPodEvictionPolicy: "AlwaysAllow",
    },
  };
}
