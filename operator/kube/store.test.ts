import fc from "fast-check";
import { expect, test, vi } from "vitest";
import type { KubeObject, Live } from "../lib/k8s-types.ts";
import { keyOf } from "../lib/k8s-types.ts";
import type { CacheChange } from "./cache.ts";
import type { Resource } from "./resources.ts";
import { Store, isLater } from "./store.ts";

interface Labelled extends KubeObject {
  colours?: string[];
}

const THINGS: Resource<Labelled> = { group: "", version: "v1", plural: "things", kind: "Thing", namespaced: true };

function liveObject(of: string, uid: string, version: number): Live<Labelled> {
  return { apiVersion: "v1", kind: "Thing", metadata: { namespace: "n", name: of, uid, resourceVersion: String(version) } };
}

const store = (spec = {}): Store<Labelled> => new Store<Labelled>({ resource: THINGS, ...spec });
const listOf = (...objects: Live<Labelled>[]): Map<string, Live<Labelled>> => new Map(objects.map((object) => [keyOf(object.metadata), object]));

test("versions are compared as numbers of any size, not as text", () => {
  expect(isLater("10", "9")).toBe(true);
  expect(isLater("9", "10")).toBe(false);
  expect(isLater("9", "9")).toBe(false);
  expect(isLater("9007199254740993", "9007199254740992")).toBe(true);
});

test("our own write that is later than the list survives the list", () => {
  const cache = store();
  cache.observe(liveObject("a", "u1", 7));
  expect(cache.replace(listOf(), "6")).toBe(true);
  expect(cache.list()).toHaveLength(1);
  expect(cache.replace(listOf(), "7")).toBe(true);
  expect(cache.list()).toHaveLength(0);
});

test("the answer to the removal of the last finalizer is no past, though it carries the version from before", () => {
  const cache = store();
  const held = (finalizers: string[], version = 5, uid = "u1"): Live<Labelled> => {
    const object = liveObject("a", uid, version);
    return { ...object, metadata: { ...object.metadata, deletionTimestamp: "2026-01-01T00:00:00Z", finalizers } };
  };
  const finalizers = (): readonly string[] | undefined => cache.get("n/a")?.metadata.finalizers;
  const changes = vi.fn();
  cache.upsert(held(["x/one"]));
  cache.onChange(changes);
  for (const past of [held([], 4), held([], 5, "u0"), held(["x/one"])]) cache.observe(past);
  expect([finalizers(), changes.mock.calls.length]).toEqual([["x/one"], 0]);
  cache.observe(held([]));
  // The watch is behind, then the answer comes once more.
  cache.upsert(held(["x/one"]));
  cache.observe(held([]));
  expect([finalizers(), changes.mock.calls.length]).toEqual([[], 1]);
  cache.remove(liveObject("a", "u1", 6));
  expect(cache.list()).toEqual([]);
});

test("a list that is older than what was seen changes nothing", () => {
  const cache = store();
  cache.replace(listOf(liveObject("a", "u1", 5)), "10");
  expect(cache.replace(listOf(), "9")).toBe(false);
  expect(cache.list()).toHaveLength(1);
});

test("synced from the first list on, and not before", async () => {
  const cache = store();
  cache.observe(liveObject("a", "u1", 1));
  expect(cache.synced).toBe(false);
  cache.replace(listOf(), "3");
  expect(cache.synced).toBe(true);
  await cache.firstList;
});

test("an index follows the object's values and forgets what is gone", () => {
  const cache = store({ index: (object: Live<Labelled>) => ({ colour: object.colours ?? [] }) });
  const found = (colour: string): string[] => cache.by("colour", colour).map((object) => object.metadata.name);
  cache.upsert({ ...liveObject("a", "u1", 1), colours: ["red", "blue"] });
  cache.upsert({ ...liveObject("b", "u2", 2), colours: ["red"] });
  expect([found("red"), found("blue"), found("green")]).toEqual([["a", "b"], ["a"], []]);
  cache.upsert({ ...liveObject("a", "u1", 3), colours: ["green"] });
  expect([found("red"), found("blue"), found("green")]).toEqual([["b"], [], ["a"]]);
  cache.remove(liveObject("a", "u1", 4));
  expect([found("red"), found("green")]).toEqual([["b"], []]);
});

test("what is kept is the projection without managedFields, and the caller's object stays whole", () => {
  const cache = store({ keep: (object: Live<Labelled>) => ({ apiVersion: object.apiVersion, kind: object.kind, metadata: object.metadata }) });
  const object = { ...liveObject("a", "u1", 1), colours: ["red"], metadata: { ...liveObject("a", "u1", 1).metadata, managedFields: [{}] } };
  cache.observe(object);
  expect(cache.get("n/a")).toEqual(liveObject("a", "u1", 1));
  expect(object.metadata.managedFields).toHaveLength(1);
});

test("a listener that throws is reported as a bug and the others still hear the change", () => {
  const onBug = vi.fn();
  const heard = vi.fn();
  const cache = new Store<Labelled>({ resource: THINGS }, onBug);
  cache.onChange(() => {
    throw new Error("bug");
  });
  cache.onChange(heard);
  cache.upsert(liveObject("a", "u1", 1));
  expect(onBug).toHaveBeenCalledOnce();
  expect(heard).toHaveBeenCalledOnce();
});

/** What a server and a network may legally do to a store, in any order. */
type Step =
  | { do: "create" | "update" | "delete"; name: string }
  | { do: "recreate"; name: string }
  | { do: "next" | "bookmark" | "list" }
  | { do: "replay" | "answer"; which: number };

const name = fc.constantFrom("a", "b", "c");
const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({ do: fc.constantFrom("create", "update", "delete", "recreate"), name }) as fc.Arbitrary<Step>,
  fc.record({ do: fc.constantFrom("next", "next", "next", "bookmark", "list") }) as fc.Arbitrary<Step>,
  fc.record({ do: fc.constantFrom("replay", "answer"), which: fc.nat(1000) }) as fc.Arbitrary<Step>,
);

interface Entry { type: "put" | "delete"; object: Live<Labelled> }

/** A server's time line, and a store that reads it through a watch with all its accidents. */
class World {
  readonly cache = store();
  readonly changes: CacheChange<Labelled>[] = [];
  readonly log: Entry[] = [];
  readonly live = new Map<string, Live<Labelled>>();
  version = 0;
  uids = 0;
  cursor = 0;

  constructor() {
    this.cache.onChange((change) => this.changes.push(change));
  }

  take(one: Step): void {
    if (one.do === "create" && !this.live.has(one.name)) this.put(one.name, `u${++this.uids}`);
    else if (one.do === "update" && this.live.has(one.name)) this.put(one.name, this.live.get(one.name)?.metadata.uid ?? "");
    else if (one.do === "delete") this.remove(one.name);
    else if (one.do === "recreate") {
      this.remove(one.name);
      this.put(one.name, `u${++this.uids}`);
    } else if ("which" in one) this.accident(one);
    else this.read(one.do);
  }

  put(of: string, uid: string): void {
    const object = liveObject(of, uid, ++this.version);
    this.live.set(of, object);
    this.log.push({ type: "put", object });
  }

  remove(of: string): void {
    const old = this.live.get(of);
    if (old === undefined) return;
    this.live.delete(of);
    this.log.push({ type: "delete", object: liveObject(of, old.metadata.uid, ++this.version) });
  }

  /** Old events again, in any order, and answers of our own writes, as late as you like. */
  accident(one: { do: string; which: number }): void {
    if (one.do === "answer") {
      const puts = this.log.filter((entry) => entry.type === "put");
      const answered = puts[one.which % Math.max(puts.length, 1)];
      if (answered !== undefined) this.cache.observe(answered.object);
    } else if (this.cursor > 0) this.deliver(this.log[one.which % this.cursor]);
  }

  read(what: string): void {
    if (what === "next" && this.cache.synced && this.cursor < this.log.length) this.deliver(this.log[this.cursor++]);
    if (what === "bookmark" && this.cache.synced && this.cursor > 0) this.cache.advance(this.log[this.cursor - 1]?.object.metadata.resourceVersion ?? "0");
    if (what === "list") {
      this.cache.replace(new Map([...this.live.values()].map((object) => [keyOf(object.metadata), object])), String(this.version));
      this.cursor = this.log.length;
    }
  }

  deliver(entry: Entry | undefined): void {
    if (entry?.type === "put") this.cache.upsert(entry.object);
    else if (entry !== undefined) this.cache.remove(entry.object);
  }
}

/** A change without either side: no key of the model. */
const NOTHING = { metadata: { name: "nothing" } };

/** Adds what is absent, changes and deletes what is there, never another uid in one change, never an older version. */
function expectLegal(changes: readonly CacheChange[]): void {
  const known = new Map<string, KubeObject>();
  const newest = new Map<string, bigint>();
  for (const { before, after } of changes) {
    const key = keyOf((after ?? before ?? NOTHING).metadata);
    expect(known.get(key)).toBe(before);
    if (after === undefined) {
      known.delete(key);
      continue;
    }
    if (before !== undefined) expect(after.metadata.uid).toBe(before.metadata.uid);
    expect(BigInt(after.metadata.resourceVersion)).toBeGreaterThan(newest.get(key) ?? -1n);
    newest.set(key, BigInt(after.metadata.resourceVersion));
    known.set(key, after);
  }
}

test("whatever the order of events, replays, lists and late answers: the history is legal and the end is the truth", () => {
  fc.assert(fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
    const world = new World();
    for (const one of steps) world.take(one);
    expectLegal(world.changes);
    if (!world.cache.synced) world.read("list");
    while (world.cursor < world.log.length) world.read("next");
    expect(new Map(world.cache.list().map((object) => [object.metadata.name, object]))).toEqual(world.live);
    expectLegal(world.changes);
  }), { numRuns: 2_000 });
});
