/**
 * The report as documents: one for each page, as the operator serves them, or everything in one, for a file that somebody
 * keeps or prints.
 */
import type { NamespaceProof } from "../sovereignty/prover/result.ts";
import { urlPart, type Links, type Scene } from "./components.ts";
import type { ReportData } from "./data.ts";
import { html, type Safe } from "./html.ts";
import { layout } from "./layout.ts";
import { changesPage } from "./pages/changes.ts";
import { takenForGranted } from "./pages/limits.ts";
import { namespaceAnchor, namespacePage } from "./pages/namespace.ts";
import { notice } from "./pages/notice.ts";
import { overview } from "./pages/overview.ts";
import { fitsOneDocument } from "./summary.ts";
import { TEXTS } from "./texts/index.ts";
import type { FrameTexts, Language } from "./texts/texts.ts";

/** What can be asked for. */
export type Page = { readonly kind: "overview" | "changes" | "complete" } | { readonly kind: "namespace"; readonly found: NamespaceProof };

/** A page as a document of its own. `data` is what the page was found in. */
export function renderPage(page: Page, data: ReportData, language: Language): string {
  const { overview: words, namespace, changes } = TEXTS[language];
  if (page.kind === "namespace") {
    const scene = pageScene(language, "../", `namespaces/${urlPart(page.found.namespace)}`);
    return layout(scene, { title: namespace.title(page.found.namespace), content: [namespacePage(page.found, data, scene), takenForGranted(data, scene)] });
  }
  if (page.kind === "changes") {
    const scene = pageScene(language, "./", "changes");
    return layout(scene, { title: changes.title, current: "changes", content: [changesPage(data, scene), takenForGranted(data, scene)] });
  }
  if (page.kind === "complete") return renderComplete(data, language);
  const scene = pageScene(language, "./", "");
  const links: Links = { ...scene.links, ...(fitsOneDocument(data.proof) && { complete: "./complete" }) };
  return layout(scene, { title: words.title, current: "overview", content: overview(data, { ...scene, links }) });
}

/**
 * A page that says why there is none.
 *
 * @param base the way from the page that was asked for to the folder of the language, as a relative URL with a slash at its end
 */
export function renderNotice(which: keyof Pick<FrameTexts, "nothingYet" | "notFound">, base: string, language: Language): string {
  const { frame } = TEXTS[language];
  const scene = pageScene(language, base, "");
  const back = which === "notFound" ? html`<p><a href="${scene.links.overview}">${frame.backToOverview}</a></p>` : undefined;
  return layout(scene, { title: frame[which].word, content: notice(scene, frame[which], back) });
}

/** Everything in one document that needs nothing else: overview, each namespace, changes. */
function renderComplete(data: ReportData, language: Language): string {
  const texts = TEXTS[language];
  const links: Links = { overview: "#overview", changes: "#changes", namespace: (name) => `#${namespaceAnchor(name)}`, part: (_, id) => `#${id}` };
  const scene: Scene = { texts, links, level: 1, prefix: "" };
  const namespaces = data.proof.namespaces.map((found): Safe => html`<section class="chapter" aria-labelledby="${namespaceAnchor(found.namespace)}">${namespacePage(found, data, { ...scene, level: 2, prefix: `${urlPart(found.namespace)}-` })}</section>`);
  return layout(scene, { title: texts.overview.title, content: [overview(data, scene), namespaces, changesPage(data, { ...scene, level: 2 })] });
}

/** @param path of this page below the folder of its language, which is where `base` leads */
function pageScene(language: Language, base: string, path: string): Scene {
  const namespace = (name: string): string => `${base}namespaces/${urlPart(name)}`;
  const links: Links = {
    overview: base, changes: `${base}changes`, namespace, part: (name, id) => `${namespace(name)}#${id}`,
    elsewhere: { language: (other) => `${base}../${other}/${path}`, json: `${base}${path === "" ? "index" : path}.json` },
  };
  return { texts: TEXTS[language], links, level: 1, prefix: "" };
}
