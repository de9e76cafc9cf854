/** A proof as text for people: one line for each workload, and below it whatever is not good news. */
import { ROLE } from "../../lib/labels.ts";
import type { Role } from "../../sovereignty/policy.ts";
import { RESIDUALS, type Escape, type NamespaceProof, type Proof, type SubjectProof } from "../../sovereignty/prover/result.ts";
import { packetText, VERDICTS, type RuleReference, type Verdict } from "../../sovereignty/verdict.ts";

/** What is known of an address beside the rules: `rir: US, geo: US`. */
export type Whereabouts = (address: string) => string | undefined;

export interface Wording {
  readonly whereabouts: Whereabouts;
  /** More lines about a subject. */
  readonly explain: (subject: SubjectProof) => readonly string[];
}

const INDENT = " ".repeat(14);
const lineOf = (verdict: string, text: string): string => `${verdict.padEnd(INDENT.length)}${text}`;
const indented = (text: string): string => `${INDENT}${text}`;

export function proofText(proof: Proof, wording: Wording): string {
  const lines = [...proof.namespaces.flatMap((one) => namespaceLines(one, wording)), residualLine(proof), summaryOf(proof)];
  return lines.map((line) => `${line}\n`).join("");
}

function namespaceLines({ namespace, policy, workloads, labelSpace, findings }: NamespaceProof, wording: Wording): string[] {
  if (policy === undefined) return [lineOf("UNGOVERNED", `${namespace}: ${count(workloads.length, "workload")}; no SovereigntyPolicy selects the namespace`)];
  return [
    ...workloads.flatMap((one) => [lineOf(one.verdict, one.id), ...detailsOf(one, wording)]),
    ...alike(labelSpace, wording).flatMap(({ first, roles }) => [lineOf(first.verdict, `${first.id}  any pod that could appear${whichOf(roles, labelSpace)}`), ...detailsOf(first, wording)]),
    ...findings.map(({ kind, at, message }) => lineOf("note", `${kind}: ${textOf(at)}: ${message}`)),
  ];
}

/** Roles of pods of which there is the same to say, but for the label that tells their role. */
function alike(labelSpace: readonly SubjectProof[], wording: Wording): { readonly first: SubjectProof; readonly roles: readonly Role[] }[] {
  const groups = Map.groupBy(labelSpace, (one) => JSON.stringify([one.verdict, detailsOf(one, wording)]));
  return [...groups.values()].flatMap((same) => same.slice(0, 1).map((first) => ({ first, roles: same.map(({ role }) => role) })));
}

const whichOf = (roles: readonly Role[], all: readonly SubjectProof[]): string => (roles.length === all.length ? "" : ` as ${roles.join(", ")}`);

function detailsOf(subject: SubjectProof, wording: Wording): string[] {
  const { counterexample, missing } = subject;
  const bad = counterexample === undefined ? [] : escapeLines(counterexample, wording);
  return [...bad, ...missing.map(({ message }) => message), ...wording.explain(subject)].map(indented);
}

function escapeLines({ packet, labels, allowedBy, repair, addressClass }: Escape, { whereabouts }: Wording): string[] {
  const where = [...(addressClass === "Global" ? [] : [addressClass]), whereabouts(packet.address ?? "") ?? ""].filter((part) => part !== "").join("; ");
  return [
    `packet      ${packetText(packet)}${where === "" ? "" : ` (${where})`}${labelsText(labels)}`,
    `allowed by  ${allowedBy.length === 0 ? "nothing: no policy isolates it for egress" : allowedBy.map(textOf).join(", ")}`,
    `repair      ${repair}`,
  ];
}

/** That of the role goes without saying. */
function labelsText(labels: Readonly<Record<string, string>> = {}): string {
  const others = Object.entries(labels).filter(([key]) => key !== ROLE).map(([key, value]) => `${key}=${value}`);
  return others.length === 0 ? "" : ` from a pod with ${others.join(",")}`;
}

/** `NetworkPolicy assistant/open spec.egress[0].to[1]` */
export const textOf = ({ kind, object, path }: RuleReference): string => [kind, object, path].filter((part) => part !== "").join(" ");

const residualLine = ({ residuals }: Proof): string => `No rule decides ${residuals.join(", ")}: ways out that stay open (--explain).`;

/** What --explain says of them, once. */
export const residualLines = ({ residuals }: Proof): string[] => residuals.map((one) => lineOf("no rule", `${one}: ${RESIDUALS[one]}`));

/** `REFUTED: 1 of 3 workloads REFUTED, 2 PROVED; ...` */
function summaryOf({ verdict, namespaces }: Proof): string {
  const governed = namespaces.filter(({ policy }) => policy !== undefined);
  const ungoverned = namespaces.filter(({ policy }) => policy === undefined);
  const ofWorkloads = tally(governed.flatMap(({ workloads }) => workloads), "workload");
  const ofSpaces = tally(governed.flatMap(({ labelSpace }) => labelSpace), "kind of future pod", "kinds of future pods");
  const parts = [ofWorkloads, ofSpaces, ungoverned.length === 0 ? "" : `${count(ungoverned.length, "namespace")} UNGOVERNED`];
  return `${verdict}: ${parts.filter((part) => part !== "").join("; ") || "there is nothing that a policy governs"}.`;
}

function tally(subjects: readonly { readonly verdict: Verdict }[], one: string, many = `${one}s`): string {
  if (subjects.length === 0) return "";
  const found = VERDICTS.map((verdict) => ({ verdict, number: subjects.filter((subject) => subject.verdict === verdict).length })).filter(({ number }) => number > 0);
  return `of ${count(subjects.length, one, many)} ${found.map(({ verdict, number }) => `${number} ${verdict}`).join(", ")}`;
}

const count = (number: number, one: string, many = `${one}s`): string => `${number} ${number === 1 ? one : many}`;
