/**
 * How many rules of a namespace are reckoned with. A set of traffic has a list of addresses for each stretch of ports, so that
 * it may grow with the addresses of all rules times the port ranges that they tell apart, and whoever may write
 * NetworkPolicies may write ten thousand of them, each with ports of its own. What is too much is not read and not passed
 * over in silence: it may let everything through.
 */
import { byKey } from "../../lib/order.ts";
import { unclearPolicy } from "./network-policy.ts";
import type { Policy, Rule } from "./rule.ts";

/** Addresses times ends of port ranges: a second of work. Ten thousand rules with 100 port ranges, or 1,000 with 1,000. */
const MOST = 500_000;

/** The same policies, or those of them with the fewest rules and one that stands for the rest: what isolates and opens nothing is always among them. */
export function reckoned(policies: readonly Policy[]): readonly Policy[] {
  const rules = policies.flatMap(rulesOf);
  if (sum(rules, addressesIn) * 2 * sum(rules, portsIn) <= MOST) return policies;
  const sorted = policies.toSorted(byKey(({ at }) => at.object)).toSorted((a, b) => rulesOf(a).length - rulesOf(b).length);
  const count = fitting(sorted);
  const [first] = sorted.slice(count);
  if (first === undefined) return policies;
  const message = `and that of ${policies.length - count - 1} more in namespace ${first.namespace} are more rules with more port ranges than are reckoned with: they may let anything through. Merge them, or take them away`;
  return [...sorted.slice(0, count), unclearPolicy(first.at, first.namespace, { at: { ...first.at, path: "spec.egress" }, message })];
}

/** How many of them are not too much together. */
function fitting(policies: readonly Policy[]): number {
  let addresses = 0;
  const ends = new Set<bigint>();
  const tooMuch = policies.findIndex((policy) => {
    const rules = rulesOf(policy);
    addresses += sum(rules, addressesIn);
    for (const { first, last } of rules.flatMap(({ addressPorts }) => addressPorts.possibly)) ends.add(first).add(last + 1n);
    return addresses * ends.size > MOST;
  });
  return tooMuch < 0 ? policies.length : tooMuch;
}

const rulesOf = ({ egress }: Policy): readonly Rule[] => egress?.rules ?? [];
const addressesIn = ({ addresses }: Rule): number => addresses.possibly.length;
const portsIn = ({ addressPorts }: Rule): number => addressPorts.possibly.length;
const sum = (rules: readonly Rule[], count: (rule: Rule) => number): number => rules.reduce((all, rule) => all + count(rule), 0);
