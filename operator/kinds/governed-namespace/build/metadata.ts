/** What all policies of a governed namespace have in common. The controller reference is added where the namespace's uid is known (plan.ts). */
import type { NetworkPolicy, ObjectMeta } from "../../../lib/k8s-types.ts";
import { governanceLabels, NAMESPACE_NAME } from "../../../lib/labels.ts";

export type Rules = NonNullable<NetworkPolicy["spec"]>;
export type EgressRule = NonNullable<Rules["egress"]>[number];
export type IngressRule = NonNullable<Rules["ingress"]>[number];
export type Peer = NonNullable<EgressRule["to"]>[number];

export const networkPolicy = (metadata: ObjectMeta, spec: Rules): NetworkPolicy =>
  ({ apiVersion: "networking.k8s.io/v1", kind: "NetworkPolicy", metadata: { ...metadata, labels: governanceLabels() }, spec });

/** These pods of that namespace: one element with both selectors. As two elements it would be these pods or that namespace. */
export const podsOf = (namespace: string, matchLabels: Readonly<Record<string, string>>): Peer =>
  ({ namespaceSelector: { matchLabels: { [NAMESPACE_NAME]: namespace } }, podSelector: { matchLabels: { ...matchLabels } } });
