/** One workload, or any pod of one role: its verdict, why, and everything that the rules let it reach. */
import { ROLES, type Policy } from "../../sovereignty/policy.ts";
import type { Escape, Missing, SubjectProof } from "../../sovereignty/prover/result.ts";
import type { Packet } from "../../sovereignty/verdict.ts";
import { anchor, bullets, facts, heading, verdictMark, type Scene } from "../components.ts";
import { code, labels, message, rule } from "../format.ts";
import { html, type Content, type Safe } from "../html.ts";
import type { Subject } from "../summary.ts";
import { allowedTable } from "./allowed.ts";

/** Where it is on the page of its namespace. */
export const subjectAnchor = ({ id, role }: SubjectProof): string => anchor(id, role);

/** A workload without its namespace, which the page names. */
export function subjectName({ id, roles }: Subject, { texts }: Scene): Content {
  if (isAnyPod(id)) return texts.subject.anyPod(roles.length === ROLES.length ? [] : roles.map((role) => texts.terms.roles[role].word));
  return code(id.slice(id.indexOf("/") + 1));
}

const isAnyPod = (id: string): boolean => id.endsWith("/*");

/** @param policy the one in force, which says who stands behind a destination */
export function subjectSection(subject: Subject, policy: Policy | undefined, scene: Scene): Safe {
  const { texts } = scene;
  const id = subjectAnchor(subject);
  const words = texts.subject;
  return html`<section class="subject" aria-labelledby="${id}">
${heading(scene, 2, id, [subjectName(subject, scene), " ", verdictMark(subject.verdict, texts)])}
${facts([
    [words.role, texts.list(subject.roles.map((role) => texts.terms.roles[role].word))],
    [words.isolatedBy, subject.isolatedBy.length === 0 ? words.notIsolated : subject.isolatedBy.map((one) => html`<div>${rule(one)}</div>`)],
  ])}
${subject.counterexample === undefined ? undefined : escape(subject, subject.counterexample, scene)}
${missingList(subject, scene)}
${allowedTable(subject, isAnyPod(subject.id) ? subjectName(subject, scene) : code(subject.id), policy, scene)}
</section>
`;
}

/** Where a packet goes: an address, or a workload whose pods have none before they run. */
export const packetTarget = ({ address, to }: Packet): Safe => code(address ?? to ?? "");

export const packetWay = ({ family, protocol, port }: Packet): string => `${family}, ${protocol} ${port}`;

function escape(subject: SubjectProof, found: Escape, scene: Scene): Safe {
  const { subject: words, terms } = scene.texts;
  const { packet, allowedBy, repair, addressClass } = found;
  return html`<div class="escape bad">
${heading(scene, 3, anchor(subject.id, subject.role, "counterexample"), words.counterexample.word)}
<p>${words.counterexample.means}</p>
${facts([
    [words.from, [code(packet.from), withLabels(found, scene)]],
    [words.to, [packetTarget(packet), ` (${terms.addressClasses[addressClass]})`]],
    [words.how, packetWay(packet)],
    [words.allowedBy, allowedBy.length === 0 ? words.allowedByNothing : allowedBy.map((one) => html`<div>${rule(one)}</div>`)],
    [words.repair, message(repair)],
  ])}
</div>`;
}

function withLabels({ labels: chosen }: Escape, { texts }: Scene): Content {
  return chosen === undefined || Object.keys(chosen).length === 0 ? undefined : html` ${texts.subject.withLabels} ${code(labels(chosen))}`;
}

function missingList(subject: SubjectProof, scene: Scene): Content {
  if (subject.missing.length === 0) return undefined;
  return [heading(scene, 3, anchor(subject.id, subject.role, "missing"), scene.texts.subject.missing), bullets(subject.missing.map((one) => missingItem(one, scene)))];
}

function missingItem({ kind, message: text, at, relays = [] }: Missing, { texts }: Scene): Safe {
  const { word, means } = texts.terms.missing[kind];
  const where = at === undefined ? undefined : html` (${rule(at)})`;
  const who = relays.length === 0 ? undefined : html` ${texts.subject.relays}: ${relays.map((one, index) => html`${index === 0 ? "" : ", "}${code(one)}`)}.`;
  return html`<strong>${word}</strong>${where}. ${means}<div class="quiet">${message(text)}${who}</div>`;
}
