/**
 * The queue against its specification, which is one sentence: a key that is not in work is handed out once its wish is
 * due, and a wish is the earliest time that anybody asked for since the key was last taken.
 */
import fc from "fast-check";
import { expect, test } from "vitest";
import { fakeClock, settle } from "../../test/support/fake-clock.ts";
import { WorkQueue } from "./queue.ts";

type Key = "a" | "b" | "c" | "d";

type Step =
  | { readonly do: "add" | "addInitial" | "addRateLimited" | "forget" | "done"; readonly key: Key }
  | { readonly do: "addAfter"; readonly key: Key; readonly ms: number }
  | { readonly do: "take" }
  | { readonly do: "pass"; readonly ms: number };

const key = fc.constantFrom<Key>("a", "b", "c", "d");
const ms = fc.integer({ min: -1, max: 400 });
const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({ do: fc.constantFrom("add" as const, "addInitial" as const, "addRateLimited" as const, "forget" as const), key }),
  { arbitrary: fc.record({ do: fc.constant("done" as const), key }), weight: 2 },
  { arbitrary: fc.record({ do: fc.constant("addAfter" as const), key, ms }), weight: 2 },
  { arbitrary: fc.record({ do: fc.constant("take" as const) }), weight: 3 },
  { arbitrary: fc.record({ do: fc.constant("pass" as const), ms }), weight: 2 },
);

/** What the queue must do, in the words of the specification. */
class Model {
  readonly clock = fakeClock();
  readonly queue = new WorkQueue<Key>({ clock: this.clock, backoff: { baseMs: 50, capMs: 200 }, random: () => 1 });
  /** When each key is wished for. */
  readonly wishes = new Map<Key, number>();
  readonly inWork = new Set<Key>();
  private readonly failures = new Map<Key, number>();
  private readonly wrong: string[] = [];
  private waiting = 0;

  due(): Key[] {
    return [...this.wishes].filter(([one, at]) => at <= this.clock.monotonic() && !this.inWork.has(one)).map(([one]) => one);
  }

  wish(one: Key, delay: number): void {
    const at = this.clock.monotonic() + Math.max(delay, 0);
    this.wishes.set(one, Math.min(at, this.wishes.get(one) ?? Infinity));
  }

  take(): void {
    this.waiting += 1;
    void this.queue.take().then((one) => {
      if (one === undefined) return;
      if (!this.due().includes(one)) this.wrong.push(`${one} handed out although it is in work or nobody wished for it by now`);
      this.waiting -= 1;
      this.wishes.delete(one);
      this.inWork.add(one);
    });
  }

  apply(one: Step): void {
    switch (one.do) {
      case "take":
        return this.take();
      case "pass":
        return this.clock.advance(Math.max(one.ms, 0));
      case "done":
        if (this.inWork.delete(one.key)) this.queue.done(one.key);
        return;
      case "forget":
        this.failures.delete(one.key);
        return this.queue.forget(one.key);
      default:
        return this.ask(one);
    }
  }

  check(): void {
    expect(this.wrong).toEqual([]);
    expect(this.queue.depth).toBe(this.due().length);
    const later = [...this.wishes.values()].filter((at) => at > this.clock.monotonic());
    expect(this.clock.pending, "one timer for each wish that is not due yet, and no other").toBe(later.length);
    expect(this.waiting === 0 || this.due().length === 0, "a worker waits while a key is due").toBe(true);
  }

  private ask(one: Extract<Step, { key: Key }>): void {
    if (one.do === "addAfter") {
      this.wish(one.key, one.ms);
      return this.queue.addAfter(one.key, one.ms);
    }
    if (one.do === "addRateLimited") {
      const failures = (this.failures.get(one.key) ?? 0) + 1;
      this.failures.set(one.key, failures);
      this.wish(one.key, Math.min(200, 50 * 2 ** (failures - 1)));
      return this.queue.addRateLimited(one.key);
    }
    this.wish(one.key, 0);
    if (one.do === "add") this.queue.add(one.key);
    if (one.do === "addInitial") this.queue.addInitial(one.key);
  }
}

test("whatever happens in whatever order, a key is handed out when it is due, once, and never while it is in work", async () => {
  await fc.assert(fc.asyncProperty(fc.array(step, { maxLength: 60 }), async (steps) => {
    const model = new Model();
    for (const one of steps) {
      model.apply(one);
      await settle();
      model.check();
    }
    await drain(model);
    expect([...model.wishes.keys()], "wished for and never handed out").toEqual([]);
    expect(model.clock.pending, "timers left").toBe(0);
  }), { numRuns: 500 });
});

/** Enough time and enough workers for everything that is still wished for. */
async function drain(model: Model): Promise<void> {
  for (const one of [...model.inWork]) model.apply({ do: "done", key: one });
  model.clock.advance(1_000);
  for (let workers = 0; workers < 4; workers += 1) model.take();
  await settle();
  for (const one of [...model.inWork]) model.apply({ do: "done", key: one });
  await settle();
}

test("at the moment when two wishes for a key exist, the earlier one decides, whichever came first", async () => {
  await fc.assert(fc.asyncProperty(fc.array(fc.integer({ min: 1, max: 1_000 }), { minLength: 1, maxLength: 5 }), async (delays) => {
    const clock = fakeClock();
    const queue = new WorkQueue<Key>({ clock });
    for (const delay of delays) queue.addAfter("a", delay);
    const taken = queue.take();
    const start = clock.monotonic();
    const at = taken.then(() => clock.monotonic() - start);
    await clock.run(1_000);
    expect(await at).toBe(Math.min(...delays));
    expect(clock.pending).toBe(0);
  }));
});
