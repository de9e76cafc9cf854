/**
 * A real vLLM on a real node, exactly as Hoheit renders it: two servers with a model of random weights, asked through the
 * Service from the network of other pods. The tests are one story, in this order: serve, keep nothing, roll out under
 * load, be deleted and leave nothing. Logs of pods go with them, so what is kept is looked for before the roll-out, too.
 */
import { randomBytes } from "node:crypto";
import { beforeAll, describe, expect, test } from "vitest";
import { eventually, rawCall } from "../support/control-plane.ts";
import { deploymentNamed, remove } from "../support/house.ts";
import { servers } from "../support/node/house.ts";
import { node } from "../support/node/node.ts";
import { askFrom, streamFrom, type Outcome } from "./client.ts";
import { expectMetrics, expectOnlyDeclared } from "./expect.ts";
import { rollOut, type RollOut } from "./roll-out.ts";
import { DEPLOYMENT, setTheScene, type Scene } from "./setup.ts";
import { expectLogsAndStore, isLog, isSharedMemory, isStore, plantInVolumes, tracesOf } from "./traces.ts";

/** In every prompt below, and afterwards nowhere. */
const CANARY = `canary-${randomBytes(12).toString("hex")}`;
/** Asked for as a model. */
const NO_MODEL = `nobody-${randomBytes(12).toString("hex")}`;
/** At least four seconds of a stream on the quickest machine, and less than the time to drain on a slow one. */
const STREAM_TOKENS = 4000;
/** The kubelet sleeps so long before it tells a server to end (build/lifecycle.ts). */
const SIGTERM_MS = 15_000;
let scene: Scene;

const chat = (more: object = {}): object => ({ model: scene.servedName, messages: [{ role: "user", content: `Hello, I am ${CANARY}.` }], max_tokens: 8, ...more });
const post = (path: string, body: object, url = scene.urls[0]!): Promise<Outcome> => askFrom(scene.clients.declared, { url: url + path, method: "POST", body });
const json = ({ status, body, error }: Outcome): unknown => status === 200 ? JSON.parse(body) : { status, body, error };

beforeAll(async () => { scene = await setTheScene({ contextLength: 65_536, replicas: 2 }); }, 420_000);

describe("serves", () => {
  test("after its start-up probe has waited for the weights", async () => {
    const pods = await servers(scene.namespace, DEPLOYMENT);
    expect(pods.map(({ status }) => status.conditions?.find(({ type }) => type === "Ready")?.status)).toEqual(["True", "True"]);
    const events = await rawCall<{ items: { reason?: string; message?: string }[] }>(node(), "GET", `/api/v1/namespaces/${scene.namespace}/events`);
    expect(events.items.some(({ reason, message }) => reason === "Unhealthy" && message?.startsWith("Startup probe failed"))).toBe(true);
  });

  test("GET /v1/models, by both families, with the declared name and length", async () => {
    expect(scene.urls).toHaveLength(2);
    for (const url of scene.urls) {
      const answer = json(await askFrom(scene.clients.declared, { url: `${url}/v1/models` }));
      expect(answer).toMatchObject({ data: [{ id: scene.servedName, max_model_len: 65_536 }] });
    }
  });

  test("a chat", async () => {
    const answer = json(await post("/v1/chat/completions", chat())) as { choices: { message: { content: string }; finish_reason: string }[] };
    expect(answer).toMatchObject({ model: scene.servedName, choices: [{ finish_reason: "length", message: { role: "assistant" } }] });
    expect(answer.choices[0]?.message.content).toMatch(/^[a-z ]{8}$/);
  });

  test("a completion", async () => {
    expect(json(await post("/v1/completions", { model: scene.servedName, prompt: CANARY, max_tokens: 8 }))).toMatchObject({ choices: [{ text: expect.stringMatching(/^[a-z ]{8}$/) }] });
  });

  test("a stream, one word after the other", async () => {
    const stream = streamFrom(scene.clients.declared, { url: `${scene.urls[0]!}/v1/chat/completions`, method: "POST", body: chat({ stream: true, max_tokens: 200 }) });
    expect(await stream.outcome).toEqual({ status: 200, body: "" });
    expect(stream.events.at(-1)?.event).toBe("[DONE]");
    expect(stream.events.length).toBeGreaterThan(50);
    expect(stream.events.at(-1)!.time - stream.events[0]!.time, "all events came at once").toBeGreaterThan(100);
  });

  test("no embeddings, as the task is Chat", async () => {
    expect(await post("/v1/embeddings", { model: scene.servedName, input: CANARY })).toMatchObject({ status: 404 });
  });

  test("nobody who was not declared, by the Service or by the pod's own address, in either family", () => expectOnlyDeclared(scene, { pods: 2 }));

  test("the metrics that dashboards and autoscaling are made for, all of them and no other", () => expectMetrics(scene));
});

describe("keeps what it is asked in memory only", () => {
  test("when it refuses a request, too", async () => {
    const wrong: object[] = [
      chat({ max_tokens: 1_000_000 }), chat({ temperature: CANARY }), chat({ messages: [{ role: CANARY, content: [{ type: CANARY }] }] }),
      chat({ stop: [CANARY], bad_words: [CANARY], user: CANARY, n: 100_000 }), chat({ response_format: { type: "json_schema", json_schema: { name: "x", schema: { type: CANARY } } } }),
      chat({ messages: [{ role: "user", content: [{ type: "image_url", image_url: { url: `http://${CANARY}.example/` } }] }] }),
    ];
    for (const body of wrong) expect((await post("/v1/chat/completions", body)).status, JSON.stringify(body)).toBeGreaterThanOrEqual(400);
    expect(await post(`/v1/${CANARY}`, chat())).toMatchObject({ status: 404 });
    expect(await post("/v1/chat/completions", { ...chat(), model: NO_MODEL })).toMatchObject({ status: 404 });
  });

  test("no log, volume, store or disk holds it", { timeout: 300_000 }, async () => {
    const pods = await servers(scene.namespace, DEPLOYMENT);
    const planted = `planted-${randomBytes(12).toString("hex")}`;
    const places = pods.flatMap((pod) => plantInVolumes(pod, planted));
    const { tokens } = json(await post("/tokenize", { model: scene.servedName, prompt: CANARY })) as { tokens: number[] };
    const asTokens = tokens.join(", ");
    const traces = await tracesOf([planted, scene.servedName, NO_MODEL, asTokens, CANARY], pods);
    expect(traces.get(planted)!.length, "the search finds what is in the pods' volumes").toBeGreaterThanOrEqual(places.length);
    expectLogsAndStore(traces.get(scene.servedName)!);
    // vLLM 0.32 logs the name of a model that there is not. It is the one text of a request that we found in a log.
    expect(traces.get(NO_MODEL)!.filter((path) => !isLog(path))).toEqual([]);
    expect(traces.get(asTokens)).toEqual([]);
    // Its processes hand requests to each other through shared memory, which is the pod's and ends with it.
    expect(traces.get(CANARY)!.filter((path) => !isSharedMemory(path))).toEqual([]);
  });
});

describe("a roll-out under load", () => {
  let seen: RollOut;
  beforeAll(async () => {
    seen = await rollOut(scene, { short: chat(), long: chat({ stream: true, max_tokens: STREAM_TOKENS }) });
  }, 540_000);

  test("fails no request", () => {
    const failed = seen.requests.filter(({ status, body }) => status !== 200 || !body.includes('"finish_reason":"length"'));
    console.log(`${seen.requests.length} requests during the roll-out, ${failed.length} failed; ${seen.streams.length} streams`);
    expect(failed).toEqual([]);
    expect(seen.requests.length).toBeGreaterThan(20);
  });

  test("lets every stream finish, those too that were running when their server was told to end", () => {
    for (const { outcome, lastEvents } of seen.streams) {
      expect(outcome).toEqual({ status: 200, body: "" });
      expect(lastEvents).toEqual([expect.stringContaining('"finish_reason":"length"'), "[DONE]"]);
    }
    expect([...seen.stopping.keys()].toSorted()).toEqual([...seen.oldPods].toSorted());
    for (const [pod, stopping] of seen.stopping) {
      const across = seen.streams.filter((stream) => stream.pod === pod && stream.started < stopping + SIGTERM_MS && stream.ended > stopping + SIGTERM_MS + 1000);
      expect(across, `no stream of ${pod} was under way at SIGTERM: nothing was tested`).not.toEqual([]);
    }
  });

  test("sends what comes new to the new servers", async () => {
    expect(seen.newPods).toHaveLength(2);
    expect(seen.newPods.filter((name) => seen.oldPods.includes(name))).toEqual([]);
    expect(json(await post("/v1/chat/completions", chat()))).toMatchObject({ choices: [{ finish_reason: "length" }] });
  });
});

describe("when it is deleted", () => {
  test("nothing is left of what it was asked, not even in memory", { timeout: 300_000 }, async () => {
    const deployment = (await deploymentNamed(node(), scene.namespace, DEPLOYMENT))!;
    await remove(node(), deployment);
    await eventually(async () => expect(await servers(scene.namespace, DEPLOYMENT)).toEqual([]), { timeoutMs: 120_000 });
    const traces = await tracesOf([scene.servedName, CANARY], []);
    expect(traces.get(scene.servedName)!.some(isStore), "the search reads the API server's store").toBe(true);
    expect(traces.get(CANARY)).toEqual([]);
  });
});
