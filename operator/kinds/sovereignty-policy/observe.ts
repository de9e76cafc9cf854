/** The only reads: everything that the decision needs, in one snapshot, from caches alone. Nothing after it looks at the cluster. */
import { NAMESPACES, VALIDATING_ADMISSION_POLICIES, VALIDATING_ADMISSION_POLICY_BINDINGS } from "../../kube/resources.ts";
import type { Live, ValidatingAdmissionPolicy, ValidatingAdmissionPolicyBinding } from "../../lib/k8s-types.ts";
import { byKey } from "../../lib/order.ts";
import type { Context } from "../../runtime/kind.ts";
import { isNodeLocal } from "../governed-namespace/build/dns.ts";
import { exemptNamespaces, isGoverned, takes } from "../governed-namespace/governance.ts";
import type { Options as Governing } from "../governed-namespace/observe.ts";
import { stateOf, type NamespaceState } from "../governed-namespace/state.ts";
import { languageModelDeployment, type LanguageModelDeployment } from "../language-model-deployment/schema.ts";
import { readable } from "../read.ts";
import type { BuildInput } from "./build/index.ts";
import type { PodsOf } from "./build/cluster-network-policy.ts";
import type { GuardedPolicy } from "./build/guard/concern.ts";
import type { DataSets } from "./proof/data-sets.ts";
import type { Proofs } from "./proof/proofs.ts";
import { sovereigntyPolicy, type SovereigntyPolicy } from "./schema.ts";

/** What the operator was told. */
export interface Options {
  readonly governing: Governing;
  /** Image of Hoheit, of which the guard lets pods run that Hoheit makes. */
  readonly image: string;
  readonly metricsScraper: PodsOf | undefined;
  readonly proofs: Proofs;
  readonly dataSets: DataSets;
}

/** And how the API server calls it. */
export interface Facts extends Options {
  readonly user: string;
}

export interface Observed {
  readonly policy: Live<SovereigntyPolicy>;
  /** Every policy of the cluster that parses, this one included, in the order of their names. */
  readonly policies: readonly Live<SovereigntyPolicy>[];
  /** Every policy, parsed or not, for the guard that they share: one that cannot be read may enforce it. */
  readonly guarded: readonly GuardedPolicy[];
  /** Namespaces that this policy selects. */
  readonly states: readonly NamespaceState[];
  /** Model deployments in them. */
  readonly deployments: readonly Live<LanguageModelDeployment>[];
  readonly allDeployments: readonly Live<LanguageModelDeployment>[];
  /** Model deployments that no policy holds. */
  readonly ungoverned: number;
  /** Of the guard, ours by label. */
  readonly admissionPolicies: readonly Live<ValidatingAdmissionPolicy>[];
  readonly bindings: readonly Live<ValidatingAdmissionPolicyBinding>[];
  /** Milliseconds since 1970. */
  readonly now: number;
}

const unreadable = ({ metadata, spec: { namespaceSelector } }: SovereigntyPolicy): GuardedPolicy =>
  ({ metadata, spec: { namespaceSelector, enforcement: { guard: "Enforce", clusterNetworkPolicy: "Auto", probe: { schedule: "*/15 * * * *" } } } });

/** What is built from a snapshot. */
export const buildInputOf = ({ policy, policies, guarded, states, now }: Observed, { governing, image, metricsScraper, user }: Facts): BuildInput => ({
  policy, policies, guarded, now, metricsScraper,
  namespaces: states.filter(({ reason }) => reason !== "Exempt"),
  operator: { user, image, namespace: governing.operatorNamespace },
  exempt: exemptNamespaces(governing.operatorNamespace),
  nodeCaches: governing.nameServers.filter(isNodeLocal),
});

export function observe(policy: Live<SovereigntyPolicy>, lookup: Pick<Context, "cache" | "clock">, { governing }: Options): Observed {
  const { cache, clock } = lookup;
  const all = cache(sovereigntyPolicy.resource).list().toSorted(byKey(({ metadata }) => metadata.name));
  const states = cache(NAMESPACES).list().filter((namespace) => takes(policy, namespace)).flatMap((namespace) => stateOf(namespace, lookup, governing) ?? []);
  const selected = new Set(states.map(({ namespace }) => namespace));
  const deployments = cache(languageModelDeployment.resource).list();
  return {
    policy,
    // The one that is judged as it was judged, whatever the cache has learned meanwhile.
    policies: all.flatMap((one) => (one.metadata.uid === policy.metadata.uid ? policy : (readable(sovereigntyPolicy, one) ?? []))),
    guarded: all.map((one) => readable(sovereigntyPolicy, one) ?? unreadable(one)),
    states: states.toSorted(byKey(({ namespace }) => namespace)),
    deployments: deployments.filter(({ metadata }) => selected.has(metadata.namespace ?? "")),
    allDeployments: deployments,
    ungoverned: deployments.filter(({ metadata }) => !isGoverned(metadata.namespace ?? "", lookup, governing.operatorNamespace)).length,
    admissionPolicies: cache(VALIDATING_ADMISSION_POLICIES).list(),
    bindings: cache(VALIDATING_ADMISSION_POLICY_BINDINGS).list(),
    now: clock.now(),
  };
}
