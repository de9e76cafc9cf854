/**
 * What a LanguageModelDeployment becomes. Every builder is pure: the same object and the same decisions give the same
 * child, byte for byte; `undefined` means that it must not exist. testdata/ shows the results as YAML.
 */
import type { ConfigMap, CronJob, Deployment, NetworkPolicy, PodDisruptionBudget, Service, ServiceAccount } from "../../../lib/k8s-types.ts";
import { buildCronJob } from "./cron-job.ts";
import { buildDeployment } from "./deployment.ts";
import { buildGateConfig } from "./gate.ts";
import type { BuildInput } from "./input.ts";
import { buildNetworkPolicy } from "./network-policy.ts";
import { buildPodDisruptionBudget } from "./pod-disruption-budget.ts";
import { buildService } from "./service.ts";
import { buildServiceAccount } from "./service-account.ts";

export { egressOf, hashIn, PROBE } from "./cron-job.ts";
export { USUAL_PROBE } from "./input.ts";
export type { BuildInput, MetricsScraper, OperatorFacts, ProbeFacts, ServedModel, Start, Tripwire } from "./input.ts";
export { LATEST_REVISION, templateInputs } from "./template.ts";

/** In the order in which they are applied. */
export interface Children {
  readonly networkPolicy: NetworkPolicy;
  readonly serviceAccount: ServiceAccount;
  readonly service: Service;
  /** Undefined with one replica. */
  readonly podDisruptionBudget: PodDisruptionBudget | undefined;
  /** Undefined while the tripwire has no address. */
  readonly gateConfig: ConfigMap | undefined;
  /** Undefined while nothing may start. */
  readonly deployment: Deployment | undefined;
  /** Probes the seal; suspended while nothing runs. */
  readonly cronJob: CronJob;
}

export function buildChildren(input: BuildInput): Children {
  return {
    networkPolicy: buildNetworkPolicy(input),
    serviceAccount: buildServiceAccount(input),
    service: buildService(input),
    podDisruptionBudget: buildPodDisruptionBudget(input),
    gateConfig: buildGateConfig(input),
    deployment: buildDeployment(input),
    cronJob: buildCronJob(input),
  };
}
