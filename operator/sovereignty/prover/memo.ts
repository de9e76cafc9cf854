/**
 * What the last proof found, for the next one. One changed policy then costs the proof of its namespace, and a look at those
 * that depend on it. A part is used again only if everything that it was made of is the same.
 */
import { toCidrs } from "../addresses/cidr.ts";
import type { Snapshot } from "../snapshot.ts";
import type { ByNamespace } from "./by-namespace.ts";
import type { LocalProof, NamespaceInputs } from "./namespace.ts";
import { textOfPolicy } from "./permitted.ts";
import type { Relays } from "./relays.ts";
import type { NamespaceProof } from "./result.ts";
import { buildWorld, type World } from "./world.ts";

/** What others saw of the namespaces on which a proof relies. */
interface Surroundings {
  readonly locals: ReadonlyMap<string, LocalProof>;
  readonly relays: Relays;
}

export interface Memo {
  worldOf(snapshot: Snapshot, objects: ByNamespace): World;
  examined(inputs: NamespaceInputs, examine: () => LocalProof): LocalProof;
  proved(local: LocalProof, surroundings: Surroundings, prove: () => NamespaceProof): NamespaceProof;
}

export function createMemo(): Memo {
  let world: World | undefined;
  const locals = new Map<string, LocalProof>();
  const proofs = new Map<string, { readonly seen: readonly unknown[]; readonly proof: NamespaceProof }>();
  return {
    worldOf(snapshot, objects) {
      const next = buildWorld(snapshot, objects);
      if (world !== undefined && !isSameWorld(world, next)) locals.clear();
      world = next;
      for (const name of proofs.keys()) if (!next.namespaces.has(name)) proofs.delete(name);
      return next;
    },
    examined(inputs, examine) {
      const known = locals.get(inputs.namespace);
      if (known !== undefined && areSameInputs(known.inputs, inputs)) return known;
      const local = examine();
      locals.set(inputs.namespace, local);
      return local;
    },
    proved(local, surroundings, prove) {
      const { namespace } = local.inputs;
      const seen = seenBy(local, surroundings);
      const known = proofs.get(namespace);
      if (known !== undefined && areEqual(known.seen, seen)) return known.proof;
      const proof = prove();
      proofs.set(namespace, { seen, proof });
      return proof;
    },
  };
}

const seenBy = (local: LocalProof, { locals, relays }: Surroundings): unknown[] =>
  [local.inputs.namespace, ...local.dependsOn].flatMap((name) => [locals.get(name), relays.stateOf(name)]);

const areEqual = (a: readonly unknown[], b: readonly unknown[]): boolean => a.length === b.length && a.every((one, i) => one === b[i]);

/** The same objects, in whatever order; mostly it is the same order. */
function areSameObjects(a: readonly object[], b: readonly object[]): boolean {
  if (a.length !== b.length || areEqual(a, b)) return a.length === b.length;
  const known = new Set(a);
  return b.every((one) => known.has(one));
}

const areSameInputs = (a: NamespaceInputs, b: NamespaceInputs): boolean =>
  (a.policy === b.policy || (a.policy !== undefined && b.policy !== undefined && textOfPolicy(a.policy) === textOfPolicy(b.policy))) &&
  (["workloads", "networkPolicies", "services", "endpointSlices"] as const).every((kind) => areSameObjects(a[kind], b[kind]));

function isSameWorld(a: World, b: World): boolean {
  return areSameObjects(a.snapshot.namespaces, b.snapshot.namespaces) && areSameObjects(a.snapshot.clusterNetworkPolicies, b.snapshot.clusterNetworkPolicies) &&
    areEqual([...a.namespaces.keys()], [...b.namespaces.keys()]) && JSON.stringify(factsOf(a)) === JSON.stringify(factsOf(b));
}

const factsOf = ({ snapshot, nameServers }: World): unknown[] =>
  [snapshot.cluster, snapshot.operatorNamespace, snapshot.unreadable, snapshot.unknownPolicyKinds, [...snapshot.governed.keys()].toSorted(), toCidrs(nameServers)];
