/** Policies of other engines, which may allow what no NetworkPolicy allows, or route round all of them. Nobody here can judge them. */
import { changes, IS_CONTROLLER, WHAT } from "./cel.ts";
import type { Concern } from "./concern.ts";

/** Groups of Cilium, Calico, Antrea, OVN-Kubernetes, Kube-OVN, Multus and of Amazon's plugin. Whatever is in them: tomorrow's kinds, too. */
const GROUPS = ["cilium.io", "crd.projectcalico.org", "projectcalico.org", "crd.antrea.io", "controlplane.antrea.io", "k8s.ovn.org", "kubeovn.io", "k8s.cni.cncf.io", "networking.k8s.aws", "policy.networking.k8s.io"];

export const foreignPolicies: Concern = {
  name: "foreign-policies",
  reach: "Governed",
  match: {
    resourceRules: [{ apiGroups: GROUPS, apiVersions: ["*"], resources: ["*"], operations: ["CREATE", "UPDATE"], scope: "Namespaced" }],
    // Not policies: what Cilium's agents note of each pod, under accounts in namespaces of their own.
    excludeResourceRules: [{ apiGroups: ["cilium.io"], apiVersions: ["*"], resources: ["ciliumendpoints"], operations: ["*"], scope: "Namespaced" }],
  },
  when: { "not-by-kubernetes": `!${IS_CONTROLLER}`, "changes-what-it-says": changes((object) => `dyn(${object}).?spec`) },
  rules: [{
    holds: "false",
    otherwise: `${WHAT} + ': ' + request.kind.group + ' can open or steer round what NetworkPolicies shut, and the guard cannot judge it; use a NetworkPolicy, or have the provider put it where no namespace is governed'`,
  }],
};
