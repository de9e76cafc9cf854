/** What a proof says of one SovereigntyPolicy: its condition Proved and its counts. Pure. */
import type { WantedCondition } from "../../../runtime/status.ts";
import type { NamespaceProof, SubjectProof } from "../../../sovereignty/prover/result.ts";
import { packetText, type Verdict } from "../../../sovereignty/verdict.ts";
import { PROVED } from "../conditions.ts";
import type { Learned } from "./learn.ts";

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
  /** Nothing has been proved yet, or the cluster cannot be read. */
  | "NotProved"
  /** What is proved cannot be written down. */
  | "EvidenceNotKept";

/** At most so many namespaces are named in a message. */
const NAMED = 5;

/** What runs before what could, and before pods of Hoheit those that anybody may make: what is named is the first. */
const subjectsOf = (proofs: readonly NamespaceProof[]): readonly SubjectProof[] => {
  const [anybodys, ours] = [true, false].map((isAnybodys) => proofs.flatMap(({ labelSpace }) => labelSpace.filter(({ role }) => (role === "Application") === isAnybodys)));
  return [...proofs.flatMap(({ workloads }) => workloads), ...(anybodys ?? []), ...(ours ?? [])];
};

/** `any Application pod of chat`, or the id of a workload. */
const nameOf = ({ id, role }: SubjectProof): string => (id.endsWith("/*") ? `any ${role} pod in namespace ${id.slice(0, -2)}` : id);

interface Input extends Pick<Learned, "governed" | "failure"> {
  readonly proofs: readonly NamespaceProof[];
  /** Everything that was proved of, by what came of it. */
  readonly by: Readonly<Record<Verdict, readonly SubjectProof[]>>;
}

type Answer = Pick<WantedCondition, "status" | "message"> & { readonly reason: ProvedReason };

/** The list is the specification: the first that has an answer gives it. */
const questions: readonly ((input: Input) => Answer | undefined)[] = [nothingIsRefuted, everythingIsHeld, everythingIsDecided, everyNamespaceIsProved, evidenceIsKept];

export function provedCondition({ governed, proofs, failure }: Pick<Learned, "governed" | "proofs" | "failure">): WantedCondition {
  if (governed.length === 0) return { type: PROVED, ...say("Unknown", "NothingGoverned", "The policy governs no namespace.") };
  if (proofs === undefined) return { type: PROVED, ...say("Unknown", "NotProved", failure ?? "Nothing has been proved since the operator started.") };
  const subjects = subjectsOf(proofs);
  const of = (verdict: Verdict): readonly SubjectProof[] => subjects.filter((subject) => subject.verdict === verdict);
  const input: Input = { governed, proofs, failure, by: { UNGOVERNED: of("UNGOVERNED"), REFUTED: of("REFUTED"), UNDETERMINED: of("UNDETERMINED"), PROVED: of("PROVED") } };
  for (const question of questions) {
    const answer = question(input);
    if (answer !== undefined) return { type: PROVED, ...answer };
  }
  const workloads = proofs.reduce((sum, proof) => sum + proof.workloads.length, 0);
  return { type: PROVED, ...say("True", "AllProved", `${NO_WAY_OUT}: ${count(workloads, "workload")} and any pod that could appear in ${count(proofs.length, "namespace")}.`) };
}

const NO_WAY_OUT = "No rule lets anything out but to where the policies allow";
const say = (status: Answer["status"], reason: ProvedReason, message: string): Answer => ({ status, reason, message });

function nothingIsRefuted({ by: { REFUTED: all } }: Input): Answer | undefined {
  const [first] = all;
  if (first === undefined) return undefined;
  const { counterexample } = first;
  const packet = counterexample === undefined ? "where no policy allows." : `${packetText(counterexample.packet)}. ${counterexample.repair}`;
  return say("False", "Refuted", `${sentence(nameOf(first))} may send to ${packet}${more(all.length)}`);
}

function everythingIsHeld({ by: { UNGOVERNED: all } }: Input): Answer | undefined {
  const [first] = all;
  return first && say("False", "NotHeld", `${messages(first)}${more(all.length)}`);
}

function everythingIsDecided({ by: { UNDETERMINED: all } }: Input): Answer | undefined {
  const [first] = all;
  return first && say("Unknown", "Undetermined", `Of ${nameOf(first)} it is not proved where it may send: ${messages(first)}${more(all.length)}`);
}

/** One that is new, for example. */
function everyNamespaceIsProved({ governed, proofs }: Input): Answer | undefined {
  const missing = governed.filter((name) => !proofs.some(({ namespace }) => namespace === name));
  if (missing.length === 0) return undefined;
  const named = `${missing.slice(0, NAMED).join(", ")}${missing.length > NAMED ? ` and ${missing.length - NAMED} more` : ""}`;
  return say("Unknown", "NotProved", `Nothing has been proved yet of namespace${missing.length === 1 ? "" : "s"} ${named}.`);
}

function evidenceIsKept({ failure }: Input): Answer | undefined {
  return failure === undefined ? undefined : say("Unknown", "EvidenceNotKept", `${NO_WAY_OUT}. ${failure}`);
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
