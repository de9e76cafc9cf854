/**
 * A fake cluster for tests of SovereigntyPolicies: an API server that says who asks, lists what no cache holds, and refuses
 * trials of the guard once the binding of their concern is there, as a real one does some seconds later.
 */
import type { KubeApi } from "../../operator/kube/api.ts";
import { ApiError } from "../../operator/kube/errors.ts";
import { CLUSTER_NETWORK_POLICIES, NAMESPACES, resourceName, SELF_SUBJECT_REVIEWS, VALIDATING_ADMISSION_POLICY_BINDINGS, type Resource } from "../../operator/kube/resources.ts";
import { sovereigntyPolicyController } from "../../operator/kinds/sovereignty-policy/controller.ts";
import { NO_DATA_SETS } from "../../operator/kinds/sovereignty-policy/proof/data-sets.ts";
import { NO_PROOFS, type Proofs } from "../../operator/kinds/sovereignty-policy/proof/proofs.ts";
import { sovereigntyPolicy, type SovereigntyPolicy } from "../../operator/kinds/sovereignty-policy/schema.ts";
import type { Condition, KubeObject, Live } from "../../operator/lib/k8s-types.ts";
import { GUARD_PROBE, SEALED } from "../../operator/lib/labels.ts";
import type { Context, Controller } from "../../operator/runtime/kind.ts";
import type { Outcome } from "../../operator/runtime/outcome.ts";
import { governedNamespaceController } from "../../operator/kinds/governed-namespace/controller.ts";
import { FakeCluster } from "./fake-cluster.ts";
import { GOVERNED, OPERATOR } from "./makers.ts";

const GOVERNING = { operatorNamespace: OPERATOR.namespace, nameServers: [], releaseMs: 0 };
export const POLICIES = sovereigntyPolicy.resource as unknown as Resource<SovereigntyPolicy>;
const refusal = (code: number, message: string): ApiError => new ApiError("fake", { code, reason: code === 404 ? "NotFound" : "Forbidden", message });

export class PolicyHouse {
  readonly controller: Controller;
  readonly cluster: FakeCluster;
  /** Events, as `Warning Released`. */
  readonly notes: string[] = [];
  /** Trials of the guard, by concern. */
  readonly trials: string[] = [];
  /** Lists that were asked for, as `pods in ui`. */
  readonly lists: string[] = [];
  /** Whether the cluster serves ClusterNetworkPolicies. */
  serves = true;
  /** Answers a trial of that concern otherwise: undefined lets it through. */
  readonly answers = new Map<string, ApiError | undefined>();
  /** Lists that are refused, by resource. */
  readonly unlistable = new Set<string>();
  readonly context: Context;

  constructor(proofs: Proofs = NO_PROOFS) {
    this.controller = sovereigntyPolicyController({ governing: GOVERNING, image: OPERATOR.image, metricsScraper: undefined, proofs, dataSets: NO_DATA_SETS });
    this.cluster = new FakeCluster(this.controller);
    const { context } = this.cluster;
    Object.assign(context.events, { record: (_about: unknown, { type, reason }: { type: string; reason: string }) => void this.notes.push(`${type} ${reason}`) });
    this.context = { ...context, api: { ...context.api, ...this.overrides(context.api) } };
  }

  private overrides(api: KubeApi): Partial<KubeApi> {
    return {
      list: (of, options) => {
        this.look(of, options);
        return api.list(of, options);
      },
      scan: (of, options, take) => {
        this.look(of, options);
        return api.scan(of, options, take);
      },
      create: (async (of: Resource, object: KubeObject, options: { dryRun?: boolean } = {}) => {
        if (of.plural === SELF_SUBJECT_REVIEWS.plural) return { ...object, status: { userInfo: { username: "system:serviceaccount:hoheit-system:hoheit" } } };
        return options.dryRun === true ? this.tryOut(object) : api.create(of, object, options);
      }) as KubeApi["create"],
      mergePatch: (async (of: Resource, ref: { name: string }, patch: KubeObject, options: { dryRun?: boolean } = {}) =>
        (options.dryRun === true ? this.tryOut(patch) : api.mergePatch(of, ref, patch, options))) as KubeApi["mergePatch"],
    };
  }

  private look(of: Resource, { namespace = "the cluster" }: { namespace?: string } = {}): void {
    this.lists.push(`${resourceName(of)} in ${namespace}`);
    if (of.plural === CLUSTER_NETWORK_POLICIES.plural && !this.serves) throw refusal(404, "the server could not find the requested resource");
    if (this.unlistable.has(resourceName(of))) throw refusal(403, "cannot list");
  }

  private tryOut(object: KubeObject): KubeObject {
    const concern = object.metadata.labels?.[GUARD_PROBE] ?? "";
    this.trials.push(concern);
    const isBound = this.cluster.context.cache(VALIDATING_ADMISSION_POLICY_BINDINGS).list().some(({ spec }) => spec?.policyName === `${concern}.hoheit.dev`);
    const usual = isBound ? refusal(422, `ValidatingAdmissionPolicy '${concern}.hoheit.dev' with binding 'x' denied request: no`) : undefined;
    const answer = this.answers.has(concern) ? this.answers.get(concern) : usual;
    if (answer !== undefined) throw answer;
    return object;
  }

  /** A namespace that the governing controller has sealed, or has not seen yet. */
  async namespace(name: string, { labels = GOVERNED, sealed = true }: { labels?: Record<string, string>; sealed?: boolean } = {}): Promise<void> {
    this.cluster.put(NAMESPACES, { apiVersion: "v1", kind: "Namespace", metadata: { name, labels } });
    if (sealed) await this.govern(name);
  }

  /** What the controller of governed namespaces does at its next pass. */
  async govern(name: string): Promise<void> {
    await governedNamespaceController(GOVERNING).reconcile({ name }, this.cluster.context);
    if (this.cluster.live(NAMESPACES, { name })?.metadata.annotations?.[SEALED] === undefined) throw new Error(`${name} was not sealed`);
  }

  async reconcile(name = "land", context = this.context): Promise<Outcome> {
    return this.controller.reconcile({ name }, context);
  }

  policy(name = "land"): Live<SovereigntyPolicy> {
    const live = this.cluster.live(POLICIES, { name });
    if (live === undefined) throw new Error(`there is no policy ${name}`);
    return live;
  }

  condition(type: string, name = "land"): Condition | undefined {
    return this.policy(name).status?.conditions?.find((one) => one.type === type);
  }

  /** `True InForce`. */
  says(type: string, name = "land"): string {
    const { status, reason } = this.condition(type, name) ?? {};
    return `${status} ${reason}`;
  }
}
