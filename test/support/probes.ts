/** Jobs and pods of a CronJob that probes, as Kubernetes and its kubelet would make them. */
import { encodeReport, type ProbeReport } from "../../operator/sovereignty/probe/document.ts";
import { controlsOf, probePlan, targetsOf, type ProbePlan } from "../../operator/sovereignty/probe/plan.ts";
import { resultOf } from "../../operator/sovereignty/probe/verdict.ts";
import type { CronJob, Job, Live, Pod } from "../../operator/lib/k8s-types.ts";

/** The plan in the argument of a CronJob's container. */
export function planIn(cronJob: CronJob): ProbePlan {
  const argument = cronJob.spec?.jobTemplate.spec?.template.spec?.containers[0]?.args?.[1] ?? "";
  return probePlan.parse(JSON.parse(argument.replace(/^--plan=/, "")));
}

/** A report in which everything is as wished, but for `over`. */
export function reportFor(plan: ProbePlan, over: Partial<ProbeReport> = {}): ProbeReport {
  return {
    of: plan.of, families: ["IPv4", "IPv6"], rounds: 1, settledMs: 0, reachedAtFirst: 0,
    controls: controlsOf(plan).map((one) => ({ ...one, outcome: "Answered" })),
    targets: targetsOf(plan, { address: "10.96.0.1", port: 443 }).map((one) => ({ ...one, outcome: "TimedOut" })),
    ...over,
  };
}

const EXIT_CODES = { Sealed: 0, Reached: 1, Inconclusive: 2 };

/** How the kubelet reports a probe that ended with this report. */
export const terminated = (report: ProbeReport, finishedAt: string) =>
  ({ exitCode: EXIT_CODES[resultOf(report)], reason: resultOf(report) === "Sealed" ? "Completed" : "Error", startedAt: finishedAt, finishedAt, message: encodeReport(report) });

const owner = (kind: string, of: { name: string; uid: string }) => ({ apiVersion: "batch/v1", kind, name: of.name, uid: of.uid, controller: true, blockOwnerDeletion: true });

export function jobOf(cronJob: Live<CronJob>, name = "a-probe-1"): Live<Job> {
  const labels = { ...cronJob.spec?.jobTemplate.metadata?.labels };
  return { apiVersion: "batch/v1", kind: "Job", metadata: { namespace: cronJob.metadata.namespace ?? "", name, uid: `uid-of-${name}`, resourceVersion: "1", labels, ownerReferences: [owner("CronJob", cronJob.metadata)] } };
}

/** A pod of that Job. @param state of its container; a running one by default */
export function podOf(cronJob: CronJob, job: Live<Job>, { created, state = { running: {} }, name = `${job.metadata.name}-x` }: { created: string; state?: object; name?: string }): Live<Pod> {
  const template = cronJob.spec?.jobTemplate.spec?.template;
  const labels = { ...template?.metadata?.labels, "batch.kubernetes.io/job-name": job.metadata.name, "job-name": job.metadata.name };
  const metadata = { namespace: job.metadata.namespace ?? "", name, uid: `uid-of-${name}`, resourceVersion: "1", creationTimestamp: created, labels, ownerReferences: [owner("Job", job.metadata)] };
  return { apiVersion: "v1", kind: "Pod", metadata, spec: structuredClone(template?.spec), status: { containerStatuses: [{ name: "probe", state }] } } as unknown as Live<Pod>;
}
