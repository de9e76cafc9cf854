/**
 * Election between processes that are killed, stopped and continued, judged by what the API server recorded: every
 * replica writes one ConfigMap as fast as it can, through its fence.
 */
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { afterEach, expect, test } from "vitest";
import { systemClock } from "../../operator/lib/clock.ts";
import { LEASES } from "../../operator/kube/resources.ts";
import { Elector, ELECTION_RULES, type LeaseTimes } from "../../operator/runtime/elector.ts";
import { createLogger } from "../../operator/runtime/log.ts";
import { eventually, rawCall, sharedPlane, uniqueNamespace } from "../support/control-plane.ts";
import { fault, FaultProxy, match } from "../support/fault-proxy.ts";
import { configMap, connect, type Connected } from "../support/kube-client.ts";
import { permit } from "../support/permit.ts";
import type { ReplicaOptions } from "../support/replica.ts";

const TIMES: LeaseTimes = { leaseMs: 4_000, renewDeadlineMs: 2_500, retryMs: 500, pollMs: 250 };
const SCRIPT = fileURLToPath(new URL("../support/replica.ts", import.meta.url));
const LEASE = "test";

const cleanUp: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const one of cleanUp.splice(0).toReversed()) await one();
});

/** A namespace in which `user` may do what an election needs, and write the one ConfigMap. */
async function electorate(): Promise<{ namespace: string; admin: Connected }> {
  const plane = sharedPlane();
  const admin = connect(plane, plane);
  cleanUp.push(() => admin[Symbol.dispose]());
  const namespace = await uniqueNamespace();
  await permit(plane, namespace, [...ELECTION_RULES, { apiGroups: [""], resources: ["configmaps"], verbs: ["patch"] }]);
  await admin.client.create({ group: "", version: "v1", plural: "configmaps", kind: "ConfigMap", namespaced: true }, configMap(namespace, "written", {}));
  return { namespace, admin };
}

interface Replica {
  readonly identity: string;
  readonly child: ChildProcess;
  readonly words: string[];
  readonly ended: Promise<number | string>;
}

function begin(namespace: string, identity: string): Replica {
  const { url, ca, tokens } = sharedPlane();
  const options: ReplicaOptions = { url, ca, token: tokens["user"] ?? "", namespace, identity, times: TIMES, writeEveryMs: 0 };
  const child = spawn(process.execPath, [SCRIPT, JSON.stringify(options)], { stdio: ["ignore", "pipe", "inherit"] });
  const words: string[] = [];
  child.stdout.on("data", (bytes: Buffer) => words.push(...bytes.toString().split("\n").filter(Boolean)));
  const ended = once(child, "exit").then(([code, signal]) => (code ?? signal) as number | string);
  cleanUp.push(async () => {
    child.kill("SIGKILL");
    await ended;
  });
  return { identity, child, words, ended };
}

/** Who wrote, in the order in which the API server took it, one entry for each write. */
function watchWrites(admin: Connected, namespace: string): { writers: string[]; blocks(): string[] } {
  const writers: string[] = [];
  const stop = new AbortController();
  const path = `/api/v1/namespaces/${namespace}/configmaps?watch=true&resourceVersion=0&fieldSelector=metadata.name%3Dwritten`;
  const watching = admin.transport.watch({
    what: "watch", method: "GET", path, silenceMs: 60_000, signal: stop.signal,
    onLine(line) {
      const { object } = JSON.parse(line) as { object: { data?: { writer?: string } } };
      if (object.data?.writer !== undefined) writers.push(object.data.writer);
    },
  }).catch(() => undefined);
  cleanUp.push(async () => {
    stop.abort();
    await watching;
  });
  return { writers, blocks: () => writers.filter((writer, i) => writer !== writers[i - 1]) };
}

const holder = async (admin: Connected, namespace: string): Promise<string | undefined> => (await admin.client.get(LEASES, { namespace, name: LEASE }))?.spec?.holderIdentity;

test("killed, told to end or stopped for longer than a lease: at any time one writes, and none comes back", async () => {
  const { namespace, admin } = await electorate();
  const { writers, blocks } = watchWrites(admin, namespace);
  const replicas = new Map(["a", "b", "c", "d"].map((identity) => [identity, begin(namespace, identity)]));
  const leader = async (not: string[]): Promise<Replica> => {
    const next = await eventually(() => {
      const last = writers.at(-1);
      return last !== undefined && !not.includes(last) && last;
    }, { timeoutMs: 20_000, everyMs: 10 });
    return replicas.get(next) ?? expect.fail(`${next} writes and nobody knows it`);
  };
  const first = await leader([]);

  first.child.kill("SIGKILL");
  const killedAt = performance.now();
  const second = await leader([first.identity]);
  expect(performance.now() - killedAt).toBeLessThan(TIMES.leaseMs + 2_000);

  second.child.kill("SIGTERM");
  const toldAt = performance.now();
  const third = await leader([first.identity, second.identity]);
  expect(performance.now() - toldAt).toBeLessThan(3_000);
  expect(await second.ended).toBe(0);
  expect(second.words).toEqual(["leading", "stopped"]);

  third.child.kill("SIGSTOP");
  const fourth = await leader([first.identity, second.identity, third.identity]);
  const before = writers.length;
  third.child.kill("SIGCONT");
  expect(await third.ended).toBe(1);
  expect(third.words).toEqual(["leading", "lost", "stopped"]);
  await eventually(() => writers.length > before + 20);

  // What a process had handed to its connection when it was stopped goes out when it wakes: one write, no second.
  const late = writers.findIndex((writer, i) => i >= before && writer === third.identity);
  if (late >= 0) writers.splice(late, 1);
  expect(blocks()).toEqual([first, second, third, fourth].map(({ identity }) => identity));
  const lease = await admin.client.get(LEASES, { namespace, name: LEASE });
  expect(lease?.spec).toMatchObject({ holderIdentity: fourth.identity, leaseTransitions: 3, leaseDurationSeconds: 4 });
});

/** One elector in this process. */
function elect(kube: Connected, namespace: string, identity: string) {
  const stop = new AbortController();
  const lost: string[] = [];
  const elector = new Elector({
    api: kube.client, clock: systemClock, log: createLogger({ level: "error", destination: { write: () => undefined } }),
    lease: { namespace, name: LEASE }, identity, times: TIMES, onGained: () => undefined, onLost: (why) => lost.push(why),
  });
  const ended = elector.run(stop.signal);
  const end = async (): Promise<void> => {
    stop.abort();
    await ended;
  };
  cleanUp.push(end);
  return { elector, lost, end };
}

function user(): Connected {
  const plane = sharedPlane();
  const kube = connect(plane, plane, { token: plane.tokens["user"] ?? "" });
  cleanUp.push(() => kube[Symbol.dispose]());
  return kube;
}

test("the API server takes what an elector writes: made, renewed, given back, and taken by the next", async () => {
  const { namespace, admin } = await electorate();
  const kube = user();
  const one = elect(kube, namespace, "one");
  const made = await eventually(async () => (await admin.client.get(LEASES, { namespace, name: LEASE })) ?? false);
  expect(made.spec).toMatchObject({ holderIdentity: "one", leaseDurationSeconds: 4, leaseTransitions: 0 });
  const renewed = await eventually(async () => {
    const live = await admin.client.get(LEASES, { namespace, name: LEASE });
    return live?.metadata.resourceVersion !== made.metadata.resourceVersion && (live ?? false);
  });
  expect(renewed.spec?.acquireTime).toBe(made.spec?.acquireTime);
  expect((renewed.spec?.renewTime ?? "") > (made.spec?.renewTime ?? "")).toBe(true);
  await one.end();
  expect(await holder(admin, namespace)).toBe("");
  const two = elect(kube, namespace, "two");
  await eventually(() => two.elector.leading, { timeoutMs: 3_000 });
  expect((await admin.client.get(LEASES, { namespace, name: LEASE }))?.spec).toMatchObject({ holderIdentity: "two", leaseTransitions: 1 });
});

test("a lease that is deleted comes back with its holder; one that is taken ends the leader, who leaves it alone", async () => {
  const { namespace, admin } = await electorate();
  const one = elect(user(), namespace, "one");
  await eventually(() => one.elector.leading);
  await admin.client.delete(LEASES, { namespace, name: LEASE });
  await eventually(async () => (await holder(admin, namespace)) === "one");
  expect(one.lost).toEqual([]);

  await rawCall(sharedPlane(), "PATCH", `/apis/coordination.k8s.io/v1/namespaces/${namespace}/leases/${LEASE}`, {
    body: { spec: { holderIdentity: "thief" } }, contentType: "application/merge-patch+json",
  });
  await eventually(() => one.lost.length > 0);
  expect(one.lost).toEqual(["the lease was taken by thief"]);
  expect(() => one.elector.fence("apply")).toThrow("does not hold the leader lease");
  await one.end();
  expect(await holder(admin, namespace)).toBe("thief");
});

/** A way to the API server that can be spoilt. */
async function spoilable(): Promise<{ proxy: FaultProxy; kube: Connected }> {
  const plane = sharedPlane();
  const proxy = await FaultProxy.start(plane);
  const kube = connect(plane, proxy, { token: plane.tokens["user"] ?? "" });
  cleanUp.push(() => proxy[Symbol.asyncDispose](), () => kube[Symbol.dispose]());
  return { proxy, kube };
}

test("a leader behind a dead connection stops writing before another one begins", async () => {
  const { namespace } = await electorate();
  const { proxy, kube } = await spoilable();
  const one = elect(kube, namespace, "one");
  await eventually(() => one.elector.leading);
  const two = elect(user(), namespace, "two");
  proxy.blackhole();
  const cutAt = performance.now();
  const oneEnded = await eventually(() => !one.elector.leading && performance.now(), { everyMs: 5 });
  const twoBegan = await eventually(() => two.elector.leading && performance.now(), { everyMs: 5 });
  expect(oneEnded - cutAt).toBeLessThanOrEqual(TIMES.renewDeadlineMs + 100);
  expect(twoBegan - oneEnded).toBeGreaterThan(TIMES.leaseMs - TIMES.renewDeadlineMs - 500);
  await eventually(() => one.lost.length > 0);
  expect(one.lost).toEqual([`not renewed for ${TIMES.renewDeadlineMs} ms`]);
});

test("refusals and lost answers that end in time cost no leadership, and none is counted twice", async () => {
  const { namespace, admin } = await electorate();
  const { proxy, kube } = await spoilable();
  const lostAnswer = proxy.when(match.write, fault.loseAnswer(), { times: 1 });
  const one = elect(kube, namespace, "one");
  await eventually(() => one.elector.leading);
  expect(lostAnswer.hits).toBe(1);
  const renewTime = async (): Promise<string | undefined> => (await admin.client.get(LEASES, { namespace, name: LEASE }))?.spec?.renewTime;
  for (const wrong of [fault.status(500), fault.drop(), fault.loseAnswer()]) {
    const rule = proxy.when(match.write, wrong, { times: 1 });
    await eventually(() => rule.hits === 1);
    const before = await renewTime();
    await eventually(async () => (await renewTime()) !== before);
  }
  expect([one.lost, one.elector.leading]).toEqual([[], true]);
  expect((await admin.client.get(LEASES, { namespace, name: LEASE }))?.spec).toMatchObject({ holderIdentity: "one", leaseTransitions: 0 });
});

test("who may not touch leases never leads, and says why without ending", async () => {
  const plane = sharedPlane();
  const namespace = await uniqueNamespace();
  const lines: string[] = [];
  const stop = new AbortController();
  const elector = new Elector({
    api: user().client, clock: systemClock, log: createLogger({ level: "warn", destination: { write: (line) => void lines.push(line) } }),
    lease: { namespace, name: LEASE }, identity: "one", times: TIMES, onGained: () => undefined, onLost: () => undefined,
  });
  const ended = elector.run(stop.signal);
  await eventually(() => lines.length > 0);
  expect(lines[0]).toContain("403 Forbidden");
  await permit(plane, namespace, ELECTION_RULES);
  await eventually(() => elector.leading);
  stop.abort();
  await ended;
});
