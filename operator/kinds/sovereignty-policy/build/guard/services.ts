/**
 * Services and what stands behind them. Whether a NetworkPolicy looks at an address before or after a Service has translated
 * it is not defined, so a Service in a governed namespace leads to pods that it selects, and to nothing else.
 */
import { changes, IS_CONTROLLER, WHAT } from "./cel.ts";
import type { Concern } from "./concern.ts";

const KINDS = "request.kind.kind == 'Service'";
/** Who may be reached: of a Service its spec, of the others their addresses. */
const targets = (object: string): string =>
  `(${KINDS} ? [dyn(${object}).spec] : request.kind.kind == 'Endpoints' ? dyn(${object}).?subsets.orValue([]) : dyn(${object}).?endpoints.orValue([]))`;

const service = (holds: string): string => `!(${KINDS}) || ${holds}`;

export const services: Concern = {
  name: "services",
  reach: "Governed",
  match: {
    resourceRules: [
      { apiGroups: [""], apiVersions: ["v1"], resources: ["services", "endpoints"], operations: ["CREATE", "UPDATE"] },
      { apiGroups: ["discovery.k8s.io"], apiVersions: ["*"], resources: ["endpointslices"], operations: ["CREATE", "UPDATE"] },
    ],
  },
  when: { "changes-where-it-leads": changes(targets) },
  variables: { what: WHAT },
  rules: [
    {
      holds: service("!(dyn(object).spec.?type.orValue('ClusterIP') in ['NodePort', 'LoadBalancer'])"),
      otherwise: "variables.what + ': spec.type is ' + dyn(object).spec.type + ', which opens the namespace to whoever reaches a node or the balancer; use ClusterIP and an ingress that the policy names'",
    },
    {
      holds: service("dyn(object).spec.?type.orValue('ClusterIP') != 'ExternalName'"),
      otherwise: "variables.what + ': spec.type is ExternalName, a name for something outside; have the address named as a destination of the policy'",
    },
    {
      holds: service("dyn(object).spec.?externalIPs.orValue([]).size() == 0"),
      otherwise: "variables.what + ': spec.externalIPs takes traffic for addresses that are not its own (CVE-2020-8554); remove it'",
    },
    {
      holds: service("dyn(object).spec.?type.orValue('ClusterIP') == 'ExternalName' || dyn(object).spec.?selector.orValue({}).size() > 0"),
      otherwise: "variables.what + ': spec.selector is empty, so anybody says where it leads; select pods of this namespace'",
    },
    {
      holds: `${KINDS} || ${IS_CONTROLLER} || ${targets("object")}.size() == 0`,
      otherwise: "variables.what + ': endpoints by hand lead wherever they say; make a Service with a selector, and Kubernetes writes them'",
    },
  ],
};
