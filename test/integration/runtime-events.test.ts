/** Events against the real API server: what it takes, what it keeps, and that the rules that we ship are enough. */
import { afterEach, expect, test } from "vitest";
import { EVENTS, NODES } from "../../operator/kube/resources.ts";
import { systemClock } from "../../operator/lib/clock.ts";
import type { KubeEvent, KubeObject, Live } from "../../operator/lib/k8s-types.ts";
import { EVENT_RULES, EventWriter, type EventNote } from "../../operator/runtime/events.ts";
import { createLogger } from "../../operator/runtime/log.ts";
import { eventually, rawCall, sharedPlane, uniqueNamespace } from "../support/control-plane.ts";
import { CONFIG_MAPS, configMap, connect, type Connected } from "../support/kube-client.ts";
import { permit } from "../support/permit.ts";

const open: Disposable[] = [];
afterEach(() => open.splice(0).forEach((one) => one[Symbol.dispose]()));

function as(identity: "admin" | "user"): Connected {
  const plane = sharedPlane();
  const kube = connect(plane, plane, { token: plane.tokens[identity] ?? "" });
  open.push(kube);
  return kube;
}

function writerOf(kube: Connected): { writer: EventWriter; dropped: string[]; lines: string[] } {
  const dropped: string[] = [];
  const lines: string[] = [];
  const log = createLogger({ level: "warn", destination: { write: (line) => void lines.push(line) } });
  const writer = new EventWriter({ api: kube.client, clock: systemClock, log, instance: "hoheit-0_1", onDropped: (why) => dropped.push(why) });
  return { writer, dropped, lines };
}

const note = (extra: Partial<EventNote> = {}): EventNote => ({ type: "Warning", reason: "NoApproval", action: "Reconcile", message: "approve it", ...extra });

/** The latest events about an object, in the words of the older API that `kubectl describe` reads. */
async function described(namespace: string, about: Live<KubeObject>): Promise<{ reason: string; message: string; count?: number; reportingComponent: string }[]> {
  const selector = encodeURIComponent(`involvedObject.uid=${about.metadata.uid}`);
  const { items } = await rawCall<{ items: { reason: string; message: string; count?: number; reportingComponent: string }[] }>(
    sharedPlane(), "GET", `/api/v1/namespaces/${namespace}/events?fieldSelector=${selector}`);
  return items;
}

const listed = async (namespace: string, about: Live<KubeObject>): Promise<Live<KubeEvent>[]> =>
  (await as("admin").client.list(EVENTS, { namespace })).items.filter(({ regarding }) => regarding?.uid === about.metadata.uid);

test("the API server takes an event, makes it a series, and kubectl describe finds it, with no more rights than we ship", async () => {
  const namespace = await uniqueNamespace();
  await permit(sharedPlane(), namespace, EVENT_RULES);
  const about = await as("admin").client.create(CONFIG_MAPS, configMap(namespace, "a"));
  const { writer, dropped, lines } = writerOf(as("user"));
  for (let i = 0; i < 5; i += 1) writer.record({ ...about, apiVersion: "v1", kind: "ConfigMap" }, note());
  await writer.stop(10_000);
  expect([dropped, lines]).toEqual([[], []]);
  const [event, ...more] = await listed(namespace, about);
  expect(more).toEqual([]);
  expect(event).toMatchObject({
    type: "Warning", reason: "NoApproval", action: "Reconcile", note: "approve it", reportingController: "hoheit.dev/operator", reportingInstance: "hoheit-0_1",
    regarding: { kind: "ConfigMap", namespace, name: "a", uid: about.metadata.uid }, series: { count: 5 },
  });
  expect(event?.series?.lastObservedTime).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/);
  expect(await described(namespace, about)).toMatchObject([{ reason: "NoApproval", message: "approve it", reportingComponent: "hoheit.dev/operator" }]);
});

test("the longest note, the longest name and characters of every width are taken", async () => {
  const namespace = await uniqueNamespace();
  const { writer, dropped, lines } = writerOf(as("admin"));
  const about = await as("admin").client.create(CONFIG_MAPS, configMap(namespace, "n".repeat(253)));
  for (const character of ["x", "ä", "\u20AC", "\u{1F512}", "\uD800"]) {
    writer.record({ ...about, apiVersion: "v1", kind: "ConfigMap" }, note({ message: character.repeat(2_000) }));
  }
  await writer.stop(10_000);
  expect([dropped, lines]).toEqual([[], []]);
  const bytes = (await listed(namespace, about)).map((event) => Buffer.byteLength(event.note ?? ""));
  expect(bytes.toSorted((a, b) => a - b)).toEqual([1_023, 1_023, 1_024, 1_024, 1_024]);
});

test("an event about a cluster-scoped object is taken", async () => {
  const [node] = (await as("admin").client.list(NODES)).items;
  if (node === undefined) return expect.fail("the shared control plane has nodes");
  const { writer, dropped } = writerOf(as("admin"));
  const message = `seen by a test at ${systemClock.now()}`;
  writer.record(node, note({ type: "Normal", reason: "Seen", message }));
  await writer.stop(10_000);
  expect(dropped).toEqual([]);
  expect((await listed("default", node)).map((event) => event.note)).toContain(message);
});

test("an event that was deleted is made again when the same is said once more", async () => {
  const namespace = await uniqueNamespace();
  const admin = as("admin");
  const about = await admin.client.create(CONFIG_MAPS, configMap(namespace, "a"));
  const { writer, dropped } = writerOf(admin);
  writer.record({ ...about, apiVersion: "v1", kind: "ConfigMap" }, note());
  const [first] = await eventually(async () => (await listed(namespace, about)).length === 1 && listed(namespace, about));
  await admin.client.delete(EVENTS, { namespace, name: first?.metadata.name ?? "" });
  writer.record({ ...about, apiVersion: "v1", kind: "ConfigMap" }, note());
  await writer.stop(10_000);
  expect(dropped).toEqual([]);
  expect(await listed(namespace, about)).toMatchObject([{ series: { count: 2 } }]);
});

test("without the right to write them events are dropped, said once, and nothing else happens", async () => {
  const namespace = await uniqueNamespace();
  const about = await as("admin").client.create(CONFIG_MAPS, configMap(namespace, "a"));
  const { writer, dropped, lines } = writerOf(as("user"));
  for (let i = 0; i < 3; i += 1) writer.record({ ...about, apiVersion: "v1", kind: "ConfigMap" }, note({ message: String(i) }));
  await writer.stop(10_000);
  expect(dropped).toEqual(["failed", "failed", "failed"]);
  expect(lines.length).toBe(1);
  expect(lines[0]).toContain("403 Forbidden");
});
