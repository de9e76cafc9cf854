/**
 * Desired against observed: which steps, in which order. Pure.
 *
 *   first    hold the CR; scale down what must stop or shrink, so that no obstacle keeps it running
 *   then     let go of a policy that somebody deleted, if there is one
 *   then     seal and surroundings: NetworkPolicy, ServiceAccount, Service, the gate's ConfigMap, PodDisruptionBudget
 *   at last  the Deployment and the probe's CronJob: only now can there be pods
 */
import { CONFIG_MAPS, CRON_JOBS, DEPLOYMENTS, NETWORK_POLICIES, POD_DISRUPTION_BUDGETS, SERVICES, SERVICE_ACCOUNTS, type Resource } from "../../kube/resources.ts";
import type { KubeObject, Live } from "../../lib/k8s-types.ts";
import { SEAL_FINALIZER } from "../../lib/names.ts";
import { controllerReference, type Plan, type Step } from "../../runtime/execute.ts";
import { mustStop } from "./approval.ts";
import type { Children } from "./build/index.ts";
import type { Violation } from "./conditions.ts";
import type { Observed } from "./observe.ts";
import { languageModelDeployment } from "./schema.ts";

/** `serve`: all as the spec says. `hold`: nothing new starts, what runs stays. `stop`: nothing runs. */
export type Mode = "serve" | "hold" | "stop";

export function modeOf(observed: Observed, violations: readonly Violation[]): Mode {
  if (violations.length === 0) return "serve";
  // Asking for less needs nobody's approval.
  return mustStop(observed) || observed.deployment.spec.replicas === 0 ? "stop" : "hold";
}

export function plan(observed: Observed, mode: Mode, children: Children): Plan {
  const { deployment: owner } = observed;
  const apply = (resource: Resource, object: KubeObject | undefined): Step[] =>
    (object === undefined ? [] : [{ kind: "apply", resource, object: owned(object, owner) }]);
  return [
    [...holdOwner(owner), ...shrink(observed, mode, children)],
    ...letGoOfPolicy(observed, children),
    [
      ...apply(NETWORK_POLICIES, children.networkPolicy),
      ...apply(SERVICE_ACCOUNTS, children.serviceAccount),
      ...apply(SERVICES, children.service),
      ...apply(CONFIG_MAPS, children.gateConfig),
      ...(children.podDisruptionBudget === undefined ? removeBudget(observed) : apply(POD_DISRUPTION_BUDGETS, children.podDisruptionBudget)),
    ],
    [...apply(DEPLOYMENTS, children.deployment), ...apply(CRON_JOBS, children.cronJob)],
  ];
}

const owned = (child: KubeObject, owner: Live): KubeObject =>
  ({ ...child, metadata: { ...child.metadata, ownerReferences: [controllerReference(owner)] } });

function holdOwner(owner: Live): Step[] {
  if (owner.metadata.finalizers?.includes(SEAL_FINALIZER) === true) return [];
  return [{ kind: "addFinalizer", resource: languageModelDeployment.resource, live: owner, finalizer: SEAL_FINALIZER }];
}

/**
 * Our finalizer kept a deleted policy in force; it can be made anew only once it is gone. It was perhaps deleted with the
 * CR or with the namespace, of which the caches need not know yet: then it stays until the pods are gone (teardown.ts).
 */
function letGoOfPolicy({ deployment: owner, policy }: Observed, { networkPolicy }: Children): Plan {
  if (policy?.metadata.deletionTimestamp === undefined || policy.metadata.finalizers?.includes(SEAL_FINALIZER) !== true) return [];
  return [
    [{ kind: "confirm", resource: languageModelDeployment.resource, live: owner }, { kind: "rehearse", resource: NETWORK_POLICIES, object: networkPolicy }],
    [{ kind: "removeFinalizer", resource: NETWORK_POLICIES, live: policy, finalizer: SEAL_FINALIZER }],
  ];
}

function removeBudget({ budget }: Observed): Step[] {
  if (budget === undefined || budget.metadata.deletionTimestamp !== undefined) return [];
  return [{ kind: "delete", resource: POD_DISRUPTION_BUDGETS, live: budget, propagation: "Background" }];
}

/** Asking for less needs nobody's approval, and no template that could be rendered. */
function shrink({ deployment, child }: Observed, mode: Mode, children: Children): Step[] {
  if (child?.spec?.replicas === undefined || children.deployment !== undefined) return [];
  const most = mode === "stop" ? 0 : deployment.spec.replicas;
  return child.spec.replicas > most ? [{ kind: "scale", resource: DEPLOYMENTS, live: child, replicas: most }] : [];
}
