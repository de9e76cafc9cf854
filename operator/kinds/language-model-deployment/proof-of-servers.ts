/** What is proved of the model servers of a deployment, of all that is proved of their namespace. Pure. */
import type { NamespaceProof, SubjectProof } from "../../sovereignty/prover/result.ts";
import type { Verdict } from "../../sovereignty/verdict.ts";

/** What has a packet to show comes first. */
const WORST_FIRST: readonly Verdict[] = ["REFUTED", "UNGOVERNED", "UNDETERMINED", "PROVED"];

interface Servers {
  readonly namespace: string;
  /** Name of the Deployment. */
  readonly deployment: string;
  /** Names of pods: one that is not as the Deployment says, because something changes pods as they come, is proved for itself. */
  readonly pods: readonly string[];
}

/** The worst of it. While there is no Deployment, any pod counts that could ever be a model server there. */
export function proofOfServers(proof: NamespaceProof | undefined, { namespace, deployment, pods }: Servers): SubjectProof | undefined {
  if (proof === undefined) return undefined;
  const id = `${namespace}/Deployment/${deployment}`;
  const ids = new Set([id, ...pods.map((pod) => `${namespace}/Pod/${pod}`)]);
  const there = proof.workloads.filter((workload) => ids.has(workload.id));
  const all = there.some((workload) => workload.id === id) ? there : [...there, ...proof.labelSpace.filter(({ role }) => role === "Serving")];
  return WORST_FIRST.map((verdict) => all.find((one) => one.verdict === verdict)).find((one) => one !== undefined);
}
