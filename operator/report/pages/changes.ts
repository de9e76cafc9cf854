/** What changed since: verdicts that flipped, of namespaces and of workloads. */
import type { Flip, Verdict } from "../../sovereignty/verdict.ts";
import { heading, table, verdictMark, type Scene } from "../components.ts";
import type { Changes, ReportData } from "../data.ts";
import { code, time, timeText } from "../format.ts";
import { html, type Content, type Safe } from "../html.ts";
import { flipsToTell } from "../summary.ts";

export function changesPage(data: ReportData, scene: Scene): Safe {
  const { changes: words } = scene.texts;
  const { changes } = data;
  const flips = flipsToTell(data);
  return html`${heading(scene, 0, "changes", words.title)}
${flips.length === 0 ? noFlips(changes, scene) : [html`<p>${words.intro(timeText(changes.since, scene.texts))}</p>`, flipTable(flips, words.caption, scene)]}`;
}

/** So many are on the first page. */
const LATEST = 5;

/** For the first page: the newest, and where all are. */
export function latestChanges(data: ReportData, scene: Scene): Content {
  const { changes: words } = scene.texts;
  const { changes } = data;
  const flips = flipsToTell(data);
  const title = heading(scene, 1, "latest", words.title);
  if (flips.length === 0) return [title, noFlips(changes, scene)];
  return [title, flipTable(flips.slice(0, LATEST), words.latest, scene), html`<p><a href="${scene.links.changes}">${words.all(timeText(changes.since, scene.texts))}</a></p>`];
}

const noFlips = ({ since }: Changes, { texts }: Scene): Safe => html`<p>${texts.changes.none(timeText(since, texts))}</p>`;

export function flipTable(flips: readonly Flip[], caption: string, { texts, links }: Scene): Safe {
  const { columns, whole, appeared, gone } = texts.changes;
  const rows = flips.map(({ time: at, namespace, workload, from, to }) => [
    time(at, texts),
    html`<a href="${links.namespace(namespace)}">${namespace}</a>`,
    workload === undefined ? whole : code(workload.slice(workload.indexOf("/") + 1)),
    verdictOr(from, appeared, texts),
    verdictOr(to, gone, texts),
  ]);
  return table({ caption, columns: [columns.time, columns.namespace, columns.subject, columns.from, columns.to], rows });
}

const verdictOr = (verdict: Verdict | undefined, otherwise: string, texts: Scene["texts"]): Content => (verdict === undefined ? otherwise : verdictMark(verdict, texts));
