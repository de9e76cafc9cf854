/**
 * Ways into running pods through the API server: exec, attach, port-forward, proxy, ephemeral containers. What comes out goes
 * to whoever asked, past every NetworkPolicy. A request to connect tells nothing of the pod, so it is decided for the
 * namespace as a whole, by an annotation that only who may govern can set; and where it is set, no model server starts.
 */
import { CONNECTIONS, ROLE } from "../../../../lib/labels.ts";
import { isProbe, quote, templateOf, WHAT } from "./cel.ts";
import type { Concern } from "./concern.ts";

const allows = `namespaceObject.metadata.?annotations[?${quote(CONNECTIONS)}].orValue('') == 'Allow'`;
const isCreation = "request.operation == 'CREATE'";

const NAME = "connections";

export const connections: Concern = {
  name: NAME,
  reach: "Governed",
  match: {
    resourceRules: [
      { apiGroups: [""], apiVersions: ["v1"], resources: ["pods/exec", "pods/attach", "pods/portforward", "pods/proxy", "services/proxy"], operations: ["CONNECT"] },
      { apiGroups: [""], apiVersions: ["v1"], resources: ["pods/ephemeralcontainers"], operations: ["UPDATE"] },
      { apiGroups: [""], apiVersions: ["v1"], resources: ["pods"], operations: ["CREATE"] },
    ],
  },
  when: { "connects-or-has-a-role": `!(${isCreation}) || ${quote(ROLE)} in ${templateOf("object")}.metadata.?labels.orValue({}) || ${isProbe(NAME)}` },
  rules: [
    {
      holds: `${isCreation} || (${allows})`,
      otherwise: `request.resource.resource + '/' + request.?subResource.orValue('') + ' of ' + request.namespace + '/' + request.name + ': connections into pods are refused in governed namespaces, what they show leaves past every NetworkPolicy; read logs and events, or have the annotation ${CONNECTIONS}: Allow set on the namespace by who may govern (docs/how-to/guard.md)'`,
    },
    {
      // A probe of the guard is judged as in a namespace that allows connections.
      holds: `!(${isCreation}) || !((${allows}) || ${isProbe(NAME)})`,
      otherwise: `${WHAT} + ': namespace ' + request.namespace + ' allows connections into its pods (annotation ${CONNECTIONS}), so no pod of a model starts in it; remove the annotation'`,
    },
  ],
};
