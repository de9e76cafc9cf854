/**
 * What the rules of a cluster let one pod do, over any kind of set: traffic to addresses, ports of a pod, ports of all pods
 * that a selector takes.
 *
 *   Admin tier      by priority; the first rule that hits decides: Accept, Deny, or Pass to
 *   NetworkPolicy   final for a pod that one isolates: the union of their rules, and nothing else
 *   Baseline tier   surely for pods that no NetworkPolicy selects at all, never for isolated ones: on the others, implementations
 *                   differ (network-policy.md 0.8), so that it is reckoned with in a refutation and not in a proof
 *   otherwise       accepted
 *
 * A rule that is not certain is asked twice. `possible(..., "Accept")` is everything that some reading of the rules accepts;
 * what is not in `possible(..., "Deny")` every reading accepts.
 */
import type { Action, ClusterPolicy, Policy, Rule } from "./rule.ts";
import type { Match } from "./selector.ts";

/** Sets of packets. `minus` may take too little away, `common` and `plus` are exact. */
export interface Sets<S> {
  readonly all: S;
  readonly none: S;
  plus(all: readonly S[]): S;
  minus(a: S, b: S): S;
  common(a: S, b: S): S;
  /** What the rule may hit, and what it certainly hits. */
  possibly(rule: Rule): S;
  surely(rule: Rule): S;
}

export interface Selecting<P> {
  readonly policy: P;
  readonly match: Exclude<Match, "No">;
}

/** All policies that select a pod, or may. */
export interface Selection {
  readonly policies: readonly Selecting<Policy>[];
  /** By priority. */
  readonly admin: readonly Selecting<ClusterPolicy>[];
  readonly baseline: readonly Selecting<ClusterPolicy>[];
}

export interface Question<S> {
  readonly sets: Sets<S>;
  readonly direction: "egress" | "ingress";
  /** Rules that count as if they were not there. */
  readonly without?: ReadonlySet<Rule>;
}

type Decision = "Accept" | "Deny";

export function possible<S>(selection: Selection, wanted: Decision, question: Question<S>): S {
  const { sets } = question;
  const admin = inTier(selection.admin, sets.all, wanted, question);
  const rest = sets.plus([admin.passed, admin.undecided]);
  return sets.plus([admin.decided, wanted === "Accept" ? acceptedOf(rest, selection, question) : deniedOf(rest, selection, question)]);
}

/** Whether NetworkPolicies isolate the pod in this direction. */
export function isolation({ policies }: Selection, { direction, without }: Pick<Question<unknown>, "direction" | "without">): Match {
  const isAbout = ({ policy: { [direction]: one } }: Selecting<Policy>): boolean => one !== undefined && (!one.isImplied || one.rules.some((rule) => without?.has(rule) !== true));
  if (policies.some((one) => isSure(one) && one.policy[direction]?.isSure === true && isAbout(one))) return "Yes";
  return policies.some(isAbout) ? "Maybe" : "No";
}

export const isSure = ({ policy, match }: Selecting<Policy | ClusterPolicy>): boolean => match === "Yes" && policy.isSure;

function acceptedOf<S>(rest: S, selection: Selection, question: Question<S>): S {
  const { sets, direction, without } = question;
  if (isolation(selection, question) === "Yes") {
    const rules = selection.policies.flatMap(({ policy }) => policy[direction]?.rules ?? []).filter((rule) => without?.has(rule) !== true);
    return sets.common(rest, sets.plus(rules.map((rule) => sets.possibly(rule))));
  }
  if (selection.policies.length > 0) return rest;
  const { decided, passed, undecided } = inTier(selection.baseline, rest, "Accept", question);
  return sets.plus([decided, passed, undecided]);
}

/** Where it is not certain that a NetworkPolicy decides, the Baseline tier may, too: for a pod that only others select as well. */
function deniedOf<S>(rest: S, selection: Selection, question: Question<S>): S {
  const { sets, direction, without } = question;
  const isolated = isolation(selection, question);
  const rules = selection.policies.filter(isSure).flatMap(({ policy }) => policy[direction]?.rules ?? []).filter((rule) => without?.has(rule) !== true);
  const byRules = isolated === "No" ? sets.none : sets.minus(rest, sets.plus(rules.map((rule) => sets.surely(rule))));
  return isolated === "Yes" ? byRules : sets.plus([byRules, inTier(selection.baseline, rest, "Deny", question).decided]);
}

interface State<S> {
  readonly undecided: S;
  readonly passed: S;
  readonly decided: S;
}

/** Parts of the state may overlap: what an unclear rule may hit is hit and goes on. */
function inTier<S>(tier: readonly Selecting<ClusterPolicy>[], start: S, wanted: Decision, question: Question<S>): State<S> {
  const { sets } = question;
  let state: State<S> = { undecided: start, passed: sets.none, decided: sets.none };
  for (const equals of byPriority(tier)) {
    const { undecided, passed, decided } = state;
    // Of policies with the same priority any may be asked first, so each is asked as if it were.
    const answers = equals.map((one) => inPolicy(one, undecided, wanted, question));
    state = {
      undecided: answers.map((one) => one.undecided).reduce(sets.common, undecided),
      passed: sets.plus([passed, ...answers.map((one) => one.passed)]),
      decided: sets.plus([decided, ...answers.map((one) => one.decided)]),
    };
  }
  return state;
}

function inPolicy<S>(one: Selecting<ClusterPolicy>, start: S, wanted: Decision, { sets, direction, without }: Question<S>): State<S> {
  let [undecided, passed, decided] = [start, sets.none, sets.none];
  for (const rule of one.policy[direction].filter((each) => without?.has(each) !== true)) {
    const hit = sets.common(undecided, sets.possibly(rule));
    if (mayMean(rule.action, wanted)) decided = sets.plus([decided, hit]);
    if (mayMean(rule.action, "Pass")) passed = sets.plus([passed, hit]);
    if (isSure(one) && rule.action !== "Unknown") undecided = sets.minus(undecided, sets.surely(rule));
  }
  return { undecided, passed, decided };
}

const mayMean = (action: Action, wanted: Action): boolean => action === wanted || action === "Unknown";

/** Policies of one priority together, the lowest number first. */
export function byPriority(tier: readonly Selecting<ClusterPolicy>[]): Selecting<ClusterPolicy>[][] {
  return [...Map.groupBy(tier, ({ policy }) => policy.priority)].toSorted(([a], [b]) => a - b).map(([, equals]) => equals);
}
