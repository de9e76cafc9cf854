/** What it takes to read a cluster for a proof, and to keep the evidence. What may not be read is named in the proof and keeps it from being one. */
import type { Rule } from "../../../runtime/kind.ts";

const list = (apiGroup: string, ...resources: string[]): Rule => ({ apiGroups: [apiGroup], resources, verbs: ["list"] });

/** Beside what the kinds read: what runs pods, where the cluster's addresses are, and how other network plugins let out. */
export const proofRules: readonly Rule[] = [
  list("", "namespaces", "nodes", "pods", "services"),
  list("apps", "deployments", "statefulsets", "daemonsets"),
  list("batch", "cronjobs", "jobs"),
  list("discovery.k8s.io", "endpointslices"),
  list("networking.k8s.io", "networkpolicies", "servicecidrs"),
  list("policy.networking.k8s.io", "clusternetworkpolicies", "adminnetworkpolicies", "baselineadminnetworkpolicies"),
  // Only whether there are any: nobody here understands them.
  list("cilium.io", "ciliumnetworkpolicies", "ciliumclusterwidenetworkpolicies"),
  list("crd.projectcalico.org", "networkpolicies", "globalnetworkpolicies", "stagednetworkpolicies", "stagedglobalnetworkpolicies", "stagedkubernetesnetworkpolicies"),
  list("projectcalico.org", "networkpolicies", "globalnetworkpolicies", "stagednetworkpolicies", "stagedglobalnetworkpolicies", "stagedkubernetesnetworkpolicies"),
  list("crd.antrea.io", "networkpolicies", "clusternetworkpolicies"),
  list("k8s.ovn.org", "egressfirewalls"),
];

/** In the operator's own namespace: evidence, and data sets. */
export const evidenceRules: readonly Rule[] = [{ apiGroups: [""], resources: ["configmaps"], verbs: ["get", "list", "create", "delete"] }];
