/**
 * Two replicas of the operator: how long nobody leads when one is killed or told to end, and that the other one is
 * ready for it. Each reaches the API server through a proxy of its own, which sees what that replica asks for.
 */
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { eventually, rawCall, type ControlPlane } from "../support/control-plane.ts";
import { leads, untilSynced } from "../support/crash-house.ts";
import { FaultProxy, type Seen } from "../support/fault-proxy.ts";
import { furnishedNamespace, put, remove, startHouse, untilReason } from "../support/house.ts";
import { lmd } from "../support/makers.ts";
import { startOperator, type RunningOperator } from "../support/operator.ts";

/** The defaults (15, 10, 2 and 1 s) divided by five: what holds here in 3.4 s holds in production in 17 s. */
const A_FIFTH = ["--lease-seconds", "3", "--renew-seconds", "2", "--retry-seconds", "0.4", "--poll-seconds", "0.2"];
const DEFAULTS = ["--lease-seconds", "15", "--renew-seconds", "10", "--retry-seconds", "2", "--poll-seconds", "1"];
/** The lease runs out at most 3 s after the kill, a poll with its jitter later it is seen, and two calls take it. */
const AFTER_KILL_MS = 3_000 + 1.2 * 200 + 500;
const AFTER_SIGTERM_MS = 3_000;

interface Replica { readonly operator: RunningOperator; readonly proxy: FaultProxy }

let plane: ControlPlane;
let replicas: Replica[] = [];

beforeAll(async () => {
  plane = await startHouse();
}, 180_000);

afterEach(async () => {
  for (const { operator, proxy } of replicas.splice(0)) {
    await operator[Symbol.asyncDispose]();
    await proxy[Symbol.asyncDispose]();
  }
  await rawCall(plane, "DELETE", "/apis/coordination.k8s.io/v1/namespaces/hoheit-system/leases/hoheit-operator");
});

afterAll(() => plane?.stop());

/** A replica whose caches are synced. */
async function replica(flags: readonly string[]): Promise<Replica> {
  const proxy = await FaultProxy.start({ url: plane.url, ca: plane.ca });
  const one = { proxy, operator: await startOperator(plane, { through: proxy, flags }) };
  replicas = [...replicas, one];
  await untilSynced(one.operator);
  return one;
}

/** One that leads and one that stands by, with a deployment that is served. */
async function pair(flags: readonly string[]): Promise<{ leader: Replica; standby: Replica; manifest: ReturnType<ReturnType<typeof lmd>["manifest"]> }> {
  const leader = await replica(flags);
  await eventually(() => leads(leader.operator));
  const standby = await replica(flags);
  const namespace = await furnishedNamespace(plane);
  const manifest = lmd("assistant").namespace(namespace).manifest();
  await put(plane, manifest);
  await untilReason(plane, namespace, "assistant", "Serving");
  expect(leads(standby.operator)).toBe(false);
  return { leader, standby, manifest };
}

/** Milliseconds until a replica leads. */
async function untilLeading(one: Replica): Promise<number> {
  const from = performance.now();
  await eventually(() => leads(one.operator), { timeoutMs: 20_000, everyMs: 10 });
  return performance.now() - from;
}

const aboutLease = ({ path }: Seen): boolean => path.includes("/leases");

describe("a standby", () => {
  it("leads a lease and a poll after the leader is killed, and needs no read to go on", async () => {
    const { leader, standby, manifest } = await pair(A_FIFTH);
    expect(standby.proxy.requests.filter((request) => request.isWrite)).toEqual([]);
    const before = standby.proxy.requests.length;
    leader.operator.kill("SIGKILL");
    expect(await untilLeading(standby)).toBeLessThan(AFTER_KILL_MS);
    await put(plane, lmd("assistant").namespace(manifest.metadata.namespace ?? "").args("--max-num-seqs=8").manifest());
    const live = await eventually(async () => {
      const changed = await untilReason(plane, manifest.metadata.namespace ?? "", "assistant", "Serving");
      return changed.status?.observedGeneration === 2 && changed;
    }, { timeoutMs: 30_000 });
    expect(live.metadata.generation).toBe(2);
    const asked = standby.proxy.requests.slice(before).filter((request) => !aboutLease(request));
    expect(asked.filter(({ isWrite }) => isWrite).length).toBeGreaterThan(0);
    expect(asked.filter(({ isWrite }) => !isWrite).map(({ path, query }) => `GET ${path}?${query}`)).toEqual([]);
    await remove(plane, manifest);
  });

  it("leads within three seconds of SIGTERM with the default times", async () => {
    const { leader, standby, manifest } = await pair(DEFAULTS);
    leader.operator.kill("SIGTERM");
    expect(await untilLeading(standby)).toBeLessThan(AFTER_SIGTERM_MS);
    expect(await leader.operator.ended).toBe(0);
    await remove(plane, manifest);
  });

  it("finds nothing to write when all is as it was", async () => {
    const { leader, standby, manifest } = await pair(A_FIFTH);
    leader.operator.kill("SIGTERM");
    await untilLeading(standby);
    await eventually(() => standby.operator.log.some((line) => line.msg === "reconciled" && String(line["object"]).endsWith("/assistant")));
    expect(standby.proxy.requests.filter((request) => request.isWrite && !aboutLease(request)).map(({ method, path }) => `${method} ${path}`)).toEqual([]);
    await remove(plane, manifest);
  });
});
