/**
 * A real vLLM of task Embedding, exactly as Hoheit renders it: the model that chats in serving.test.ts, made into one that
 * makes vectors. One server, from its start to what is left of it.
 */
import { randomBytes } from "node:crypto";
import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { eventually } from "../support/control-plane.ts";
import { conditionOf, deploymentNamed, remove } from "../support/house.ts";
import { lmd } from "../support/makers.ts";
import { servers } from "../support/node/house.ts";
import { node } from "../support/node/node.ts";
import { askFrom, type Outcome } from "./client.ts";
import { expectMetrics, expectOnlyDeclared } from "./expect.ts";
import { deploy, DEPLOYMENT, setTheScene, START_MS, type Scene } from "./setup.ts";
import { expectLogsAndStore, isSharedMemory, isStore, tracesOf } from "./traces.ts";

/** In every text below, and afterwards nowhere. */
const CANARY = `canary-${randomBytes(12).toString("hex")}`;
const CONTEXT = 512;
/** A deployment of a model that is for something else. */
const MISFIT = "misfit";
/** Of the model (test/vllm/tiny_models.py). */
const DIMENSIONS = 128;
let scene: Scene;

const post = (path: string, body: object, url = scene.urls[0]!): Promise<Outcome> => askFrom(scene.clients.declared, { url: url + path, method: "POST", body });
const embed = (input: unknown, url?: string): Promise<Outcome> => post("/v1/embeddings", { model: scene.servedName, input }, url);

beforeAll(async () => {
  scene = await setTheScene({ task: "Embedding", contextLength: CONTEXT });
  // Its start, and how it ends, takes as long as the next tests. A server that is starting hears no SIGTERM: it gets no time to drain.
  await deploy(scene.namespace, lmd(MISFIT).spec({ task: "Embedding", contextLength: CONTEXT, rollout: { drainSeconds: 0 } }), "reranker");
}, 420_000);

describe("serves", () => {
  test("vectors of texts, by both families: of length one, the same for the same text and no other", async () => {
    expect(scene.urls).toHaveLength(2);
    for (const url of scene.urls) {
      const { status, body } = await embed([`One ${CANARY}`, `Another ${CANARY}`, `One ${CANARY}`], url);
      expect(status, body).toBe(200);
      const answer = JSON.parse(body) as { model: string; data: { index: number; embedding: number[] }[] };
      expect(answer).toMatchObject({ model: scene.servedName, data: [{ index: 0 }, { index: 1 }, { index: 2 }] });
      const [one, another, again] = answer.data.map(({ embedding }) => embedding);
      for (const vector of [one!, another!]) {
        expect(vector).toHaveLength(DIMENSIONS);
        expect(Math.hypot(...vector)).toBeCloseTo(1, 3);
      }
      expect(again).toEqual(one);
      expect(another).not.toEqual(one);
    }
  });

  test("GET /v1/models, with the declared name and length", async () => {
    const { body } = await askFrom(scene.clients.declared, { url: `${scene.urls[0]!}/v1/models` });
    expect(JSON.parse(body)).toMatchObject({ data: [{ id: scene.servedName, max_model_len: CONTEXT }] });
  });

  test("no chats and no completions, as the task is Embedding", async () => {
    expect(await post("/v1/chat/completions", { model: scene.servedName, messages: [{ role: "user", content: CANARY }] })).toMatchObject({ status: 404 });
    expect(await post("/v1/completions", { model: scene.servedName, prompt: CANARY })).toMatchObject({ status: 404 });
  });

  test("nobody who was not declared, by the Service or by the pod's own address, in either family", () => expectOnlyDeclared(scene, { pods: 1 }));

  test("the metrics that a server of task Chat has", () => expectMetrics(scene));
});

describe("keeps what it is asked in memory only", () => {
  test("no log, volume, store or disk holds it, refused or not", { timeout: 300_000 }, async () => {
    const wrong: object[] = [
      { input: CANARY.repeat(CONTEXT) }, { input: [[CANARY]] }, { input: { [CANARY]: CANARY } }, { input: CANARY, encoding_format: CANARY, user: CANARY },
      { messages: [{ role: CANARY, content: [{ type: CANARY }] }] },
    ];
    for (const body of wrong) expect((await post("/v1/embeddings", { model: scene.servedName, ...body })).status, JSON.stringify(body).slice(0, 80)).toBe(400);
    const traces = await tracesOf([scene.servedName, CANARY], await servers(scene.namespace, DEPLOYMENT));
    expectLogsAndStore(traces.get(scene.servedName)!);
    expect(traces.get(CANARY)!.filter((path) => !isSharedMemory(path))).toEqual([]);
  });
});

describe("a model that makes no vectors", () => {
  test("does not start, and its log says why: it would be well, and answer every request with an error", { timeout: START_MS }, async () => {
    await eventually(async () => {
      const live = await deploymentNamed(node(), scene.namespace, MISFIT);
      expect(conditionOf(live, "Ready")).toMatchObject({ status: "False", reason: "Crashing" });
      expect(live?.status?.waitingFor).toMatch(/container vllm exited with code 1 and is restarted; kubectl logs shows why\.$/);
    }, { timeoutMs: START_MS, everyMs: 500 });
    const logs = globSync(`**/pod-logs/${scene.namespace}_${MISFIT}-*/vllm/*.log`, { cwd: node().folder });
    expect(logs.map((log) => readFileSync(join(node().folder, log), "utf8")).join()).toContain("Unsupported task: 'embed'");
  });
});

describe("when it is deleted", () => {
  test("nothing is left of what it was asked, not even in memory", { timeout: 300_000 }, async () => {
    for (const name of [DEPLOYMENT, MISFIT]) await remove(node(), (await deploymentNamed(node(), scene.namespace, name))!);
    await eventually(async () => expect([...await servers(scene.namespace, DEPLOYMENT), ...await servers(scene.namespace, MISFIT)]).toEqual([]), { timeoutMs: 120_000 });
    const traces = await tracesOf([scene.servedName, CANARY], []);
    expect(traces.get(scene.servedName)!.some(isStore), "the search reads the API server's store").toBe(true);
    expect(traces.get(CANARY)).toEqual([]);
  });
});
