/**
 * The proof for one pod, or for any pod of a role, as far as its own rules go. Whether the pods that it may talk to are proved
 * themselves is decided when all are known (relays.ts).
 */
import { ADDRESS_CLASSES, CLASSES } from "../addresses/classes.ts";
import { toCidrs } from "../addresses/cidr.ts";
import { byKey } from "../../lib/order.ts";
import type { RuleReference } from "../verdict.ts";
import { isolation, isSure, possible, type Question, type Selection } from "./evaluate.ts";
import type { Permitted } from "./permitted.ts";
import { reachedPods, type ReachedPods } from "./pods.ts";
import { remembering } from "./remembering.ts";
import { findRepair, textOf, type Repair } from "./repair.ts";
import type { Allowed, Missing } from "./result.ts";
import type { Problem, Rule } from "./rule.ts";
import { problemsOf } from "./selection.ts";
import { ADDRESS_SETS } from "./sets.ts";
import { addressesOf, ALL_TRAFFIC, common, minus, toLines, towards, type Traffic } from "./traffic.ts";
import type { World } from "./world.ts";

export interface Subject {
  readonly namespace: string;
  readonly selection: Selection;
  readonly permitted: Permitted;
  /** What is unclear beyond the policies themselves. */
  readonly unsure: readonly Problem[];
}

/** A proof without a name: pods that are held alike share it. */
export interface Findings {
  readonly isolatedBy: readonly RuleReference[];
  readonly allowed: Allowed;
  /** Present where a packet certainly gets out. */
  readonly repair?: Repair;
  /** What stands against PROVED. */
  readonly missing: readonly Missing[];
  /** Governed pods that must be proved themselves. */
  readonly dependencies: readonly ReachedPods[];
}

/** Examines each way of being held once: most pods of a namespace are held by the same policies, and so are most roles. */
export function examiner(world: World): (subject: Subject) => Findings {
  let count = 0;
  const numberOf = remembering<object, number>(() => (count += 1));
  // What is unsure of a pod follows from what selects it (`unsureSelections`); of any pod nothing is.
  const heldBy = ({ selection: { policies, admin, baseline }, permitted, unsure }: Subject): string =>
    [numberOf(permitted), unsure.length, ...[...policies, ...admin, ...baseline].map(({ policy, match }) => `${numberOf(policy)}${match}`)].join(" ");
  return remembering((subject) => examine(subject, world), heldBy);
}

function examine(subject: Subject, world: World): Findings {
  const { selection, permitted } = subject;
  const reached = possible(selection, "Accept", question());
  const undeclared = minus(reached, permitted.addresses);
  const inCluster = towards(undeclared, world.clusterAddresses);
  const outside = towards(undeclared, world.outside);
  const pods = reachedPods(subject, world);
  const repair = outside.length === 0 ? undefined : findRepair(selection, (without) => outsideSurely(subject, world, without));
  return {
    isolatedBy: isolatingPolicies(selection),
    allowed: allowedOf(reached, { permitted, inCluster, outside, pods }),
    ...(repair !== undefined && { repair }),
    missing: [...world.missingIn(subject.namespace), ...missingOf(subject, { inCluster, outside, pods, isRefuted: repair !== undefined })],
    dependencies: pods.filter(({ line }) => line.as === "Governed"),
  };
}

const question = (without?: ReadonlySet<Rule>): Question<Traffic> => ({ sets: ADDRESS_SETS, direction: "egress", ...(without !== undefined && { without }) });

/** What every reading of the rules lets out to where nobody declared it. */
function outsideSurely({ selection, permitted }: Subject, { outside }: World, without: ReadonlySet<Rule>): Traffic {
  const accepted = minus(ALL_TRAFFIC, possible(selection, "Deny", question(without)));
  return towards(minus(accepted, permitted.addresses), outside);
}

const isolatingPolicies = ({ policies }: Selection): RuleReference[] => policies.filter((one) => isSure(one) && one.policy.egress?.isSure === true).map(({ policy }) => policy.at);

interface Parts {
  readonly inCluster: Traffic;
  readonly outside: Traffic;
  readonly pods: readonly ReachedPods[];
}

function allowedOf(reached: Traffic, { permitted, inCluster, outside, pods }: Parts & { readonly permitted: Permitted }): Allowed {
  const destinations = permitted.destinations.map(({ name, traffic }) => ({ name, traffic: toLines(common(reached, traffic)) }));
  const classes = outside.length === 0 ? [] : ADDRESS_CLASSES.map((name) => ({ class: name, traffic: toLines(towards(outside, CLASSES.get(name) ?? [])) }));
  return {
    destinations: destinations.filter(({ traffic }) => traffic.length > 0),
    dns: toLines(common(reached, permitted.dns)),
    cluster: toLines(inCluster),
    outside: classes.filter(({ traffic }) => traffic.length > 0),
    pods: pods.map(({ line }) => line),
  };
}

/** How many names a sentence can bear. */
const SHOWN = 5;

function missingOf(subject: Subject, { inCluster, outside, pods, isRefuted }: Parts & { readonly isRefuted: boolean }): Missing[] {
  const relays = [...new Set(pods.filter(({ line }) => line.as === "Relay").flatMap(({ namespaces }) => namespaces))].toSorted();
  const isOpen = outside.length > 0 || inCluster.length > 0 || relays.length > 0;
  return [
    ...(isOpen && !isRefuted ? [...unclearIn(subject), ...baselineIn(subject)] : []),
    ...(inCluster.length > 0 && !isRefuted ? [clusterRange(subject, inCluster)] : []),
    ...(relays.length > 0 ? [relayIn(relays)] : []),
  ];
}

function unclearIn({ selection, unsure }: Subject): Missing[] {
  const problems = [...problemsOf(selection), ...unsure].map(({ at, message }) => ({ kind: "Unclear" as const, message: `${textOf(at)} ${message}.`, at }));
  return [...new Map(problems.map((one) => [one.message, one])).values()].toSorted(byKey(({ message }) => message));
}

/** "NetworkPolicy always makes a final decision for selected pods": by one of any direction, or of this one? Seen both ways. */
function baselineIn({ selection }: Subject): Missing[] {
  const { policies, baseline } = selection;
  const [first] = policies.map(({ policy }) => policy.at).toSorted(byKey(textOf));
  if (first === undefined || baseline.length === 0 || isolation(selection, question()) === "Yes") return [];
  return [{
    kind: "Unclear", at: first,
    message: `${first.kind} ${first.object} selects it, but does not surely isolate it for egress: whether the Baseline tier then holds it is the network plugin's choice. Isolate it for egress, or deny in the Admin tier.`,
  }];
}

function clusterRange({ selection }: Subject, inCluster: Traffic): Missing {
  const rules = [...selection.policies, ...selection.admin].flatMap(({ policy }) => ("subject" in policy ? (policy.egress?.rules ?? []) : policy.egress));
  const at = rules.filter((rule) => rule.action !== "Deny" && common(ADDRESS_SETS.possibly(rule), inCluster).length > 0).map((rule) => rule.at).toSorted(byKey(textOf))[0];
  const shown = some(toCidrs(addressesOf(inCluster)));
  return {
    kind: "ClusterRange",
    message: `It may reach ${shown}, and behind an address of the cluster may be any pod, Service or node. Name pods by labels instead, or declare the addresses as a destination.`,
    ...(at !== undefined && { at }),
  };
}

const relayIn = (namespaces: readonly string[]): Missing => ({
  kind: "Relay",
  message: `It may talk to pods of ${some(namespaces)}, which nothing governs: they could pass on what they are told. Take the rule away, or name the pods in the policy (inCluster).`,
  relays: namespaces.slice(0, SHOWN).map((name) => `${name}/*`),
});

/** The first of them, and how many more. */
export const some = (names: readonly string[]): string => (names.length <= SHOWN ? names.join(", ") : `${names.slice(0, SHOWN).join(", ")} and ${names.length - SHOWN} more`);
