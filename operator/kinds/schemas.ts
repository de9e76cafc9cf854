/** The schemas of every kind, in the order of the documentation. CRDs, reference docs, `hoheit render` and test/crd iterate it. */
import type { Kind } from "./define.ts";
import { languageModelDeployment } from "./language-model-deployment/schema.ts";
import { languageModel } from "./language-model/schema.ts";
import { modelApproval } from "./model-approval/schema.ts";
import { processingActivity } from "./processing-activity/schema.ts";

export const schemas: readonly Kind[] = [processingActivity, languageModel, modelApproval, languageModelDeployment];
