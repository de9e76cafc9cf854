/**
 * Networks besides the one for which NetworkPolicies hold. They are asked for by annotations, which the network plugin reads
 * when it starts the pod; what plugins note there themselves comes through pods/status, which is not judged here.
 */
import { list, changes, POD_MAKERS, templateOf, WHAT } from "./cel.ts";
import type { Concern } from "./concern.ts";

/** Prefixes of annotations by which Multus, Calico, Kube-OVN, OVN-Kubernetes and Cilium let a pod choose network, address or exemption. */
export const PREFIXES: readonly string[] = ["k8s.v1.cni.cncf.io/", "v1.multus-cni.io/", "cni.projectcalico.org/", "ovn.kubernetes.io/", "k8s.ovn.org/", "cilium.io/", "policy.cilium.io/", "ipam.cilium.io/", "network.cilium.io/"];

const annotationsOf = (object: string): string => `${templateOf(object)}.?metadata.?annotations.orValue({})`;
const chosen = (object: string): string => `${annotationsOf(object)}.filter(k, ${list(PREFIXES)}.exists(prefix, k.startsWith(prefix)))`;
/** With their values, so that another value is a change. */
const choice = (object: string): string => `${chosen(object)}.map(k, k + '=' + ${annotationsOf(object)}[k])`;

export const secondNetworks: Concern = {
  name: "second-networks",
  reach: "Governed",
  match: {
    resourceRules: POD_MAKERS.map(({ apiGroups, resources }) => ({ apiGroups: [...apiGroups], apiVersions: ["*"], resources: [...resources], operations: ["CREATE", "UPDATE"] })),
  },
  when: { "changes-its-networks": changes(choice) },
  variables: { what: WHAT, chosen: chosen("object") },
  rules: [{
    holds: "variables.chosen.size() == 0",
    otherwise: "variables.what + ': annotations ' + variables.chosen.join(', ') + ' choose a network, an address or an exemption for which NetworkPolicies need not hold; remove them'",
  }],
};
