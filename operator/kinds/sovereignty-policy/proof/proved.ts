/** What a proof says of one SovereigntyPolicy: its condition Proved and its counts. Pure. */
import type { WantedCondition } from "../../../runtime/status.ts";
import type { NamespaceProof, SubjectProof } from "../../../sovereignty/prover/result.ts";
import type { Packet, Verdict } from "../../../sovereignty/verdict.ts";

export const PROVED = "Proved";

export type ProvedReason =
  /** Every rule in the governed namespaces lets through only what the policies allow. */
  | "AllProved"
  /** A rule lets something out; message names the packet and the smallest repair. */
  | "Refuted"
  /** Something runs in a governed namespace that no rule holds. */
  | "NotHeld"
  /** Something could not be read, understood or decided; message names it. */
  | "Undetermined"
  /** The policy selects no namespace. */
  | "NothingGoverned"
  /** Nothing has been proved yet. */
  | "NotProved";

/** `TCP 8.8.8.8:443`, as people try it. */
export function packetText({ protocol, address, to, port }: Packet): string {
  const host = address?.includes(":") === true ? `[${address}]` : (address ?? to ?? "");
  return `${protocol} ${host}:${port}`;
}

const subjectsOf = ({ workloads, labelSpace }: NamespaceProof): readonly SubjectProof[] => [...workloads, ...labelSpace];

/** `any Application pod of chat`, or the id of a workload. */
const nameOf = ({ id, role }: SubjectProof): string => (id.endsWith("/*") ? `any ${role} pod in namespace ${id.slice(0, -2)}` : id);

/**
 * @param proofs of the namespaces that the policy governs; undefined while nothing was proved
 */
export function provedCondition(proofs: readonly NamespaceProof[] | undefined): WantedCondition {
  const say = (status: WantedCondition["status"], reason: ProvedReason, message: string): WantedCondition => ({ type: PROVED, status, reason, message });
  if (proofs === undefined) return say("Unknown", "NotProved", "Nothing has been proved since the operator started.");
  if (proofs.length === 0) return say("Unknown", "NothingGoverned", "The policy governs no namespace.");
  const subjects = proofs.flatMap(subjectsOf);
  const of = (verdict: Verdict): readonly SubjectProof[] => subjects.filter((subject) => subject.verdict === verdict);
  const [refuted] = of("REFUTED");
  if (refuted?.counterexample !== undefined) {
    const { packet, repair } = refuted.counterexample;
    return say("False", "Refuted", `${sentence(nameOf(refuted))} may send to ${packetText(packet)}. ${repair}${more(of("REFUTED").length)}`);
  }
  const [loose] = of("UNGOVERNED");
  if (loose !== undefined) return say("False", "NotHeld", `${messages(loose)}${more(of("UNGOVERNED").length)}`);
  const [open] = of("UNDETERMINED");
  if (open !== undefined) return say("Unknown", "Undetermined", `Of ${nameOf(open)} it is not proved where it may send: ${messages(open)}${more(of("UNDETERMINED").length)}`);
  const workloads = proofs.reduce((sum, proof) => sum + proof.workloads.length, 0);
  return say("True", "AllProved", `No rule lets anything out but to where the policies allow: ${count(workloads, "workload")} and any pod that could appear in ${count(proofs.length, "namespace")}.`);
}

/** Ids are spelt as they are. */
const sentence = (text: string): string => (text.startsWith("any ") ? `Any ${text.slice(4)}` : text);
const messages = ({ missing }: SubjectProof): string => missing.map(({ message }) => message).join(" ");
const more = (all: number): string => (all > 1 ? ` So it is with ${all - 1} more; hoheit prove names them.` : "");
const count = (number: number, what: string): string => `${number} ${what}${number === 1 ? "" : "s"}`;

/** Workloads by verdict, for the status. */
export function countsOf(proofs: readonly NamespaceProof[]): Record<"proved" | "refuted" | "undetermined" | "ungoverned", number> {
  const of = (verdict: Verdict): number => proofs.reduce((sum, { workloads }) => sum + workloads.filter((workload) => workload.verdict === verdict).length, 0);
  return { proved: of("PROVED"), refuted: of("REFUTED"), undetermined: of("UNDETERMINED"), ungoverned: of("UNGOVERNED") };
}
