/**
 * The CronJob that probes the seal. Its pods have the labels of the model servers but for their role, so that the same
 * policies hold for them, run on the same nodes under the same account, and take no accelerators.
 *
 * All that a probe tries stands in its one argument: the operator believes a pod only if it is what stands here.
 */
import type { Container, CronJob, NetworkPolicy, PodSpec, PodTemplate } from "../../../lib/k8s-types.ts";
import { shortHash } from "../../../lib/hash.ts";
import { probeLabels } from "../../../lib/labels.ts";
import { childName, probeName } from "../../../lib/names.ts";
import type { ProbePlan } from "../../../sovereignty/probe/plan.ts";
import { formatSchedule, spread } from "../../../sovereignty/probe/schedule.ts";
import { buildOwnContainer, OWN_USER } from "./gate.ts";
import type { BuildInput } from "./input.ts";
import { childMetadata } from "./metadata.ts";
import { buildNetworkPolicy } from "./network-policy.ts";
import { byKey } from "../../../lib/order.ts";
import { buildSeclusion } from "./pod-template.ts";
import { SECCOMP } from "./container.ts";

const PLAN = "--plan=";

/** Name of the container. */
export const PROBE = "probe";

/** Scheduling and pulling included; a probe itself ends within twenty seconds. A Job that waits longer makes room for the next. */
const DEADLINE_SECONDS = 240;
/** A run that could not begin in time is left out. Without a limit, a CronJob that missed a hundred never runs again. */
const LATEST_START_SECONDS = 120;

export function buildCronJob(input: BuildInput): CronJob {
  const { deployment: { metadata: { name, namespace } }, operator: { probe }, start, running = 0 } = input;
  return {
    apiVersion: "batch/v1",
    kind: "CronJob",
    metadata: { ...childMetadata(input.deployment), name: probeName(name) },
    spec: {
      schedule: formatSchedule(spread(probe.schedule, `${namespace}/${name}`)),
      timeZone: "Etc/UTC",
      suspend: (start?.replicas ?? running) === 0,
      concurrencyPolicy: "Forbid",
      startingDeadlineSeconds: LATEST_START_SECONDS,
      successfulJobsHistoryLimit: 1,
      failedJobsHistoryLimit: 1,
      jobTemplate: {
        metadata: { labels: probeLabels(name) },
        spec: { backoffLimit: 0, activeDeadlineSeconds: DEADLINE_SECONDS, completions: 1, parallelism: 1, template: buildProbePod(input) },
      },
    },
  };
}

function buildProbePod(input: BuildInput): PodTemplate {
  const { name } = input.deployment.metadata;
  const { scheduling, engine } = input.deployment.spec;
  return {
    metadata: { labels: probeLabels(name) },
    spec: {
      // Policies of some networks go by account.
      serviceAccountName: childName(name),
      automountServiceAccountToken: false,
      enableServiceLinks: false,
      ...buildSeclusion(),
      restartPolicy: "Never",
      securityContext: { ...OWN_USER, seccompProfile: SECCOMP },
      terminationGracePeriodSeconds: 1,
      imagePullSecrets: engine.imagePullSecretRefs.map((reference) => ({ name: reference.name })).toSorted(byKey((reference) => reference.name)),
      initContainers: [],
      containers: [buildProbeContainer(input)],
      volumes: [],
      nodeSelector: { ...scheduling?.nodeSelector },
      tolerations: scheduling?.tolerations ?? [],
    },
  };
}

const buildProbeContainer = (input: BuildInput): Container => buildOwnContainer(PROBE, input.operator.image, ["probe", `${PLAN}${JSON.stringify(planOf(input))}`]);

/** The hash in what a probe's container is told; undefined if it is told something else. */
export function hashIn(spec: PodSpec | undefined): string | undefined {
  const plan = spec?.containers.find(({ name }) => name === PROBE)?.args?.find((argument) => argument.startsWith(PLAN));
  return plan === undefined ? undefined : /"of":"([0-9a-f]{16})"/.exec(plan)?.[1];
}

/** What is tried, and the hash that a result has to bear to be about it: of the targets, and of what the seal allows. */
function planOf(input: BuildInput): ProbePlan {
  const { own, dns, dnsName } = input.operator.probe;
  const tried = { tripwire: [...(input.tripwire?.addresses ?? [])], dns: [...dns], dnsName, own: own.toSorted(byKey(({ name, protocol, address, port }) => [name, protocol, address, port].join(" "))) };
  return { of: shortHash({ ...tried, seal: egressOf(buildNetworkPolicy(input)) }), ...tried };
}

/** What a policy says about egress, in one form: the API server leaves out lists that are empty. */
export function egressOf({ spec }: NetworkPolicy): unknown {
  return { podSelector: spec?.podSelector, policyTypes: spec?.policyTypes?.toSorted(), egress: spec?.egress ?? [] };
}
