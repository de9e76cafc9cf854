/** The verbs that a LanguageModelDeployment needs; test/integration runs the operator with these and looks for calls that were refused. */
import { CONFIG_MAPS, CRON_JOBS, DEPLOYMENTS, JOBS, NAMESPACES, NETWORK_POLICIES, NODES, PODS, POD_DISRUPTION_BUDGETS, SERVICES, SERVICE_ACCOUNTS, type Resource } from "../../kube/resources.ts";
import type { Rule } from "../../runtime/kind.ts";
import { languageModel } from "../language-model/schema.ts";
import { modelApproval } from "../model-approval/schema.ts";
import { processingActivity } from "../processing-activity/schema.ts";
import { sovereigntyPolicy } from "../sovereignty-policy/schema.ts";
import { ownRules, readRule } from "../rules.ts";
import { languageModelDeployment } from "./schema.ts";

/** Server-side apply needs `create` for what is not there yet and `patch` for the rest. */
const writes = ({ group, plural }: Resource, ...more: string[]): Rule => ({ apiGroups: [group], resources: [plural], verbs: ["create", "patch", ...more] });

const { group, plural } = languageModelDeployment.resource;

export const rules: readonly Rule[] = [
  ...ownRules(languageModelDeployment),
  // Our finalizer is metadata of the object itself; there is no narrower verb for it.
  { apiGroups: [group], resources: [plural], verbs: ["patch"] },
  // Asked by OwnerReferencesPermissionEnforcement of whoever sets blockOwnerDeletion.
  { apiGroups: [group], resources: [`${plural}/finalizers`], verbs: ["update"] },
  ...[languageModel.resource, modelApproval.resource, processingActivity.resource, sovereigntyPolicy.resource, NAMESPACES, PODS, NODES, JOBS].map(readRule),
  ...[CONFIG_MAPS, CRON_JOBS, DEPLOYMENTS, NETWORK_POLICIES, POD_DISRUPTION_BUDGETS, SERVICES, SERVICE_ACCOUNTS].map(readRule),
  // Goes with its owner; reads cannot be narrowed to a label.
  writes(CONFIG_MAPS),
  writes(CRON_JOBS, "delete"),
  writes(DEPLOYMENTS, "delete"),
  writes(NETWORK_POLICIES, "delete"),
  writes(POD_DISRUPTION_BUDGETS, "delete"),
  writes(SERVICES),
  writes(SERVICE_ACCOUNTS),
];
