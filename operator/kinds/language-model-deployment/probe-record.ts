/**
 * The last result of a probe that can be believed. Pure.
 *
 * Whoever may create pods in the namespace could make one that says anything. So a result counts only from a pod that a
 * Job of our CronJob made, that is, container for container, what the CronJob would make now, that was created after the
 * seal was, and whose document is about what the seal allows now. Which of two is newer, and how old one is, goes by the
 * creation of the pod, which is the API server's time; its end is told by the clock of a node, which may be set wrong.
 */
import type { CronJob, Job, KubeObject, Live, NetworkPolicy, Pod } from "../../lib/k8s-types.ts";
import { FAMILIES } from "../../lib/addresses.ts";
import { canonicalJson } from "../../lib/hash.ts";
import { decodeReport, type ProbeReport } from "../../sovereignty/probe/document.ts";
import { EXIT_CODES, resultsByFamily, type Result } from "../../sovereignty/probe/verdict.ts";
import { hashIn, PROBE } from "./build/index.ts";
import { contentOf } from "./probe-content.ts";
import type { LanguageModelDeployment } from "./schema.ts";

/** `status.probe`. */
export type ProbeRecord = NonNullable<NonNullable<LanguageModelDeployment["status"]>["probe"]>;

export interface ProbeInput {
  /** The CronJob as it should be, and as it is. */
  readonly desired: CronJob;
  readonly cronJob: Live<CronJob> | undefined;
  readonly jobs: readonly Live<Job>[];
  /** Pods with the role Probe. */
  readonly probes: readonly Live<Pod>[];
  readonly policy: Live<NetworkPolicy> | undefined;
  /** What the status says so far. */
  readonly before: ProbeRecord | undefined;
}

/** The newest result: of a pod that is there, or the one that is on record. Whether it still says anything is seal.ts' business. */
export function newestRecord(input: ProbeInput): ProbeRecord | undefined {
  const found = input.probes.filter((pod) => isGenuine(pod, input)).flatMap((pod) => recordOf(pod) ?? []);
  const newest = found.toSorted((a, b) => madeAt(b) - madeAt(a) || SEVERITY[b.result] - SEVERITY[a.result])[0];
  if (newest === undefined || input.before === undefined) return newest ?? input.before;
  // A seal that was made anew or says something else now needs a result of its own.
  return isAbout(input.before, input) && isBefore(newest, input.before) ? input.before : newest;
}

const madeAt = ({ startTime }: ProbeRecord): number => Date.parse(startTime);

/** Of two in the same second the worse counts. */
const SEVERITY: Readonly<Record<Result, number>> = { Sealed: 0, Inconclusive: 1, Reached: 2 };

const isBefore = (one: ProbeRecord, other: ProbeRecord): boolean =>
  madeAt(one) < madeAt(other) || (madeAt(one) === madeAt(other) && SEVERITY[one.result] <= SEVERITY[other.result]);

/** Whether a record is about the seal and the targets as they are now. */
export function isAbout(record: ProbeRecord, { desired, policy }: Pick<ProbeInput, "desired" | "policy">): boolean {
  return record.of === hashIn(desired.spec?.jobTemplate.spec?.template.spec) && policy !== undefined && isAfter(record.startTime, policy);
}

/** The API server's times are whole seconds: of two in the same one nobody knows which was first. */
const isAfter = (time: string | undefined, { metadata }: Live): boolean => Date.parse(time ?? "") > Date.parse(metadata.creationTimestamp ?? "");

const isGenuine = (pod: Live<Pod>, input: ProbeInput): boolean =>
  isMadeByUs(pod, input) && isAsDesired(pod, input.desired) && input.policy !== undefined && isAfter(pod.metadata.creationTimestamp, input.policy);

function isMadeByUs(pod: Live<Pod>, { cronJob, jobs }: ProbeInput): boolean {
  const job = jobs.find(({ metadata }) => isOwnedBy(pod, metadata.uid));
  return job !== undefined && cronJob !== undefined && isOwnedBy(job, cronJob.metadata.uid);
}

function isAsDesired({ metadata, spec }: Live<Pod>, desired: CronJob): boolean {
  const template = desired.spec?.jobTemplate.spec?.template;
  const labels = Object.entries(template?.metadata?.labels ?? {});
  return labels.every(([key, value]) => metadata.labels?.[key] === value) && canonicalJson(contentOf(spec)) === canonicalJson(contentOf(template?.spec));
}

const isOwnedBy = ({ metadata }: KubeObject, uid: string): boolean => metadata.ownerReferences?.some((owner) => owner.uid === uid) === true;

/** Undefined while the probe has not ended. One that ended without a word of ours is inconclusive. */
function recordOf({ metadata, spec, status }: Live<Pod>): ProbeRecord | undefined {
  const end = status?.containerStatuses?.find(({ name }) => name === PROBE)?.state?.terminated;
  if (end?.finishedAt === undefined || metadata.creationTimestamp === undefined) return undefined;
  const of = hashIn(spec) ?? "";
  return { endTime: end.finishedAt, startTime: metadata.creationTimestamp, of, ...detailsOf(end, of) };
}

type Details = Omit<ProbeRecord, "endTime" | "startTime" | "of">;

function detailsOf({ message = "", exitCode }: { readonly message?: string; readonly exitCode: number }, of: string): Details {
  const report = decodeReport(message);
  if (report === undefined || report.of !== of || EXIT_CODES[report.result] !== exitCode) return { result: "Inconclusive", families: [], checks: [] };
  return { result: report.result, ...told(report) };
}

function told(report: ProbeReport): Omit<Details, "result"> {
  const results = resultsByFamily(report);
  return {
    families: FAMILIES.flatMap((family) => (results[family] === undefined ? [] : [{ family, result: results[family] }])),
    reachedAtFirst: report.reachedAtFirst,
    settledMilliseconds: report.settledMs,
    checks: [...report.controls.map((one) => ({ purpose: "Control" as const, ...one })), ...report.targets.map((one) => ({ purpose: "Target" as const, ...one }))],
  };
}
