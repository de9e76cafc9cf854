/** Which SovereigntyPolicies govern a namespace, and what they allow together. Looks at caches alone. */
import { NAMESPACES } from "../../kube/resources.ts";
import type { Live, Namespace } from "../../lib/k8s-types.ts";
import { byKey } from "../../lib/order.ts";
import type { Context } from "../../runtime/kind.ts";
import { effectivePolicy } from "../../sovereignty/effective.ts";
import type { OriginRule } from "../../sovereignty/origins.ts";
import type { Policy } from "../../sovereignty/policy.ts";
import { selects } from "../../sovereignty/policies/selector.ts";
import { readable } from "../read.ts";
import { dayOf, originRuleOf, policyOf } from "../sovereignty-policy/policy.ts";
import { sovereigntyPolicy, type SovereigntyPolicy } from "../sovereignty-policy/schema.ts";

type Lookup = Pick<Context, "cache">;

/** Kubernetes' own: sealed, they would be cut off from nodes and from name servers outside, and every namespace with them. */
const KUBERNETES = ["kube-system", "kube-public", "kube-node-lease"];

/** Whether nobody governs a namespace, whatever selects it. An operator that had sealed itself could not even undo it. */
export const isExempt = (namespace: string, operatorNamespace: string): boolean => exemptNamespaces(operatorNamespace).includes(namespace);
export const exemptNamespaces = (operatorNamespace: string): readonly string[] => [...KUBERNETES, operatorNamespace];

export interface Governance {
  /** Names of the policies that select the namespace, in order; at least one. */
  readonly policies: readonly string[];
  /** Those of them that do not parse, for example because a newer operator wrote them. */
  readonly unreadable: readonly string[];
  /** What all of them allow. Undefined while one cannot be read: it may allow less than all others. */
  readonly policy: Policy | undefined;
}

/** Whether a policy selects a namespace, be it readable or not: without a selector it may. One that is being deleted holds until it is gone. */
export const takes = ({ spec }: SovereigntyPolicy, { metadata: { labels = {} } }: Namespace): boolean => selects(spec.namespaceSelector ?? {}, labels);

/** In the order of their names. */
const policiesFor = (namespace: Namespace, { cache }: Lookup): Live<SovereigntyPolicy>[] =>
  cache(sovereigntyPolicy.resource).list().filter((policy) => takes(policy, namespace)).toSorted(byKey(({ metadata }) => metadata.name));

/**
 * Undefined if no policy selects the namespace.
 *
 * @param now wall clock, milliseconds since 1970: jurisdictions are judged by its day
 */
export function governanceOf(namespace: Live<Namespace>, lookup: Lookup, now: number): Governance | undefined {
  const policies = policiesFor(namespace, lookup);
  return policies.length === 0 ? undefined : together(policies, dayOf(now));
}

/** What was computed for these policies, in their order. */
interface Known {
  answer?: { readonly day: string; readonly governance: Governance };
  readonly next: WeakMap<Live, Known>;
}

/**
 * A thousand namespaces have the same few policies, and to intersect two long ones takes milliseconds. Objects of a cache
 * are replaced and never changed: an answer holds as long as they live, and goes with them.
 */
const known: Known = { next: new WeakMap() };

function together(policies: readonly Live<SovereigntyPolicy>[], day: string): Governance {
  const place = policies.reduce((at, policy) => {
    const next = at.next.get(policy) ?? { next: new WeakMap() };
    at.next.set(policy, next);
    return next;
  }, known);
  if (place.answer?.day !== day) place.answer = { day, governance: compute(policies, day) };
  return place.answer.governance;
}

function compute(policies: readonly Live<SovereigntyPolicy>[], day: string): Governance {
  const parsed = policies.flatMap((live) => readable(sovereigntyPolicy, live) ?? []);
  const names = policies.map(({ metadata }) => metadata.name);
  const unreadable = names.filter((name) => !parsed.some(({ metadata }) => metadata.name === name));
  return { policies: names, unreadable, policy: unreadable.length > 0 ? undefined : effectivePolicy(parsed.map(policyOf), day) };
}

/** Policies that select the namespace of that name, and may. */
function governing(name: string, lookup: Lookup, operatorNamespace: string): Live<SovereigntyPolicy>[] {
  const namespace = lookup.cache(NAMESPACES).get(name);
  return namespace === undefined || isExempt(name, operatorNamespace) ? [] : policiesFor(namespace, lookup);
}

export const isGoverned = (name: string, lookup: Lookup, operatorNamespace: string): boolean => governing(name, lookup, operatorNamespace).length > 0;

/** What they say of the origins of models that are served there. */
export const originRulesFor = (name: string, lookup: Lookup, operatorNamespace: string): OriginRule[] => governing(name, lookup, operatorNamespace).map(originRuleOf);
