/** From what was observed and decided to what is built. Pure. */
import { TEMPLATE_INPUTS } from "../../lib/labels.ts";
import { buildChildren, templateInputs, type Children, type MetricsScraper, type OperatorFacts, type ServedModel, type Start } from "./build/index.ts";
import { admittedClients } from "./clients.ts";
import type { Proofs } from "../sovereignty-policy/proof/proofs.ts";
import type { Observed } from "./observe.ts";
import type { Mode } from "./plan.ts";

export interface Options {
  readonly metricsScraper: MetricsScraper | undefined;
  readonly operator: OperatorFacts;
  readonly proofs: Proofs;
}

export function childrenFor(observed: Observed, mode: Mode, { metricsScraper, operator }: Pick<Options, "metricsScraper" | "operator">): Children {
  const { child, deployment, tripwire } = observed;
  return buildChildren({ deployment, clients: admittedClients(observed), metricsScraper, operator, tripwire, start: startFor(observed, mode), running: mode === "stop" ? 0 : (child?.spec?.replicas ?? 0) });
}

/** What may run: all that is asked for, or what runs already as it was rendered (so that edits by hand are healed), or nothing. */
function startFor({ deployment, model, child }: Observed, mode: Mode): Start | undefined {
  if (model === undefined || mode === "stop") return undefined;
  const { claimName, path } = model.spec.source.persistentVolumeClaim;
  const served: ServedModel = { claimName, path, digest: model.spec.integrity.manifestDigest };
  const liveAnnotations = child?.metadata.annotations;
  if (mode === "serve") return { model: served, replicas: deployment.spec.replicas, liveAnnotations };
  const runs = templateInputs({ name: deployment.metadata.name, spec: deployment.spec, model: served }) === liveAnnotations?.[TEMPLATE_INPUTS];
  return runs ? { model: served, replicas: Math.min(deployment.spec.replicas, child?.spec?.replicas ?? 0), liveAnnotations } : undefined;
}
