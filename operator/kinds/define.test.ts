import { describe, expect, test } from "vitest";
import { z } from "zod";
import { AGE, defineKind, parse, parseManifest, withRules } from "./define.ts";
import { integer, labels, listMap, listSet, orNone, text, word } from "./fields.ts";
import type { Live } from "../lib/k8s-types.ts";

const kind = defineKind({
  kind: "Ship", plural: "ships", singular: "ship", shortNames: ["sh"], namespaced: true, description: "A ship.", columns: [AGE],
  spec: withRules(z.object({
    name: text(3, "Name."),
    knots: integer(0, 30, "Speed.").default(10),
    crew: orNone(listMap(z.object({ name: word(/^[a-z]+$/, 9, "Name.") }), "name", { max: 2, description: "Crew." })),
    ports: orNone(listSet(word(/^[A-Z]+$/, 9, "Port."), { max: 3, description: "Ports." })),
    hold: z.object({ tons: integer(0, 9, "Tons.").default(1) }).prefault({}),
    tags: z.exactOptional(labels(1, "Tags.")),
  }), {
    cel: "self.knots < 20 || self.hold.tons == 0", message: "empty the hold: fast ships carry nothing", fieldPath: ".hold.tons",
    holds: (self) => self.knots < 20 || self.hold.tons === 0,
  }),
  status: z.object({ observedGeneration: z.exactOptional(z.int()) }),
  rules: [{ cel: "self.metadata.name != 'titanic'", message: "choose another name", holds: (self) => self.metadata.name !== "titanic" }],
});

const ship = (spec: object, metadata: object = {}): object => ({ apiVersion: "hoheit.dev/v1alpha1", kind: "Ship", metadata: { name: "s", ...metadata }, spec });
const live = (spec: object, rest: object = {}): Live => ({ ...ship(spec, { uid: "u", resourceVersion: "1" }), ...rest }) as Live;

/** What is wrong with a manifest: "path: message" each. */
function wrong(raw: unknown): string[] {
  const parsed = parseManifest(kind, raw);
  return parsed.ok ? [] : parsed.violations.map(({ path, message }) => `${path}: ${message}`);
}

describe("a manifest", () => {
  test("gets its defaults, at every depth", () => {
    expect(parseManifest(kind, ship({ name: "A" }))).toEqual({
      ok: true, value: ship({ name: "A", knots: 10, crew: [], ports: [], hold: { tons: 1 } }),
    });
  });

  test.each<[string, unknown, string]>([
    ["a missing field", ship({}), "spec.name: Required value"],
    ["a missing spec", { apiVersion: "hoheit.dev/v1alpha1", kind: "Ship", metadata: { name: "s" } }, "spec: Required value"],
    ["null for a required field", ship({ name: null }), "spec.name: Required value"],
    ["a wrong type", ship({ name: 7 }), "spec.name: Invalid value: must be of type string"],
    ["a fraction", ship({ name: "A", knots: 1.5 }), "spec.knots: Invalid value: must be of type integer"],
    ["too much", ship({ name: "A", knots: 31 }), "spec.knots: Invalid value: should be less than or equal to 30"],
    ["too long a text", ship({ name: "🚢🚢🚢🚢" }), "spec.name: Too long: may not be more than 3 characters"],
    ["an unknown field in a list", ship({ name: "A", crew: [{ name: "a" }, { name: "b", rank: 1 }] }), "spec.crew[1].rank: unknown field; fields here are name"],
    ["an unknown field of the object", { ...ship({ name: "A" }), specs: 1 }, "specs: unknown field; fields here are apiVersion, kind, metadata, spec, status"],
    ["a duplicate in a list map", ship({ name: "A", crew: [{ name: "a" }, { name: "a" }] }), 'spec.crew[1]: Duplicate value: "a"'],
    ["a duplicate in a set", ship({ name: "A", ports: ["B", "C", "B"] }), 'spec.ports[2]: Duplicate value: "B"'],
    ["a broken rule, at the field that it names", ship({ name: "A", knots: 20 }), "spec.hold.tons: empty the hold: fast ships carry nothing"],
    ["a broken rule over the name", ship({ name: "A" }, { name: "titanic" }), ": choose another name"],
    ["a name that is too long", ship({ name: "A" }, { name: "s".repeat(41) }), "metadata.name: choose a name of at most 40 characters: names of the objects made from it are longer"],
    ["an empty map that selects everything", ship({ name: "A", tags: {} }), "spec.tags: Invalid value: should have at least 1 properties"],
    ["a map value of a wrong type, by its key", ship({ name: "A", tags: { "a/b": 1 } }), "spec.tags[a/b]: Invalid value: must be of type string"],
    ["another kind", { ...ship({ name: "A" }), kind: "Boat" }, 'kind: Unsupported value: supported values: "Ship"'],
    ["no object at all", "Ship", ": Invalid value: must be of type object"],
    ["nothing", null, ": Invalid value: must be of type object"],
  ])("with %s is told so", (_what, raw, complaint) => expect(wrong(raw)).toContain(complaint));

  test("is told every mistake at once, typing mistakes too", () => {
    expect(wrong(ship({ nam: "A", knots: -1 })).map((line) => line.replace(/: .*/, ""))).toEqual(["spec.nam", "spec.name", "spec.knots"]);
  });

  test("may be what kubectl get printed", () => {
    expect(wrong({ ...ship({ name: "A" }, { uid: "u", resourceVersion: "1", managedFields: [], creationTimestamp: "x" }), status: { any: 1 } })).toEqual([]);
  });

  test("named like a member of every object is unknown, not found", () => {
    expect(wrong(ship({ name: "A", constructor: 1 }))).toEqual([expect.stringContaining("spec.constructor: unknown field")]);
  });
});

describe("a live object", () => {
  test("is read in spite of fields that a newer schema has", () => {
    const object = live({ name: "A", sails: 3 });
    expect(parse(kind, object)).toEqual({ ok: true, value: live({ name: "A", knots: 10, crew: [], ports: [], hold: { tons: 1 } }) });
  });

  test("keeps its status, and loses one that cannot be read", () => {
    expect(parse(kind, live({ name: "A" }, { status: { observedGeneration: 3 } }))).toMatchObject({ value: { status: { observedGeneration: 3 } } });
    const unreadable = parse(kind, live({ name: "A" }, { status: { observedGeneration: "three" } }));
    expect(unreadable.ok && "status" in unreadable.value).toBe(false);
    expect(unreadable.ok).toBe(true);
  });

  test("that does not fit says where", () => {
    expect(parse(kind, live({ name: "" }))).toEqual({ ok: false, violations: [{ path: "spec.name", message: "Invalid value: should be at least 1 chars long" }] });
  });
});

test("rules of a schema are kept when more are added", () => {
  const one = withRules(z.string(), { cel: "self != 'a'", message: "not a", holds: (self) => self !== "a" });
  const two = withRules(one, { cel: "self != 'b'", message: "not b", holds: (self) => self !== "b" });
  expect(two.meta()?.["x-kubernetes-validations"]).toEqual([{ rule: "self != 'a'", message: "not a" }, { rule: "self != 'b'", message: "not b" }]);
  expect(["a", "b", "c"].map((value) => two.safeParse(value).success)).toEqual([false, false, true]);
});
