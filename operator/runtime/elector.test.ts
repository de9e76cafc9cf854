/** What one replica does with the lease: takes it, keeps it, loses it and gives it back. */
import { describe, expect, test } from "vitest";
import { settle } from "../../test/support/fake-clock.ts";
import { one, Replica, World } from "../../test/support/lease-world.ts";
import { DEFAULT_LEASE_TIMES, type LeaseTimes } from "./elector.ts";

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
