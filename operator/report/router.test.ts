import { once } from "node:events";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { hash } from "node:crypto";
import express from "express";
import { afterEach, describe, expect, test } from "vitest";
import { elements, parseHtml, textOf } from "../../test/support/html.ts";
import { mixed } from "../../test/support/report-data.ts";
import type { ReportData } from "./data.ts";
import { reportRouter } from "./router.ts";

const servers: Server[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    server.close();
  }
});

/** Asks as a browser does, unless told otherwise. */
type Ask = (path: string, headers?: Record<string, string>, method?: string) => Promise<{ status: number; headers: Headers; text: string }>;

/** @param under a path that a proxy, or another router, has before ours */
async function start(source: () => ReportData | undefined = () => mixed, under = "/"): Promise<Ask> {
  const app = express().disable("x-powered-by").disable("etag");
  app.use(under, reportRouter(source));
  const server = createServer(app).listen(0, "127.0.0.1");
  servers.push(server);
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  return async (path, headers = { accept: "text/html,*/*;q=0.8" }, method = "GET") => {
    const response = await fetch(`http://127.0.0.1:${port}${path}`, { headers, method, redirect: "manual" });
    return { status: response.status, headers: response.headers, text: await response.text() };
  };
}

const JSON_WANTED = { accept: "application/json" };
const headingOf = (text: string): string => textOf(elements(parseHtml(text), "h1")[0]!);

describe("the report", () => {
  test.each([
    ["/de/", "Was das Haus verlassen darf"], ["/en/", "What may leave the house"], ["/de/changes", "Was sich geändert hat"], ["/en/changes", "What changed"],
    ["/de/complete", "Was das Haus verlassen darf"], ["/de/namespaces/assistant", "Namensraum assistant"], ["/en/namespaces/litellm", "Namespace litellm"],
  ])("has %s", async (path, heading) => {
    const ask = await start();
    const { status, headers, text } = await ask(path);
    expect([status, headers.get("content-type"), headingOf(text)]).toEqual([200, "text/html; charset=utf-8", heading]);
  });

  test("is the same as JSON by Accept and by name", async () => {
    const ask = await start();
    for (const [page, file] of [["/de/", "/de/index.json"], ["/en/changes", "/en/changes.json"], ["/en/complete", "/en/complete.json"], ["/de/namespaces/assistant", "/de/namespaces/assistant.json"]] as const) {
      const [byAccept, byName] = [await ask(page, JSON_WANTED), await ask(file)];
      expect([byAccept.status, byAccept.headers.get("content-type"), byAccept.text]).toEqual([200, "application/json; charset=utf-8", byName.text]);
      expect(JSON.parse(byName.text)).toMatchObject({ time: mixed.time, root: mixed.root });
    }
    expect(JSON.parse((await ask("/de/index.json")).text)).toMatchObject({ verdict: "UNGOVERNED", namespaces: [{ namespace: "assistant", workloads: { REFUTED: 1, PROVED: 1 }, labelSpace: "REFUTED" }, { namespace: "library" }, { namespace: "litellm" }, { namespace: "planning" }] });
    expect(JSON.parse((await ask("/de/namespaces/assistant.json")).text)).toMatchObject({ ...mixed.proof.namespaces[0], policyInForce: { name: "land" }, probes: [{ name: "assistant" }], changes: { flips: [{ namespace: "assistant" }, { namespace: "assistant" }] } });
    expect(JSON.parse((await ask("/de/changes.json")).text)).toMatchObject(mixed.changes);
    expect(JSON.parse((await ask("/de/complete.json")).text)).toMatchObject({ ...mixed.proof, policiesInForce: { assistant: { name: "land" } }, changes: mixed.changes, probes: mixed.probes });
  });

  test.each([["de", "de/"], ["de-AT,de;q=0.9,en;q=0.5", "de/"], ["en-GB,de;q=0.5", "en/"], ["fr", "en/"], ["", "en/"]])("leads whoever asks for %j to %s", async (wanted, to) => {
    const ask = await start();
    const { status, headers } = await ask("/", { "accept-language": wanted });
    expect([status, headers.get("location")]).toEqual([302, to]);
    expect((await ask("/de")).headers.get("location")).toBe("de/");
  });

  test("has links that hold wherever a proxy puts it", async () => {
    const ask = await start(() => mixed, "/audit/hoheit");
    const seen = new Set<string>();
    const follow = async (path: string): Promise<void> => {
      if (seen.has(path)) return;
      seen.add(path);
      const { status, headers, text } = await ask(path);
      expect([path, status]).toEqual([path, 200]);
      const hrefs = headers.get("content-type")?.startsWith("text/html") === true ? elements(parseHtml(text), "a").map(({ attributes }) => attributes.get("href") ?? "") : [];
      for (const href of hrefs) await follow(new URL(href, `http://x${path}`).pathname);
    };
    await follow("/audit/hoheit/de/");
    // Both languages: overview, changes, four namespaces; each as HTML and as JSON. `./` is the overview. And all in one.
    expect(seen.size).toBe(2 * 6 * 2 + 2);
  });

  test("has no document of everything where that would keep the operator from its work", async () => {
    const [assistant] = mixed.proof.namespaces;
    const workloads = (count: number): ReportData => ({ ...mixed, proof: { ...mixed.proof, namespaces: [{ ...assistant!, labelSpace: [], workloads: Array.from({ length: count }, (_, index) => ({ ...assistant!.workloads[0]!, id: `assistant/Deployment/a${index}` })) }] } });
    for (const [count, status] of [[1_000, 200], [1_001, 404]] as const) {
      const ask = await start(() => workloads(count));
      expect([count, (await ask("/en/complete")).status, (await ask("/en/complete.json")).status, (await ask("/en/")).text.includes("./complete")]).toEqual([count, status, status, status === 200]);
    }
  });

  test("lets nothing in but its own stylesheet, and is kept by nobody", async () => {
    const ask = await start();
    for (const path of ["/de/", "/en/changes", "/en/index.json", "/nowhere", "/", "/%zz"]) {
      const { headers, text } = await ask(path);
      const style = /<style>([^]*)<\/style>/.exec(text)?.[1];
      const csp = headers.get("content-security-policy") ?? "";
      expect(csp).toMatch(/^default-src 'none'; style-src '[^']+'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'$/);
      if (style !== undefined) expect(csp).toContain(`'sha256-${hash("sha256", style, "base64")}'`);
      expect(Object.fromEntries(headers)).toMatchObject({ "cache-control": "no-store", "referrer-policy": "no-referrer", "x-content-type-options": "nosniff", "cross-origin-resource-policy": "same-origin" });
      expect([headers.get("x-powered-by"), headers.get("etag"), headers.get("set-cookie")]).toEqual([null, null, null]);
    }
    expect((await ask("/de/")).headers.get("vary")).toMatch(/accept, accept-language/i);
  });

  test.each(["/PLANTED", "/de/PLANTED?q=PLANTED", "/de/namespaces/PLANTED", "/de/namespaces/assistant/PLANTED", "/de/changes/", "/DE/", "/de/namespaces/constructor", "/xx/"])("does not have %s and does not repeat it", async (path) => {
    const ask = await start();
    const [html, json] = [await ask(path), await ask(path, JSON_WANTED)];
    expect([html.status, json.status, json.text]).toEqual([404, 404, '{"error":"not found"}\n']);
    expect(html.text).not.toContain("PLANTED");
    const back = elements(parseHtml(html.text), "main").flatMap((main) => elements(main, "a"))[0]?.attributes.get("href") ?? "";
    expect(new URL(back, `http://x${path}`).pathname).toMatch(/^\/(de|en)\/$/);
  });

  test("reflects no query", async () => {
    const ask = await start();
    const plain = await ask("/de/");
    expect((await ask("/de/?x=%3Cscript%3Ealert(1)%3C/script%3E")).text).toBe(plain.text);
  });

  test.each(["POST", "PUT", "DELETE", "PATCH", "OPTIONS"])("cannot be asked to do anything (%s)", async (method) => {
    const ask = await start();
    const { status, headers, text } = await ask("/de/", {}, method);
    expect([status, headers.get("allow"), text]).toEqual([405, "GET, HEAD", "this report can only be read\n"]);
  });

  test("answers HEAD as GET, without the page", async () => {
    const ask = await start();
    const { status, headers, text } = await ask("/de/", {}, "HEAD");
    expect([status, headers.get("content-type"), text]).toEqual([200, "text/html; charset=utf-8", ""]);
  });

  test("that is not there yet is a page for people and an error for programs", async () => {
    const ask = await start(() => undefined);
    const [page, program] = [await ask("/de/"), await ask("/de/", JSON_WANTED)];
    expect([page.status, headingOf(page.text)]).toEqual([200, "Noch liegt kein Nachweis vor"]);
    expect([program.status, program.headers.get("retry-after"), program.text]).toEqual([503, "30", '{"error":"nothing has been proved yet"}\n']);
  });

  test("tells neither what failed nor what it could not read", async () => {
    const ask = await start(() => { throw new Error("PLANTED"); });
    expect(await ask("/de/")).toMatchObject({ status: 500, text: "failed\n" });
    expect(await ask("/de/namespaces/%zz")).toMatchObject({ status: 400, text: "bad request\n" });
  });
});
