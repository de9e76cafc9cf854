/** The transport between our client and the real API server, with the fault proxy in between. */
import { createServer } from "node:net";
import { describe, expect, test } from "vitest";
import { ApiError, FencedError, TransportError } from "../../operator/kube/errors.ts";
import { cachedSource, credentials } from "../../operator/kube/credentials.ts";
import { eventually, rawCall, sharedPlane, uniqueNamespace } from "../support/control-plane.ts";
import { FaultProxy, fault, match } from "../support/fault-proxy.ts";
import { CONFIG_MAPS, configMap, connect, type ConnectOptions, type Connected } from "../support/kube-client.ts";

interface Setting extends AsyncDisposable, Connected {
  proxy: FaultProxy;
  namespace: string;
  ref: { namespace: string; name: string };
}

/** A proxy, a client through it, a namespace and a ConfigMap `a` in it; the connection is already up. */
async function setting(options: ConnectOptions = {}, maxConcurrentStreams?: number): Promise<Setting> {
  const plane = sharedPlane();
  const namespace = await uniqueNamespace();
  await rawCall(plane, "POST", `/api/v1/namespaces/${namespace}/configmaps`, { body: configMap(namespace, "a") });
  const proxy = await FaultProxy.start({ url: plane.url, ca: plane.ca, ...(maxConcurrentStreams !== undefined && { maxConcurrentStreams }) });
  const kube = connect(plane, proxy, options);
  const ref = { namespace, name: "a" };
  await kube.client.get(CONFIG_MAPS, ref);
  proxy.requests.length = 0;
  const close = async (): Promise<void> => {
    kube[Symbol.dispose]();
    await proxy[Symbol.asyncDispose]();
  };
  return { ...kube, proxy, namespace, ref, [Symbol.asyncDispose]: close };
}

const failure = (promise: Promise<unknown>): Promise<unknown> => promise.then(() => undefined, (error: unknown) => error);
const onServer = (namespace: string, name: string): Promise<{ data: Record<string, string> }> => rawCall(sharedPlane(), "GET", `/api/v1/namespaces/${namespace}/configmaps/${name}`);

/** Pings of tests are impatient, to find dead connections soon; a loop that is busy for 300 ms would count as one. */
const PATIENT = { pingIntervalMs: 5_000, pingTimeoutMs: 5_000 };

describe("connections", () => {
  test("500 calls at once go over one connection, and queue where the server takes only ten streams", async () => {
    await using at = await setting(PATIENT, 10);
    const answers = await Promise.all(Array.from({ length: 500 }, () => at.client.get(CONFIG_MAPS, at.ref)));
    expect(answers.filter((answer) => answer?.metadata.name === "a")).toHaveLength(500);
    expect(at.proxy.connections).toBe(1);
  });

  test("watches have a connection of their own, and one more when it is full", async () => {
    await using at = await setting(PATIENT, 2);
    const stop = new AbortController();
    const watches = Array.from({ length: 3 }, () => at.transport.watch({ what: "watch", method: "GET", path: `/api/v1/namespaces/${at.namespace}/configmaps?watch=true`, silenceMs: 60_000, signal: stop.signal, onLine: () => {} }));
    await eventually(() => at.proxy.openWatches === 3);
    expect(at.proxy.connections).toBe(3);
    expect(await at.client.get(CONFIG_MAPS, at.ref)).toBeDefined();
    expect(at.proxy.connections).toBe(3);
    stop.abort(new Error("enough"));
    expect((await Promise.allSettled(watches)).map((end) => end.status === "rejected" && String(end.reason))).toEqual(Array(3).fill("Error: enough"));
  });

  test("GOAWAY moves new calls to a new connection and lets the running ones end", async () => {
    await using at = await setting();
    at.proxy.when(match.any, fault.delay(300), { times: 1 });
    const running = at.client.get(CONFIG_MAPS, at.ref);
    await eventually(() => at.proxy.requests.length === 1);
    at.proxy.goAway();
    await eventually(async () => {
      await at.client.get(CONFIG_MAPS, at.ref);
      return at.proxy.connections === 2;
    });
    expect(await running).toBeDefined();
    await eventually(() => at.proxy.open === 1);
  });

  test("a half-open connection is noticed by pings; a read in flight ends well on the next one", async () => {
    await using at = await setting();
    at.proxy.when(match.any, fault.hang(), { times: 1 });
    const read = at.client.get(CONFIG_MAPS, at.ref);
    await eventually(() => at.proxy.requests.length === 1);
    at.proxy.blackhole();
    await eventually(() => at.proxy.connections === 2);
    at.proxy.heal();
    at.proxy.dropConnections();
    expect((await read)?.metadata.name).toBe("a");
  });

  test("calls wait for an API server that is away, and are sent when it is back", async () => {
    await using at = await setting();
    const { port } = new URL(at.proxy.url);
    await at.proxy[Symbol.asyncDispose]();
    let tries = 0;
    const nobody = createServer((socket) => {
      tries += 1;
      socket.destroy();
    }).listen(Number(port), "127.0.0.1");
    const write = at.client.apply(CONFIG_MAPS, configMap(at.namespace, "later"));
    await eventually(() => tries >= 3);
    expect(await Promise.race([write, Promise.resolve("waiting")])).toBe("waiting");
    await new Promise((resolve) => nobody.close(resolve));
    await using _again = await FaultProxy.start({ url: sharedPlane().url, ca: sharedPlane().ca, port: Number(port), certificate: at.proxy.certificate });
    expect((await write).metadata.name).toBe("later");
  });
});

describe("retries", () => {
  test("429 with Retry-After is waited out with jitter, never earlier than told", async () => {
    await using at = await setting({ random: () => 0.25 });
    at.proxy.when(match.any, fault.status(429, 1), { times: 1 });
    const started = performance.now();
    expect(await at.client.apply(CONFIG_MAPS, configMap(at.namespace, "b"))).toBeDefined();
    expect(performance.now() - started).toBeGreaterThanOrEqual(1_240);
    expect(at.proxy.requests.map((request) => request.status)).toEqual([429, 201]);
  });

  test("429 without Retry-After and 503 with it are retried, for reads and writes", async () => {
    await using at = await setting({ random: () => 0 });
    at.proxy.when(match.read, fault.status(429), { times: 1 });
    at.proxy.when(match.write, fault.status(503, 1), { times: 1 });
    await Promise.all([at.client.get(CONFIG_MAPS, at.ref), at.client.apply(CONFIG_MAPS, configMap(at.namespace, "b"))]);
    expect(at.proxy.requests.map((request) => request.status).toSorted((a = 0, b = 0) => a - b)).toEqual([200, 201, 429, 503]);
  });

  test("a Retry-After beyond the deadline is reported at once, with the time", async () => {
    await using at = await setting();
    at.proxy.when(match.any, fault.status(429, 60));
    const started = performance.now();
    expect(await failure(at.client.get(CONFIG_MAPS, at.ref, { deadlineMs: 5_000 }))).toMatchObject({ name: "ApiError", code: 429, retryAfterMs: 60_000 });
    expect(performance.now() - started).toBeLessThan(2_000);
  });

  test("500 without Retry-After is an ApiError after one attempt", async () => {
    await using at = await setting();
    at.proxy.when(match.any, fault.status(500));
    const error = await failure(at.client.get(CONFIG_MAPS, at.ref));
    expect(error).toBeInstanceOf(ApiError);
    expect(error).toMatchObject({ code: 500, reason: "InternalError" });
    expect(at.proxy.requests).toHaveLength(1);
  });

  test("a read is repeated after truncated JSON, a reset stream and a lost connection", async () => {
    await using at = await setting();
    at.proxy.when(match.any, fault.truncate(40), { times: 1 });
    at.proxy.when(match.any, fault.reset(), { times: 1 });
    at.proxy.when(match.any, fault.drop(), { times: 1 });
    expect((await at.client.get(CONFIG_MAPS, at.ref))?.metadata.name).toBe("a");
    expect(at.proxy.requests).toHaveLength(4);
  });

  test("a write that was surely not processed is sent again", async () => {
    await using at = await setting();
    at.proxy.when(match.any, fault.refuse(), { times: 2 });
    await at.client.mergePatch(CONFIG_MAPS, at.ref, { data: { b: "2" } });
    expect(at.proxy.requests.map((request) => request.forwarded)).toEqual([false, false, true]);
  });

  test("a write whose answer is lost is not sent again, and the error says that it may have been carried out", async () => {
    await using at = await setting();
    for (const lost of [fault.loseAnswer(), fault.truncate(20), fault.drop()]) {
      at.proxy.requests.length = 0;
      at.proxy.when(match.write, lost, { times: 1 });
      const error = await failure(at.client.mergePatch(CONFIG_MAPS, at.ref, { data: { b: lost.kind } }));
      expect(error).toBeInstanceOf(TransportError);
      expect(String(error)).toContain("it may or may not have been carried out");
      expect(at.proxy.requests).toHaveLength(1);
    }
    expect((await onServer(at.namespace, "a")).data).toMatchObject({ b: "truncate" });
  });
});

test("a write that GOAWAY disowns is sent again", async () => {
  await using at = await setting();
  at.proxy.when(match.write, fault.hang(), { times: 1 });
  const write = at.client.mergePatch(CONFIG_MAPS, at.ref, { data: { b: "2" } });
  await eventually(() => at.proxy.requests.length === 1);
  at.proxy.disown();
  expect((await write).data).toEqual({ a: "1", b: "2" });
  expect(at.proxy.requests.map((request) => request.forwarded)).toEqual([false, true]);
});

test("a list whose next page has expired is read anew once, and whole", async () => {
  await using at = await setting({ pageSize: 1 });
  await rawCall(sharedPlane(), "POST", `/api/v1/namespaces/${at.namespace}/configmaps`, { body: configMap(at.namespace, "b") });
  at.proxy.when((request) => request.query.has("continue"), fault.gone(), { times: 1 });
  const { items } = await at.client.list(CONFIG_MAPS, { namespace: at.namespace, fieldSelector: "metadata.name!=kube-root-ca.crt" });
  expect(items.map((item) => item.metadata.name)).toEqual(["a", "b"]);
  expect(at.proxy.requests.filter((request) => !request.query.has("continue"))).toHaveLength(2);
});

test("a client that was closed sends nothing more and keeps nobody waiting", async () => {
  await using at = await setting();
  at.proxy.when(match.any, fault.hang(), { times: 1 });
  const read = failure(at.client.get(CONFIG_MAPS, at.ref));
  await eventually(() => at.proxy.requests.length === 1);
  at.transport.close();
  expect(String(await read)).toContain("the client was closed");
  expect(String(await failure(at.client.get(CONFIG_MAPS, at.ref)))).toContain("the client was closed");
});

test("the proxy kills before or after a chosen write, and exactly that one", async () => {
  await using at = await setting();
  const killed: string[] = [];
  at.proxy.killBeforeForward(2, (request) => killed.push(`before ${request.path.split("/").at(-1)}`));
  at.proxy.killAfterForward(3, (request) => killed.push(`after ${request.path.split("/").at(-1)}`));
  for (const name of ["b", "c", "d", "e", "f"]) await failure(at.client.apply(CONFIG_MAPS, configMap(at.namespace, name)));
  const { items } = await at.client.list(CONFIG_MAPS, { namespace: at.namespace, fieldSelector: "metadata.name!=kube-root-ca.crt" });
  expect(killed).toEqual(["before c", "after d"]);
  expect(items.map((item) => item.metadata.name)).toEqual(["a", "b", "d", "e", "f"]);
});

describe("limits", () => {
  test("every call has a deadline, also while it is queued, and says what it waited for", async () => {
    await using at = await setting({ deadlineMs: 300 }, 1);
    at.proxy.when(match.any, fault.hang());
    const [read, write] = await Promise.all([failure(at.client.get(CONFIG_MAPS, at.ref)), failure(at.client.apply(CONFIG_MAPS, configMap(at.namespace, "b"), { deadlineMs: 100 }))]);
    expect(String(read)).toMatch(/^Transport.*get configmaps .*\/a: no answer within 300 ms$/);
    // Queued behind the read, so it was never sent and nothing can have been carried out.
    expect(String(write)).not.toContain("may or may not");
    expect(String(await failure(at.client.apply(CONFIG_MAPS, configMap(at.namespace, "b"))))).toContain("may or may not");
  });

  test("a caller's signal ends a call at once with the caller's reason", async () => {
    await using at = await setting();
    at.proxy.when(match.any, fault.hang());
    const stop = new AbortController();
    const call = failure(at.client.get(CONFIG_MAPS, at.ref, { signal: stop.signal }));
    await eventually(() => at.proxy.requests.length === 1);
    stop.abort(new Error("going home"));
    expect(String(await call)).toBe("Error: going home");
  });

  test("an answer that is too large is refused, once", async () => {
    await using at = await setting({ maxAnswerBytes: 2_000 });
    await rawCall(sharedPlane(), "PATCH", `/api/v1/namespaces/${at.namespace}/configmaps/a`, { body: { data: { big: "x".repeat(10_000) } }, contentType: "application/merge-patch+json" });
    expect(String(await failure(at.client.get(CONFIG_MAPS, at.ref)))).toContain("the answer is larger than 2000 bytes");
    expect(at.proxy.requests).toHaveLength(1);
  });
});

describe("credentials", () => {
  test("401 makes us read the token anew, once, over the same connection", async () => {
    const plane = sharedPlane();
    let token = "old";
    let reads = 0;
    await using proxy = await FaultProxy.start({ url: plane.url, ca: plane.ca });
    const source = cachedSource(async () => {
      reads += 1;
      return credentials(proxy.url, { ca: proxy.ca, rejectUnauthorized: true }, { authorization: `Bearer ${token}` });
    }, 60_000);
    using kube = connect(plane, proxy, { credentials: source });
    expect(await failure(kube.client.list(CONFIG_MAPS))).toMatchObject({ code: 401 });
    expect(reads).toBe(2);
    token = plane.tokens["admin"] ?? "";
    expect((await kube.client.list(CONFIG_MAPS)).items.length).toBeGreaterThan(0);
    expect(reads).toBe(3);
    expect(proxy.connections).toBe(1);
  });

  test("a new certificate authority moves calls to a new connection while old calls end on the old one", async () => {
    const plane = sharedPlane();
    await using proxy = await FaultProxy.start({ url: plane.url, ca: plane.ca });
    let ca = proxy.ca;
    const source = cachedSource(async () => credentials(proxy.url, { ca, rejectUnauthorized: true }, { authorization: `Bearer ${plane.tokens["admin"]}` }), 0);
    using kube = connect(plane, proxy, { credentials: source });
    const namespace = await uniqueNamespace();
    await kube.client.apply(CONFIG_MAPS, configMap(namespace, "a"));
    proxy.rotateCertificate();
    proxy.when(match.read, fault.delay(400), { times: 1 });
    const old = kube.client.get(CONFIG_MAPS, { namespace, name: "a" });
    await eventually(() => proxy.requests.length === 2);
    ca = proxy.ca;
    expect(await kube.client.get(CONFIG_MAPS, { namespace, name: "a" })).toBeDefined();
    expect(proxy.connections).toBe(2);
    expect(await old).toBeDefined();
    await eventually(() => proxy.open === 1);
  });

  test("an unknown authority fails at once, without sending the token, and names the reason", async () => {
    const plane = sharedPlane();
    await using proxy = await FaultProxy.start({ url: plane.url, ca: plane.ca });
    using kube = connect(plane, { url: proxy.url, ca: plane.ca });
    const started = performance.now();
    expect(String(await failure(kube.client.list(CONFIG_MAPS)))).toMatch(/^TransportError: list configmaps: cannot connect: .*certificate/);
    expect(performance.now() - started).toBeLessThan(5_000);
    expect(proxy.requests).toHaveLength(0);
  });
});

describe("fence, metrics and secrets", () => {
  test("the fence is asked before every attempt of a write and never for a read", async () => {
    const asked: string[] = [];
    let open = true;
    const fence = (call: string): void => {
      asked.push(call);
      if (!open) throw new FencedError(call);
    };
    await using at = await setting({ fence });
    at.proxy.when(match.write, fault.refuse(), { times: 1 });
    await at.client.apply(CONFIG_MAPS, configMap(at.namespace, "b"));
    const apply = `apply configmaps ${at.namespace}/b`;
    expect(asked).toEqual([apply, apply]);
    open = false;
    at.proxy.requests.length = 0;
    expect(await failure(at.client.delete(CONFIG_MAPS, at.ref))).toBeInstanceOf(FencedError);
    expect(await at.client.get(CONFIG_MAPS, at.ref)).toBeDefined();
    expect(at.proxy.requests.map((request) => request.method)).toEqual(["GET"]);
  });

  test("a replica that loses the lease while it waits out a 429 sends nothing more", async () => {
    let open = true;
    await using at = await setting({ random: () => 0, fence: (call) => {
      if (!open) throw new FencedError(call);
    } });
    at.proxy.when(match.write, fault.status(429, 1), { times: 1 });
    const write = failure(at.client.apply(CONFIG_MAPS, configMap(at.namespace, "b")));
    await eventually(() => at.proxy.requests.length === 1);
    open = false;
    expect(await write).toBeInstanceOf(FencedError);
    expect(at.proxy.requests).toHaveLength(1);
  });

  test("every attempt is reported with verb, resource and code", async () => {
    const reports: string[] = [];
    await using at = await setting({ random: () => 0, onCall: ({ verb, resource, code }) => reports.push(`${verb} ${resource} ${code}`) });
    reports.length = 0;
    at.proxy.when(match.any, fault.status(429, 1), { times: 1 });
    at.proxy.when(match.any, fault.drop(), { times: 1 });
    await at.client.get(CONFIG_MAPS, at.ref);
    expect(reports).toEqual(["get configmaps 429", "get configmaps 0", "get configmaps 200"]);
  });

  test("neither token nor body is in any error", async () => {
    await using at = await setting({ deadlineMs: 1_000 });
    const plane = sharedPlane();
    using stranger = connect(plane, at.proxy, { token: "marker-token" });
    const body = configMap(at.namespace, "b", { secret: "marker-body" });
    const errors = [await failure(stranger.client.apply(CONFIG_MAPS, body))];
    for (const one of [fault.truncate(200), fault.drop(), fault.status(500), fault.hang()]) {
      at.proxy.when(match.write, one, { times: 1 });
      errors.push(await failure(at.client.apply(CONFIG_MAPS, body)));
    }
    expect(errors.every((error) => error instanceof ApiError || error instanceof TransportError)).toBe(true);
    const { inspect } = await import("node:util");
    const text = inspect(errors, { depth: Infinity, showHidden: true });
    expect(text).not.toMatch(/marker-/);
    expect(text).not.toContain(plane.tokens["admin"]);
  });
});
