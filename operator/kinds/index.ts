/** The one list of kinds: the operator, the CRDs, the RBAC, the reference and the tests iterate it. */
import type { Controller, Rule } from "../runtime/kind.ts";
import { ELECTION_RULES } from "../runtime/elector.ts";
import { EVENT_RULES } from "../runtime/events.ts";
import type { Kind } from "./define.ts";
import { governedNamespaceController } from "./governed-namespace/controller.ts";
import type { Options as Governing } from "./governed-namespace/observe.ts";
import { USUAL_PROBE } from "./language-model-deployment/build/index.ts";
import type { Options } from "./language-model-deployment/children.ts";
import { languageModelDeploymentController } from "./language-model-deployment/controller.ts";
import { languageModelDeployment } from "./language-model-deployment/schema.ts";
import { languageModelController } from "./language-model/reconcile.ts";
import { languageModel } from "./language-model/schema.ts";
import { modelApprovalController } from "./model-approval/reconcile.ts";
import { modelApproval } from "./model-approval/schema.ts";
import { processingActivityController } from "./processing-activity/reconcile.ts";
import { processingActivity } from "./processing-activity/schema.ts";
import { NO_DATA_SETS, type DataSets } from "./sovereignty-policy/proof/data-sets.ts";
import { evidenceRules, proofRules } from "./sovereignty-policy/proof/rbac.ts";
import { sovereigntyPolicyController } from "./sovereignty-policy/controller.ts";
import { NO_PROOFS } from "./sovereignty-policy/proof/proofs.ts";
import { sovereigntyPolicy } from "./sovereignty-policy/schema.ts";

/** In the order in which a reader meets them. */
export const kinds: readonly Kind[] = [processingActivity, languageModel, modelApproval, languageModelDeployment, sovereigntyPolicy];

/** What the operator was told. */
export interface HouseOptions extends Options, Pick<Governing, "releaseMs"> {
  readonly dataSets: DataSets;
}

export function controllers(options: HouseOptions): readonly Controller[] {
  return [
    processingActivityController, languageModelController, modelApprovalController, languageModelDeploymentController(options),
    sovereigntyPolicyController({ governing: governing(options), image: options.operator.image, metricsScraper: options.metricsScraper, proofs: options.proofs, dataSets: options.dataSets }),
    governedNamespaceController(governing(options)),
  ];
}

export const governing = ({ operator, releaseMs }: HouseOptions): Governing => ({ operatorNamespace: operator.namespace, nameServers: operator.probe.dns, releaseMs });

const NOTHING: HouseOptions = { metricsScraper: undefined, operator: { namespace: "", image: "", probe: USUAL_PROBE }, proofs: NO_PROOFS, dataSets: NO_DATA_SETS, releaseMs: 0 };

/** What the operator may do in every namespace. */
export const clusterRules: readonly Rule[] = [...controllers(NOTHING).flatMap(({ rules }) => rules), ...proofRules, ...EVENT_RULES];

/** What it may do in its own namespace. */
export const namespacedRules: readonly Rule[] = [...ELECTION_RULES, ...evidenceRules];
