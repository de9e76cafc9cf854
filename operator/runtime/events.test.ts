import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { fakeClock } from "../../test/support/fake-clock.ts";
import type { KubeApi } from "../kube/api.ts";
import { ApiError } from "../kube/errors.ts";
import type { KubeEvent, KubeObject, Live, ObjectRef } from "../lib/k8s-types.ts";
import { cutBytes } from "./event-object.ts";
import { EventWriter, type EventNote } from "./events.ts";
import type { Logger } from "./log.ts";

const about = (name = "chat", namespace: string | undefined = "llm"): Live<KubeObject> => ({
  apiVersion: "hoheit.dev/v1alpha1", kind: "Widget",
  metadata: { name, uid: `uid-of-${name}`, resourceVersion: "7", ...(namespace === "" ? {} : { namespace }) },
});
const note = (extra: Partial<EventNote> = {}): EventNote => ({ type: "Normal", reason: "Ready", action: "Reconcile", message: "it serves", ...extra });

function make() {
  const clock = fakeClock();
  const writes: string[] = [];
  const events = new Map<string, KubeEvent>();
  const dropped: string[] = [];
  const warnings: string[] = [];
  const state: { refusal: ApiError | undefined; hold: Promise<void> | undefined } = { refusal: undefined, hold: undefined };
  const pass = async (write: string): Promise<void> => {
    await state.hold;
    if (state.refusal !== undefined) throw state.refusal;
    writes.push(write);
  };
  const api = {
    async create(_: unknown, event: KubeEvent) {
      await pass(`create ${event.reason} x${event.series?.count ?? 1}`);
      events.set(event.metadata.name, event);
    },
    async mergePatch(_: unknown, ref: ObjectRef, patch: { series: { count: number } }) {
      if (!events.has(ref.name)) throw new ApiError("patch", { code: 404, reason: "NotFound", message: "" });
      await pass(`patch x${patch.series.count}`);
    },
  } as unknown as KubeApi;
  const log: Logger = { debug() {}, info() {}, error() {}, warn: (_, message) => void warnings.push(message), child: () => log };
  const writer = new EventWriter({ api, clock, log, instance: "pod-1_x", onDropped: (why) => dropped.push(why) });
  return { clock, writer, writes, events, dropped, warnings, state };
}

describe("an event", () => {
  test("is what the API server takes", async () => {
    const { writer, events } = make();
    writer.record(about(), note({ type: "Warning", reason: "NoApproval", message: "approve it" }));
    await writer.idle();
    expect([...events.values()]).toEqual([{
      apiVersion: "events.k8s.io/v1", kind: "Event", metadata: { name: expect.stringMatching(/^chat\.[0-9a-f]{16}$/), namespace: "llm" },
      eventTime: "2026-11-22T12:00:00.000000Z", type: "Warning", reason: "NoApproval", action: "Reconcile", note: "approve it",
      reportingController: "hoheit.dev/operator", reportingInstance: "pod-1_x",
      regarding: { apiVersion: "hoheit.dev/v1alpha1", kind: "Widget", name: "chat", namespace: "llm", uid: "uid-of-chat", resourceVersion: "7" },
    }]);
  });

  test("about a cluster-scoped object lies in namespace default and regards no namespace", async () => {
    const { writer, events } = make();
    writer.record(about("n".repeat(253), ""), note());
    await writer.idle();
    const [event] = [...events.values()];
    expect(event?.metadata.namespace).toBe("default");
    expect(event?.regarding).not.toHaveProperty("namespace");
    expect(event?.metadata.name.length).toBe(253);
  });

  test("has a note of at most 1,024 bytes that ends between characters", () => {
    fc.assert(fc.property(fc.string({ unit: "binary", maxLength: 40 }), fc.nat({ max: 60 }), (text, most) => {
      const cut = cutBytes(text, most);
      expect(Buffer.byteLength(cut)).toBeLessThanOrEqual(most);
      expect(text.toWellFormed().startsWith(cut)).toBe(true);
      if (cut !== text.toWellFormed()) expect(Buffer.byteLength(cut)).toBeGreaterThan(most - 4);
      expect(cut.isWellFormed()).toBe(true);
    }), { numRuns: 1_000 });
  });
});

describe("the same thing said again", () => {
  test("becomes a series: the second time at once, then once a minute, and the last count is written too", async () => {
    const { clock, writer, writes } = make();
    for (let second = 0; second < 90; second += 1) {
      writer.record(about(), note());
      await clock.run(1_000);
    }
    expect(writes).toEqual(["create Ready x1", "patch x2", "patch x61"]);
    await clock.run(60_000);
    expect(writes.slice(3)).toEqual(["patch x90"]);
    await clock.run(600_000);
    expect(writes.length).toBe(4);
  });

  test("before the first could be written is written as a series from the start", async () => {
    const { writer, writes, state } = make();
    const { promise, resolve } = Promise.withResolvers<void>();
    state.hold = promise;
    writer.record(about("first"), note());
    for (let i = 0; i < 3; i += 1) writer.record(about(), note());
    resolve();
    await writer.idle();
    expect(writes).toEqual(["create Ready x1", "create Ready x3"]);
  });

  test("while the first is under way is written right after it", async () => {
    const { writer, writes, state } = make();
    const { promise, resolve } = Promise.withResolvers<void>();
    state.hold = promise;
    writer.record(about(), note());
    writer.record(about(), note());
    resolve();
    await writer.idle();
    expect(writes).toEqual(["create Ready x1", "patch x2"]);
  });

  test("more than six minutes later is another event", async () => {
    const { clock, writer, writes } = make();
    writer.record(about(), note());
    await clock.run(360_000);
    writer.record(about(), note());
    await writer.idle();
    expect(writes).toEqual(["create Ready x1", "create Ready x1"]);
  });

  test.each<[string, Partial<EventNote>, string]>([
    ["another reason", { reason: "Other" }, "chat"], ["another message", { message: "else" }, "chat"],
    ["another type", { type: "Warning" }, "chat"], ["another object", {}, "else"],
  ])("but with %s is another event", async (_, extra, name) => {
    const { writer, events } = make();
    writer.record(about(), note());
    writer.record(about(name), note(extra));
    await writer.idle();
    expect(events.size).toBe(2);
  });

  test("after the API server forgot the event makes it anew, with the whole count", async () => {
    const { writer, writes, events } = make();
    writer.record(about(), note());
    await writer.idle();
    events.clear();
    writer.record(about(), note());
    await writer.idle();
    expect(writes).toEqual(["create Ready x1", "create Ready x2"]);
  });
});

describe("bounds", () => {
  test("an object that flaps gets 25 events, then one every five minutes; others are not touched", async () => {
    const { clock, writer, events, dropped } = make();
    for (let i = 0; i < 40; i += 1) writer.record(about(), note({ message: String(i) }));
    writer.record(about("other"), note());
    await writer.idle();
    expect([events.size, dropped]).toEqual([26, Array(15).fill("budget")]);
    await clock.run(300_000);
    for (let i = 0; i < 3; i += 1) writer.record(about(), note({ message: `later ${i}` }));
    await writer.idle();
    expect(events.size).toBe(27);
  });

  test("while nothing can be written at most 1,000 wait, and recording neither throws nor waits", async () => {
    const { writer, dropped, writes, state } = make();
    const { promise, resolve } = Promise.withResolvers<void>();
    state.hold = promise;
    for (let i = 0; i < 1_500; i += 1) writer.record(about(`chat-${i}`), note());
    expect(dropped).toEqual(Array(499).fill("queue"));
    resolve();
    await writer.idle();
    expect(writes.length).toBe(1_001);
  });

  test("only the latest 1,024 things said are remembered", async () => {
    const { writer, writes } = make();
    for (let i = 0; i < 1_025; i += 1) {
      writer.record(about(`chat-${i}`), note());
      if (i % 500 === 0) await writer.idle();
    }
    await writer.idle();
    writer.record(about("chat-1"), note());
    writer.record(about("chat-0"), note());
    await writer.idle();
    expect(writes.slice(1_025)).toEqual(["patch x2", "create Ready x1"]);
  });

  test("a refusal is logged once until one is written again, counted each time, and not thrown", async () => {
    const { writer, dropped, warnings, writes, state } = make();
    state.refusal = new ApiError("create", { code: 403, reason: "Forbidden", message: "namespace is terminating" });
    for (let i = 0; i < 5; i += 1) writer.record(about(`chat-${i}`), note());
    await writer.idle();
    expect([warnings.length, dropped]).toEqual([1, Array(5).fill("failed")]);
    state.refusal = undefined;
    writer.record(about("chat-1"), note());
    await writer.idle();
    expect(writes).toEqual(["create Ready x1"]);
    state.refusal = new ApiError("create", { code: 403, reason: "Forbidden", message: "" });
    writer.record(about("chat-9"), note());
    await writer.idle();
    expect(warnings.length).toBe(2);
  });
});

describe("a stop", () => {
  test("writes what waits and the counts that were held back, then takes nothing in", async () => {
    const { clock, writer, writes } = make();
    for (let i = 0; i < 5; i += 1) {
      writer.record(about(), note());
      await clock.run(1_000);
    }
    writer.record(about("other"), note());
    await writer.stop();
    const written = ["create Ready x1", "patch x2", "create Ready x1", "patch x5"];
    expect(writes).toEqual(written);
    writer.record(about("late"), note());
    await clock.run(120_000);
    expect(writes).toEqual(written);
    expect(clock.pending).toBe(0);
  });

  test("does not wait for an API server that is away", async () => {
    const { clock, writer, state } = make();
    state.hold = new Promise(() => {});
    writer.record(about(), note());
    let ended = false;
    void writer.stop(2_000).then(() => (ended = true));
    await clock.run(1_999);
    expect(ended).toBe(false);
    await clock.run(1);
    await clock.run(0);
    expect(ended).toBe(true);
  });
});
