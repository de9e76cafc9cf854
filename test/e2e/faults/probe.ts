/** A probe at once, instead of when its schedule says so. */
import { randomBytes } from "node:crypto";
import { rawCall } from "../../support/control-plane.ts";
import { node } from "../../support/node/node.ts";

interface CronJob { readonly metadata: { readonly name: string; readonly uid: string }; readonly spec: { readonly jobTemplate: { readonly metadata?: { readonly labels?: object }; readonly spec: object } } }

/** What `kubectl create job --from=cronjob/NAME-probe` does. */
export async function startProbe(namespace: string, deployment: string): Promise<void> {
  const jobs = `/apis/batch/v1/namespaces/${namespace}`;
  const { metadata, spec: { jobTemplate } } = await rawCall<CronJob>(node(), "GET", `${jobs}/cronjobs/${deployment}-probe`);
  const owner = { apiVersion: "batch/v1", kind: "CronJob", name: metadata.name, uid: metadata.uid };
  await rawCall(node(), "POST", `${jobs}/jobs`, {
    body: {
      apiVersion: "batch/v1", kind: "Job", spec: jobTemplate.spec,
      metadata: { name: `now-${randomBytes(4).toString("hex")}`, labels: jobTemplate.metadata?.labels ?? {}, annotations: { "cronjob.kubernetes.io/instantiate": "manual" }, ownerReferences: [owner] },
    },
  });
}
