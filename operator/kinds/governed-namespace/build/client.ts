/**
 * The way of one declared client to one model: from the pods that the deployment names, if Hoheit did not make them, to the
 * model servers, and to nothing else that has their labels. The other end is the seal of the deployment, which decides who
 * gets in (an approval, for one): only both together are a connection.
 */
import type { NetworkPolicy } from "../../../lib/k8s-types.ts";
import { CLIENT_OF, servingSelector } from "../../../lib/labels.ts";
import { clientPolicyName, SERVING_PORT } from "../../../lib/names.ts";
import type { BuildInput, ModelClient } from "./input.ts";
import { networkPolicy, podsOf } from "./metadata.ts";
import { APPLICATION } from "./roles.ts";

export function buildClientPolicy({ entry, podSelector, deployment }: ModelClient, { namespace }: Pick<BuildInput, "namespace">): NetworkPolicy {
  const to = [podsOf(deployment.namespace, servingSelector(deployment.name))];
  return networkPolicy({ name: clientPolicyName(entry), namespace, annotations: { [CLIENT_OF]: entry } }, {
    podSelector: { matchLabels: { ...podSelector }, matchExpressions: [APPLICATION] },
    policyTypes: ["Egress"],
    egress: [{ to, ports: [{ protocol: "TCP", port: SERVING_PORT }] }],
  });
}
