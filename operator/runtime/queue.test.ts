import { getEventListeners } from "node:events";
import { expect, test } from "vitest";
import { fakeClock } from "../../test/support/fake-clock.ts";
import { WorkQueue } from "./queue.ts";

const make = () => {
  const clock = fakeClock();
  return { clock, queue: new WorkQueue<string>({ clock, random: () => 0 }) };
};

/** Takes and finishes keys until none is ready. */
async function takeAll(queue: WorkQueue<string>): Promise<string[]> {
  const taken: string[] = [];
  while (queue.depth > 0) {
    const key = await queue.take();
    if (key === undefined) break;
    taken.push(key);
    queue.done(key);
  }
  return taken;
}

test("a key added many times is handed out once, in order of its first add", async () => {
  const { queue } = make();
  for (const key of ["a", "b", "a", "c", "b"]) queue.add(key);
  expect(queue.depth).toBe(3);
  expect(await takeAll(queue)).toEqual(["a", "b", "c"]);
});

test("a key added while in work runs again when it is done, and not before", async () => {
  const { queue } = make();
  queue.add("a");
  expect(await queue.take()).toBe("a");
  queue.add("a");
  queue.add("a");
  expect(queue.depth).toBe(0);
  queue.done("a");
  expect(await takeAll(queue)).toEqual(["a"]);
});

test("a plain add while a delay is waited out runs the key now, and only now", async () => {
  const { clock, queue } = make();
  queue.addAfter("a", 60_000);
  queue.add("a");
  expect(await takeAll(queue)).toEqual(["a"]);
  clock.advance(60_000);
  expect(queue.depth).toBe(0);
});

test("a delay asked for in work starts then, not when the work is done", async () => {
  const { clock, queue } = make();
  queue.add("a");
  await queue.take();
  queue.addAfter("a", 1_000);
  clock.advance(1_500);
  expect(queue.depth).toBe(0);
  queue.done("a");
  expect(queue.depth).toBe(1);
});

test("failures of one key wait longer each time, do not touch another key, and are forgotten", async () => {
  const { clock, queue } = make();
  const waitOf = async (key: string): Promise<number> => {
    queue.addRateLimited(key);
    const start = clock.monotonic();
    while (queue.depth === 0) clock.advance(5);
    expect(await takeAll(queue)).toEqual([key]);
    return clock.monotonic() - start;
  };
  expect([await waitOf("a"), await waitOf("a"), await waitOf("b")]).toEqual([25, 50, 25]);
  queue.forget("a");
  expect(await waitOf("a")).toBe(25);
});

test("ten thousand initial keys do not hold up live ones, and a stream of live ones does not starve the initial", async () => {
  const { queue } = make();
  for (let i = 0; i < 10_000; i += 1) queue.addInitial(`initial-${i}`);
  queue.add("live");
  expect(await queue.take()).toBe("live");
  queue.done("live");

  let initial = 0;
  for (let i = 0; i < 400; i += 1) {
    queue.add(`live-${i}`);
    queue.add(`also-live-${i}`);
    const key = await queue.take();
    if (key?.startsWith("initial") === true) initial += 1;
  }
  expect(initial).toBe(100);
});

test("an initial key that becomes live overtakes the rest and is not handed out twice", async () => {
  const { queue } = make();
  for (const key of ["a", "b", "c"]) queue.addInitial(key);
  queue.add("c");
  expect(await takeAll(queue)).toEqual(["c", "a", "b"]);
});

test("a key that became live in work stays live, even if an initial list names it afterwards", async () => {
  const { queue } = make();
  queue.addInitial("a");
  await queue.take();
  queue.addInitial("b");
  queue.add("a");
  queue.addInitial("a");
  queue.done("a");
  expect(await takeAll(queue)).toEqual(["a", "b"]);
});

test("workers that wait get keys in the order in which they came", async () => {
  const { queue } = make();
  const taken = [queue.take(), queue.take()];
  queue.add("a");
  queue.add("b");
  expect(await Promise.all(taken)).toEqual(["a", "b"]);
});

test("an abort ends the wait of its worker only, and a key is not lost to it", async () => {
  const { queue } = make();
  const stop = new AbortController();
  const leaving = queue.take(stop.signal);
  const staying = queue.take();
  stop.abort();
  queue.add("a");
  expect(await leaving).toBeUndefined();
  expect(await staying).toBe("a");
  expect(await queue.take(stop.signal)).toBeUndefined();
});

test("ten thousand takes with one signal leave no listener on it", async () => {
  const { queue } = make();
  const { signal } = new AbortController();
  for (let i = 0; i < 10_000; i += 1) {
    queue.add("a");
    await queue.take(signal);
    queue.done("a");
  }
  expect(getEventListeners(signal, "abort")).toEqual([]);
});

test("closing ends every wait and every timer, and nothing is taken in any more", async () => {
  const { clock, queue } = make();
  const waiting = queue.take();
  queue.addAfter("a", 10);
  queue.close();
  queue.add("b");
  queue.addAfter("c", 10);
  clock.advance(100);
  expect(await waiting).toBeUndefined();
  expect(await queue.take()).toBeUndefined();
  expect([queue.depth, clock.pending]).toEqual([0, 0]);
});

test("the oldest age is that of the longest waiting ready key", async () => {
  const { clock, queue } = make();
  expect(queue.oldestAgeMs).toBe(0);
  queue.addInitial("a");
  clock.advance(300);
  queue.add("b");
  clock.advance(200);
  expect(queue.oldestAgeMs).toBe(500);
  await takeAll(queue);
  expect(queue.oldestAgeMs).toBe(0);
});

test("a wait longer than a timer can hold is waited out to its end", () => {
  const clock = fakeClock();
  const cutting = { ...clock, now: clock.now, after: (ms: number, callback: () => void) => clock.after(Math.min(ms, 100), callback) };
  const queue = new WorkQueue<string>({ clock: cutting });
  queue.addAfter("a", 350);
  clock.advance(349);
  expect(queue.depth).toBe(0);
  clock.advance(1);
  expect(queue.depth).toBe(1);
});

test("done without take is a bug and says so", () => {
  expect(() => make().queue.done("a")).toThrow("queue: a is done but was not taken");
});
