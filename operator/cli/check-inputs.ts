/** What the checks of a deployment are given where there is no cluster: what stands in the files. */
import type { CheckInput } from "../kinds/language-model-deployment/checks.ts";
import type { LanguageModelDeployment } from "../kinds/language-model-deployment/schema.ts";
import type { LanguageModel } from "../kinds/language-model/schema.ts";
import type { ModelApproval } from "../kinds/model-approval/schema.ts";
import type { KubeObject } from "../lib/k8s-types.ts";
import { judgeOrigin } from "../sovereignty/origins.ts";
import { governingIn } from "./governing.ts";
import type { Manifest, Manifests } from "./manifests.ts";

export interface Judged {
  readonly manifest: Manifest;
  readonly input: CheckInput & { readonly deployment: LanguageModelDeployment };
  /** To be added to what is said of origins. */
  readonly reserve: string;
}

/** For each deployment, what the operator would find in a cluster that holds these files and nothing else. */
export function checkInputs(manifests: Manifests, { operatorNamespace, now }: { readonly operatorNamespace: string; readonly now: number }): Judged[] {
  const { found } = manifests;
  const ofKind = <T extends KubeObject>(kind: string, namespace: string | undefined): T[] =>
    found.map(({ value }) => value).filter((value) => value.kind === kind && value.metadata.namespace === namespace) as T[];
  return found.filter(({ value }) => value.kind === "LanguageModelDeployment").map((manifest) => {
    const deployment = manifest.value as LanguageModelDeployment;
    const { namespace = "" } = deployment.metadata;
    const model = ofKind<LanguageModel>("LanguageModel", namespace).find(({ metadata }) => metadata.name === deployment.spec.modelRef.name);
    const { originRules, reserve } = governingIn(namespace, manifests, operatorNamespace);
    return {
      manifest,
      reserve,
      input: {
        deployment,
        model,
        digest: model?.spec.integrity.manifestDigest,
        runningDigest: undefined,
        denials: model === undefined ? [] : judgeOrigin(model.spec.provenance, originRules),
        approvals: ofKind<ModelApproval>("ModelApproval", namespace),
        tripwire: undefined,
        governing: undefined,
        activities: new Set(ofKind("ProcessingActivity", namespace).map(({ metadata }) => metadata.name)),
        now,
      },
    };
  });
}
