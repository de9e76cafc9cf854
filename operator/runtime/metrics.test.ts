import { afterEach, expect, test, vi } from "vitest";
import { parseExposition, type Sample } from "../../test/support/exposition.ts";
import { Metrics } from "./metrics.ts";

const open: Metrics[] = [];
const make = (): Metrics => {
  const metrics = new Metrics({ version: "1.2.3" });
  open.push(metrics);
  return metrics;
};
afterEach(() => open.splice(0).forEach((metrics) => metrics.close()));

/** Samples of one family as `name{label="value"} number`, in alphabetical order. */
async function read(metrics: Metrics, family: string): Promise<string[]> {
  const { samples } = parseExposition(await metrics.text());
  const text = ({ name, labels, value }: Sample): string => `${name}{${Object.entries(labels).map(([label, word]) => `${label}=${word}`).join(",")}} ${value}`;
  return samples.filter(({ name }) => name === family).map(text).toSorted();
}

test("reconciles are counted by kind and outcome, from zero on, and timed", async () => {
  const metrics = make();
  metrics.watchQueue("Widget", { depth: 0, oldestAgeMs: 0 });
  metrics.reconciled("Widget", "done", 0.2);
  metrics.reconciled("Widget", "error", 0.3);
  metrics.reconciled("Widget", "done", 4);
  expect(await read(metrics, "hoheit_reconciles_total")).toEqual([
    "hoheit_reconciles_total{kind=Widget,outcome=conflict} 0", "hoheit_reconciles_total{kind=Widget,outcome=done} 2",
    "hoheit_reconciles_total{kind=Widget,outcome=error} 1", "hoheit_reconciles_total{kind=Widget,outcome=stalled} 0",
    "hoheit_reconciles_total{kind=Widget,outcome=waiting} 0",
  ]);
  expect(await read(metrics, "hoheit_reconcile_duration_seconds_sum")).toEqual(["hoheit_reconcile_duration_seconds_sum{kind=Widget} 4.5"]);
  expect(await read(metrics, "hoheit_reconcile_duration_seconds_bucket")).toContain("hoheit_reconcile_duration_seconds_bucket{le=0.25,kind=Widget} 1");
});

test("calls are counted by verb, resource and code, and a missing answer has a word of its own", async () => {
  const metrics = make();
  metrics.called({ verb: "apply", resource: "deployments.apps", code: 409, seconds: 0.01 });
  metrics.called({ verb: "apply", resource: "deployments.apps", code: 0, seconds: 30 });
  expect(await read(metrics, "hoheit_api_calls_total")).toEqual([
    "hoheit_api_calls_total{verb=apply,resource=deployments.apps,code=409} 1", "hoheit_api_calls_total{verb=apply,resource=deployments.apps,code=none} 1",
  ]);
  expect(await read(metrics, "hoheit_api_call_duration_seconds_count")).toEqual(["hoheit_api_call_duration_seconds_count{verb=apply,resource=deployments.apps} 2"]);
});

test("watch restarts and dropped events are counted by reason", async () => {
  const metrics = make();
  metrics.watchRestarted({ resource: "pods", reason: "gone" });
  metrics.eventDropped("budget");
  metrics.eventDropped("budget");
  expect(await read(metrics, "hoheit_watch_restarts_total")).toEqual(["hoheit_watch_restarts_total{resource=pods,reason=gone} 1"]);
  expect(await read(metrics, "hoheit_events_dropped_total")).toEqual(["hoheit_events_dropped_total{reason=budget} 2"]);
});

test("queue, leader and objects are as they are when asked for", async () => {
  const metrics = make();
  const queue = { depth: 1, oldestAgeMs: 1_500 };
  let leader = false;
  const condition = (type: string, status: string): object => ({ type, status, reason: "R", message: "", lastTransitionTime: "", observedGeneration: 1 });
  const objects: object[] = [
    { status: { conditions: [condition("Ready", "True"), condition("Stalled", "False")] } }, { status: { conditions: [condition("Ready", "False")] } }, {},
  ];
  metrics.watchQueue("Widget", queue);
  metrics.watchLeader(() => leader);
  metrics.watchObjects("Widget", () => objects);
  expect(await read(metrics, "hoheit_queue_depth")).toEqual(["hoheit_queue_depth{kind=Widget} 1"]);
  expect(await read(metrics, "hoheit_queue_oldest_age_seconds")).toEqual(["hoheit_queue_oldest_age_seconds{kind=Widget} 1.5"]);
  expect(await read(metrics, "hoheit_leader")).toEqual(["hoheit_leader{} 0"]);
  expect(await read(metrics, "hoheit_objects")).toEqual(["hoheit_objects{kind=Widget} 3"]);
  const counted = async (): Promise<string[]> => (await read(metrics, "hoheit_objects_by_condition")).filter((line) => !line.endsWith(" 0"));
  expect(await counted()).toEqual([
    "hoheit_objects_by_condition{kind=Widget,condition=Ready,status=False} 1", "hoheit_objects_by_condition{kind=Widget,condition=Ready,status=True} 1",
    "hoheit_objects_by_condition{kind=Widget,condition=Stalled,status=False} 1",
  ]);
  leader = true;
  queue.depth = 0;
  objects.length = 0;
  expect(await read(metrics, "hoheit_leader")).toEqual(["hoheit_leader{} 1"]);
  expect(await read(metrics, "hoheit_queue_depth")).toEqual(["hoheit_queue_depth{kind=Widget} 0"]);
  expect(await counted()).toEqual([]);
});

test("nothing that a user may write into a status becomes a label", async () => {
  const metrics = make();
  metrics.watchObjects("Widget", () => [{ metadata: { name: "secret-name", namespace: "secret-ns" }, status: { conditions: [
    { type: "SecretType", status: "True" }, { type: "Ready", status: "SecretStatus" },
  ] } }]);
  expect(await metrics.text()).not.toMatch(/secret/i);
});

test("a blocked event loop is seen in the delay, once", async () => {
  const metrics = make();
  const delay = async (): Promise<number> => Number((await read(metrics, "hoheit_event_loop_delay_max_seconds"))[0]?.split(" ")[1]);
  // The monitor is a timer: two turns of the loop let one that is overdue look.
  const turn = (): Promise<void> => new Promise((resolve) => setImmediate(() => setImmediate(resolve)));
  const block = (until = performance.now() + 200): void => { while (performance.now() < until); };
  await vi.waitFor(async () => {
    // A block is measured from the look before it to the look after it; the first try may lack the one before.
    block();
    await turn();
    expect(await delay()).toBeGreaterThan(0.15);
  }, { timeout: 5_000 });
  await vi.waitFor(async () => expect(await delay()).toBeLessThan(0.15));
});

test("the text is what Prometheus parses, and names follow its rules", async () => {
  const metrics = make();
  metrics.watchQueue("Widget", { depth: 0, oldestAgeMs: 0 });
  metrics.reconciled("Widget", "done", 1);
  metrics.called({ verb: "get", resource: "pods", code: 200, seconds: 1 });
  metrics.watchObjects("Widget", () => [{}]);
  const { families, samples } = parseExposition(await metrics.text());
  expect(samples.length).toBeGreaterThan(50);
  for (const [name, { type, help }] of families) {
    expect(name).toMatch(/^(hoheit|process|nodejs)_[a-z0-9_]+$/);
    expect(help).toMatch(/\S\.$/);
    expect(name.endsWith("_total"), `${name} is a ${type}`).toBe(type === "counter");
    expect(name).not.toMatch(/_(milliseconds|ms|count|sum|bucket|mib|percent)$/);
  }
  for (const { name, value } of samples) expect(Number.isFinite(value), name).toBe(true);
});

test("two in one process do not meet", async () => {
  const [one, other] = [make(), make()];
  one.eventDropped("failed");
  expect(await read(other, "hoheit_events_dropped_total")).toEqual([]);
});

test("the process is described in base units", async () => {
  const metrics = make();
  const value = async (name: string): Promise<number> => Number((await read(metrics, name))[0]?.split(" ")[1]);
  expect(await value("process_resident_memory_bytes")).toBeGreaterThan(20e6);
  expect(await value("process_cpu_seconds_total")).toBeGreaterThan(0.01);
  expect(Math.abs((await value("process_start_time_seconds")) - Date.now() / 1000)).toBeLessThan(3_600);
  expect(await read(metrics, "hoheit_build_info")).toEqual(["hoheit_build_info{version=1.2.3} 1"]);
});
