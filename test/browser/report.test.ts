/**
 * The report as a browser draws it: what markup alone cannot show. Each check is first seen to fail on a page that is made
 * to fail it.
 */
import { once } from "node:events";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import express from "express";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import type { ReportData } from "../../operator/report/data.ts";
import { reportRouter } from "../../operator/report/router.ts";
import { contrast } from "../support/contrast.ts";
import { elements, parseHtml } from "../support/html.ts";
import { allProved, mixed } from "../support/report-data.ts";
import { Chromium } from "./chromium.ts";
import { COLOURS, FOCUS, OVERFLOW, PRINTED, SPACED, TARGETS, TREE } from "./in-page.ts";
import { Tab } from "./tab.ts";

/** Longer than anything that Kubernetes allows, without a place to break it, and what tenants would like to write. */
const LONG = "x".repeat(63);
const hostile: ReportData = {
  ...(JSON.parse(JSON.stringify(mixed).replaceAll("open-webui", `${LONG}</code><script>document.title='PLANTED'</script>`)) as ReportData),
  // JSON has no maps.
  policies: mixed.policies, places: mixed.places,
};
const SOURCES: Readonly<Record<string, () => ReportData | undefined>> = {
  mixed: () => mixed, proved: () => allProved, hostile: () => hostile, nothing: () => undefined,
};
const PAGES = [
  "/mixed/de/", "/mixed/en/", "/mixed/de/changes", "/mixed/de/namespaces/assistant", "/mixed/en/namespaces/planning", "/mixed/de/namespaces/library", "/proved/de/", "/proved/en/", "/mixed/de/complete",
  "/hostile/de/", "/hostile/en/namespaces/assistant", "/nothing/de/", "/mixed/en/nowhere",
];

/** A page that fails what ours must not, under the same policy. */
const BAD = `<!doctype html><html lang="en"><head><title>bad</title><style>a:focus-visible{outline:none}</style></head><body><p style="color:#999">faint</p><img src="/picture.png" alt=""><script>document.title="run"</script>
<div style="width:900px">wide</div><nav><a href="#" id="a">x</a></nav><table><tr><td>1</td></tr></table></body></html>`;

let server: Server;
let browser: Chromium;
let tab: Tab;
let base = "";

beforeAll(async () => {
  const app = express().disable("etag");
  for (const [name, source] of Object.entries(SOURCES)) app.use(`/${name}`, reportRouter(source));
  // Its one style attribute is let in by nothing, as on our own pages; `unbound` is the same page without a policy.
  app.get("/bad", (_request, response) => void response.set("content-security-policy", "default-src 'none'").type("html").end(BAD));
  app.get("/unbound", (_request, response) => void response.type("html").end(BAD));
  server = createServer(app).listen(0, "127.0.0.1");
  await once(server, "listening");
  base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  browser = await Chromium.start(process.env.HOHEIT_CHROMIUM ?? "");
  tab = await Tab.open(browser);
});
afterAll(async () => {
  await browser?.[Symbol.asyncDispose]();
  server?.closeAllConnections();
  server?.close();
});
beforeEach(async () => {
  await tab.resize(1280);
  await tab.media("");
});

const load = (path: string) => tab.load(base + path);

describe("loading", () => {
  test("shows what a policy refuses", async () => {
    const { complaints } = await load("/bad");
    expect(complaints.filter((one) => one.includes("Content Security Policy")).length).toBeGreaterThan(2);
    expect((await load("/unbound")).requests).toContain(`${base}/picture.png`);
  });

  test.each(PAGES)("%s asks for nothing but itself and is refused nothing", async (path) => {
    const { requests, complaints } = await load(path);
    expect(requests).toEqual([base + path]);
    expect(complaints.filter((one) => !/status of 404/.test(one))).toEqual([]);
    expect(await tab.evaluate("document.compatMode + document.title")).toMatch(/^CSS1Compat.* – Hoheit: /);
  });

  test.each(PAGES)("%s is for the browser the tree that the strict reader sees", async (path) => {
    const text = await (await fetch(base + path, { headers: { accept: "text/html" } })).text();
    await load(path);
    expect(await tab.evaluate(TREE)).toEqual(elements(parseHtml(text)).map(({ name }) => name));
  });
});

describe("reading", () => {
  const faint = async (): Promise<string[]> => Object.entries(await tab.evaluate<Record<string, string>>(COLOURS)).filter(([pair]) => contrast(...(pair.split(" ") as [string, string])) < 4.5).map(([pair, words]) => `${pair}: ${words}`);

  test("notices what is faint or too wide", async () => {
    await load("/unbound");
    expect(await faint()).toEqual(["#999999 #ffffff: faint"]);
    await tab.resize(320);
    expect(await tab.evaluate(OVERFLOW)).toEqual(["the page scrolls sideways", "div: wide"]);
  });

  test.each(PAGES)("%s has contrast in light and dark", async (path) => {
    await load(path);
    const light = await tab.evaluate(COLOURS);
    expect(await faint()).toEqual([]);
    await tab.media("", "dark");
    expect(await faint()).toEqual([]);
    expect(Object.keys(await tab.evaluate<object>(COLOURS))).not.toEqual(Object.keys(light as object));
  });

  test.each(PAGES)("%s fits a window of 320 pixels, one magnified twofold, and wider spaces", async (path) => {
    await load(path);
    for (const width of [320, 640, 1280]) {
      await tab.resize(width);
      expect([width, await tab.evaluate(OVERFLOW)]).toEqual([width, []]);
    }
    await tab.resize(320);
    await tab.evaluate(SPACED);
    expect(await tab.evaluate(OVERFLOW)).toEqual([]);
  });
});

describe("going through by keyboard", () => {
  interface Focus { readonly name: string; readonly text: string; readonly outline: number; readonly seen: boolean }

  async function walk(): Promise<Focus[]> {
    const way: Focus[] = [];
    for (;;) {
      await tab.press("Tab");
      const focus = await tab.evaluate<Focus | null>(FOCUS);
      if (focus === null) return way;
      way.push(focus);
    }
  }

  test("notices a focus that nobody sees, and what is too small to hit", async () => {
    await load("/unbound");
    expect((await walk()).map(({ outline }) => outline)).toEqual([0]);
    expect((await tab.evaluate<{ size: number }[]>(TARGETS)).filter(({ size }) => size < 24)).toHaveLength(1);
  });

  test.each(["/mixed/de/", "/mixed/en/namespaces/assistant", "/mixed/de/changes"])("%s can be walked through, past the navigation first, and one sees where one is", async (path) => {
    await load(path);
    const way = await walk();
    expect(way.length).toBe(await tab.evaluate("document.querySelectorAll('a, summary').length"));
    expect(way[0]?.text).toMatch(/^(Zum Inhalt springen|Skip to content)$/);
    expect(way.filter(({ outline, seen }) => outline < 2 || !seen)).toEqual([]);
    expect((await tab.evaluate<{ size: number }[]>(TARGETS)).filter(({ size }) => size < 24)).toEqual([]);
  });
});

describe("listening", () => {
  interface Node { readonly ignored: boolean; readonly role?: { readonly value: string }; readonly name?: { readonly value: string } }
  const nodes = async (): Promise<Node[]> => ((await tab.call("Accessibility.getFullAXTree"))["nodes"] as Node[]).filter(({ ignored }) => !ignored);
  const counts = (all: readonly Node[], roles: readonly string[]): Record<string, number> => Object.fromEntries(roles.map((role) => [role, all.filter((one) => one.role?.value === role).length]));
  const TABLE = ["table", "row", "cell", "rowheader", "columnheader", "caption"] as const;

  test.each(["/mixed/de/", "/mixed/en/namespaces/assistant", "/mixed/de/changes"])("%s has landmarks, named tables and links, and stays a table where rows are cards", async (path) => {
    await load(path);
    const wide = await nodes();
    expect(counts(wide, ["banner", "navigation", "main", "contentinfo"])).toEqual({ banner: 1, navigation: 1, main: 1, contentinfo: 1 });
    expect(wide.filter(({ role, name }) => ["table", "link", "heading", "navigation", "rowheader", "columnheader"].includes(role?.value ?? "") && (name?.value ?? "") === "")).toEqual([]);
    const asTable = counts(wide, TABLE);
    expect(asTable).toMatchObject({ table: await tab.evaluate("document.querySelectorAll('table').length"), row: await tab.evaluate("document.querySelectorAll('tr').length") });
    await tab.resize(320);
    expect(await tab.evaluate("getComputedStyle(document.querySelector('td')).display")).toBe("grid");
    expect(counts(await nodes(), TABLE)).toEqual(asTable);
  });

  test("notices what is no table with a name", async () => {
    await load("/unbound");
    const all = await nodes();
    expect(counts(all, ["main", "table"])).toEqual({ main: 0, table: 0 });
  });
});

describe("printing", () => {
  /** What A4 leaves between the margins, in CSS pixels. */
  const PAPER = Math.floor((210 - 2 * 16) / 25.4 * 96);

  test.each(["/mixed/de/", "/mixed/de/complete", "/mixed/de/namespaces/assistant", "/mixed/en/namespaces/library", "/hostile/en/namespaces/assistant"])("%s fits the paper, without what is only for screens and with all that is folded away", async (path) => {
    await tab.media("", "dark");
    await load(path);
    await tab.media("print", "dark");
    await tab.resize(PAPER);
    expect(await tab.evaluate(OVERFLOW)).toEqual([]);
    expect(await tab.evaluate(PRINTED)).toMatchObject({ navigation: 0, closed: 0, lists: await tab.evaluate("document.querySelectorAll('details li').length") });
    expect(await tab.evaluate("getComputedStyle(document.documentElement).backgroundColor")).toBe("rgb(255, 255, 255)");
    const { data } = await tab.call("Page.printToPDF", { preferCSSPageSize: true });
    expect(Buffer.from(data as string, "base64").toString("latin1")).toMatch(/^%PDF-[^]*\/MediaBox \[0 0 59[45][^]*%%EOF\s*$/);
  });

  test("has something folded away to show", async () => {
    await load("/mixed/de/namespaces/assistant");
    expect(await tab.evaluate(PRINTED)).toMatchObject({ navigation: 1, closed: 10, lists: 10 });
  });
});
