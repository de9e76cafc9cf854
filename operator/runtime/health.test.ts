import { connect } from "node:net";
import { once } from "node:events";
import { afterEach, expect, test, vi } from "vitest";
import { fakeClock } from "../../test/support/fake-clock.ts";
import { loopCheck, startHealthServer, syncedCheck, workerCheck, type HealthOptions, type HealthServer } from "./health.ts";

const LOOPBACK = { host: "127.0.0.1", port: 0 };
const open: HealthServer[] = [];
afterEach(() => Promise.all(open.splice(0).map((server) => server.close())));

async function start(options: Partial<HealthOptions> = {}): Promise<(path: string, at?: "metrics") => Promise<{ code: number; text: string; headers: Headers }>> {
  const server = await startHealthServer({ alive: [], ready: [], metrics: { contentType: "text/plain; version=0.0.4; charset=utf-8", text: async () => "m 1\n" }, listen: LOOPBACK, ...options });
  open.push(server);
  return async (path, at) => {
    const { port } = at === "metrics" ? server.listeningMetrics : server.listening;
    const response = await fetch(`http://127.0.0.1:${port}${path}`);
    return { code: response.status, text: await response.text(), headers: response.headers };
  };
}

test("each check is a line, and one problem makes 503", async () => {
  let problem: string | undefined;
  const get = await start({ alive: [{ name: "loop", problem: () => undefined }, { name: "workers", problem: () => problem }], ready: [{ name: "caches", problem: () => undefined }] });
  expect(await get("/healthz")).toMatchObject({ code: 200, text: "[+] loop ok\n[+] workers ok\n" });
  problem = "stuck";
  expect(await get("/healthz")).toMatchObject({ code: 503, text: "[+] loop ok\n[-] workers: stuck\n" });
  expect(await get("/readyz")).toMatchObject({ code: 200, text: "[+] caches ok\n" });
});

test("metrics are served with their content type, on the same address", async () => {
  const get = await start();
  const { code, text, headers } = await get("/metrics");
  expect([code, text, headers.get("content-type")]).toEqual([200, "m 1\n", "text/plain; version=0.0.4; charset=utf-8"]);
});

test("with an address of their own, metrics are there only and health is here only", async () => {
  const get = await start({ listenMetrics: LOOPBACK });
  expect([(await get("/metrics")).code, (await get("/metrics", "metrics")).code]).toEqual([404, 200]);
  expect([(await get("/healthz")).code, (await get("/healthz", "metrics")).code]).toEqual([200, 404]);
});

test("neither a wrong path nor a failure tells anything", async () => {
  const get = await start({ metrics: { contentType: "text/plain", text: () => Promise.reject(new Error("PLANTED")) } });
  expect(await get("/PLANTED")).toMatchObject({ code: 404, text: "not found\n" });
  const { code, text, headers } = await get("/metrics");
  expect([code, text, headers.get("x-powered-by")]).toEqual([500, "failed\n", null]);
});

test("nor does an address that metrics have for themselves", async () => {
  const get = await start({ listenMetrics: LOOPBACK, metrics: { contentType: "text/plain", text: () => Promise.reject(new Error("PLANTED")) } });
  expect(await get("/PLANTED", "metrics")).toMatchObject({ code: 404, text: "not found\n" });
  expect(await get("/metrics", "metrics")).toMatchObject({ code: 500, text: "failed\n" });
});

test("a check that throws is a failure, not a crash", async () => {
  const get = await start({ alive: [{ name: "broken", problem: () => { throw new Error("PLANTED"); } }] });
  expect(await get("/healthz")).toMatchObject({ code: 500, text: "failed\n" });
  expect(await get("/readyz")).toMatchObject({ code: 200 });
});

test("an address that is taken is an error, and nothing is left open", async () => {
  const get = await start();
  expect((await get("/healthz")).code).toBe(200);
  const servers = (): number => process.getActiveResourcesInfo().filter((resource) => resource === "TCPServerWrap").length;
  const before = servers();
  const taken = { ...LOOPBACK, port: open[0]?.listening.port ?? 0 };
  await expect(startHealthServer({ alive: [], ready: [], metrics: { contentType: "", text: async () => "" }, listen: taken })).rejects.toMatchObject({ code: "EADDRINUSE" });
  await expect(startHealthServer({ alive: [], ready: [], metrics: { contentType: "", text: async () => "" }, listen: LOOPBACK, listenMetrics: taken })).rejects.toMatchObject({ code: "EADDRINUSE" });
  await vi.waitFor(() => expect(servers()).toBe(before));
});

test("closing does not wait for a client that says nothing", async () => {
  await start();
  const server = open.pop();
  const socket = connect(server?.listening.port ?? 0, "127.0.0.1");
  await once(socket, "connect");
  socket.on("error", () => {});
  socket.write("GET /healthz HTTP/1.1\r\n");
  const closed = new Promise((resolve) => socket.once("close", resolve));
  await server?.close();
  await closed;
  await expect(fetch(`http://127.0.0.1:${server?.listening.port}/healthz`)).rejects.toThrow();
});

test("a loop that did not turn for half a minute is not healthy, one that turns again is", () => {
  const clock = fakeClock();
  const check = loopCheck(clock);
  clock.advance(600_000);
  expect(check.problem()).toBeUndefined();
  clock.freeze(30_000);
  expect(check.problem()).toBeUndefined();
  clock.freeze(1);
  expect(check.problem()).toBe("the event loop has not turned for 30 s");
  clock.advance(0);
  expect(check.problem()).toBeUndefined();
  check.stop();
  expect(clock.pending).toBe(0);
});

test("a reconcile that runs for more than ten minutes is stuck", () => {
  let longest = 600_000;
  const check = workerCheck(() => longest);
  expect(check.problem()).toBeUndefined();
  longest += 1;
  expect(check.problem()).toBe("a reconcile has been running for longer than 10 min");
});

test("until all caches are filled the operator is not ready", () => {
  let synced = false;
  const check = syncedCheck(() => synced);
  expect(check.problem()).toBe("not all caches have been filled yet");
  synced = true;
  expect(check.problem()).toBeUndefined();
});
