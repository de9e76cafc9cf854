/** What stands around every page: language, title, stylesheet, a way past the navigation, landmarks. */
import { VERSION } from "../lib/version.ts";
import type { Links, Scene } from "./components.ts";
import { html, type Content, type Safe } from "./html.ts";
import { STYLE } from "./style.ts";
import { LANGUAGES } from "./texts/texts.ts";

export interface Document {
  /** Of this page alone; that of the report follows. */
  readonly title: string;
  /** The entry of the navigation that this page is. */
  readonly current?: "overview" | "changes";
  readonly content: Content;
}

/** A whole document. */
export function layout(scene: Scene, { title, current, content }: Document): string {
  const { frame, language } = scene.texts;
  return `<!doctype html>\n${html`<html lang="${language}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${title} – ${frame.product}</title>
${STYLE}
</head>
<body>
<a class="skip" href="#content">${frame.skip}</a>
<header class="head"><p>${frame.product}</p>${navigation(scene, current)}</header>
<hr class="rule">
<main id="content" tabindex="-1">
${content}
</main>
<hr class="rule foot-rule">
<footer class="foot"><p>${frame.disclaimer}</p><p>${frame.madeBy(VERSION)}</p>${jsonLink(scene)}</footer>
</body>
</html>
`}`;
}

function navigation({ texts, links }: Scene, current: Document["current"]): Safe {
  const { frame } = texts;
  const entry = (is: Document["current"], href: string, word: string): Safe =>
    html`<li>${is === current ? html`<a href="${href}" aria-current="page">${word}</a>` : html`<a href="${href}">${word}</a>`}</li>`;
  return html`<nav aria-label="${frame.navigation}"><ul>${entry("overview", links.overview, frame.overview)}${entry("changes", links.changes, frame.changes)}${otherLanguage({ texts, links })}</ul></nav>`;
}

function otherLanguage({ texts, links }: { texts: Scene["texts"]; links: Links }): Content {
  if (links.elsewhere === undefined) return undefined;
  const { language } = links.elsewhere;
  return LANGUAGES.filter((one) => one !== texts.language).map((one) => html`<li><a href="${language(one)}" hreflang="${one}" lang="${one}">${texts.frame.otherLanguage}</a></li>`);
}

const jsonLink = ({ texts, links }: Scene): Content =>
  links.elsewhere === undefined ? undefined : html`<p class="screen"><a href="${links.elsewhere.json}">${texts.frame.asJson}</a></p>`;
