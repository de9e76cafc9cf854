/**
 * The one stylesheet. It stands in every page, so that a page that somebody kept looks the same years later, and is let
 * in by its hash alone. System fonts, no picture, no script; light and dark by the reader's choice; made for A4, too.
 */
import { hash } from "node:crypto";
import { html, type Safe } from "./html.ts";
import { DARK, LIGHT, properties } from "./palette.ts";

export const STYLE: Safe = html`<style>
:root { color-scheme: light dark; ${properties(LIGHT)}
  --text: system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", "Liberation Sans", sans-serif;
  --display: Charter, "Bitstream Charter", "Iowan Old Style", Georgia, "Source Serif 4", "Noto Serif", "Liberation Serif", serif;
  --code: ui-monospace, SFMono-Regular, Menlo, Consolas, "Liberation Mono", monospace; }
@media (prefers-color-scheme: dark) { :root { ${properties(DARK)} } }
*, ::before, ::after { box-sizing: border-box; }
html { font: 100%/1.55 var(--text); color: var(--ink); background: var(--paper); scroll-padding-top: 1rem; text-size-adjust: 100%; }
body { margin: 0; overflow-wrap: break-word; hyphens: auto; }
body > * { max-width: 70rem; margin-inline: auto; padding-inline: clamp(1rem, 4vw, 2.5rem); }
p, li, caption, dd { text-wrap: pretty; }
p, ul, .glossary { max-width: 44rem; }
.points { max-width: none; }
p { margin: 0 0 1rem; }
a { color: var(--accent); text-underline-offset: .18em; text-decoration-thickness: .06em; }
a:hover { text-decoration-thickness: .14em; }
:focus-visible { outline: .18rem solid var(--accent); outline-offset: .2rem; border-radius: .1rem; }
code { font: .9em/1.5 var(--code); hyphens: none; unicode-bidi: isolate; }
.long { overflow-wrap: anywhere; }
.message { unicode-bidi: isolate; }
h1, h2, h3, h4, h5 { line-height: 1.25; text-wrap: balance; margin: 0; scroll-margin-top: 1rem; }
h1, h2 { font-family: var(--display); font-weight: 600; letter-spacing: -.01em; }
h1 { font-size: clamp(1.8rem, 1.3rem + 2.2vw, 2.6rem); margin-block: clamp(1.5rem, 4vw, 3rem) 1.5rem; }
h2 { font-size: clamp(1.35rem, 1.2rem + .7vw, 1.6rem); margin-block: clamp(2.5rem, 5vw, 3.75rem) .75rem; }
h3 { font-size: 1.125rem; margin-block: 2.25rem .6rem; }
h4, h5 { font-size: 1rem; margin-block: 1.5rem .5rem; }
h1 code, h2 code, h3 code, h4 code, th code { font-size: .92em; font-weight: inherit; }

.skip { position: absolute; left: -100vw; padding: .6rem 1rem; background: var(--paper); }
.skip:focus { left: .5rem; top: .5rem; z-index: 1; }
.head { display: flex; flex-wrap: wrap; gap: .5rem 2rem; align-items: baseline; justify-content: space-between; padding-block: 1rem; }
.head p { margin: 0; font-weight: 600; }
.head ul { display: flex; flex-wrap: wrap; gap: 0 1.5rem; margin: 0; padding: 0; list-style: none; max-width: none; }
.head li { margin: 0; }
.head li a { display: inline-block; padding-block: .35rem; }
.head a[aria-current] { color: inherit; font-weight: 600; text-decoration: none; }
.rule { border: 0; border-top: .0625rem solid var(--line); margin-block: 0; padding: 0; }
.foot-rule { margin-top: clamp(3rem, 8vw, 6rem); }
.foot { padding-block: 1.25rem 2.5rem; color: var(--quiet); font-size: .9rem; }
.foot p { margin: 0 0 .35rem; }

.mark { display: inline-flex; gap: .45em; align-items: baseline; font-weight: 600; color: var(--tone); hyphens: none; }
.shape { flex: none; width: 1.05em; height: 1.05em; align-self: center; }
.fill { fill: currentColor; }
.stroke { fill: none; stroke: var(--paper); stroke-width: 2.2; stroke-linecap: round; }
.dashed { fill: none; stroke: currentColor; stroke-width: 2; stroke-dasharray: 3.2 2.6; }
.line { stroke: currentColor; stroke-width: 2; stroke-linecap: round; }
.good { --tone: var(--good); --ground: var(--good-ground); }
.bad { --tone: var(--bad); --ground: var(--bad-ground); }
.open { --tone: var(--open); --ground: var(--open-ground); }
.none { --tone: var(--none); --ground: var(--none-ground); }
.statement { background: var(--ground); border-inline-start: .35rem solid var(--tone); padding: clamp(1rem, 3vw, 1.75rem) clamp(1rem, 3vw, 2rem); margin-block: 0 1.5rem; }
.statement > .mark { font-size: 1.05rem; }
.statement .fill + .stroke { stroke: var(--ground); }
.saying { margin-top: .6rem; }
.tally { display: flex; flex-wrap: wrap; gap: .1rem 1.5rem; list-style: none; padding: 0; margin: 0; }
.tally li { margin: 0; }
.tally .mark { font-size: inherit; }
table .tally { flex-direction: column; }
table .tally .mark { font-weight: 400; }
.saying > p:first-child { font: 600 clamp(1.2rem, 1rem + 1.1vw, 1.6rem)/1.35 var(--display); max-width: 40rem; text-wrap: balance; }
.saying > * { margin-bottom: 0; }
.saying > * + * { margin-top: .85rem; }
.saying p > .mark { margin-inline-end: .35rem; }
.points { list-style: none; padding: 0; }
.points > li { padding-block: .75rem; border-top: .0625rem solid var(--line); margin: 0; max-width: none; }
.points > li > :last-child { max-width: 44rem; }
.who { display: flex; flex-wrap: wrap; gap: .1rem 1rem; align-items: baseline; }
.who > *, .subject > * > * { min-width: 0; }
.bad-word { color: var(--bad); }
.open-word { color: var(--open); }

.facts { display: flex; flex-wrap: wrap; gap: 1rem 3rem; margin: 0 0 1.25rem; }
dt { color: var(--quiet); font-size: .875rem; }
dd { margin: 0; }
.facts > div { min-width: 0; }
.glossary { display: grid; gap: .9rem; margin: 0; }
.glossary dt { color: inherit; font-weight: 600; font-size: 1rem; }
ul { padding-inline-start: 1.2em; margin: 0 0 1rem; }
li + li { margin-top: .35rem; }
li > ul { margin-block: .35rem 0; }
.plain { list-style: none; padding: 0; margin: 0; }
.plain li + li { margin-top: .1rem; }
.quiet { color: var(--quiet); font-size: .9rem; }
summary { cursor: pointer; padding-block: .2rem; }

table { width: 100%; border-collapse: collapse; margin-block: .75rem 1.5rem; font-size: .95rem; line-height: 1.45; font-variant-numeric: tabular-nums lining-nums; }
caption { text-align: start; color: var(--quiet); padding-bottom: .75rem; max-width: 44rem; }
th, td { text-align: start; vertical-align: top; padding: .6rem 1.5rem .6rem 0; border-bottom: .0625rem solid var(--line); }
th:last-child, td:last-child { padding-inline-end: 0; }
thead th { font-size: .875rem; font-weight: 600; color: var(--quiet); border-bottom: .1rem solid var(--edge); vertical-align: bottom; }
tbody th { font-weight: 600; }
tbody th time, tbody th .quiet { font-weight: 400; }

.subject { border-top: .0625rem solid var(--line); margin-top: 2rem; padding-top: .25rem; }
.subject > h3, .subject > h4 { margin-top: 1rem; display: flex; flex-wrap: wrap; gap: .25rem 1rem; align-items: baseline; }
.subject > .facts { margin-top: .5rem; }
.escape { background: var(--ground); border-inline-start: .35rem solid var(--tone); padding: 1rem 1.5rem 1.25rem; margin-block: 1rem 1.5rem; }
.escape > :first-child { margin-top: 0; }
.escape .facts { display: grid; grid-template-columns: minmax(0, 1fr); gap: .6rem; margin: 0; }
.escape dt { color: inherit; }

@media (min-width: 46rem) {
  .mark { white-space: nowrap; }
  .escape .facts > div { display: grid; grid-template-columns: 13rem minmax(0, 1fr); gap: 1.5rem; }
}
@media screen and (max-width: 46rem) {
  table, tbody, tr, th, td, caption { display: block; }
  thead { position: absolute; clip-path: inset(50%); width: 1px; height: 1px; overflow: hidden; }
  tbody tr { border-top: .1rem solid var(--edge); padding-block: .6rem .9rem; }
  tbody th, tbody td { border: 0; padding: .2rem 0; }
  tbody td { display: grid; grid-template-columns: minmax(6.5rem, 32%) minmax(0, 1fr); gap: .75rem; }
  tbody td::before { content: attr(data-label); color: var(--quiet); font-size: .875rem; }
}
@media print {
  :root { ${properties(LIGHT)} --paper: #fff; --surface: #fff; font-size: 10pt; }
  @page { size: A4; margin: 18mm 16mm 20mm; @bottom-right { content: counter(page) " / " counter(pages); font: 8pt sans-serif; } }
  body > * { max-width: none; padding-inline: 0; }
  .skip, .head nav, .rule, .screen { display: none; }
  .chapter { break-before: page; }
  .foot { margin-top: 2rem; }
  .head { padding-top: 0; }
  h1 { margin-top: 1rem; font-size: 20pt; }
  h2 { margin-top: 2rem; font-size: 14pt; }
  h1, h2, h3, h4, h5, caption, thead { break-after: avoid; }
  tr, caption, .statement, .escape, .facts, li { break-inside: avoid; }
  a { color: inherit; text-decoration: none; }
  .statement, .escape { print-color-adjust: exact; }
  details::details-content { content-visibility: visible; display: block; height: auto; }
  summary { list-style: none; }
}
@media (forced-colors: active) { .stroke { stroke: Canvas; } }
@media (prefers-contrast: more) { :root { --quiet: var(--ink); --line: var(--edge); } }
</style>`;

/** For the header that lets in this stylesheet and no other. */
export const STYLE_SOURCE = `'sha256-${hash("sha256", STYLE.toString().slice("<style>".length, -"</style>".length), "base64")}'`;
