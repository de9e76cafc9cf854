/**
 * The report over HTTP: `/de/`, `/de/changes`, `/de/namespaces/NAME`, all of it in `/de/complete`, the same in English, each as
 * HTML or, by `Accept` or with `.json` at its end, as JSON. It only reads, keeps nobody apart from anybody (docs/how-to/report.md) and says nothing
 * of a request back to whoever sent it.
 */
import { Router, type NextFunction, type Request, type Response } from "express";
import type { ReportData } from "./data.ts";
import { pageJson } from "./json.ts";
import { renderNotice, renderPage, type Page } from "./render.ts";
import { STYLE_SOURCE } from "./style.ts";
import { fitsOneDocument } from "./summary.ts";
import { LANGUAGES, type Language } from "./texts/texts.ts";

/** No script, no picture, no frame, no form: one stylesheet. */
const HEADERS = {
  "content-security-policy": `default-src 'none'; style-src ${STYLE_SOURCE}; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`,
  "cache-control": "no-store",
  "cross-origin-opener-policy": "same-origin",
  "cross-origin-resource-policy": "same-origin",
  "referrer-policy": "no-referrer",
  "vary": "accept, accept-language",
  "x-content-type-options": "nosniff",
};

/** Seconds after which it is worth asking again. */
const RETRY_SECONDS = "30";

/** @param source what is reported; undefined until there is something */
export function reportRouter(source: () => ReportData | undefined): Router {
  const router = Router({ strict: true, caseSensitive: true });
  router.use((_request, response, next) => {
    response.set(HEADERS);
    next();
  });
  router.use(readsOnly);
  router.get("/", (request, response) => response.redirect(302, `${preferred(request)}/`));
  for (const language of LANGUAGES) {
    router.get(`/${language}`, (_request, response) => response.redirect(302, `${language}/`));
    router.use(`/${language}`, pages(language, source));
  }
  router.use((request, response) => notFound(request, response, preferred(request), `${baseOf(request)}${preferred(request)}/`));
  router.use((error: { status?: unknown }, _request: Request, response: Response, _next: NextFunction) => plain(response, error.status === 400 ? 400 : 500, error.status === 400 ? "bad request\n" : "failed\n"));
  return router;
}

function pages(language: Language, source: () => ReportData | undefined): Router {
  const router = Router({ strict: true, caseSensitive: true });
  const answer = (find: (data: ReportData, request: Request) => Page | undefined) => (request: Request, response: Response): void => {
    const data = source();
    const page = data === undefined ? undefined : find(data, request);
    if (data === undefined) nothingYet(request, response, language);
    else if (page === undefined) notFound(request, response, language);
    else if (wantsJson(request)) json(response, 200, pageJson(page, data));
    else document(response, 200, renderPage(page, data, language));
  };
  router.get(["/", "/index.json"], answer(() => ({ kind: "overview" })));
  router.get(["/changes", "/changes.json"], answer(() => ({ kind: "changes" })));
  router.get(["/complete", "/complete.json"], answer(({ proof }) => (fitsOneDocument(proof) ? { kind: "complete" } : undefined)));
  router.get("/namespaces/:name", answer(({ proof }, { params }) => {
    const found = proof.namespaces.find(({ namespace }) => namespace === params["name"]?.toString().replace(/\.json$/, ""));
    return found === undefined ? undefined : { kind: "namespace", found };
  }));
  router.use((request, response) => notFound(request, response, language));
  return router;
}

function readsOnly(request: Request, response: Response, next: NextFunction): void {
  if (request.method === "GET" || request.method === "HEAD") next();
  else plain(response.set("allow", "GET, HEAD"), 405, "this report can only be read\n");
}

/** The reader's choice; English where none of ours was asked for. */
const preferred = (request: Request): Language => (request.acceptsLanguages(["en", "de"]) === "de" ? "de" : "en");

const wantsJson = (request: Request): boolean => request.path.endsWith(".json") || request.accepts(["html", "json"]) === "json";

/** People get a page, programs an answer that they cannot take for a report. */
function nothingYet(request: Request, response: Response, language: Language): void {
  response.set("retry-after", RETRY_SECONDS);
  if (wantsJson(request)) json(response, 503, { error: "nothing has been proved yet" });
  else document(response, 200, renderNotice("nothingYet", baseOf(request), language));
}

function notFound(request: Request, response: Response, language: Language, base = baseOf(request)): void {
  if (wantsJson(request)) json(response, 404, { error: "not found" });
  else document(response, 404, renderNotice("notFound", base, language));
}

/** From the page that was asked for to the folder in which its router looks. */
const baseOf = (request: Request): string => "../".repeat(request.path.split("/").length - 2) || "./";

const document = (response: Response, code: number, text: string): void => void response.status(code).set("content-type", "text/html; charset=utf-8").end(text);
const json = (response: Response, code: number, value: object): void => void response.status(code).set("content-type", "application/json; charset=utf-8").end(`${JSON.stringify(value)}\n`);
const plain = (response: Response, code: number, text: string): void => void response.status(code).set("content-type", "text/plain; charset=utf-8").end(text);
