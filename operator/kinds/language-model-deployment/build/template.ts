/**
 * Revisions of the pod template. A pod that runs is never restarted because the operator was upgraded: a Deployment keeps
 * the revision that it was rendered with while nothing that goes into the template has changed. `TemplateOutdated` says
 * that a newer one waits; the next change of the spec, or of the model, brings it.
 *
 * To add revision N: copy what differs into a builder of its own and append it here. A field that is added to the spec
 * goes into `templateInputs` as undefined where it has its neutral value, so that the hashes of older objects stay.
 */
import { shortHash } from "../../../lib/hash.ts";
import type { PodTemplate } from "../../../lib/k8s-types.ts";
import { GATE_IMAGE, TEMPLATE_INPUTS, TEMPLATE_REVISION } from "../../../lib/labels.ts";
import type { LanguageModelDeployment } from "../schema.ts";
import type { ServedModel } from "./input.ts";
import { buildPodTemplate } from "./pod-template.ts";

interface TemplateSource {
  readonly name: string;
  readonly spec: LanguageModelDeployment["spec"];
  readonly model: ServedModel;
}

export interface TemplateInput extends TemplateSource {
  /** Image of the init container that waits for the seal. */
  readonly gateImage: string;
}

export interface TemplateRevision {
  readonly revision: number;
  build(input: TemplateInput): PodTemplate;
}

/** Oldest first. */
export const templates: readonly TemplateRevision[] = [{ revision: 1, build: buildPodTemplate }];

/** The revision that a new Deployment gets. */
export const LATEST_REVISION: number = Math.max(...templates.map(({ revision }) => revision));

type Annotations = Readonly<Record<string, string>>;

/**
 * The revision to render: the live one while the inputs are those that it was rendered from, otherwise the newest. A
 * revision that this operator does not know (after a downgrade) is replaced by the newest that it knows.
 */
export function chooseTemplate(live: Annotations | undefined, inputsHash: string, known: readonly TemplateRevision[] = templates): TemplateRevision {
  const newest = known.at(-1);
  if (newest === undefined) throw new Error("there must be at least one template revision");
  if (live?.[TEMPLATE_INPUTS] !== inputsHash) return newest;
  return known.find(({ revision }) => String(revision) === live[TEMPLATE_REVISION]) ?? newest;
}

/**
 * The image of the gate: with a new operator comes a new one, and that alone restarts nothing. So the live one stays as
 * long as the template does, which is why it is no part of `templateInputs`.
 */
export function chooseGateImage(live: Annotations | undefined, { inputsHash, revision }: { readonly inputsHash: string; readonly revision: number }, newest: string): string {
  const stays = live?.[TEMPLATE_INPUTS] === inputsHash && live[TEMPLATE_REVISION] === String(revision);
  return (stays ? live[GATE_IMAGE] : undefined) ?? newest;
}

/** Hash of everything that goes into the template but the gate's image. Lists whose order has no meaning are sorted, so that reordering restarts nothing. */
export function templateInputs({ name, spec, model }: TemplateSource): string {
  const { task, servedNames, engine, contextLength, accelerators, parallelism, rollout, scheduling, resources, confidentiality } = spec;
  return shortHash({
    name,
    model: { claimName: model.claimName, path: model.path, digest: model.digest },
    task,
    servedNames,
    engine: {
      version: engine.version,
      image: engine.image,
      args: engine.args,
      env: Object.fromEntries(engine.env.map((variable) => [variable.name, variable.value])),
      imagePullSecrets: engine.imagePullSecretRefs.map((reference) => reference.name).toSorted(),
    },
    contextLength,
    accelerators: { resource: accelerators.resource, count: accelerators.count },
    tensor: parallelism?.tensor ?? accelerators.count,
    rollout: { startupSeconds: rollout.startupSeconds, drainSeconds: rollout.drainSeconds },
    scheduling: { nodeSelector: scheduling?.nodeSelector ?? {}, tolerations: scheduling?.tolerations ?? [], priorityClassName: scheduling?.priorityClassName },
    resources: { cpu: resources?.cpu, memory: resources?.memory },
    content: confidentiality.content,
  });
}
