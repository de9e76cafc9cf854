/** Nodes: where a policy says on which ones governed pods run, nobody goes round the scheduler, and pods ask for these. */
import { changes, IS_CONTROLLER, POD_MAKERS, POLICY, templateOf, WHAT } from "./cel.ts";
import type { Concern } from "./concern.ts";

const isBinding = "request.kind.kind == 'Binding'";
/** Of a running pod the scheduler has written the name of the node: another image is no other node. */
const whereTo = (object: string): string => `(${isBinding} ? [] : [${templateOf(object)}.spec.?nodeName.orValue(''), ${templateOf(object)}.spec.?nodeSelector.orValue({})])`;
const hasRules = "has(params.spec.nodes)";
const wanted = "params.spec.nodes.selector.matchLabels";
const given = "variables.pod.?nodeSelector.orValue({})";

export const nodes: Concern = {
  name: "nodes",
  reach: "Governed",
  match: {
    resourceRules: [
      ...POD_MAKERS.map(({ apiGroups, resources }) => ({ apiGroups: [...apiGroups], apiVersions: ["*"], resources: [...resources], operations: ["CREATE", "UPDATE"] })),
      { apiGroups: [""], apiVersions: ["v1"], resources: ["bindings", "pods/binding"], operations: ["CREATE"] },
    ],
  },
  when: { "changes-its-nodes": changes(whereTo) },
  variables: { what: WHAT, pod: `${isBinding} ? {} : ${templateOf("object")}.spec` },
  rules: [
    {
      holds: `!${hasRules} || !(${isBinding}) || ${IS_CONTROLLER}`,
      otherwise: `variables.what + ': binds a pod to a node, past the nodes of ' + ${POLICY} + ' (spec.nodes); leave it to the scheduler'`,
    },
    {
      holds: `!${hasRules} || variables.pod.?nodeName.orValue('') == ''`,
      otherwise: `variables.what + ': nodeName goes past the scheduler and so past the nodes of ' + ${POLICY} + ' (spec.nodes); use nodeSelector'`,
    },
    {
      holds: `!${hasRules} || ${isBinding} || ${wanted}.all(k, ${given}[?k].orValue('') == ${wanted}[k])`,
      otherwise: `variables.what + ': nodeSelector does not ask for the nodes of ' + ${POLICY} + '; add ' + ${wanted}.map(k, k + ': ' + ${wanted}[k]).join(', ')`,
    },
  ],
};
