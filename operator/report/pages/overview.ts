/** The first page: the verdict in one sentence with its exceptions, then each namespace, then everything that stands against it. */
import type { Destination } from "../../sovereignty/policy.ts";
import type { NamespaceProof, SubjectProof } from "../../sovereignty/prover/result.ts";
import { VERDICTS } from "../../sovereignty/verdict.ts";
import { bullets, facts, glossary, heading, statement, table, tally, verdictMark, type Scene } from "../components.ts";
import type { ReportData } from "../data.ts";
import { code, message, time, timeText } from "../format.ts";
import { html, type Content, type Safe } from "../html.ts";
import { badNewsFirst, counted, governed, namedPeers, notProved, summaryOf, thirdCountryDestinations, toSay, ungoverned, type Subject } from "../summary.ts";
import { latestChanges } from "./changes.ts";
import { guardSection, probeSection, observations } from "./enforcement.ts";
import { takenForGranted } from "./limits.ts";
import { packetTarget, packetWay, subjectAnchor, subjectName } from "./subject.ts";

/** Beyond these, the pages of the namespaces say more. */
const MOST_OPEN = 25;

export function overview(data: ReportData, scene: Scene): Safe {
  const { overview: words, frame } = scene.texts;
  return html`${heading(scene, 0, "overview", words.title)}
${claim(data, scene)}
${observations(data, scene)}
${facts([[frame.asOf, time(data.time, scene.texts)], [frame.root, code(data.root)], [frame.previousRoot, data.previousRoot === undefined ? undefined : code(data.previousRoot)]])}
${scene.links.complete === undefined ? undefined : html`<p class="screen"><a href="${scene.links.complete}">${frame.complete}</a></p>`}
${namespaceSection(data, scene)}
${openSection(data, scene)}
${ungovernedSection(data, scene)}
${latestChanges(data, scene)}
${guardSection(data.guards, scene)}
${probeSection(data.probes, scene)}
${takenForGranted(data, scene)}
${heading(scene, 1, "glossary", words.glossary)}
${glossary([...VERDICTS.toReversed().map((verdict) => scene.texts.terms.verdicts[verdict]), ...words.words])}`;
}

function claim(data: ReportData, scene: Scene): Safe {
  const { proof } = data;
  const words = scene.texts.overview;
  const inForce = governed(proof);
  const workloads = inForce.flatMap((one) => one.workloads);
  if (inForce.length === 0) return statement(["UNGOVERNED"], { ...words.claims, UNGOVERNED: words.nothingGoverned }, scene);
  const examined = [html`<p>${words.counts(workloads.length, inForce.length)}</p>`, tally(counted(workloads), scene.texts)];
  const verdicts = toSay(proof.verdict, inForce.flatMap((one) => [...one.workloads, ...one.labelSpace]));
  const claims = { ...words.claims, PROVED: words.claimAt(timeText(data.time, scene.texts)) };
  const conditions = verdicts[0] === "PROVED" ? [bullets(exceptions(data, scene)), html`<p><a href="#assumptions">${words.provided}</a> ${words.declared}</p>`] : undefined;
  return statement(verdicts, claims, scene, [conditions, examined]);
}

/** What the claim does not cover: first what was decided, then what nobody can decide. */
function exceptions(data: ReportData, scene: Scene): Content[] {
  const { overview: words } = scene.texts;
  const third = thirdCountryDestinations(data);
  const peers = namedPeers(data).length;
  const unheld = ungoverned(data.proof).length;
  return [
    ...(third.length === 0 ? [] : [[words.exceptDestinations(third.length), bullets(third.map((one) => destination(one, scene)))]]),
    ...(peers === 0 ? [] : [words.exceptPeers(peers)]),
    ...(unheld === 0 ? [] : [html`<a href="#ungoverned">${words.exceptUngoverned(unheld)}</a>`]),
    html`<a href="#residuals">${words.exceptResiduals}</a>`,
  ];
}

const destination = ({ name, country: place, operator }: Destination, { texts }: Scene): Safe =>
  html`${name}: ${texts.country(place)}; ${operator.name}, ${texts.country(operator.country)}; ${texts.namespace.controlledFrom(texts.country(operator.controlledFrom))}`;

function namespaceSection({ proof }: ReportData, scene: Scene): Content {
  const { overview: words } = scene.texts;
  const { columns } = words;
  const rows = badNewsFirst(governed(proof)).map((one) => {
    const { namespace, policy, verdict, workloads, labelSpace } = summaryOf(one);
    return [
      html`<a href="${scene.links.namespace(namespace)}">${namespace}</a>`, verdictMark(verdict, scene.texts), policy ?? words.noPolicy,
      tally(workloads, scene.texts),
      labelSpace === undefined ? undefined : verdictMark(labelSpace, scene.texts),
    ];
  });
  if (rows.length === 0) return undefined;
  return [heading(scene, 1, "namespaces", words.namespaces.word), table({ caption: words.namespaces.means, columns: [columns.namespace, columns.verdict, columns.policy, columns.workloads, columns.future], rows })];
}

function openSection({ proof }: ReportData, scene: Scene): Content {
  const { overview: words } = scene.texts;
  const open = badNewsFirst(governed(proof).flatMap((namespace) => notProved(namespace).map((subject) => ({ namespace, subject, verdict: subject.verdict }))));
  if (open.length === 0) return undefined;
  const more = open.length - MOST_OPEN;
  return [
    heading(scene, 1, "open", words.open.word), html`<p>${words.open.means}</p>`,
    html`<ul class="points">${open.slice(0, MOST_OPEN).map(({ namespace, subject }) => html`<li>${openPoint(namespace, subject, scene)}</li>`)}</ul>`,
    more > 0 ? html`<p>${words.more(more)}</p>` : undefined,
  ];
}

function openPoint({ namespace }: NamespaceProof, subject: Subject, scene: Scene): Safe {
  const { texts, links } = scene;
  return html`<div class="who"><a href="${links.part(namespace, subjectAnchor(subject))}">${namespace}: ${subjectName(subject, scene)}</a> ${verdictMark(subject.verdict, texts)}</div>
<div>${whyNot(subject, scene)}</div>`;
}

function whyNot({ counterexample, missing }: SubjectProof, { texts }: Scene): Content {
  if (counterexample !== undefined) {
    const { packet, addressClass } = counterexample;
    const [may, over, what, end] = texts.overview.leak;
    return [may, packetTarget(packet), over, packetWay(packet), what, texts.terms.addressClasses[addressClass], end];
  }
  const byKind = [...Map.groupBy(missing, ({ kind }) => kind)];
  return byKind.map(([kind, all]) => [html`<div>${texts.terms.missing[kind].means}</div>`, all.map(({ message: text }) => html`<div class="quiet">${message(text)}</div>`)]);
}

function ungovernedSection({ proof }: ReportData, scene: Scene): Content {
  const { ungoverned: words } = scene.texts.overview;
  const names = ungoverned(proof).map(({ namespace }) => namespace);
  if (names.length === 0) return undefined;
  return [heading(scene, 1, "ungoverned", words.word), html`<p>${words.means}</p>`, html`<ul class="names">${names.map((name) => html`<li><a href="${scene.links.namespace(name)}">${name}</a></li>`)}</ul>`];
}
