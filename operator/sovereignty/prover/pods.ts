/** Which pods of the cluster a pod may talk to, and why that is no way out: setwise, never pod by pod. */
import { difference, intersection, type IntervalSet } from "../addresses/intervals.ts";
import { NAMESPACE_NAME } from "../../lib/labels.ts";
import { byKey } from "../../lib/order.ts";
import { isolation, possible, type Selection } from "./evaluate.ts";
import type { Permitted, PermittedPods } from "./permitted.ts";
import { toRanges } from "./ports.ts";
import type { PodTraffic } from "./result.ts";
import type { Rule } from "./rule.ts";
import { implies, isUnbounded, textOfSelector, type Selector } from "./selector.ts";
import { mayHitPods, merged, podSets, type PodRegion } from "./sets.ts";
import type { World } from "./world.ts";

export interface ReachedPods {
  readonly line: PodTraffic;
  readonly namespaces: readonly string[];
  readonly selector: Selector;
}

export interface Reaching {
  readonly namespace: string;
  readonly selection: Selection;
  readonly permitted: Permitted;
}

export function reachedPods(subject: Reaching, world: World): ReachedPods[] {
  const found = new Map<string, { namespaces: string[]; part: Part }>();
  for (const [namespace, selection] of heldBy(subject, world)) {
    const target = { labels: world.labelsOf(namespace), isOwn: namespace === subject.namespace, podAddresses: world.podAddresses };
    const regions = merged(possible(selection, "Accept", { sets: podSets(target), direction: "egress" }));
    for (const part of regions.flatMap((region) => partsOf(region, namespace, subject.permitted, world))) {
      const key = JSON.stringify([part.as, textOfSelector(part.selector), toRanges(part.ports)]);
      const entry = found.get(key) ?? { namespaces: [], part };
      entry.namespaces.push(namespace);
      found.set(key, entry);
    }
  }
  const reached = [...found.values()].map(({ namespaces, part }) => lineOf(namespaces, part, world));
  return reached.toSorted(byKey(({ line }) => JSON.stringify([line.namespaces, line.selector, line.as])));
}

/** What holds the pod, as far as it speaks of pods of each namespace, by its name: of all where nothing surely isolates, or a rule speaks of any pod. */
function heldBy(subject: Reaching, world: World): (readonly [string, Selection])[] {
  const { selection } = subject;
  const [any] = selection.policies;
  const everywhere = [...world.namespaces.keys()];
  if (any === undefined || isolation(selection, { direction: "egress" }) !== "Yes") return everywhere.map((name) => [name, selection] as const);
  const rules = selection.policies.flatMap(({ policy }) => policy.egress?.rules ?? []);
  const all = [...rules, ...selection.admin.flatMap(({ policy }) => policy.egress)];
  const isAboutAny = (rule: Rule): boolean => rule.pods === undefined && rule.action === "Accept" && mayHitPods(rule, world.podAddresses);
  const names = new Set(all.some(isAboutAny) ? everywhere : all.flatMap((rule) => namesIn(rule, subject, world)));
  const rulesFor = rulesByNamespace(rules, subject, world);
  const isolatedBy = (some: readonly Rule[]): Selection => ({ ...selection, policies: [{ match: "Yes", policy: { ...any.policy, isSure: true, egress: { isSure: true, isImplied: false, rules: some } } }] });
  return [...names].toSorted().map((name) => [name, isolatedBy(rulesFor(name))] as const);
}

const namesIn = ({ pods }: Rule, { namespace }: Reaching, world: World): readonly string[] =>
  pods === undefined ? [] : pods.namespaces === undefined ? [namespace] : world.namesOf(pods.namespaces);

/** Rules that may hit pods of a namespace: thousands may name one namespace each, and all of them asked about all of those would be a square. */
function rulesByNamespace(rules: readonly Rule[], subject: Reaching, world: World): (namespace: string) => readonly Rule[] {
  const isBroad = (rule: Rule): boolean => (rule.pods === undefined ? mayHitPods(rule, world.podAddresses) : rule.pods.namespaces !== undefined && isUnbounded(rule.pods.namespaces, NAMESPACE_NAME));
  const [broad, bounded] = [rules.filter(isBroad), rules.filter((rule) => !isBroad(rule))];
  const named = Map.groupBy(bounded.flatMap((rule) => namesIn(rule, subject, world).map((name) => ({ name, rule }))), ({ name }) => name);
  return (namespace) => [...broad, ...(named.get(namespace) ?? []).map(({ rule }) => rule)];
}

interface Part extends PodRegion {
  readonly as: PodTraffic["as"];
}

/** First what the policy names, then the rest: pods that are governed themselves, or a relay. */
function partsOf({ selector, ports }: PodRegion, namespace: string, { pods }: Permitted, { snapshot }: World): Part[] {
  const parts: Part[] = [];
  let rest: IntervalSet = ports;
  for (const one of pods.filter((each) => isFor(each, namespace, selector))) {
    const taken = intersection(rest, one.ports);
    if (taken.length > 0) parts.push({ as: one.as, selector, ports: taken });
    rest = difference(rest, one.ports);
  }
  if (rest.length > 0) parts.push({ as: snapshot.governed.has(namespace) ? "Governed" : "Relay", selector, ports: rest });
  return parts;
}

const isFor = (one: PermittedPods, namespace: string, selector: Selector): boolean => one.namespace === namespace && implies(selector, one.labels);

function lineOf(namespaces: readonly string[], { as, selector, ports }: Part, world: World): ReachedPods {
  const shown = namespaces.length === world.namespaces.size ? ["*"] : namespaces;
  return { namespaces, selector, line: { namespaces: shown, selector: textOfSelector(selector), ports: toRanges(ports), as } };
}
