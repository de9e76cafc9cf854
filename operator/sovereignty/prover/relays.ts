/**
 * Whether the pods that a pod may talk to keep what they are told. A pod is proved if its own rules are, and all governed pods
 * that it may talk to are proved: the largest set of pods of which that is true, so that two that talk only to each other are.
 */
import type { Examined, LocalProof } from "./namespace.ts";
import { match, type Selector } from "./selector.ts";
import type { World } from "./world.ts";

export interface Relays {
  /** Ids of governed pods that this one may talk to and that are not proved, sorted. For a label space those of label spaces. */
  unprovedPeersOf(one: Examined, kind: Kind): readonly string[];
  /** Equal as long as nothing changes that others see of the namespace. */
  stateOf(namespace: string): string;
}

/** A workload of today depends on those of today, any pod on any pod. */
export type Kind = "workloads" | "labelSpace";
const KINDS = ["workloads", "labelSpace"] as const;

const isProvedAlone = ({ findings }: Examined): boolean => findings !== undefined && findings.repair === undefined && findings.missing.length === 0;

/** By namespace. */
type Unproved = ReadonlyMap<string, Set<Examined>>;
type PeersOf = Relays["unprovedPeersOf"];

export function findRelays(locals: ReadonlyMap<string, LocalProof>, world: World): Relays {
  const unproved: Unproved = new Map([...locals].map(([name, local]) => [name, new Set(KINDS.flatMap((kind) => local[kind]).filter((one) => !isProvedAlone(one)))]));
  const unprovedPeersOf = peerFinder(locals, unproved, world);
  spread(locals, unproved, unprovedPeersOf);
  return {
    unprovedPeersOf,
    stateOf: (namespace) => KINDS.map((kind) => (locals.get(namespace)?.[kind] ?? []).map((one) => (unproved.get(namespace)?.has(one) === true ? "-" : "+")).join("")).join(" "),
  };
}

/** Takes back what was thought to be proved until nothing changes: only namespaces that depend on a change are looked at again. */
function spread(locals: ReadonlyMap<string, LocalProof>, unproved: Unproved, peersOf: PeersOf): void {
  const dependents = dependentsIn(locals);
  const changed = [...unproved].filter(([, some]) => some.size > 0).map(([name]) => name);
  for (let name = changed.pop(); name !== undefined; name = changed.pop()) {
    for (const dependent of dependents.get(name) ?? []) {
      const before = unproved.get(dependent.inputs.namespace) ?? new Set();
      const lost = KINDS.flatMap((kind) => dependent[kind].filter((one) => !before.has(one) && peersOf(one, kind).length > 0));
      for (const one of lost) before.add(one);
      if (lost.length > 0) changed.push(dependent.inputs.namespace);
    }
  }
}

/** For each namespace those whose pods may talk to pods of it. */
function dependentsIn(locals: ReadonlyMap<string, LocalProof>): Map<string, Set<LocalProof>> {
  const dependents = new Map<string, Set<LocalProof>>();
  for (const local of locals.values()) {
    for (const namespace of local.dependsOn) dependents.set(namespace, (dependents.get(namespace) ?? new Set()).add(local));
  }
  return dependents;
}

function peerFinder(locals: ReadonlyMap<string, LocalProof>, unproved: Unproved, world: World): PeersOf {
  const unprovedIn = (namespace: string, kind: Kind, selector: Selector): readonly Examined[] | "All" => {
    // Of a namespace of which something could not be read nobody knows which pods there are.
    if (!locals.has(namespace) || world.missingIn(namespace).length > 0) return "All";
    const some = unproved.get(namespace);
    return some === undefined || some.size === 0 ? [] : (locals.get(namespace)?.[kind] ?? []).filter((one) => some.has(one) && match(selector, one.pod) !== "No");
  };
  return (asking, kind) => {
    const peers = (asking.findings?.dependencies ?? []).flatMap(({ namespaces, selector }) => namespaces.flatMap((name) => {
      const found = unprovedIn(name, kind, selector);
      return found === "All" ? [`${name}/*`] : found.filter((one) => one !== asking).map(({ id }) => id);
    }));
    return [...new Set(peers)].toSorted();
  };
}
