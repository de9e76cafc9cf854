/** What was seen of the rules' effect: the guard at admission, and probes that tried to get out. */
import { bullets, heading, observation, statusMark, table, type Scene } from "../components.ts";
import type { GuardState, ProbeState, ReportData } from "../data.ts";
import { code, endpoint, message, time } from "../format.ts";
import { elsewhere } from "../summary.ts";
import { html, type Content } from "../html.ts";

/** The verdict is about rules alone. What was seen and does not fit stands beside it; nothing where nothing was. */
export function observations({ guards, probes, places }: Pick<ReportData, "guards" | "probes" | "places">, { texts, prefix }: Scene): Content {
  const { seen } = texts.overview;
  const reached = probes.filter(({ last }) => last?.result === "Reached").length;
  const unguarded = guards.filter(({ status }) => status !== "True").length;
  const older = withOlder(guards).length;
  const outside = elsewhere(places.values());
  const points = [
    ...(reached === 0 ? [] : [html`<a href="#${prefix}probes">${seen.reached(reached)}</a>`]),
    ...(unguarded === 0 ? [] : [html`<a href="#guard">${seen.unguarded(unguarded)}</a>`]),
    ...(older === 0 ? [] : [html`<a href="#older">${seen.older(older)}</a>`]),
  ];
  if (outside.length > 0) points.push(html`${seen.elsewhere(texts.list(outside))}`);
  return points.length === 0 ? undefined : observation(reached + outside.length > 0 ? "bad" : "open", seen.word, points);
}

export function guardSection(guards: readonly GuardState[], scene: Scene): Content {
  const { overview: words, terms } = scene.texts;
  const { policy, state, reason } = words.guardColumns;
  const rows = guards.map((one) => [one.policy, statusMark(one.status, terms.guard), message(one.message)]);
  return [
    heading(scene, 1, "guard", words.guard.word),
    rows.length === 0 ? html`<p>${words.noGuard}</p>` : table({ caption: words.guard.means, columns: [policy, state, reason], rows }),
    olderList(guards, scene),
  ];
}

const withOlder = (guards: readonly GuardState[]): GuardState[] => guards.filter(({ older }) => older.objects > 0);

function olderList(guards: readonly GuardState[], scene: Scene): Content {
  const { older: words } = scene.texts.overview;
  const found = withOlder(guards);
  if (found.length === 0) return undefined;
  const lists = found.map(({ policy, older: { objects, first } }) => [
    html`<p>${words.count(policy, objects)}</p>`,
    bullets([...first.map((one) => code(one)), ...(objects > first.length ? [words.more(objects - first.length)] : [])]),
  ]);
  return [heading(scene, 2, "older", words.word), html`<p>${words.means}</p>`, lists];
}

export function probeSection(probes: readonly ProbeState[], scene: Scene): Content {
  const { overview: words, terms } = scene.texts;
  const { deployment, state, last, reason } = words.probeColumns;
  const rows = probes.map((one) => [html`<code>${one.namespace}/${one.name}</code>`, statusMark(one.sealed, terms.sealed), lastProbe(one, scene), message(one.message)]);
  return [
    heading(scene, 1, `${scene.prefix}probes`, words.probes.word),
    rows.length === 0 ? html`<p>${words.noProbes}</p>` : table({ caption: words.probes.means, columns: [deployment, state, last, reason], rows }),
  ];
}

function lastProbe({ last }: ProbeState, { texts }: Scene): Content {
  if (last === undefined) return texts.overview.neverProbed;
  const reached = last.reached.map(({ name, protocol, address, port }) => html`<div>${texts.overview.reached} ${name}, ${code(endpoint(address, port))} ${protocol}</div>`);
  return html`<div>${texts.terms.probes[last.result]} (${last.families.join(", ")})</div><div class="quiet">${time(last.time, texts)}</div>${reached}`;
}
