import { expect, it } from "vitest";
import { FakeCluster } from "../../../test/support/fake-cluster.ts";
import { activity, approval } from "../../../test/support/makers.ts";
import { processingActivity } from "../processing-activity/schema.ts";
import { modelApprovalController as controller } from "./reconcile.ts";
import { modelApproval } from "./schema.ts";

it("an approval that has expired is looked at again by itself, because the wall clock may be set back", async () => {
  const cluster = new FakeCluster(controller);
  cluster.put(processingActivity.resource, activity().live());
  const { metadata } = cluster.put(modelApproval.resource, approval().expires("2001-01-01T00:00:00Z").live());
  expect(await controller.reconcile(metadata, cluster.context)).toEqual({ kind: "stalled", reason: "Expired", action: "create a new approval", recheckAfterMs: 300_000 });
});
