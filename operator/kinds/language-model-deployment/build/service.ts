/** The address that clients use. It has the deployment's name, which is why pods get no service links: a Service `vllm` would set VLLM_PORT. */
import type { Service } from "../../../lib/k8s-types.ts";
import { servingSelector } from "../../../lib/labels.ts";
import { SERVING_PORT, SERVING_PORT_NAME } from "../../../lib/names.ts";
import type { BuildInput } from "./input.ts";
import { childMetadata } from "./metadata.ts";

export function buildService({ deployment }: BuildInput): Service {
  return {
    apiVersion: "v1",
    kind: "Service",
    metadata: childMetadata(deployment),
    spec: {
      type: "ClusterIP",
      // Kept as it is by single-stack clusters, which then hand out one address.
      ipFamilyPolicy: "PreferDualStack",
      selector: servingSelector(deployment.metadata.name),
      ports: [{ name: SERVING_PORT_NAME, port: SERVING_PORT, targetPort: SERVING_PORT_NAME, protocol: "TCP" }],
      // Spelt so that a change by hand is found and undone: each would open the server to more than its clients.
      externalIPs: [],
      publishNotReadyAddresses: false,
    },
  };
}
