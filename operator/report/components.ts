/** The parts that every page is made of. */
import { VERDICTS, type Verdict } from "../sovereignty/verdict.ts";
import type { ConditionStatus } from "./data.ts";
import { html, type Content, type Safe } from "./html.ts";
import type { Language, Term, Texts } from "./texts/texts.ts";

/** Where links lead: to pages of their own, or within one document. All are relative: a proxy may put a path before them. */
export interface Links {
  readonly overview: string;
  readonly changes: string;
  namespace(name: string): string;
  /** One part of a namespace's page. */
  part(namespace: string, id: string): string;
  /** The same page in another language, and as JSON; absent where this document is all there is. */
  readonly elsewhere?: { language(language: Language): string; readonly json: string };
  /** Everything in one document; absent where that is this one, or would be too long. */
  readonly complete?: string;
}

/** The surroundings in which a part is written. */
export interface Scene {
  readonly texts: Texts;
  readonly links: Links;
  /** Level of the page's own heading: 1, or 2 where it is one of several in a document. */
  readonly level: 1 | 2;
  /** Before the ids of what every page of a namespace has, where several are in one document. */
  readonly prefix: string;
}

const HEADINGS: readonly ((id: string, content: Content) => Safe)[] = [
  (id, content) => html`<h1 id="${id}">${content}</h1>`,
  (id, content) => html`<h2 id="${id}">${content}</h2>`,
  (id, content) => html`<h3 id="${id}">${content}</h3>`,
  (id, content) => html`<h4 id="${id}">${content}</h4>`,
  (id, content) => html`<h5 id="${id}">${content}</h5>`,
];

/** A heading, so many levels below that of the page. */
export function heading({ level }: Scene, below: 0 | 1 | 2 | 3, id: string, content: Content): Safe {
  const make = HEADINGS[level - 1 + below];
  if (make === undefined) throw new RangeError("headings go five levels deep");
  return make(id, content);
}

/** A name as a part of a URL, whatever characters it has. */
export const urlPart = (name: string): string => encodeURIComponent(name.toWellFormed());

/** An id that is the same in an attribute and in a link. */
export const anchor = (...parts: readonly string[]): string => parts.map(urlPart).join("-");

/** Good, bad, open and none are told apart by word, shape and colour, each of which is enough. */
type Tone = "good" | "bad" | "open" | "none";

const SHAPES: Readonly<Record<Tone, Safe>> = {
  good: html`<svg class="shape" viewBox="0 0 20 20" aria-hidden="true"><circle cx="10" cy="10" r="9" class="fill"/><path d="M5.8 10.4l2.9 2.9 5.6-6.2" class="stroke"/></svg>`,
  bad: html`<svg class="shape" viewBox="0 0 20 20" aria-hidden="true"><path d="M6.3 1h7.4L19 6.3v7.4L13.7 19H6.3L1 13.7V6.3z" class="fill"/><path d="M6.8 6.8l6.4 6.4M13.2 6.8l-6.4 6.4" class="stroke"/></svg>`,
  open: html`<svg class="shape" viewBox="0 0 20 20" aria-hidden="true"><path d="M10 1.5L19.3 18H.7z" class="fill"/><path d="M10 7.4v4.8M10 14.6v.6" class="stroke"/></svg>`,
  none: html`<svg class="shape" viewBox="0 0 20 20" aria-hidden="true"><circle cx="10" cy="10" r="8" class="dashed"/><path d="M6.2 10h7.6" class="line"/></svg>`,
};

const VERDICT_TONES: Readonly<Record<Verdict, Tone>> = { PROVED: "good", REFUTED: "bad", UNDETERMINED: "open", UNGOVERNED: "none" };
const STATUS_TONES: Readonly<Record<ConditionStatus, Tone>> = { True: "good", False: "bad", Unknown: "open" };

const mark = (tone: Tone, word: string): Safe => html`<span class="mark ${tone}">${SHAPES[tone]}<span>${word}</span></span>`;

export const verdictMark = (verdict: Verdict, { terms }: Texts): Safe => mark(VERDICT_TONES[verdict], terms.verdicts[verdict].word);
/** How many have each verdict, those that nobody has left out. */
export const tally = (counts: Readonly<Record<Verdict, number>>, { terms }: Texts): Safe =>
  html`<ul class="tally">${VERDICTS.filter((each) => counts[each] > 0).map((each) => html`<li>${mark(VERDICT_TONES[each], `${counts[each]} ${terms.verdicts[each].word}`)}</li>`)}</ul>`;

export const statusMark = (status: ConditionStatus, words: Readonly<Record<ConditionStatus, string>>): Safe => mark(STATUS_TONES[status], words[status]);

/**
 * What a page says first and largest: of the worst verdict, and below it of each other one; then the rest. That a packet gets
 * out is never told on quiet ground.
 *
 * @param verdicts bad news first
 * @param sentences what each of them means here
 */
export function statement([worst, ...others]: readonly [Verdict, ...Verdict[]], sentences: Readonly<Record<Verdict, string>>, { texts }: Scene, rest?: Content): Safe {
  const tone = others.includes("REFUTED") ? "bad" : VERDICT_TONES[worst];
  const also = others.map((verdict) => html`<p>${verdictMark(verdict, texts)} ${sentences[verdict]}</p>`);
  return html`<div class="statement ${tone}">${verdictMark(worst, texts)}<div class="saying"><p>${sentences[worst]}</p>${also}${rest}</div></div>`;
}

/** What was seen besides, straight below what is said first. */
export const observation = (tone: "bad" | "open", word: string, points: readonly Content[]): Safe => html`<div class="statement ${tone}">${mark(tone, word)}<div class="saying">${bullets(points)}</div></div>`;

export interface Table {
  readonly caption: Content;
  readonly columns: readonly string[];
  /** As many cells as there are columns; the first one names the row. */
  readonly rows: readonly (readonly Content[])[];
}

/** On narrow screens each row becomes a card. Browsers then forget that it is a table: the roles remind them. */
export function table({ caption, columns, rows }: Table): Safe {
  return html`<table role="table"><caption>${caption}</caption>
<thead role="rowgroup"><tr role="row">${columns.map((column) => html`<th role="columnheader" scope="col">${column}</th>`)}</tr></thead>
<tbody role="rowgroup">${rows.map(([first, ...others]) => html`<tr role="row"><th role="rowheader" scope="row">${first}</th>${others.map((cell, index) => html`<td role="cell" data-label="${columns[index + 1] ?? ""}"><div>${cell}</div></td>`)}</tr>
`)}</tbody></table>`;
}

/** Terms and what belongs to them. Entries without a value are left out. */
export function facts(entries: readonly (readonly [string, Content])[]): Safe {
  return html`<dl class="facts">${entries.filter(([, value]) => value !== undefined).map(([name, value]) => html`<div><dt>${name}</dt><dd>${value}</dd></div>`)}</dl>`;
}

export const bullets = (items: readonly Content[]): Safe => html`<ul>${items.map((item) => html`<li>${item}</li>`)}</ul>`;

export const glossary = (words: readonly Term[]): Safe => html`<dl class="glossary">${words.map(({ word, means }) => html`<div><dt>${word}</dt><dd>${means}</dd></div>`)}</dl>`;
