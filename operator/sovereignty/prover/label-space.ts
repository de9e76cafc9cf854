/**
 * The proof for any pod of a role that could ever appear in a namespace. What a role may reach depends on the role alone, so
 * it is enough to ask each policy that takes some pod of the role, and to count as held only what holds all of them
 * (network-policy.md 6, rule 3). Where that is not enough, pods that rules tell apart are tried one by one: what gets out of
 * one of them is a refutation, and no other claim is made.
 */
import type { Role } from "../policy.ts";
import { isolation } from "./evaluate.ts";
import type { Permitted } from "./permitted.ts";
import type { Missing } from "./result.ts";
import type { Policy } from "./rule.ts";
import { anyPodOf, dividingSelectors, selectionOf, selectorOfRole } from "./selection.ts";
import { both, exactlyWith, isImpossible, labelsFor } from "./selector.ts";
import type { Findings, Subject } from "./subject.ts";
import type { World } from "./world.ts";

/** Of pods that rules tell apart: each is asked of every rule, and somebody may write ten thousand. */
const MOST_TRIED = 200;

export interface AnyPod {
  readonly namespace: string;
  readonly role: Role;
  readonly permitted: Permitted;
  /** NetworkPolicies of the namespace, by name. */
  readonly policies: readonly Policy[];
  examine(subject: Subject): Findings;
}

export interface AnyPodFindings extends Findings {
  /** Labels of a pod from which a packet gets out. */
  readonly labels?: Readonly<Record<string, string>>;
}

export function examineAnyPod(any: AnyPod, world: World): AnyPodFindings {
  const { namespace, permitted, role, examine } = any;
  const selection = selectionOf(anyPodOf(role), namespace, any.policies, world);
  const all = examine({ namespace, selection, permitted, unsure: [] });
  if (all.repair !== undefined) return { ...all, labels: labelsFor(selectorOfRole(role)) };
  if (all.allowed.outside.length === 0) return all;
  const selectors = [selectorOfRole(role), ...dividingSelectors(selection).slice(0, MOST_TRIED).map((one) => both(selectorOfRole(role), one))];
  for (const labels of selectors.filter((one) => !isImpossible(one)).map(labelsFor)) {
    const { repair, missing } = examine({ namespace, selection: selectionOf(exactlyWith(labels), namespace, any.policies, world), permitted, unsure: [] });
    if (repair !== undefined) return { ...all, repair, missing, labels };
  }
  const isExplained = all.missing.some(({ kind }) => kind === "Unclear");
  return isExplained ? all : { ...all, missing: [combination(any, isolation(selection, { direction: "egress" }) === "Yes"), ...all.missing] };
}

const combination = ({ namespace, role }: AnyPod, isIsolated: boolean): Missing => ({
  kind: "Combination",
  message: isIsolated
    ? `Pods of role ${role} in namespace ${namespace} are held by ClusterNetworkPolicies only together, and not every combination of labels was tried. Let one of them select every pod.`
    : `No single NetworkPolicy isolates every pod of role ${role} that could appear in namespace ${namespace}. One with an empty podSelector and policyTypes [Egress] would.`,
});
