import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { fakeClock, settle, type FakeClock } from "../../test/support/fake-clock.ts";
import type { KubeApi, Preconditions } from "../kube/api.ts";
import { ApiError, FencedError, TransportError } from "../kube/errors.ts";
import type { Clock } from "../lib/clock.ts";
import type { Lease, Live } from "../lib/k8s-types.ts";
import { DEFAULT_LEASE_TIMES, Elector, type LeaseTimes } from "./elector.ts";
import type { Logger } from "./log.ts";

const silent: Logger = { debug() {}, info() {}, warn() {}, error() {}, child: () => silent };
const LEASE = { namespace: "hoheit-system", name: "hoheit-operator" };

/** The API server's side: one Lease, optimistic concurrency, and what can go wrong on the way to it. */
class World {
  readonly clock: FakeClock = fakeClock();
  lease: Live<Lease> | undefined;
  private version = 0;
  private made = 0;

  put(spec: NonNullable<Lease["spec"]>, uid = this.lease?.metadata.uid ?? `uid-${this.made += 1}`): Live<Lease> {
    const metadata = { ...LEASE, uid, resourceVersion: String(this.version += 1) };
    return (this.lease = { apiVersion: "coordination.k8s.io/v1", kind: "Lease", metadata, spec });
  }

  patch({ spec }: { spec: NonNullable<Lease["spec"]> }, only: Preconditions): Live<Lease> {
    if (this.lease === undefined) throw refused(404, "NotFound");
    const { uid, resourceVersion } = this.lease.metadata;
    if (only.uid !== uid || only.resourceVersion !== resourceVersion) throw refused(409, "Conflict");
    return this.put({ ...this.lease.spec, ...spec });
  }

  remove(): void {
    this.lease = undefined;
  }

  create({ spec }: Lease): Live<Lease> {
    if (this.lease !== undefined) throw refused(409, "AlreadyExists");
    return this.put(spec ?? {});
  }
}

const refused = (code: number, reason: string): ApiError => new ApiError("lease", { code, reason, message: "no" });

type Way = "open" | "cut" | "answers lost";

/** One operator process: its timers and its connection stand still while it is stopped, the world does not. */
class Replica {
  readonly world: World;
  readonly elector: Elector;
  readonly gained: number[] = [];
  readonly lost: string[] = [];
  way: Way = "open";
  stopped = false;
  ended = false;
  private readonly missed: (() => void)[] = [];
  private readonly stop = new AbortController();

  constructor(world: World, identity: string, options: { times?: LeaseTimes; random?: () => number } = {}) {
    this.world = world;
    const { clock } = world;
    this.elector = new Elector({
      api: this.api(), log: silent, lease: LEASE, identity, clock: this.clock(), random: () => 0, ...options,
      onGained: () => this.gained.push(clock.monotonic()), onLost: (why) => this.lost.push(why),
    });
    void this.elector.run(this.stop.signal).then(() => (this.ended = true));
  }

  /** SIGSTOP and SIGCONT. */
  halt(): void {
    this.stopped = true;
  }

  wake(): void {
    this.stopped = false;
    for (const callback of this.missed.splice(0)) callback();
  }

  /** SIGTERM. */
  end(): void {
    this.stop.abort();
  }

  writes(): boolean {
    try {
      this.elector.fence("apply");
      return !this.stopped;
    } catch (error) {
      if (!(error instanceof FencedError)) throw error;
      return false;
    }
  }

  private clock(): Clock {
    const { clock } = this.world;
    const whenAwake = (callback: () => void): void => {
      if (this.stopped) this.missed.push(callback);
      else callback();
    };
    return { now: clock.now, monotonic: clock.monotonic, after: (ms, callback) => clock.after(ms, () => whenAwake(callback)) };
  }

  private api(): KubeApi {
    const call = async <T>(act: () => T, deadlineMs = 30_000): Promise<T> => {
      await this.wait(5);
      const way = this.way;
      let result: { value: T } | { error: unknown } | undefined;
      if (way !== "cut") try { result = { value: act() }; } catch (error) { result = { error }; }
      await this.wait(way === "open" ? 5 : deadlineMs - 5);
      if (way !== "open" || result === undefined) throw new TransportError("lease", "no answer");
      if ("error" in result) throw result.error;
      return result.value;
    };
    const { world } = this;
    return {
      get: (_of, _ref, options) => call(() => structuredClone(world.lease), options?.deadlineMs),
      create: (_of, object, options) => call(() => structuredClone(world.create(object as unknown as Lease)), options?.deadlineMs),
      mergePatch: (_of, _ref, patch, options = {}) => call(() => structuredClone(world.patch(patch as Lease & { spec: object }, options)), options.deadlineMs),
    } as Partial<KubeApi> as KubeApi;
  }

  private wait(ms: number): Promise<void> {
    return new Promise((resolve) => this.clock().after(ms, resolve));
  }
}

const one = async (ms = 100): Promise<{ world: World; a: Replica }> => {
  const world = new World();
  const a = new Replica(world, "a");
  await world.clock.run(ms);
  return { world, a };
};

describe("one replica", () => {
  test("creates the lease, leads, and renews it every two seconds", async () => {
    const { world, a } = await one();
    expect(a.elector.leading).toBe(true);
    expect(world.lease?.spec).toEqual({
      holderIdentity: "a", leaseDurationSeconds: 15, leaseTransitions: 0, acquireTime: "2026-11-22T12:00:00.010000Z", renewTime: "2026-11-22T12:00:00.010000Z",
    });
    await world.clock.run(60_000);
    expect(Number(world.lease?.metadata.resourceVersion)).toBe(1 + Math.floor(60_000 / 2_010));
    expect(world.lease?.spec?.acquireTime).toBe("2026-11-22T12:00:00.010000Z");
    expect(world.lease?.spec?.renewTime).toBe("2026-11-22T12:00:58.300000Z");
    expect([a.gained.length, a.lost, a.writes()]).toEqual([1, [], true]);
  });

  test("a stop closes the fence at once, gives the lease back and is not a loss", async () => {
    const { world, a } = await one();
    a.end();
    expect(a.writes()).toBe(false);
    await world.clock.run(100);
    expect(world.lease?.spec).toMatchObject({ holderIdentity: "", leaseDurationSeconds: 1, leaseTransitions: 0 });
    expect([a.ended, a.lost]).toEqual([true, []]);
  });

  test("a stop closes the fence at once even while a renewal is under way", async () => {
    const { world, a } = await one();
    a.way = "cut";
    await world.clock.run(3_000);
    a.end();
    expect(a.writes()).toBe(false);
  });

  test("without the API server it writes until the deadline after the START of the last renewal, then it has lost", async () => {
    const { world, a } = await one();
    const start = world.clock.monotonic() - 100 + 10;
    a.way = "cut";
    await world.clock.run(start + 9_999 - world.clock.monotonic());
    expect(a.writes()).toBe(true);
    await world.clock.run(1);
    expect(a.writes()).toBe(false);
    await world.clock.run(5_000);
    expect(a.lost).toEqual(["not renewed for 10000 ms"]);
    expect(a.ended).toBe(true);
  });

  test("an API server that is back in time costs nothing", async () => {
    const { world, a } = await one();
    a.way = "cut";
    await world.clock.run(6_000);
    a.way = "open";
    await world.clock.run(60_000);
    expect([a.lost, a.writes()]).toEqual([[], true]);
  });

  test("when it wakes after a long stop it writes nothing, although the lease still has its name", async () => {
    const { world, a } = await one();
    a.halt();
    await world.clock.run(30_000);
    a.stopped = false;
    expect(a.writes()).toBe(false);
    a.wake();
    await world.clock.run(100);
    expect(a.lost).toEqual(["not renewed for 10000 ms"]);
  });

  test("steps of the wall clock change nothing", async () => {
    const { world, a } = await one();
    const b = new Replica(world, "b");
    for (const step of [3_600_000, -7_200_000]) {
      world.clock.stepWallClock(step);
      await world.clock.run(20_000);
      expect([a.writes(), b.writes()]).toEqual([true, false]);
    }
  });

  test("a lease that someone deleted is made again, with its number and its time", async () => {
    const { world, a } = await one();
    const before = world.lease?.spec;
    world.remove();
    await world.clock.run(3_000);
    expect(world.lease?.spec).toMatchObject({ holderIdentity: "a", leaseTransitions: 0, acquireTime: before?.acquireTime });
    expect([a.lost, a.writes()]).toEqual([[], true]);
  });

  test("a lease that someone labelled is renewed on, one that someone took is lost at once", async () => {
    const { world, a } = await one();
    world.put({ ...world.lease?.spec });
    await world.clock.run(3_000);
    expect([a.lost, a.writes()]).toEqual([[], true]);
    world.put({ ...world.lease?.spec, holderIdentity: "thief" });
    await world.clock.run(3_000);
    expect([a.lost, a.writes()]).toEqual([["the lease was taken by thief"], false]);
    expect(world.lease?.spec?.holderIdentity).toBe("thief");
  });

  test("an acquisition whose answer was lost is found again and counts once", async () => {
    const world = new World();
    world.put({ holderIdentity: "", leaseTransitions: 4 });
    const a = new Replica(world, "a");
    a.way = "answers lost";
    await world.clock.run(20);
    world.put({ ...world.lease?.spec, holderIdentity: "a", leaseTransitions: 5, acquireTime: "2026-11-22T11:59:59.000000Z" });
    a.way = "open";
    await world.clock.run(10_000);
    expect(a.writes()).toBe(true);
    expect(world.lease?.spec).toMatchObject({ holderIdentity: "a", leaseTransitions: 5, acquireTime: "2026-11-22T11:59:59.000000Z" });
  });
});

describe("a stop at a bad moment", () => {
  test("when a renewal that is under way finds the lease taken, that is no loss any more, and the lease is not touched", async () => {
    const { world, a } = await one(2_022);
    world.put({ ...world.lease?.spec, holderIdentity: "thief" });
    a.end();
    await world.clock.run(1_000);
    expect([a.ended, a.lost, world.lease?.spec?.holderIdentity]).toEqual([true, [], "thief"]);
  });

  test("when the answer to an acquisition was lost, the lease is given back all the same", async () => {
    const world = new World();
    const a = new Replica(world, "a");
    await world.clock.run(12);
    a.way = "answers lost";
    await world.clock.run(50);
    expect(world.lease?.spec?.holderIdentity).toBe("a");
    a.way = "open";
    a.end();
    await world.clock.run(6_000);
    expect([a.ended, world.lease?.spec?.holderIdentity]).toEqual([true, ""]);
  });
});

describe("a standby", () => {
  const two = async (): Promise<{ world: World; a: Replica; b: Replica }> => {
    const { world, a } = await one();
    const b = new Replica(world, "b");
    await world.clock.run(10_000);
    return { world, a, b };
  };

  test("takes over within 3 s of a stop", async () => {
    const { world, a, b } = await two();
    a.end();
    await world.clock.run(3_000);
    expect([a.writes(), b.writes()]).toEqual([false, true]);
    expect(world.lease?.spec).toMatchObject({ holderIdentity: "b", leaseDurationSeconds: 15, leaseTransitions: 1 });
  });

  test("takes over within 17 s of a kill, and not before the lease has run out", async () => {
    const { world, a, b } = await two();
    a.halt();
    await world.clock.run(12_900);
    expect(b.writes()).toBe(false);
    await world.clock.run(4_100);
    expect(b.writes()).toBe(true);
    expect(world.lease?.spec?.leaseTransitions).toBe(1);
  });

  test("believes a holder with a longer lease for that long", async () => {
    const world = new World();
    world.put({ holderIdentity: "other", leaseDurationSeconds: 60 });
    const b = new Replica(world, "b");
    await world.clock.run(59_000);
    expect(b.writes()).toBe(false);
    await world.clock.run(2_000);
    expect(b.writes()).toBe(true);
  });

  test("waits out the lease of a holder it saw, when the lease object vanishes", async () => {
    const { world, a, b } = await two();
    a.halt();
    world.remove();
    await world.clock.run(14_900);
    expect(b.writes()).toBe(false);
    await world.clock.run(2_000);
    expect(b.writes()).toBe(true);
  });

  test("ends when stopped, and leaves the lease of another alone", async () => {
    const { world, b } = await two();
    b.end();
    await world.clock.run(100);
    expect([b.ended, world.lease?.spec?.holderIdentity]).toEqual([true, "a"]);
  });
});

describe("any number of replicas", () => {
  type Deed = "halt" | "wake" | "cut" | "answers lost" | "open" | "end" | "begin";
  const deed = fc.record({
    after: fc.integer({ min: 0, max: 20_000 }),
    who: fc.nat({ max: 2 }),
    what: fc.constantFrom<Deed>("halt", "wake", "cut", "answers lost", "open", "end", "begin"),
  });

  test("never two write at a time, no write of an old leader follows one of a new, and in the end somebody leads", async () => {
    await fc.assert(fc.asyncProperty(fc.array(deed, { maxLength: 12 }), fc.infiniteStream(fc.double({ min: 0, max: 1, noNaN: true })), async (deeds, randomness) => {
      const world = new World();
      const random = (): number => randomness.next().value ?? 0;
      let born = 0;
      const begin = (): Replica => new Replica(world, `r${born += 1}`, { random });
      const all: Replica[] = [];
      const now = [begin(), begin(), begin()];
      all.push(...now);
      const writers: number[] = [];
      const pass = async (ms: number): Promise<void> => {
        for (let left = ms; left > 0; left -= 250) {
          await world.clock.run(Math.min(left, 250));
          const writing = all.flatMap((replica, i) => (replica.writes() ? [i] : []));
          expect(writing.length).toBeLessThanOrEqual(1);
          writers.push(...writing.filter((i) => i !== writers.at(-1)));
        }
      };
      for (const { after, who, what } of deeds) {
        await pass(after);
        const replica = now[who];
        if (replica === undefined) continue;
        if (what === "halt") replica.halt();
        else if (what === "wake") replica.wake();
        else if (what === "end") replica.end();
        else if (what === "begin") all.push(now[who] = begin());
        else replica.way = what;
      }
      all.forEach((replica) => { replica.way = "open"; replica.wake(); });
      all.push(begin());
      await pass(45_000);
      expect(new Set(writers).size, "a leader came back").toBe(writers.length);
      expect(all.filter((replica) => replica.writes()).length, "somebody leads").toBe(1);
    }), { numRuns: 60 });
  }, 60_000);
});

test.each<[Partial<LeaseTimes>, string]>([
  [{ leaseMs: 1_500 }, "not a whole number of seconds"],
  [{ renewDeadlineMs: 15_000 }, "must be shorter than the lease"],
  [{ retryMs: 9_000 }, "must be shorter than the renew deadline"],
  [{ pollMs: 0 }, "must be more than 0"],
])("times that do not keep two leaders apart are refused: %j", (wrong, message) => {
  expect(() => new Replica(new World(), "a", { times: { ...DEFAULT_LEASE_TIMES, ...wrong } })).toThrow(message);
});

test("the fence names the call that it keeps back", async () => {
  const world = new World();
  const b = new Replica(world, "b");
  expect(() => b.elector.fence("apply deployments.apps llm/chat")).toThrow("apply deployments.apps llm/chat: not sent, this replica does not hold the leader lease");
  await settle();
});
