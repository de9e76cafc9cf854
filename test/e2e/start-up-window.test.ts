/**
 * The start-up window: pods run before their policies are in force. What servers that hammer at the world get through in
 * that time, with the gate and without it, counted by the world. The window is held open by freezing kube-router, so that
 * it is there in every run; how long it is by itself, and what gets through then, is printed.
 */
import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { TRIPWIRE_PORT } from "../../operator/lib/names.ts";
import { consistently, eventually } from "../support/control-plane.ts";
import { put } from "../support/house.ts";
import { hits, packetsFrom, type Hit } from "../support/node/hits.ts";
import { engine, furnished, servers, untilReady } from "../support/node/house.ts";
import { freeze, node, removeNamespace } from "../support/node/node.ts";
import { addressesOf, untilRunning, type Pod } from "../support/node/pods.ts";
import { HAMMERING_ENGINE } from "../support/node/engine/image.ts";
import { hammered, startFromTemplate, untilItFails } from "./server.ts";

const NAME = "hammering";
const PODS = 3;

let namespace: string;
beforeAll(async () => { namespace = await furnished(); });
afterAll(() => removeNamespace(namespace));

/** All of them have failed often. Returns how often they say that they got through before. */
async function untilTheyFail(pods: readonly Pod[]): Promise<number> {
  await Promise.all(pods.map((pod) => untilItFails(pod, 60_000)));
  const counts = await Promise.all(pods.map(hammered));
  return counts.reduce((sum, { connected }) => sum + connected, 0);
}

/** Pods from the very template that the deployment's pods have, under the same policies, but without the gate. */
async function startWithoutGate(prefix: string): Promise<Pod[]> {
  const names = Array.from({ length: PODS }, (_, index) => `${prefix}-${index}`);
  await Promise.all(names.map((name) => startFromTemplate({ namespace, deployment: NAME, name, initContainers: (gates) => {
    expect(gates).toHaveLength(1);
    return [];
  } })));
  return Promise.all(names.map((name) => untilRunning(namespace, name)));
}

const count = (all: readonly Hit[]): string => {
  const v6 = all.filter(({ target }) => target.includes(":")).length;
  const [first, last] = [all[0]?.time ?? 0, all.at(-1)?.time ?? 0];
  return `${all.length - v6} connections over IPv4 and ${v6} over IPv6 within ${last - first} ms`;
};

/** Runs when pods of the deployment are there and their gates look at the tripwire. */
async function untilGatesWait(): Promise<Pod[]> {
  return eventually(async () => {
    const pods = await servers(namespace, NAME);
    return pods.length === PODS && pods.every(({ status }) => status.initContainerStatuses?.[0]?.state?.running !== undefined) && pods;
  }, { timeoutMs: 60_000 });
}

/** Whether a connection of the pod's gate to the port that it must not reach stood: as the node's own table of connections has it. */
async function gotThrough(pod: Pod): Promise<boolean> {
  const [address = ""] = addressesOf(pod).filter((one) => !one.includes(":"));
  const { stdout } = await promisify(execFile)("conntrack", ["-L", "-p", "tcp", "-s", address, "--dport", String(TRIPWIRE_PORT)]);
  return stdout.includes("[ASSURED]");
}

describe(`${PODS} servers that hammer at the world from their first moment`, () => {
  test("send not one packet to the world with the gate, however late their policy is in force", async () => {
    {
      using _late = freeze("kube-router");
      await put(node(), engine(NAME, HAMMERING_ENGINE).replicas(PODS).namespace(namespace).manifest());
      const waiting = await untilGatesWait();
      for (const pod of waiting) await eventually(() => gotThrough(pod), { timeoutMs: 60_000 });
      await consistently(async () => {
        expect(waiting.map(({ metadata }) => metadata.name).toSorted()).toEqual((await untilGatesWait()).map(({ metadata }) => metadata.name).toSorted());
      }, { forMs: 3000, everyMs: 500 });
    }
    await untilReady(namespace, NAME);
    const pods = await servers(namespace, NAME);
    expect(await untilTheyFail(pods)).toBe(0);
    const sources = pods.flatMap(addressesOf);
    expect(sources).toHaveLength(2 * PODS);
    console.log(`With the gate: ${count(await hits({ sources }))}`);
    expect(await packetsFrom(sources)).toEqual([]);
    expect(await hits({ sources })).toEqual([]);
    for (const { status } of pods) {
      const { result, outcomes, openRounds } = JSON.parse(status.initContainerStatuses?.[0]?.state?.terminated?.message ?? "{}") as { result?: string; outcomes?: object; openRounds?: number };
      expect([result, Object.keys(outcomes ?? {}).toSorted()]).toEqual(["Sealed", ["IPv4", "IPv6"]]);
      expect(openRounds, "the gate itself saw that the pod was open").toBeGreaterThan(0);
    }
  });

  test("get through before their policy is in force, without the gate", async () => {
    let pods: Pod[];
    {
      using _late = freeze("kube-router");
      pods = await startWithoutGate("late");
      for (const pod of pods) await eventually(async () => expect((await hits({ sources: addressesOf(pod) })).some(({ target }) => target.includes(":"))).toBe(true));
    }
    const connected = await untilTheyFail(pods);
    const seen = await hits({ sources: pods.flatMap(addressesOf) });
    console.log(`Without the gate, policies late: ${count(seen)}`);
    expect(connected).toBeGreaterThan(0);
    expect(seen.length).toBeGreaterThanOrEqual(connected);
    const quick = await startWithoutGate("quick");
    await untilTheyFail(quick);
    console.log(`Without the gate, kube-router as quick as it is: ${count(await hits({ sources: quick.flatMap(addressesOf) }))}`);
  });
});
