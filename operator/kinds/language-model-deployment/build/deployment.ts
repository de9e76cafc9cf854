/** The Deployment that runs the model servers. */
import type { Deployment } from "../../../lib/k8s-types.ts";
import { GATE_IMAGE, MODEL_DIGEST, servingSelector, TEMPLATE_INPUTS, TEMPLATE_REVISION } from "../../../lib/labels.ts";
import type { BuildInput } from "./input.ts";
import { progressSeconds } from "./lifecycle.ts";
import { childMetadata } from "./metadata.ts";
import { chooseGateImage, chooseTemplate, templateInputs, type TemplateRevision } from "./template.ts";

/** Undefined while nothing may start. @param known template revisions, for tests */
export function buildDeployment({ deployment, operator, start }: BuildInput, known?: readonly TemplateRevision[]): Deployment | undefined {
  if (start === undefined) return undefined;
  const { spec } = deployment;
  const input = { name: deployment.metadata.name, spec, model: start.model };
  const inputsHash = templateInputs(input);
  const template = chooseTemplate(start.liveAnnotations, inputsHash, known);
  const gateImage = chooseGateImage(start.liveAnnotations, { inputsHash, revision: template.revision }, operator.image);
  return {
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: {
      ...childMetadata(deployment),
      annotations: { [GATE_IMAGE]: gateImage, [MODEL_DIGEST]: start.model.digest, [TEMPLATE_INPUTS]: inputsHash, [TEMPLATE_REVISION]: String(template.revision) },
    },
    spec: {
      replicas: start.replicas,
      selector: { matchLabels: servingSelector(deployment.metadata.name) },
      // A second set of accelerators for the time of a rollout is rarely free, and without it a surge waits for ever.
      strategy: { type: "RollingUpdate", rollingUpdate: { maxSurge: 0, maxUnavailable: 1 } },
      minReadySeconds: 0,
      progressDeadlineSeconds: progressSeconds(spec.rollout.startupSeconds, spec.rollout.drainSeconds),
      revisionHistoryLimit: 2,
      paused: false,
      template: template.build({ ...input, gateImage }),
    },
  };
}
