/**
 * What SovereigntyPolicies among files mean for a namespace. They select by labels, and files need not say them: where no
 * Namespace is among them, a policy that may select it counts, and whoever reads the finding is told how to know better.
 */
import { isExempt } from "../kinds/governed-namespace/governance.ts";
import { originRuleOf } from "../kinds/sovereignty-policy/policy.ts";
import type { SovereigntyPolicy } from "../kinds/sovereignty-policy/schema.ts";
import { NAMESPACE_NAME } from "../lib/labels.ts";
import type { OriginRule } from "../sovereignty/origins.ts";
import { selects } from "../sovereignty/policies/selector.ts";
import type { Manifests } from "./manifests.ts";

export interface Governing {
  readonly originRules: readonly OriginRule[];
  /** To be added to what follows from them; empty where the labels are known. */
  readonly reserve: string;
}

export function governingIn(name: string, { found, namespaces }: Manifests, operatorNamespace: string): Governing {
  const namespace = namespaces.find(({ metadata }) => metadata.name === name);
  // The API server sets this one itself.
  const labels = { ...namespace?.metadata.labels, [NAMESPACE_NAME]: name };
  const isKnown = (key: string): boolean => namespace !== undefined || key === NAMESPACE_NAME;
  const maySelect = ({ spec: { namespaceSelector: { matchLabels } } }: SovereigntyPolicy): boolean =>
    selects({ matchLabels: Object.fromEntries(Object.entries(matchLabels).filter(([key]) => isKnown(key))) }, labels);
  const policies = found.map(({ value }) => value).filter(({ kind }) => kind === "SovereigntyPolicy") as SovereigntyPolicy[];
  return {
    originRules: isExempt(name, operatorNamespace) ? [] : policies.filter(maySelect).map(originRuleOf),
    reserve: namespace === undefined ? ` The files do not say which labels namespace ${name} has, so every policy that may select it counts: add its manifest.` : "",
  };
}
