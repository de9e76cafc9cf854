/**
 * The pod template, revision 1. It passes Pod Security `restricted`.
 *
 * A revision is for ever: pods of an older operator run it, and any change of what it renders would restart them. To
 * change what pods look like, add a revision in template.ts.
 */
import type { PodSpec, PodTemplate } from "../../../lib/k8s-types.ts";
import { MODEL_DIGEST, servingLabels } from "../../../lib/labels.ts";
import { childName } from "../../../lib/names.ts";
import { buildContainer, SECCOMP, tensorSize, USER } from "./container.ts";
import { buildGate } from "./gate.ts";
import { graceSeconds } from "./lifecycle.ts";
import { byKey } from "../../../lib/order.ts";
import type { TemplateInput } from "./template.ts";
import { buildVolumes } from "./volumes.ts";

export function buildPodTemplate({ name, spec, model, gateImage }: TemplateInput): PodTemplate {
  const { scheduling } = spec;
  return {
    metadata: {
      labels: servingLabels(name),
      // Other weights under the same claim and folder are other pods.
      annotations: { [MODEL_DIGEST]: model.digest },
    },
    spec: {
      serviceAccountName: childName(name),
      automountServiceAccountToken: false,
      enableServiceLinks: false,
      ...buildSeclusion(),
      securityContext: { ...USER, seccompProfile: SECCOMP },
      terminationGracePeriodSeconds: graceSeconds(spec.rollout.drainSeconds),
      // For the gate's image, too: the kubelet tries each for the registry that it names.
      imagePullSecrets: spec.engine.imagePullSecretRefs.map((reference) => ({ name: reference.name })).toSorted(byKey((reference) => reference.name)),
      initContainers: [buildGate(name, gateImage)],
      containers: [buildContainer(spec, model)],
      volumes: buildVolumes(model, tensorSize(spec)),
      nodeSelector: { ...scheduling?.nodeSelector },
      tolerations: scheduling?.tolerations ?? [],
      ...(scheduling?.priorityClassName === undefined ? {} : { priorityClassName: scheduling.priorityClassName }),
    },
  };
}

/** Defaults of Kubernetes for the most part, spelt so that a change by hand is found and undone. */
export function buildSeclusion(): Partial<PodSpec> {
  return {
    hostIPC: false,
    hostNetwork: false,
    hostPID: false,
    hostAliases: [],
    shareProcessNamespace: false,
    // Nothing answers on the loopback, so a look-up fails at once instead of waiting for packets that the policy drops;
    // `Default` and `ClusterFirst` would also write addresses of the node's or the cluster's resolvers into the pod.
    dnsPolicy: "None",
    dnsConfig: { nameservers: ["127.0.0.1"] },
    restartPolicy: "Always",
  };
}
