/** How the operator proves: with what it may read, one proof at a time, and with evidence in its own namespace. */
import type { OperatorFacts } from "../kinds/language-model-deployment/build/index.ts";
import { dayOf } from "../kinds/sovereignty-policy/policy.ts";
import { EvidenceStore } from "../kinds/sovereignty-policy/proof/evidence-store.ts";
import { proverInTurns } from "../kinds/sovereignty-policy/proof/in-turns.ts";
import { ProofKeeper } from "../kinds/sovereignty-policy/proof/keeper.ts";
import { proofsOf, type Proofs } from "../kinds/sovereignty-policy/proof/proofs.ts";
import type { KubeApi } from "../kube/api.ts";
import { systemClock } from "../lib/clock.ts";
import type { Flip } from "../sovereignty/verdict.ts";
import { snapshotOfCluster, type ClusterAccess } from "./snapshot/cluster.ts";

export interface Access {
  readonly reader: ClusterAccess;
  /** Passes the fence: only who leads keeps evidence. */
  readonly writer: Pick<KubeApi, "list" | "create" | "delete">;
}

/** @param onFlips told once of every verdict that became another one */
export function proofsFor({ reader, writer }: Access, { namespace, probe }: OperatorFacts, onFlips: (flips: readonly Flip[]) => void): Proofs {
  const surroundings = { cluster: { pods: [], services: [], nodes: [] }, nameServers: probe.dns, operatorNamespace: namespace };
  const read = () => snapshotOfCluster(reader, { ...surroundings, today: dayOf(systemClock.now()) });
  const monotonic = (): number => systemClock.monotonic();
  const keeper = new ProofKeeper({ clock: systemClock, read, prove: proverInTurns(monotonic) });
  return proofsOf({ keeper, store: new EvidenceStore(writer, namespace), monotonic, onFlips });
}
