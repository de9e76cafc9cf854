/**
 * The start-up window: pods run before their policies are in force. What a server that hammers at the world gets through in
 * that time, without the gate and with it, counted by the world.
 */
import { beforeAll, describe, expect, test } from "vitest";
import { eventually, rawCall } from "../support/control-plane.ts";
import { hits, packetsFrom, type Hit } from "../support/node/hits.ts";
import { engine, furnished, serve } from "../support/node/house.ts";
import { node } from "../support/node/node.ts";
import { addressesOf, untilRunning, type Pod } from "../support/node/pods.ts";
import { SERVING_PORT } from "../../operator/lib/names.ts";
import { HAMMERING_ENGINE } from "./engine/image.ts";

const PODS = 3;
/** Attempts that failed, after which a server has outlived the window. Each takes a second at most, twelve run at a time. */
const MANY = 40;

interface Template { metadata: { labels: Record<string, string> }; spec: { initContainers: unknown[] } & Record<string, unknown> }

let namespace: string;
let gated: Pod[];

beforeAll(async () => {
  namespace = await furnished();
  gated = await serve(namespace, engine("hammering", HAMMERING_ENGINE).replicas(PODS));
});

/** What the server in a pod says of its own attempts. The node may ask every pod of its own. */
async function hammered(pod: Pod): Promise<{ tried: number; connected: number }> {
  const response = await fetch(`http://${pod.status.podIP ?? ""}:${SERVING_PORT}/hammered`);
  return await response.json() as { tried: number; connected: number };
}

/** All of them have failed often. Returns how often they say that they got through. */
async function untilTheyFail(pods: readonly Pod[]): Promise<number> {
  const counts = await eventually(async () => {
    const all = await Promise.all(pods.map(hammered));
    return all.every(({ tried, connected }) => tried - connected > MANY) && all;
  }, { timeoutMs: 60_000, everyMs: 200 });
  return counts.reduce((sum, { connected }) => sum + connected, 0);
}

/** Pods from the very template that the deployment's pods have, under the same policies, but without the gate. */
async function startWithoutGate(): Promise<Pod[]> {
  const { spec: { template } } = await rawCall<{ spec: { template: Template } }>(node(), "GET", `/apis/apps/v1/namespaces/${namespace}/deployments/hammering`);
  expect(template.spec.initContainers).toHaveLength(1);
  const names = Array.from({ length: PODS }, (_, index) => `without-gate-${index}`);
  await Promise.all(names.map((name) => rawCall(node(), "POST", `/api/v1/namespaces/${namespace}/pods`, {
    body: { apiVersion: "v1", kind: "Pod", metadata: { name, labels: template.metadata.labels }, spec: { ...template.spec, initContainers: [] } },
  })));
  return Promise.all(names.map((name) => untilRunning(namespace, name)));
}

const count = (all: readonly Hit[]): string => {
  const v6 = all.filter(({ target }) => target.includes(":")).length;
  const [first, last] = [all[0]?.time ?? 0, all.at(-1)?.time ?? 0];
  return `${all.length - v6} connections over IPv4 and ${v6} over IPv6 within ${last - first} ms`;
};

describe(`${PODS} servers that hammer at the world from their first moment`, () => {
  test("get through before their policy is in force, without the gate", async () => {
    const pods = await startWithoutGate();
    const connected = await untilTheyFail(pods);
    const seen = await hits({ sources: pods.flatMap(addressesOf) });
    console.log(`Without the gate: ${count(seen)}`);
    expect(connected).toBeGreaterThan(0);
    expect(seen.length).toBeGreaterThanOrEqual(connected);
  });

  test("send not one packet to the world, with the gate", async () => {
    const connected = await untilTheyFail(gated);
    const sources = gated.flatMap(addressesOf);
    expect(sources).toHaveLength(2 * PODS);
    console.log(`With the gate: ${count(await hits({ sources }))}`);
    expect(await packetsFrom(sources)).toEqual([]);
    expect(await hits({ sources })).toEqual([]);
    expect(connected).toBe(0);
  });

  test("their gates say what they saw, in both families", () => {
    for (const { status } of gated) {
      const message = status.initContainerStatuses?.[0]?.state?.terminated?.message ?? "";
      console.log(message.trim());
      const { result, outcomes } = JSON.parse(message) as { result: string; outcomes: object };
      expect([result, Object.keys(outcomes).toSorted()]).toEqual(["Sealed", ["ipv4", "ipv6"]]);
    }
  });
});
