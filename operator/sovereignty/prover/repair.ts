/** Which rules let a packet through, and the fewest that have to go so that none gets through. */
import { byKey } from "../../lib/order.ts";
import type { RuleReference } from "../verdict.ts";
import { byPriority, isolation, isSure, type Selecting, type Selection } from "./evaluate.ts";
import { choosePacket, type ChosenPacket } from "./packet.ts";
import type { ClusterPolicy, Rule } from "./rule.ts";
import { ADDRESS_SETS } from "./sets.ts";
import { common, covers, type Traffic } from "./traffic.ts";

interface Deciders {
  readonly rules: readonly Rule[];
  /** Whether it also gets through because nothing isolates the pod. */
  readonly isUnheld: boolean;
}

/** All rules that certainly let the packet through, those left out that are in `without`. */
export function decidersOf({ port, address }: ChosenPacket, selection: Selection, without: ReadonlySet<Rule>): Deciders {
  const hits = (rule: Rule): boolean => !without.has(rule) && covers(ADDRESS_SETS.surely(rule), port, address);
  const admin = inTier(selection.admin, hits);
  if (admin.isDecided) return { rules: admin.accepting, isUnheld: false };
  const ofNamespace = selection.policies.filter(isSure).flatMap(({ policy }) => policy.egress?.rules ?? []).filter(hits);
  return { rules: [...admin.accepting, ...ofNamespace], isUnheld: isolation(selection, { direction: "egress", without }) === "No" };
}

/** Of policies with the same priority each may be asked first. */
function inTier(tier: readonly Selecting<ClusterPolicy>[], hits: (rule: Rule) => boolean): { accepting: Rule[]; isDecided: boolean } {
  for (const equals of byPriority(tier)) {
    const first = equals.filter(isSure).flatMap(({ policy }) => policy.egress.find(hits) ?? []);
    const accepting = first.filter(({ action }) => action === "Accept");
    if (first.length > 0) return { accepting, isDecided: accepting.length === first.length };
  }
  return { accepting: [], isDecided: false };
}

export interface Repair {
  /** The packet that is shown, and all rules that let it through. */
  readonly packet: ChosenPacket;
  readonly allowedBy: readonly RuleReference[];
  /** Sorted. */
  readonly removals: readonly RuleReference[];
  /** Whether something has to be added besides, for nothing isolates the pod. */
  readonly isUnheld: boolean;
}

/** `escaping` is what certainly gets out without some rules. Undefined where nothing does. */
export function findRepair(selection: Selection, escaping: (without: ReadonlySet<Rule>) => Traffic): Repair | undefined {
  const removed = new Set<Rule>();
  const first = escaping(removed);
  const packet = choosePacket(first);
  if (packet === undefined) return undefined;
  const allowedBy = decidersOf(packet, selection, removed).rules.map(({ at }) => at).toSorted(byKey(textOf));
  const isUnheld = removeAll(selection, { escaping, first, removed });
  return { packet, allowedBy, removals: removalsOf(removed, selection), isUnheld };
}

/** A rule of which every peer has to go has to go itself: left without peers it would be for all of them. */
function removalsOf(removed: ReadonlySet<Rule>, { policies, admin }: Selection): RuleReference[] {
  const rules = [...policies.flatMap(({ policy }) => policy.egress?.rules ?? []), ...admin.flatMap(({ policy }) => policy.egress)];
  const whole = ({ at }: Rule): RuleReference => ({ ...at, path: at.path.replace(/\.to\[\d+\]$/, "") });
  const kept = new Set(rules.filter((rule) => !removed.has(rule)).map((rule) => textOf(whole(rule))));
  const references = [...removed].map((rule) => (kept.has(textOf(whole(rule))) ? rule.at : whole(rule)));
  return [...new Map(references.map((one) => [textOf(one), one])).values()].toSorted(byKey(textOf));
}

interface Removing {
  escaping(without: ReadonlySet<Rule>): Traffic;
  /** What escapes before anything is removed. */
  readonly first: Traffic;
  readonly removed: Set<Rule>;
}

/** Takes away what lets a packet through until none gets through, or nothing is left to take. Tells whether one still does. */
function removeAll(selection: Selection, { escaping, first, removed }: Removing): boolean {
  for (let open = first; ; open = escaping(removed)) {
    const packet = choosePacket(open);
    if (packet === undefined) return false;
    const { rules, isUnheld } = decidersOf(packet, selection, removed);
    if (isUnheld || rules.length === 0) return true;
    for (const rule of [...rules, ...opening(open, selection)]) removed.add(rule);
  }
}

/** Where only NetworkPolicies decide, whatever lets any of it through has to go, whichever packet is looked at first. */
const opening = (open: Traffic, { admin, policies }: Selection): Rule[] =>
  admin.length > 0 ? [] : policies.filter(isSure).flatMap(({ policy }) => policy.egress?.rules ?? []).filter((rule) => common(ADDRESS_SETS.surely(rule), open).length > 0);

export const textOf = ({ kind, object, path }: RuleReference): string => [path, "of", kind, object].filter((part) => part !== "").join(" ");

/** One sentence. */
export function repairSentence({ removals, isUnheld }: Pick<Repair, "removals" | "isUnheld">, namespace: string): string {
  const add = `add a NetworkPolicy with an empty podSelector and policyTypes [Egress] to namespace ${namespace}, for nothing isolates the pod`;
  const remove = `remove ${removals.map(textOf).join(" and ")}`;
  const parts = [...(removals.length > 0 ? [remove] : []), ...(isUnheld ? [add] : [])].join(", and ");
  return `${parts.slice(0, 1).toUpperCase()}${parts.slice(1)}.`;
}
