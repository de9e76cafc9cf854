/**
 * Whether the pods that a pod may talk to keep what they are told. A pod is proved if its own rules are, and all governed pods
 * that it may talk to are proved: the largest set of pods of which that is true, so that two that talk only to each other are.
 */
import type { Examined, Kind, LocalProof } from "./namespace.ts";
import { remembering } from "./remembering.ts";
import type { Selector } from "./selector.ts";
import type { Findings } from "./subject.ts";
import type { World } from "./world.ts";

export interface Relays {
  /** Ids of governed pods that this one may talk to and that are not proved, sorted. For a label space those of label spaces. */
  unprovedPeersOf(one: Examined, kind: Kind): readonly string[];
  /** Equal as long as nothing changes that others see of the namespace. */
  stateOf(namespace: string): string;
}

const KINDS = ["workloads", "labelSpace"] as const;

/** By namespace. */
type Unproved = ReadonlyMap<string, Set<Examined>>;
/** A pod, or the name of a namespace of which nobody knows which pods there are. */
type PeersIn = (findings: Findings, kind: Kind) => readonly (Examined | string)[];

export function findRelays(locals: ReadonlyMap<string, LocalProof>, world: World): Relays {
  const unproved: Unproved = new Map([...locals].map(([name, local]) => [name, new Set(local.unproved)]));
  const peersIn = peerFinder(locals, unproved, world);
  spread(locals, unproved, peersIn);
  const peersOf = { workloads: remembering((findings: Findings) => peersIn(findings, "workloads")), labelSpace: remembering((findings: Findings) => peersIn(findings, "labelSpace")) };
  return {
    unprovedPeersOf: (one, kind) => (one.findings === undefined ? [] : idsOf(peersOf[kind](one.findings).filter((peer) => peer !== one))),
    stateOf: remembering((namespace) => stateOf(locals.get(namespace), unproved.get(namespace))),
  };
}

/** A mark for each pod of the namespace; empty where all are proved, as mostly. */
const stateOf = (local: LocalProof | undefined, unproved: ReadonlySet<Examined> = new Set()): string =>
  local === undefined || unproved.size === 0 ? "" : KINDS.map((kind) => local[kind].map((one) => (unproved.has(one) ? "-" : "+")).join("")).join(" ");

const idsOf = (peers: ReturnType<PeersIn>): string[] => [...new Set(peers.map((peer) => (typeof peer === "string" ? `${peer}/*` : peer.id)))].toSorted();

/** Takes back what was thought to be proved until nothing changes: only namespaces that depend on a change are looked at again. */
function spread(locals: ReadonlyMap<string, LocalProof>, unproved: Unproved, peersIn: PeersIn): void {
  const dependents = dependentsIn(locals);
  const changed = [...unproved].filter(([, some]) => some.size > 0).map(([name]) => name);
  for (let name = changed.pop(); name !== undefined; name = changed.pop()) {
    for (const dependent of dependents.get(name) ?? []) {
      const before = unproved.get(dependent.inputs.namespace) ?? new Set();
      const lost = KINDS.flatMap((kind) => lostIn(dependent, kind, before, peersIn));
      for (const one of lost) before.add(one);
      if (lost.length > 0) changed.push(dependent.inputs.namespace);
    }
  }
}

function lostIn(local: LocalProof, kind: Kind, before: ReadonlySet<Examined>, peersIn: PeersIn): Examined[] {
  const isLost = remembering((findings: Findings) => peersIn(findings, kind).length > 0);
  return local[kind].filter((one) => !before.has(one) && one.findings !== undefined && isLost(one.findings));
}

/** For each namespace those whose pods may talk to pods of it. */
function dependentsIn(locals: ReadonlyMap<string, LocalProof>): Map<string, LocalProof[]> {
  const dependents = new Map<string, LocalProof[]>();
  for (const local of locals.values()) {
    for (const namespace of local.dependsOn) {
      const others = dependents.get(namespace);
      if (others === undefined) dependents.set(namespace, [local]);
      else others.push(local);
    }
  }
  return dependents;
}

/** Looks at what is unproved when it is asked. */
function peerFinder(locals: ReadonlyMap<string, LocalProof>, unproved: Unproved, world: World): PeersIn {
  const unprovedIn = (namespace: string, kind: Kind, selector: Selector): readonly (Examined | string)[] => {
    const [local, some] = [locals.get(namespace), unproved.get(namespace)];
    if (local === undefined || some === undefined || world.missingIn(namespace).length > 0) return [namespace];
    return some.size === 0 ? [] : local.taken(kind, selector).filter((one) => some.has(one));
  };
  return (findings, kind) => findings.dependencies.flatMap(({ namespaces, selector }) => namespaces.flatMap((name) => unprovedIn(name, kind, selector)));
}
