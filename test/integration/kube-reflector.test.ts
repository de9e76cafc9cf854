/** The reflector against the real API server through the fault proxy: whatever happens, the cache ends up equal. */
import { constants } from "node:http2";
import { expect, onTestFinished, test } from "vitest";
import type { CacheChange, CacheSpec } from "../../operator/kube/cache.ts";
import { Reflector, type Restart } from "../../operator/kube/reflector.ts";
import { Store } from "../../operator/kube/store.ts";
import { eventually, rawCall, sharedPlane, uniqueNamespace } from "../support/control-plane.ts";
import { FaultProxy, fault, match, type Seen } from "../support/fault-proxy.ts";
import { CONFIG_MAPS, configMap, connect, type ConfigMap } from "../support/kube-client.ts";

interface Setting {
  proxy: FaultProxy;
  store: Store<ConfigMap>;
  restarts: Restart[];
  /** `+a`, `~a` (changed), `-a`. */
  history: string[];
  namespace: string;
  /** Creates or changes a ConfigMap behind the reflector's back. */
  write(name: string, data?: Record<string, string>): Promise<unknown>;
  erase(name: string): Promise<unknown>;
  /** Begins to reflect; resolves when the first list is there. */
  start(): Promise<void>;
  lists(): Seen[];
  watches(): Seen[];
}

async function setting(options: { silenceMs?: number; spec?: Partial<CacheSpec<ConfigMap>> } = {}): Promise<Setting> {
  const plane = sharedPlane();
  const namespace = await uniqueNamespace();
  const proxy = await FaultProxy.start({ url: plane.url, ca: plane.ca });
  const kube = connect(plane, proxy, { pageSize: 2 });
  // Cluster-wide like in production, but only this test's objects.
  const store = new Store<ConfigMap>({ resource: CONFIG_MAPS, labelSelector: `of=${namespace}`, ...options.spec });
  const history: string[] = [];
  store.onChange(({ before, after }) => history.push(before === undefined ? `+${after?.metadata.name}` : `${after === undefined ? "-" : "~"}${before.metadata.name}`));
  const restarts: Restart[] = [];
  const reflector = new Reflector(store, { transport: kube.transport, client: kube.client, onRestart: (restart) => restarts.push(restart), random: () => 0, ...(options.silenceMs !== undefined && { silenceMs: options.silenceMs }) });
  const stop = new AbortController();
  let running: Promise<void> = Promise.resolve();
  onTestFinished(async () => {
    stop.abort();
    await running;
    kube[Symbol.dispose]();
    await proxy[Symbol.asyncDispose]();
  });
  const path = `/api/v1/namespaces/${namespace}/configmaps`;
  return {
    proxy, store, restarts, history, namespace,
    write: (name, data = { a: "1" }) => {
      const object = configMap(namespace, name, data);
      return rawCall(plane, "PATCH", `${path}/${name}?fieldManager=test&force=true`, { body: { ...object, metadata: { ...object.metadata, labels: { of: namespace } } }, contentType: "application/apply-patch+yaml" });
    },
    erase: (name) => rawCall(plane, "DELETE", `${path}/${name}`),
    start: () => {
      running = reflector.run(stop.signal);
      return store.firstList;
    },
    lists: () => proxy.requests.filter((request) => !request.isWatch || request.query.has("sendInitialEvents")),
    watches: () => proxy.requests.filter((request) => request.isWatch && !request.query.has("sendInitialEvents")),
  };
}

const names = (store: Store<ConfigMap>): string[] => store.list().map((object) => object.metadata.name).sort();

test("one watch brings the list and what comes after it, without managedFields and only what is kept", async () => {
  const at = await setting({ spec: { keep: (object) => ({ ...object, data: { kept: object.data?.["kept"] ?? "" } }) } });
  await at.write("a", { kept: "1", dropped: "2" });
  await at.start();
  await at.write("b", { kept: "3", dropped: "4" });
  await eventually(() => expect(names(at.store)).toEqual(["a", "b"]));
  expect(at.store.list().map((object) => object.data)).toEqual([{ kept: "1" }, { kept: "3" }]);
  expect(at.store.list().some((object) => "managedFields" in object.metadata)).toBe(false);
  expect(at.store.list()[0]).toMatchObject({ apiVersion: "v1", kind: "ConfigMap" });
  expect(at.proxy.requests).toHaveLength(1);
  const { query } = at.proxy.requests[0] as Seen;
  expect(Object.fromEntries(query)).toMatchObject({ watch: "true", allowWatchBookmarks: "true", sendInitialEvents: "true", resourceVersionMatch: "NotOlderThan", timeoutSeconds: "240" });
});

test("a server that refuses to stream the list is asked for pages", async () => {
  const at = await setting();
  await Promise.all(["a", "b", "c", "d", "e"].map((name) => at.write(name)));
  at.proxy.when((request) => request.query.has("sendInitialEvents"), fault.status(422));
  await at.start();
  expect(names(at.store)).toEqual(["a", "b", "c", "d", "e"]);
  expect(at.proxy.requests.filter((request) => request.query.has("limit"))).toHaveLength(3);
  await at.write("f");
  await eventually(() => names(at.store).length === 6);
  expect(at.watches()).toHaveLength(1);
});

test("watches that the server ends cleanly in a burst are resumed at once, without a list and without loss", async () => {
  const at = await setting();
  await at.start();
  at.proxy.when((request) => at.watches().includes(request), fault.endWatch(1), { times: 15 });
  at.proxy.endWatches();
  const started = performance.now();
  for (let i = 0; i < 15; i += 1) {
    await at.write(`m${String(i).padStart(2, "0")}`);
    await eventually(() => at.store.list().length === i + 1, { everyMs: 5 });
  }
  expect(performance.now() - started).toBeLessThan(5_000);
  expect(at.restarts.slice(1).map(({ reason, delayMs }) => `${reason} ${delayMs}`)).toEqual(Array(15).fill("end 0"));
  expect(at.lists()).toHaveLength(1);
  expect(at.history).toHaveLength(15);
});

test("410 by HTTP and 410 as an event both bring one new list, and what was deleted meanwhile is deleted", async () => {
  const at = await setting();
  await at.write("a");
  await at.write("b");
  await at.start();
  at.proxy.when(match.watch, fault.gone(), { times: 1 });
  const hold = at.proxy.when(match.watch, fault.status(429));
  at.proxy.endWatches();
  await eventually(() => hold.hits > 0);
  await at.erase("a");
  await at.write("c");
  hold.remove();
  await eventually(() => expect(names(at.store)).toEqual(["b", "c"]));
  expect(at.history.slice(2)).toEqual(["-a", "+c"]);
  at.proxy.when((request) => at.watches().includes(request), fault.goneEvent(), { times: 1 });
  const before = at.lists().length;
  at.proxy.endWatches();
  await eventually(() => at.lists().length === before + 1);
  await at.write("d");
  await eventually(() => names(at.store).includes("d"));
  expect(at.restarts.filter(({ reason }) => reason === "gone")).toHaveLength(2);
  expect(at.history.slice(4)).toEqual(["+d"]);
});

test.each([
  ["a reset stream", fault.reset(), "broken"],
  ["a cancelled stream", fault.reset(constants.NGHTTP2_CANCEL), "broken"],
  ["a stream that ends without an answer", fault.reset(constants.NGHTTP2_NO_ERROR), "broken"],
  ["a stream that is cancelled in its middle", fault.cancelWatch(), "broken"],
  ["a lost connection", fault.drop(), "broken"],
  ["a refused stream", fault.refuse(), "unreachable"],
  ["500", fault.status(500), "refused"],
  ["403", fault.status(403), "refused"],
  ["429", fault.status(429, 1), "throttled"],
  ["a line that is cut", fault.truncate(20), "broken"],
  ["a line that is not JSON", fault.insertLine("{nonsense"), "broken"],
  ["a line that is no event", fault.insertLine("{}"), "broken"],
])("after %s the watch goes on from where it was", async (_name, what, reason) => {
  const at = await setting();
  await at.write("a");
  await at.start();
  at.proxy.when((request) => at.watches().includes(request), what, { times: 1 });
  at.proxy.endWatches();
  await at.write("b");
  await eventually(() => expect(names(at.store)).toEqual(["a", "b"]));
  expect(at.lists()).toHaveLength(1);
  expect(at.restarts.map((restart) => restart.reason)).toEqual(["end", reason]);
  expect(at.restarts[1]?.delayMs).toBeGreaterThanOrEqual(400);
});

test("a line longer than allowed ends the watch instead of filling the memory", async () => {
  const at = await setting();
  const kube = connect(sharedPlane(), at.proxy, { maxLineBytes: 1_000 });
  at.proxy.when(match.watch, fault.insertLine(JSON.stringify({ huge: "x".repeat(2_000) })));
  await expect(kube.transport.watch({ what: "watch", method: "GET", path: `/api/v1/namespaces/${at.namespace}/configmaps?watch=true`, silenceMs: 5_000, signal: new AbortController().signal, onLine: () => {} })).rejects.toThrow("longer than 1000 bytes");
  kube[Symbol.dispose]();
});

test("a watch that has gone silent is ended and resumed", async () => {
  const at = await setting({ silenceMs: 300 });
  at.proxy.when((request) => at.watches().includes(request), fault.hang(), { times: 1 });
  await at.start();
  await eventually(() => at.restarts.filter(({ reason }) => reason === "silence").length >= 2);
  await at.write("a");
  await eventually(() => names(at.store).length === 1);
  expect(at.lists()).toHaveLength(1);
});

test("a half-open connection is noticed and the watch resumed on a new one", async () => {
  const at = await setting();
  await at.start();
  at.proxy.blackhole();
  await at.write("a");
  await eventually(() => at.restarts.length > 0);
  at.proxy.heal();
  at.proxy.dropConnections();
  await eventually(() => names(at.store).length === 1);
  expect(at.lists()).toHaveLength(1);
});

test("an object that is deleted and made anew while nobody watches arrives as a deletion and an addition", async () => {
  const at = await setting();
  await at.write("a");
  await at.start();
  const uid = at.store.list()[0]?.metadata.uid;
  const blind = at.proxy.when(match.watch, fault.status(500));
  at.proxy.endWatches();
  await eventually(() => blind.hits > 0);
  await at.erase("a");
  await at.write("a");
  at.proxy.when((request) => at.watches().includes(request), fault.gone(), { times: 1 });
  blind.remove();
  await eventually(() => at.store.list()[0]?.metadata.uid !== uid);
  expect(at.history).toEqual(["+a", "-a", "+a"]);
});

test("our own write is known at once, and a late answer does not bring back what was deleted since", async () => {
  const at = await setting();
  await at.start();
  const made = await at.write("a") as ConfigMap;
  at.store.observe(made as Parameters<typeof at.store.observe>[0]);
  expect(names(at.store)).toEqual(["a"]);
  const changed = await at.write("a", { a: "2" });
  await at.erase("a");
  await eventually(() => names(at.store).length === 0);
  at.store.observe(changed as Parameters<typeof at.store.observe>[0]);
  expect(names(at.store)).toEqual([]);
  expect(at.history.filter((entry) => entry === "+a")).toHaveLength(1);
});

test("a replayed watch does not take the cache back in time", async () => {
  const at = await setting();
  const old = await at.write("a", { v: "1" });
  await at.start();
  await at.write("a", { v: "2" });
  await eventually(() => at.store.list()[0]?.data?.["v"] === "2");
  const seen: CacheChange<ConfigMap>[] = [];
  at.store.onChange((change) => seen.push(change));
  at.proxy.when((request) => at.watches().includes(request), fault.insertLine(JSON.stringify({ type: "MODIFIED", object: old })), { times: 1 });
  at.proxy.endWatches();
  await at.write("b");
  await eventually(() => names(at.store).includes("b"));
  expect(at.store.list()[0]?.data).toEqual({ v: "2" });
  expect(seen.map(({ after }) => after?.metadata.name)).toEqual(["b"]);
});

test("a bug in a projection stops the reflector instead of being retried for ever", async () => {
  const plane = sharedPlane();
  using kube = connect(plane, plane);
  const store = new Store<ConfigMap>({ resource: CONFIG_MAPS, keep: () => {
    throw new TypeError("a bug");
  } });
  await expect(new Reflector(store, kube).run(new AbortController().signal)).rejects.toThrow("a bug");
});
