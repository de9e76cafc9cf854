/** The only reads: everything that the decision needs, in one snapshot, from caches alone. Nothing after it looks at the cluster. */
import { isIP } from "node:net";
import { CRON_JOBS, DEPLOYMENTS, JOBS, NETWORK_POLICIES, NODES, PODS, POD_DISRUPTION_BUDGETS, SERVICES } from "../../kube/resources.ts";
import { TRIPWIRE_SERVICE, childName, probeName } from "../../lib/names.ts";
import { MODEL_DIGEST, servingLabels } from "../../lib/labels.ts";
import { keyOf, type CronJob, type Deployment, type Job, type KubeObject, type Live, type NetworkPolicy, type Node, type Pod, type PodDisruptionBudget, type Service } from "../../lib/k8s-types.ts";
import type { ReadableCache } from "../../kube/cache.ts";
import type { Resource } from "../../kube/resources.ts";
import type { Context } from "../../runtime/kind.ts";
import { BY_DEPLOYMENT, BY_NAMESPACE, isProbe } from "../caches.ts";
import { isGoverned, originRulesFor } from "../governed-namespace/governance.ts";
import { judgeOrigin } from "../../sovereignty/origins.ts";
import { readable } from "../read.ts";
import { processingActivity } from "../processing-activity/schema.ts";
import { languageModel, type LanguageModel } from "../language-model/schema.ts";
import { modelApproval } from "../model-approval/schema.ts";
import { standing } from "../model-approval/verdict.ts";
import { sovereigntyPolicy } from "../sovereignty-policy/schema.ts";
import type { SubjectProof } from "../../sovereignty/prover/result.ts";
import type { OperatorFacts, Tripwire } from "./build/index.ts";
import type { CheckInput } from "./checks.ts";
import type { Options } from "./children.ts";
import { proofOfServers } from "./proof-of-servers.ts";
import type { LanguageModelDeployment } from "./schema.ts";

export interface Observed extends CheckInput {
  readonly deployment: Live<LanguageModelDeployment>;
  readonly model: Live<LanguageModel> | undefined;
  /** Ours by controller reference, whatever their labels say now; absent if unknown, foreign or gone. */
  readonly child: Live<Deployment> | undefined;
  readonly policy: Live<NetworkPolicy> | undefined;
  readonly budget: Live<PodDisruptionBudget> | undefined;
  readonly cronJob: Live<CronJob> | undefined;
  readonly jobs: readonly Live<Job>[];
  /** Model servers. */
  readonly pods: readonly Live<Pod>[];
  /** Pods that probe the seal. */
  readonly probes: readonly Live<Pod>[];
  /** NetworkPolicies of the namespace that could select pods of this deployment, the seal itself left out. */
  readonly others: readonly Live<NetworkPolicy>[];
  readonly nodes: readonly Live<Node>[];
  /** What was last proved of the model servers. */
  readonly proof: SubjectProof | undefined;
}

export function observe(deployment: Live<LanguageModelDeployment>, { cache, clock }: Pick<Context, "cache" | "clock">, { operator, proofs }: Pick<Options, "operator" | "proofs">): Observed {
  const { namespace, name, uid } = deployment.metadata;
  const key = `${namespace}/${childName(name)}`;
  const ours = <T extends KubeObject>(resource: Resource<T>, at = key): Live<T> | undefined => {
    const live = cache(resource).get(at);
    return live !== undefined && isControlledBy(live, uid) ? live : undefined;
  };
  const model = readable(languageModel, cache(languageModel.resource).get(`${namespace}/${deployment.spec.modelRef.name}`));
  const child = ours(DEPLOYMENTS);
  const pods = cache(PODS).by(BY_DEPLOYMENT, `${namespace}/${name}`);
  const servers = pods.filter((pod) => !isProbe(pod));
  return {
    deployment,
    model,
    digest: model?.spec.integrity.manifestDigest,
    runningDigest: child && digestOf(child),
    denials: model === undefined ? [] : judgeOrigin(model.spec.provenance, originRulesFor(namespace ?? "", { cache }, operator.namespace)),
    approvals: standing(cache(modelApproval.resource).by(BY_NAMESPACE, namespace ?? "")),
    activities: new Set(cache(processingActivity.resource).by(BY_NAMESPACE, namespace ?? "").map((activity) => activity.metadata.name)),
    child,
    policy: ours(NETWORK_POLICIES),
    budget: ours(POD_DISRUPTION_BUDGETS),
    cronJob: ours(CRON_JOBS, `${namespace}/${probeName(name)}`),
    jobs: cache(JOBS).by(BY_DEPLOYMENT, `${namespace}/${name}`),
    pods: servers,
    probes: pods.filter(isProbe),
    others: cache(NETWORK_POLICIES).by(BY_NAMESPACE, namespace ?? "").filter((policy) => keyOf(policy.metadata) !== key),
    nodes: cache(NODES).list(),
    tripwire: tripwireOf(cache(SERVICES), operator),
    governing: governingOf(deployment, cache, operator),
    proof: proofOfServers(proofs.namespace(namespace ?? "", { cache }), { namespace: namespace ?? "", deployment: childName(name), pods: servers.map(({ metadata }) => metadata.name) }),
    now: clock.now(),
  };
}

function governingOf({ metadata: { namespace = "" }, spec }: LanguageModelDeployment, cache: Context["cache"], operator: OperatorFacts): Observed["governing"] {
  const policies = cache(sovereigntyPolicy.resource).list();
  if (policies.length === 0) return undefined;
  const places = new Set([namespace, ...spec.clients.map((client) => client.namespace)]);
  return {
    // As it was written: what cannot be read in other respects says this, too.
    ungoverned: policies.some(({ spec }) => spec.ungoverned !== "Report") ? "Refuse" : "Report",
    outside: new Set([...places].filter((place) => !isGoverned(place, { cache }, operator.namespace))),
  };
}

/** Addresses of the operator's own Service. A headless one has none, and one that is being deleted keeps none. */
export function tripwireOf(services: ReadableCache<Service>, { namespace }: Pick<OperatorFacts, "namespace">): Tripwire | undefined {
  const service = services.get(`${namespace}/${TRIPWIRE_SERVICE}`);
  if (service === undefined || service.metadata.deletionTimestamp !== undefined) return undefined;
  const addresses = (service.spec?.clusterIPs ?? []).filter((address) => isIP(address) !== 0);
  return addresses.length === 0 ? undefined : { addresses };
}

/** Annotations can be edited by hand. What nobody can name nobody has approved, so that it stops with the first violation. */
const digestOf = ({ metadata, spec }: Live<Deployment>): string =>
  metadata.annotations?.[MODEL_DIGEST] ?? spec?.template.metadata?.annotations?.[MODEL_DIGEST] ?? "unknown";

/**
 * The caches see what carries our label. If somebody took it off the Deployment, what runs would count as nothing, and a
 * revoked approval would stop nothing: what the status says that ran is asked for, and gets its labels back.
 */
export async function findHidden({ metadata, status }: Live<LanguageModelDeployment>, { api, cache }: Pick<Context, "api" | "cache">): Promise<void> {
  const { namespace = "", name, uid } = metadata;
  const ref = { namespace, name: childName(name) };
  if (status?.modelDigest === undefined || cache(DEPLOYMENTS).get(keyOf(ref)) !== undefined) return;
  const live = await api.get(DEPLOYMENTS, ref);
  if (live === undefined || !isControlledBy(live, uid)) return;
  cache(DEPLOYMENTS).observe(await api.mergePatch(DEPLOYMENTS, ref, { metadata: { labels: servingLabels(name) } }, { uid: live.metadata.uid }));
}

const isControlledBy = ({ metadata }: KubeObject, uid: string): boolean => metadata.ownerReferences?.some((owner) => owner.controller === true && owner.uid === uid) === true;
