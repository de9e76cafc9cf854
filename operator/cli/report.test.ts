import { afterEach, expect, test } from "vitest";
import { mixed } from "../../test/support/report-data.ts";
import type { ReportData } from "../report/data.ts";
import type { Listener } from "../runtime/http.ts";
import { serveReport } from "./report.ts";

const open: Listener[] = [];
afterEach(() => Promise.all(open.splice(0).map((listener) => listener.close())));

async function start(source: () => ReportData | undefined, port = 0): Promise<string> {
  const listener = await serveReport({ host: "127.0.0.1", port }, source);
  open.push(listener);
  return `http://127.0.0.1:${listener.address.port}`;
}

test("the report's port shows what is known when it is asked, and nothing of what it is made with", async () => {
  let known: ReportData | undefined;
  const url = await start(() => known);
  expect(await (await fetch(`${url}/en/`)).text()).toContain("Nothing has been proved yet");
  known = mixed;
  const response = await fetch(`${url}/en/`);
  expect(await response.text()).toContain(mixed.root);
  expect([response.headers.get("x-powered-by"), response.headers.get("etag")]).toEqual([null, null]);
});

test("has neither health nor metrics", async () => {
  const url = await start(() => mixed);
  for (const path of ["/healthz", "/readyz", "/metrics"]) expect((await fetch(url + path)).status).toBe(404);
});

test("takes the headers of a proxy that signs people in", async () => {
  const url = await start(() => mixed);
  expect((await fetch(`${url}/de/`, { headers: { cookie: `session=${"x".repeat(24_000)}` } })).status).toBe(200);
  expect((await fetch(`${url}/de/`, { headers: { cookie: `session=${"x".repeat(40_000)}` } })).status).toBe(431);
});

test("an address that is taken is an error", async () => {
  const url = await start(() => mixed);
  await expect(serveReport({ host: "127.0.0.1", port: Number(new URL(url).port) }, () => mixed)).rejects.toMatchObject({ code: "EADDRINUSE" });
});
