import { describe, expect, it } from "vitest";
import { fakeClock, settle } from "../../test/support/fake-clock.ts";
import { Caches } from "../kube/caches.ts";
import type { CacheSpec } from "../kube/cache.ts";
import { ApiError, FencedError } from "../kube/errors.ts";
import { NODES, SERVICES } from "../kube/resources.ts";
import type { Store } from "../kube/store.ts";
import type { Live, Node, Service } from "../lib/k8s-types.ts";
import type { Read } from "./kind.ts";
import type { Logger } from "./log.ts";
import { Manager } from "./manager.ts";
import { done, stalled, waiting, type Outcome } from "./outcome.ts";

const service = (name: string, version = 2, generation = 1): Live<Service> =>
  ({ apiVersion: "v1", kind: "Service", metadata: { namespace: "n", name, uid: name, resourceVersion: String(version), generation } });
const node = (version: number, gpus: string): Live<Node> =>
  ({ apiVersion: "v1", kind: "Node", metadata: { name: "node", uid: "node", resourceVersion: String(version) }, status: { allocatable: { gpu: gpus }, conditions: [{ type: "Ready", status: String(version) }] } } as unknown as Live<Node>);

/** A kind that owns Services and reads Nodes, each of which wakes Service `a`. */
function manage(reconcile: (name: string) => Outcome, more: Partial<Read<Node>> = {}) {
  const clock = fakeClock();
  const owns: CacheSpec<Service> = { resource: SERVICES };
  const nodes: CacheSpec<Node> = { resource: NODES, keep: ({ apiVersion, kind, metadata, status }) => ({ apiVersion, kind, metadata, status: { allocatable: status?.allocatable ?? {} } }) };
  const caches = new Caches({ transport: undefined as never, client: undefined as never });
  const [serviceStore, nodeStore] = [caches.for(owns) as Store<Service>, caches.for(nodes) as Store<Node>];
  const passes: string[] = [];
  const outcomes: string[] = [];
  const warnings: object[] = [];
  const log: Logger = { debug() {}, info() {}, warn: (fields) => void warnings.push(fields), error() {}, child: () => log };
  const manager = new Manager({
    api: undefined as never, caches, clock, log, events: { record() {} }, workers: 2,
    metrics: { reconciled: (_kind, outcome) => void outcomes.push(outcome), watchQueue() {} },
    controllers: [{
      name: "Service", owns, rules: [], conditions: [],
      reads: [{ cache: nodes, wakes: () => [{ namespace: "n", name: "a" }], ...more }],
      leftBehind: ({ cache }) => cache(NODES).list().map(({ metadata: { name } }) => ({ namespace: "gone", name })),
      reconcile: async ({ name }) => {
        passes.push(name);
        return reconcile(name);
      },
    }],
  });
  const stop = new AbortController();
  return { clock, serviceStore, nodeStore, passes, outcomes, warnings, manager, stop, lead: () => manager.lead(stop.signal) };
}

describe("the manager", () => {
  it("looks at everything once when it begins to lead, and at nothing before", async () => {
    const { serviceStore, passes, lead, stop } = manage(() => done());
    serviceStore.replace(new Map([["n/a", service("a")], ["n/b", service("b")]]), "2");
    await settle();
    expect(passes).toEqual([]);
    const led = lead();
    await settle();
    expect(passes).toEqual(["a", "b"]);
    stop.abort();
    await led;
  });

  it("looks again within ten minutes at what time decides, because the wall clock may be set meanwhile", async () => {
    const { clock, serviceStore, passes, lead, stop } = manage(() => done(86_400_000));
    serviceStore.upsert(service("a"));
    const led = lead();
    await settle();
    await clock.run(10 * 60_000 - 1);
    expect(passes).toEqual(["a"]);
    await clock.run(1);
    expect(passes).toEqual(["a", "a"]);
    stop.abort();
    await led;
  });

  it("looks at what objects that are gone left behind when it begins to lead", async () => {
    const { nodeStore, passes, lead, stop } = manage(() => done());
    nodeStore.upsert(node(2, "8"));
    const led = lead();
    await settle();
    expect(passes).toEqual(["node"]);
    stop.abort();
    await led;
  });

  it("looks again after a change, an object that is gone included, and after the time that an outcome names", async () => {
    const { clock, serviceStore, passes, outcomes, lead } = manage((name) => (name === "a" ? waiting("Something", 1000) : stalled("Something", "mend it")));
    void lead();
    serviceStore.upsert(service("b"));
    await settle();
    serviceStore.remove(service("b", 3));
    serviceStore.upsert(service("a", 4));
    await settle();
    expect(passes).toEqual(["b", "b", "a"]);
    await clock.run(3_600);
    expect(passes.filter((name) => name === "b")).toHaveLength(2);
    expect(passes.filter((name) => name === "a")).toHaveLength(4);
    expect(new Set(outcomes)).toEqual(new Set(["stalled", "waiting"]));
  });

  it("tries later each time what is refused, up to the longest pause, and soon again what somebody has changed", async () => {
    const times: number[] = [];
    const { clock, serviceStore, lead } = manage(() => {
      times.push(clock.monotonic());
      return waiting("Refused", 300_000, 10_000);
    });
    const pauses = (): number[] => times.slice(1).map((time, i) => (time - (times[i] ?? 0)) / 1000);
    const grows = (from: number): void => [10, 20, 40, 80, 160, 300, 300].forEach((longest, i) => {
      expect(pauses()[from + i]).toBeGreaterThanOrEqual(longest / 2);
      expect(pauses()[from + i]).toBeLessThanOrEqual(longest);
    });
    void lead();
    serviceStore.upsert(service("a"));
    await clock.run(1_200_000);
    grows(0);
    const before = times.length;
    serviceStore.upsert(service("a", 3, 1));
    await clock.run(100);
    expect(times).toHaveLength(before + 1);
    await clock.run(140_000);
    expect(times, "a status that was written is no change").toHaveLength(before + 1);
    serviceStore.upsert(service("a", 4, 2));
    await clock.run(1_200_000);
    grows(before + 1);
  });

  it("wakes nobody when only the version of an object changed of which a part is kept", async () => {
    const { nodeStore, passes, lead } = manage(() => done());
    void lead();
    const change = async (version: number, gpus: string): Promise<void> => {
      nodeStore.upsert(nodeStore.slim(node(version, gpus)));
      await settle();
    };
    await change(2, "8");
    await change(3, "8");
    expect(passes).toEqual(["a"]);
    await change(4, "7");
    expect(passes).toEqual(["a", "a"]);
  });

  it("wakes nobody when what changed does not matter to the reader", async () => {
    const { nodeStore, passes, lead } = manage(() => done(), { matters: ({ status }) => status?.allocatable?.["gpu"] === "0" });
    void lead();
    for (const [version, gpus] of [[2, "8"], [3, "7"], [4, "0"], [5, "0"], [6, "1"]] as const) {
      nodeStore.upsert(nodeStore.slim(node(version, gpus)));
      await settle();
    }
    expect(passes, "the first, the last GPU that goes, the first that comes").toEqual(["a", "a", "a"]);
  });

  it.each([new FencedError("call"), new ApiError("call", { code: 409, reason: "Conflict", message: "" }), new Error("bug")])("tries again after %s, and warns of failures only", async (error) => {
    const { clock, serviceStore, passes, outcomes, warnings, lead } = manage(() => {
      if (passes.length === 1) throw error;
      return done();
    });
    void lead();
    serviceStore.upsert(service("a"));
    await clock.run(100);
    expect(passes).toEqual(["a", "a"]);
    expect(outcomes).toEqual([error instanceof ApiError ? "conflict" : "error", "done"]);
    expect(warnings).toHaveLength(error instanceof ApiError || error instanceof FencedError ? 0 : 1);
  });
});
