import { expect, it } from "vitest";
import { FakeCluster } from "../../../test/support/fake-cluster.ts";
import { activity, approval, lm, lmd, OPERATOR } from "../../../test/support/makers.ts";
import { ApiError } from "../../kube/errors.ts";
import { languageModel } from "../language-model/schema.ts";
import { modelApproval } from "../model-approval/schema.ts";
import { processingActivity } from "../processing-activity/schema.ts";
import { NO_PROOFS } from "../sovereignty-policy/proof/proofs.ts";
import { languageModelDeploymentController } from "./controller.ts";
import { languageModelDeployment } from "./schema.ts";

it("is tried again after ten seconds and later each time, and within five minutes", async () => {
  const controller = languageModelDeploymentController({ metricsScraper: undefined, operator: OPERATOR, proofs: NO_PROOFS });
  const cluster = new FakeCluster(controller);
  cluster.put(processingActivity.resource, activity().live());
  cluster.put(languageModel.resource, lm().live());
  cluster.put(modelApproval.resource, approval().live());
  cluster.put(languageModelDeployment.resource, lmd("a").live());
  cluster.refused.set("apply NetworkPolicy", new ApiError("apply", { code: 403, reason: "Forbidden", message: "exceeded quota" }));
  const outcome = await controller.reconcile({ namespace: "assistant", name: "a" }, cluster.context);
  expect(outcome).toMatchObject({ kind: "waiting", tryFromMs: 10_000, delayMs: 300_000 });
});
