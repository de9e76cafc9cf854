/** Which part of a proof is asked for. */
import { ConfigError } from "../../config.ts";
import { worst } from "../../sovereignty/prover/prove.ts";
import type { NamespaceProof, Proof } from "../../sovereignty/prover/result.ts";
import type { Verdict } from "../../sovereignty/verdict.ts";
import type { Focus } from "./options.ts";

/**
 * The proof of one namespace or workload alone, or the whole.
 * @throws ConfigError for what is not there: nothing would be said about it, which is no good news
 */
export function focused(proof: Proof, { namespace, workload }: Focus): Proof {
  if (namespace === undefined && workload === undefined) return proof;
  const inside = proof.namespaces.filter((one) => namespace === undefined || one.namespace === namespace);
  if (inside.length === 0) throw new ConfigError([`--namespace ${namespace}: nothing governs a namespace of this name, and nothing runs in it`]);
  const namespaces = workload === undefined ? inside : inside.flatMap((one) => ofWorkload(one, workload));
  if (namespaces.length === 0) throw new ConfigError([`--workload ${workload}: there is none of this name; KIND/NAME with --namespace, or NAMESPACE/KIND/NAME`]);
  return { ...proof, verdict: worst(namespaces), namespaces };
}

function ofWorkload(proof: NamespaceProof, wanted: string): NamespaceProof[] {
  const workloads = proof.workloads.filter(({ id }) => isMeant(id, wanted));
  return workloads.length === 0 ? [] : [{ ...proof, workloads, labelSpace: [], verdict: worst(workloads), findings: [] }];
}

/** Whether `assistant/Deployment/chat` is meant by `deployment/chat` or the like. */
export const isMeant = (id: string, wanted: string): boolean => {
  const [given, own] = [partsOf(wanted), partsOf(id).slice(-wanted.split("/").length)];
  return given.join("/") === own.join("/");
};

/** Namespaces and names are in lower case anyway. */
const partsOf = (id: string): string[] => id.toLowerCase().split("/");

/** 0 proved, 1 refuted or held by nothing, 2 undetermined. */
export const exitCodeOf = (verdict: Verdict): number => EXIT_CODES[verdict];
const EXIT_CODES: Readonly<Record<Verdict, number>> = { PROVED: 0, REFUTED: 1, UNGOVERNED: 1, UNDETERMINED: 2 };
