/** What a deployment of files becomes where it may start, as the operator would build it on first sight. */
import { buildChildren, type BuildInput, type Children, type OperatorFacts } from "../kinds/language-model-deployment/build/index.ts";
import type { LanguageModelDeployment } from "../kinds/language-model-deployment/schema.ts";
import type { LanguageModel } from "../kinds/language-model/schema.ts";

interface Cluster {
  readonly operator: OperatorFacts;
  /** Addresses of the tripwire's Service. */
  readonly tripwire?: readonly string[] | undefined;
}

export function childrenWhenStarted(deployment: LanguageModelDeployment, { spec }: LanguageModel, { operator, tripwire }: Cluster): Children {
  const { claimName, path } = spec.source.persistentVolumeClaim;
  const input: BuildInput = {
    deployment,
    clients: deployment.spec.clients,
    metricsScraper: undefined,
    operator,
    tripwire: tripwire && { addresses: tripwire },
    start: { model: { claimName, path, digest: spec.integrity.manifestDigest }, replicas: deployment.spec.replicas, liveAnnotations: undefined },
  };
  return buildChildren(input);
}
