/** What all policies of a governed namespace have in common. The controller reference is added where the namespace's uid is known (plan.ts). */
import type { NetworkPolicy, ObjectMeta } from "../../../lib/k8s-types.ts";
import { governanceLabels, NAMESPACE_NAME } from "../../../lib/labels.ts";
import type { Destination } from "../../../sovereignty/policy.ts";

export type Rules = NonNullable<NetworkPolicy["spec"]>;
export type EgressRule = NonNullable<Rules["egress"]>[number];
export type IngressRule = NonNullable<Rules["ingress"]>[number];
export type Peer = NonNullable<EgressRule["to"]>[number];
export type PodSelector = NonNullable<Rules["podSelector"]>;

interface Opening {
  readonly podSelector: PodSelector;
  readonly ingress?: IngressRule[];
  readonly egress?: EgressRule[];
}

export const networkPolicy = (metadata: ObjectMeta, spec: Rules): NetworkPolicy =>
  ({ apiVersion: "networking.k8s.io/v1", kind: "NetworkPolicy", metadata: { ...metadata, labels: governanceLabels() }, spec });

/** A policy for pods that a SovereigntyPolicy names something for. It isolates them in both directions: while somebody has taken the default deny away, it does so alone. */
export const opening = (metadata: ObjectMeta, { podSelector, ingress = [], egress = [] }: Opening): NetworkPolicy =>
  networkPolicy(metadata, { podSelector, policyTypes: ["Ingress", "Egress"], ingress, egress });

/** These pods of that namespace: one element with both selectors. As two elements it would be these pods or that namespace. */
export const podsOf = (namespace: string, matchLabels: Readonly<Record<string, string>>): Peer =>
  ({ namespaceSelector: { matchLabels: { [NAMESPACE_NAME]: namespace } }, podSelector: { matchLabels: { ...matchLabels } } });

export const portsOf = (ports: Destination["ports"]): NonNullable<EgressRule["ports"]> => ports.map(({ protocol, port, endPort }) => ({ protocol, port, ...(endPort !== undefined && { endPort }) }));
