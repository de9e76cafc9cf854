/** How the runtime drives LanguageModelDeployments: what they read, and who has to look again when it changes. */
import type { CacheSpec } from "../../kube/cache.ts";
import { NETWORK_POLICIES } from "../../kube/resources.ts";
import type { Live, NetworkPolicy, ObjectRef } from "../../lib/k8s-types.ts";
import { DEPLOYMENT, probeLabels, servingLabels } from "../../lib/labels.ts";
import { TRIPWIRE_SERVICE } from "../../lib/names.ts";
import type { Context, Controller, Read } from "../../runtime/kind.ts";
import {
  BY_CLIENT, BY_NAMESPACE, bySpecAndProof, byUidAndLabels, configMaps, cronJobs, deployments, isSealLike, jobs, languageModelDeployments, languageModels, modelApprovals, namespaces, networkPolicies, nodes, podDisruptionBudgets, pods, processingActivities,
  serviceAccounts, services, sovereigntyPolicies,
} from "../caches.ts";
import type { Options } from "./children.ts";
import { AVAILABLE, CLIENTS_GOVERNED, EGRESS_SEALED, MODEL_READY, READY, TEMPLATE_OUTDATED } from "./conditions.ts";
import { isHeld } from "./predecessor.ts";
import { rules } from "./rbac.ts";
import { selects, type LabelSelector } from "../../sovereignty/policies/selector.ts";
import { reconcile } from "./reconcile.ts";
import { languageModelDeployment, type LanguageModelDeployment } from "./schema.ts";

type Lookup = Pick<Context, "cache">;
const { resource } = languageModelDeployment;

/** Children wake the owner that their controller reference names; one whose reference was taken off, the owner that its label names. */
function ownerOf({ metadata: { namespace = "", ownerReferences = [], labels } }: Live): ObjectRef[] {
  const controller = ownerReferences.find((owner) => owner.controller === true);
  if (controller !== undefined) return controller.kind === resource.kind ? [{ namespace, name: controller.name }] : [];
  const name = labels?.[DEPLOYMENT];
  return name === undefined ? [] : [{ namespace, name }];
}

const inNamespaceOf = (object: Live, { cache }: Lookup): Live<LanguageModelDeployment>[] => cache(resource).by(BY_NAMESPACE, object.metadata.namespace ?? "");

/** By its label: what is made by something that we made. */
function labelled({ metadata: { namespace = "", labels } }: Live): ObjectRef[] {
  const name = labels?.[DEPLOYMENT];
  return name === undefined ? [] : [{ namespace, name }];
}

/** Deployments whose pods a policy of anybody may hold for: labels that only Kubernetes gives them are left out, so that a key of these counts as there. */
function selectedBy(policy: Live<NetworkPolicy>, caches: Lookup): ObjectRef[] {
  const { podSelector = {} } = policy.spec ?? {};
  if (isSealLike(policy)) return labelled({ ...policy, metadata: { ...policy.metadata, labels: { ...podSelector.matchLabels } } });
  return inNamespaceOf(policy, caches).map(({ metadata }) => metadata).filter(({ name }) => maySelect(podSelector, name));
}

function maySelect({ matchLabels = {}, matchExpressions = [] }: LabelSelector, name: string): boolean {
  const ours = [servingLabels(name), probeLabels(name)];
  const known = new Set(ours.flatMap((labels) => Object.keys(labels)));
  const about = {
    matchLabels: Object.fromEntries(Object.entries(matchLabels).filter(([key]) => known.has(key))),
    matchExpressions: matchExpressions.filter(({ key }) => known.has(key)),
  };
  return ours.some((labels) => selects(about, labels));
}

const child = (cache: CacheSpec): Read => ({ cache, wakes: ownerOf });

const readsOf = ({ operator }: Options): readonly Read[] => [
  ...[deployments, configMaps, serviceAccounts, podDisruptionBudgets, cronJobs].map(child),
  {
    cache: services,
    // Everybody's gates are told of the tripwire's addresses.
    wakes: (service, { cache }) => {
      const { name, namespace } = service.metadata;
      const isTripwire = name === TRIPWIRE_SERVICE && namespace === operator.namespace;
      return isTripwire ? cache(resource).list().map(({ metadata }) => metadata) : ownerOf(service);
    },
  },
  {
    cache: networkPolicies,
    wakes: (policy, caches) => [...ownerOf(policy), ...selectedBy(policy as Live<NetworkPolicy>, caches)],
  },
  ...[pods as CacheSpec, jobs as CacheSpec].map((cache): Read => ({ cache, wakes: labelled })),
  {
    cache: languageModels,
    wakes: (model, caches) => inNamespaceOf(model, caches).filter(({ spec }) => spec.modelRef?.name === model.metadata.name).map(({ metadata }) => metadata),
  },
  ...[modelApprovals, processingActivities].map((cache): Read => ({
    cache: cache,
    wakes: (object, caches) => inNamespaceOf(object, caches).map(({ metadata }) => metadata),
  })),
  {
    // Of the deployment, and of its clients.
    cache: namespaces,
    matters: byUidAndLabels,
    wakes: ({ metadata: { name } }, { cache }) => [...cache(resource).by(BY_NAMESPACE, name), ...cache(resource).by(BY_CLIENT, name)].map(({ metadata }) => metadata),
  },
  // The first that comes and the last that goes concern everybody, and a proof is about all of them.
  { cache: sovereigntyPolicies, matters: bySpecAndProof, wakes: (_policy, { cache }) => cache(resource).list().map(({ metadata }) => metadata) },
  {
    // A node that comes, goes or offers something else concerns only who waits for one.
    cache: nodes,
    wakes: (_node, { cache }) => cache(resource).list().filter(({ status }) => status?.waitingFor !== undefined).map(({ metadata }) => metadata),
  },
];

export function languageModelDeploymentController(options: Options): Controller {
  return {
    name: resource.kind,
    owns: languageModelDeployments,
    reads: readsOf(options),
    rules,
    conditions: [READY, "Reconciling", "Stalled", MODEL_READY, AVAILABLE, EGRESS_SEALED, CLIENTS_GOVERNED, TEMPLATE_OUTDATED],
    leftBehind: ({ cache }) => cache(NETWORK_POLICIES).list().filter(isHeld).flatMap(ownerOf),
    reconcile: (ref, context) => reconcile(ref, context, options),
  };
}
