/** Which policies hold a pod. */
import type { Workload } from "../snapshot.ts";
import { ROLE } from "../../lib/labels.ts";
import { ROLES, type Role } from "../policy.ts";
import { ANYTHING, noneOf, oneOf } from "./domain.ts";
import { byPriority, isSure, type Selecting, type Selection } from "./evaluate.ts";
import { remembering } from "./remembering.ts";
import type { ClusterPolicy, Policy, Problem } from "./rule.ts";
import { match, podWith, type Labelled, type Match, type Selector } from "./selector.ts";
import type { World } from "./world.ts";

/** The role of a pod is its label; every pod without a known one is an Application. */
export const roleOf = (labels: Workload["labels"]): Role => ROLES.find((role) => Object.hasOwn(labels, ROLE) && labels[ROLE] === role) ?? "Application";

const HOHEITS_ROLES = ROLES.filter((one) => one !== "Application");

/** Takes every pod of the role. */
export const selectorOfRole = remembering((role: Role): Selector => new Map([[ROLE, role === "Application" ? noneOf(HOHEITS_ROLES) : oneOf([role])]]));

/** Any pod of a role that could ever appear. */
export const anyPodOf = remembering((role: Role): Labelled => ({ labels: {}, other: (key) => selectorOfRole(role).get(key) ?? ANYTHING }));

export const podOf = ({ labels }: Workload): Labelled => podWith(labels);

/** Whether all rules look away: a pod on its node's network has the node's addresses. */
export const isOnNodeNetwork = ({ podSpec }: Workload): boolean => podSpec["hostNetwork"] !== undefined && podSpec["hostNetwork"] !== null && podSpec["hostNetwork"] !== false;

/** `policies` are those of its namespace, by name. */
export function selectionOf(pod: Labelled, namespace: string, policies: readonly Policy[], world: World): Selection {
  const ofCluster = (all: readonly ClusterPolicy[]): Selecting<ClusterPolicy>[] =>
    selecting(all, (policy) => worse(match(policy.namespaces, world.labelsOf(namespace)), match(policy.pods, pod)));
  return { policies: selecting(policies, ({ subject }) => match(subject, pod)), admin: ofCluster(world.admin), baseline: ofCluster(world.baseline) };
}

function selecting<P>(all: readonly P[], matchOf: (policy: P) => Match): Selecting<P>[] {
  const selected: Selecting<P>[] = [];
  for (const policy of all) {
    const how = matchOf(policy);
    if (how !== "No") selected.push({ policy, match: how });
  }
  return selected;
}

const worse = (a: Match, b: Match): Match => {
  if (a === "No" || b === "No") return "No";
  return a === "Yes" && b === "Yes" ? "Yes" : "Maybe";
};

/** What selectors of policies ask of pods, where it is not certain that a policy takes all of them. */
export const dividingSelectors = ({ policies, admin, baseline }: Selection): Selector[] => [
  ...policies.filter((one) => one.match === "Maybe").map(({ policy }) => policy.subject),
  ...[...admin, ...baseline].filter((one) => one.match === "Maybe").map(({ policy }) => policy.pods),
];

/** Everything about these policies and their rules that is unclear. */
export function problemsOf(selection: Selection): Problem[] {
  const { policies, admin, baseline } = selection;
  const ofCluster = [...admin, ...baseline];
  return [
    ...policies.flatMap(({ policy }) => [...policy.problems, ...(policy.egress?.rules ?? []).flatMap(({ problems }) => problems)]),
    ...ofCluster.flatMap(({ policy }) => [...policy.problems, ...policy.egress.flatMap(({ problems }) => problems)]),
    ...[admin, baseline].flatMap(byPriority).filter((equals) => equals.length > 1).flat().map(({ policy }) => ({
      at: { ...policy.at, path: "spec.priority" }, message: `is ${policy.priority}, which another policy of its tier has, too: either may be asked first`,
    })),
  ];
}

/** What is unclear because a policy asks for labels that nobody knows: those that controllers add to pods, or those of a namespace that was not listed. */
export const unsureSelections = ({ policies, admin, baseline }: Selection): Problem[] =>
  [...policies, ...admin, ...baseline].filter((one) => one.policy.isSure && !isSure(one)).map(({ policy }) => ({
    at: { ...policy.at, path: "spec" }, message: "selects by labels that are not known, so it may hold the pod or not",
  }));
