/** Several replicas and one lease: when a standby takes over, and that never two lead. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { one, Replica, World } from "../../test/support/lease-world.ts";

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
