/**
 * Deletion while a server hammers at the seal: it drains for a quarter of a minute or longer, and all that time, until its
 * last process is gone, not one packet may reach the world. That there would be something to see is shown by the same pod
 * under another label, which is deleted with them.
 */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { eventually, rawCall } from "../../support/control-plane.ts";
import { remove } from "../../support/house.ts";
import { hits, packetsFrom } from "../../support/node/hits.ts";
import { engine, furnished, serve } from "../../support/node/house.ts";
import { node, removeNamespace } from "../../support/node/node.ts";
import { addressesOf, processesOf, untilRunning, type Pod } from "../../support/node/pods.ts";
import { HAMMERING_ENGINE } from "../../support/node/engine/image.ts";
import { hammered, MANY, startFromTemplate, tell, untilItFails, untilItGetsOut, type Hammered } from "../server.ts";

const NAME = "assistant";
/** What preStop takes and a busy machine for the rest. */
const GONE_MS = 90_000;

interface Served { readonly namespace: string; readonly pod: Pod }

async function served(): Promise<Served> {
  const namespace = await furnished();
  const [pod] = await serve(namespace, engine(NAME, HAMMERING_ENGINE)) as [Pod];
  await untilItFails(pod);
  return { namespace, pod };
}

let single: Served;
let whole: Served;
let unsealed: Pod;
beforeAll(async () => {
  [single, whole] = await Promise.all([served(), served()]);
  await startFromTemplate({ namespace: single.namespace, deployment: NAME, name: "unsealed", labels: { app: "unsealed" }, initContainers: () => [] });
  unsealed = await untilRunning(single.namespace, "unsealed");
  await untilItGetsOut(unsealed);
});
afterAll(() => removeNamespace(single.namespace));

/** Looks on until no process of a pod is left. Returns how often it tried to get out meanwhile. */
async function watchItEnd(pod: Pod): Promise<Hammered> {
  const before = await hammered(pod);
  let last = before;
  await eventually(async () => {
    last = await tell<Hammered>(pod, "GET", "/hammered") ?? last;
    return processesOf(pod).length === 0;
  }, { timeoutMs: GONE_MS, everyMs: 100 });
  return { tried: last.tried - before.tried, connected: last.connected - before.connected };
}

async function expectSealedToTheEnd(pod: Pod): Promise<void> {
  const { tried, connected } = await watchItEnd(pod);
  console.log(`A sealed pod tried ${tried} times to get out while it drained`);
  expect(tried).toBeGreaterThan(MANY);
  expect(connected).toBe(0);
  expect(await packetsFrom(addressesOf(pod))).toEqual([]);
  expect(await hits({ sources: addressesOf(pod) })).toEqual([]);
}

interface List { readonly items: readonly object[] }

const untilNoneIn = (collection: string, name: string): Promise<unknown> =>
  eventually(async () => (await rawCall<List>(node(), "GET", `${collection}?fieldSelector=metadata.name=${name}`)).items.length === 0, { timeoutMs: GONE_MS, everyMs: 200 });

// They drain side by side.
describe.concurrent("a server that drains", () => {
  test("sends no packet when its deployment is deleted; the seal goes last", async () => {
    const { namespace, pod } = single;
    await remove(node(), engine(NAME).namespace(namespace).manifest());
    await expectSealedToTheEnd(pod);
    await untilNoneIn(`/apis/hoheit.dev/v1alpha1/namespaces/${namespace}/languagemodeldeployments`, NAME);
    await untilNoneIn(`/apis/networking.k8s.io/v1/namespaces/${namespace}/networkpolicies`, NAME);
  });

  test("sends no packet when its namespace is deleted, which comes to an end", async () => {
    const { namespace, pod } = whole;
    await removeNamespace(namespace);
    await expectSealedToTheEnd(pod);
    await untilNoneIn("/api/v1/namespaces", namespace);
  });

  test("is seen by the world if nothing seals it: the positive control", async () => {
    const since = Date.now();
    await rawCall(node(), "DELETE", `/api/v1/namespaces/${single.namespace}/pods/unsealed`);
    const { connected } = await watchItEnd(unsealed);
    const seen = await hits({ since, sources: addressesOf(unsealed) });
    console.log(`A pod without a seal got out ${connected} times while it drained; the world saw ${seen.length}`);
    expect(connected).toBeGreaterThan(MANY);
    expect(seen.length).toBeGreaterThan(MANY);
    expect(new Set(seen.map(({ target }) => target.includes(":")))).toEqual(new Set([true, false]));
  });
});
