/**
 * What a policy becomes beside the NetworkPolicies of its namespaces (../../governed-namespace): the guard, which all
 * policies share, and ClusterNetworkPolicies. Every builder is pure.
 */
import type { ClusterNetworkPolicy, ValidatingAdmissionPolicy, ValidatingAdmissionPolicyBinding } from "../../../lib/k8s-types.ts";
import { canonicalJson } from "../../../lib/hash.ts";
import { byKey } from "../../../lib/order.ts";
import { effectivePolicy } from "../../../sovereignty/effective.ts";
import { dayOf, policyOf } from "../policy.ts";
import type { SovereigntyPolicy } from "../schema.ts";
import { buildClusterNetworkPolicy, type ClusterInput, type PodsOf } from "./cluster-network-policy.ts";
import type { GuardedPolicy } from "./guard/concern.ts";
import { buildGuard } from "./guard/index.ts";

export interface BuildInput {
  readonly policy: SovereigntyPolicy;
  /** Every policy of the cluster that parses, this one included. */
  readonly policies: readonly SovereigntyPolicy[];
  /** Every policy, for the guard that they share. */
  readonly guarded: readonly GuardedPolicy[];
  /** Governed namespaces that this policy selects, each with the names of all policies that do, in order. */
  readonly namespaces: readonly { readonly namespace: string; readonly policies: readonly string[] }[];
  /** Milliseconds since 1970. */
  readonly now: number;
  readonly operator: { readonly user: string; readonly image: string; readonly namespace: string };
  readonly exempt: readonly string[];
  /** Addresses of DNS caches on nodes. */
  readonly nodeCaches: readonly string[];
  readonly metricsScraper: PodsOf | undefined;
}

export interface Desired {
  /** For all policies. Empty where no policy has a guard. */
  readonly admissionPolicies: readonly ValidatingAdmissionPolicy[];
  /** Those that name this policy, and those that name none. */
  readonly bindings: readonly ValidatingAdmissionPolicyBinding[];
  readonly clusterNetworkPolicies: readonly ClusterNetworkPolicy[];
  /** Names of policies together with which this one does not fit into one ClusterNetworkPolicy. */
  readonly tooLarge: readonly (readonly string[])[];
}

/** Whether a binding of the guard is of this policy, or of all. */
export const isBindingOf = ({ spec }: ValidatingAdmissionPolicyBinding, policy: string): boolean => spec?.paramRef?.name === undefined || spec.paramRef.name === policy;

export function buildDesired(input: BuildInput): Desired {
  const { policy, guarded, operator, exempt } = input;
  const guard = buildGuard({ policies: guarded, operator, exempt });
  const named = policy.spec.enforcement.clusterNetworkPolicy === "Off" ? [] : combinations(input);
  const built = named.map((names) => ({ names, object: buildClusterNetworkPolicy(clusterInput(names, input)) }));
  return {
    admissionPolicies: guard.admissionPolicies,
    bindings: guard.bindings.filter((binding) => isBindingOf(binding, policy.metadata.name)),
    clusterNetworkPolicies: built.flatMap(({ object }) => object ?? []),
    tooLarge: built.flatMap(({ names, object }) => (object === undefined ? [names] : [])),
  };
}

/** This policy alone, and with others where they hold together and it is the first by name: each combination has one that makes it. */
function combinations({ policy: { metadata: { name } }, policies, namespaces }: BuildInput): (readonly string[])[] {
  const isReadable = (one: string): boolean => policies.some(({ metadata }) => metadata.name === one);
  const several = namespaces.map((one) => one.policies).filter((names) => names.length > 1 && names[0] === name && names.every(isReadable));
  return [[name], ...new Map(several.map((names) => [canonicalJson(names), names])).values()];
}

function clusterInput(names: readonly string[], input: BuildInput): ClusterInput {
  const { policy, policies, guarded, namespaces, now, operator, exempt, nodeCaches, metricsScraper } = input;
  const together = policies.filter(({ metadata }) => names.includes(metadata.name));
  const held = namespaces.filter((one) => canonicalJson(one.policies) === canonicalJson(names)).map(({ namespace }) => namespace);
  return {
    policies: names,
    subject: names.length === 1 ? { matchLabels: policy.spec.namespaceSelector.matchLabels } : { namespaces: held.toSorted() },
    allowed: effectivePolicy(together.map(policyOf), dayOf(now)) ?? { destinations: [], inCluster: [] },
    governed: selectorsOf(guarded),
    exempt,
    ungoverned: policies.some(({ spec }) => spec.ungoverned === "Refuse") ? "Refuse" : "Report",
    operatorNamespace: operator.namespace,
    metricsScraper,
    nodeCaches,
  };
}

/** Labels by which any policy selects namespaces, each once, in one order. */
function selectorsOf(policies: readonly GuardedPolicy[]): Readonly<Record<string, string>>[] {
  const all = policies.map(({ spec }) => spec.namespaceSelector.matchLabels);
  return [...new Map(all.map((labels) => [canonicalJson(labels), labels]))].toSorted(byKey(([text]) => text)).map(([, labels]) => labels);
}
