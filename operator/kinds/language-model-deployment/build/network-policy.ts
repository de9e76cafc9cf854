/**
 * The seal: no way out, for either family and for DNS too, but to the operator's control port, and in only for declared
 * clients and the metrics scraper.
 *
 * The one way out is there so that a pod can tell a seal from a network that is down: the operator answers there with a
 * line of its own and reads nothing.
 *
 * The policy is applied before any pod can exist and carries our finalizer: owner references alone would let the garbage
 * collector drop it while pods still terminate.
 *
 * Probes need no rule: traffic between a node and its own pods is not subject to policies (KEP-2091 and every CNI).
 */
import type { NetworkPolicy } from "../../../lib/k8s-types.ts";
import { NAMESPACE_NAME, OPERATOR_LABELS, sealSelector } from "../../../lib/labels.ts";
import { CONTROL_PORT, SEAL_FINALIZER, SERVING_PORT } from "../../../lib/names.ts";
import type { BuildInput, MetricsScraper, OperatorFacts } from "./input.ts";
import { childMetadata } from "./metadata.ts";
import { byKey } from "../../../lib/order.ts";

type Rules = NonNullable<NetworkPolicy["spec"]>;
type IngressRule = NonNullable<Rules["ingress"]>[number];
type EgressRule = NonNullable<Rules["egress"]>[number];
type Peer = NonNullable<IngressRule["from"]>[number];

export function buildNetworkPolicy({ deployment, clients, metricsScraper, operator }: BuildInput): NetworkPolicy {
  const declared = clients.toSorted(byKey(({ name }) => name)).map(({ namespace, podSelector }) => podsOf({ namespace, podSelector: podSelector.matchLabels }));
  return {
    apiVersion: "networking.k8s.io/v1",
    kind: "NetworkPolicy",
    metadata: { ...childMetadata(deployment), finalizers: [SEAL_FINALIZER] },
    spec: {
      podSelector: { matchLabels: sealSelector(deployment.metadata.name) },
      // Both named: a policy that only lists ingress would leave egress open, and empty lists mean nothing, not everything.
      policyTypes: ["Ingress", "Egress"],
      ingress: admit([...declared, ...(metricsScraper === undefined ? [] : [podsOf(metricsScraper)])]),
      egress: [askTripwire(operator)],
    },
  };
}

/** Replicas of the operator, at the one port that answers everybody alike. The Service's address is translated before rules are looked at. */
const askTripwire = ({ namespace }: OperatorFacts): EgressRule => ({
  to: [{ namespaceSelector: { matchLabels: { [NAMESPACE_NAME]: namespace } }, podSelector: { matchLabels: { ...OPERATOR_LABELS } } }],
  ports: [{ protocol: "TCP", port: CONTROL_PORT }, { protocol: "UDP", port: CONTROL_PORT }],
});

/**
 * One rule for all: with one each, kube-router drops what clients may while another comes before them (docs/decisions/0008).
 * Nobody at all is no rule: an empty list would be everybody.
 */
const admit = (from: Peer[]): IngressRule[] => (from.length === 0 ? [] : [{ from, ports: [{ protocol: "TCP", port: SERVING_PORT }] }]);

/** One element with both selectors: these pods of that namespace. As two elements it would be these pods or that namespace. */
const podsOf = ({ namespace, podSelector }: MetricsScraper): Peer =>
  ({ namespaceSelector: { matchLabels: { [NAMESPACE_NAME]: namespace } }, podSelector: { matchLabels: { ...podSelector } } });
