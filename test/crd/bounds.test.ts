/**
 * Every bound of every field, derived from the CRDs: full.yaml with one field beyond its bound, of a wrong type, missing
 * or misspelt must be refused by the API server and by zod at the same field, and at the bound be taken by both. A new
 * field is covered as soon as full.yaml has it, and full.yaml must have every field.
 */
import { beforeAll, describe, expect, test } from "vitest";
import { crdOf } from "../../hack/generate/crd.ts";
import { fieldsOf, type CrdSchema, type Field } from "../../hack/generate/json-schema.ts";
import { kinds } from "../../operator/kinds/index.ts";
import { uniqueNamespace } from "../support/control-plane.ts";
import { valueAt, withValue } from "./edit.ts";
import { fixture, installCrds, serverVerdict, words, zodVerdict, type Manifest, type Verdict } from "./judge.ts";

interface Mutant {
  readonly title: string;
  readonly path: string;
  readonly value: unknown;
  /** Where the complaint must be, if not at `path`. */
  readonly at?: string;
}

/** Bounds at which a value is still taken; rules over several fields do not allow every one on its own. */
const EDGE_NEEDS_MORE: readonly string[] = [
  "spec.accelerators.count", "spec.parallelism.tensor",
  ...["spec.destinations[0].ports[0]", "spec.inCluster[0].ports[0]"].flatMap((port) => [`${port}.port`, `${port}.endPort`]),
];

let namespace = "";
beforeAll(async () => {
  await installCrds();
  namespace = await uniqueNamespace();
});

const fixtures = await Promise.all(kinds.map(async (kind) => {
  const full = await fixture(kind, "full.yaml") as Manifest;
  const root = crdOf(kind).spec.versions[0].schema.openAPIV3Schema;
  // Items and values are addressed through the first that full.yaml has.
  const fields = fieldsOf(root.properties?.["spec"] ?? {}, "spec").filter(({ path }) => !path.includes("{}")).map((field) => ({ ...field, path: field.path.replaceAll("[]", "[0]") }));
  return { kind, full, fields };
}));

for (const { kind, full, fields } of fixtures) {
  describe(kind.kind, () => {
    test("full.yaml has every field and pleases both judges", async () => {
      expect(fields.map(({ path }) => path).filter((path) => valueAt(full, path) === undefined)).toEqual([]);
      expect(words(await serverVerdict(kind, namespace, full))).toBe("");
      expect(words(zodVerdict(kind, full))).toBe("");
    });

    test.each(fields.flatMap((field) => mutantsOf(field, full)))("$title is refused by both, there", async ({ path, value, at = path }) => {
      const manifest = withValue(full, path, value);
      const server = await serverVerdict(kind, namespace, manifest);
      const zod = zodVerdict(kind, manifest);
      expect(pathsAt(server, at), `server: ${words(server)}`).not.toEqual([]);
      expect(pathsAt(zod, at), `zod: ${words(zod)}`).not.toEqual([]);
    });

    test.each(fields.flatMap(edgesOf))("$title is taken by both", async ({ path, value }) => {
      const manifest = withValue(full, path, value);
      expect(words(await serverVerdict(kind, namespace, manifest))).toBe("");
      expect(words(zodVerdict(kind, manifest))).toBe("");
    });

    const members = fields.filter(({ name }) => name !== "[]");
    test.each(members)("without $path both say the same, and null is as good as absent", async ({ path }) => {
      for (const nothing of [undefined, null]) {
        const manifest = withValue(full, path, nothing);
        const server = await serverVerdict(kind, namespace, manifest);
        expect(refusedAt(zodVerdict(kind, manifest))).toEqual(refusedAt(server));
      }
    });
  });
}

/** The server adds that it did not try its rules, at no field. */
const refusedAt = (verdict: Verdict): string[] => [...new Set(verdict.map(({ path }) => path))].filter((path) => path !== "<nil>").toSorted();

const pathsAt = (verdict: Verdict, at: string): Verdict => verdict.filter(({ path }) => path === at);

function mutantsOf({ path, name, schema, required }: Field, full: Manifest): Mutant[] {
  const mutants: Mutant[] = [{ title: `${path} of a wrong type`, path, value: schema.type === "integer" ? "1" : 7 }];
  if (required) mutants.push({ title: `a manifest without ${path}`, path, value: undefined });
  if (schema.properties !== undefined) mutants.push({ title: `${path} with an unknown field`, path: `${path}.unheardOf`, value: 1 });
  if (name !== "[]") mutants.push({ title: `${path} misspelt`, path: `${path}x`, value: valueAt(full, path) });
  return [...mutants, ...beyond(path, schema)];
}

/** One step beyond each bound. */
const beyond = (path: string, schema: CrdSchema): Mutant[] => [...beyondValue(path, schema), ...beyondCount(path, schema)];

function beyondValue(path: string, { maxLength, minLength, pattern, enum: values, maximum, minimum }: CrdSchema): Mutant[] {
  const mutants: Mutant[] = [];
  if (maxLength !== undefined) mutants.push({ title: `${path} of ${maxLength + 1} characters`, path, value: "a".repeat(maxLength + 1) });
  if (minLength !== undefined) mutants.push({ title: `an empty ${path}`, path, value: "" });
  if (pattern !== undefined) mutants.push({ title: `${path} with characters that it does not take`, path, value: "ü\n" });
  if (values !== undefined) mutants.push({ title: `${path} of an unheard-of value`, path, value: "Unheard" });
  if (maximum !== undefined) mutants.push({ title: `${path} above ${maximum}`, path, value: maximum + 1 });
  if (minimum !== undefined) mutants.push({ title: `${path} below ${minimum}`, path, value: minimum - 1 });
  return mutants;
}

function beyondCount(path: string, schema: CrdSchema): Mutant[] {
  const { maxItems, minItems, maxProperties, additionalProperties } = schema;
  const mutants: Mutant[] = [];
  if (maxItems !== undefined) mutants.push({ title: `${path} with ${maxItems + 1} entries`, path, value: entries(schema, maxItems + 1) });
  if (minItems !== undefined) mutants.push({ title: `${path} with ${minItems - 1} entries`, path, value: [] });
  if (maxProperties !== undefined) mutants.push({ title: `${path} with ${maxProperties + 1} entries`, path, value: properties(maxProperties + 1) });
  if (additionalProperties !== undefined) mutants.push({ title: `${path} with a value that is no string`, path: `${path}.key`, value: 7 });
  return mutants;
}

/** The bounds themselves. */
function edgesOf({ path, schema }: Field): Mutant[] {
  if (EDGE_NEEDS_MORE.includes(path)) return [];
  const edges: Mutant[] = [];
  if (schema.maxLength !== undefined && schema.pattern === undefined) edges.push({ title: `${path} of ${schema.maxLength} characters`, path, value: "ü".repeat(schema.maxLength) });
  if (schema.maximum !== undefined) edges.push({ title: `${path} of ${schema.maximum}`, path, value: schema.maximum });
  if (schema.minimum !== undefined) edges.push({ title: `${path} of ${schema.minimum}`, path, value: schema.minimum });
  if (schema.maxItems !== undefined && schema.items?.enum === undefined) edges.push({ title: `${path} with ${schema.maxItems} entries`, path, value: entries(schema, schema.maxItems) });
  if (schema.maxProperties !== undefined) edges.push({ title: `${path} with ${schema.maxProperties} entries`, path, value: properties(schema.maxProperties) });
  return edges;
}

const properties = (count: number): Record<string, string> => Object.fromEntries(Array.from({ length: count }, (_, at) => [`key${at}`, "value"]));

const entries = (list: CrdSchema, count: number): unknown[] => Array.from({ length: count }, (_, at) => sample(list.items ?? {}, at));

/** Sample values for the strings whose pattern "a1", "a2", ... does not fit. */
const SAMPLES: Readonly<Record<string, (at: number) => string>> = {
  "^[A-Z]{2}$": (at) => String.fromCodePoint(65 + Math.floor(at / 26), 65 + at % 26),
  "^[A-Z][A-Za-z0-9]*$": (at) => `Group${at}`,
  "^[0-9a-f:.]+/[0-9]{1,3}$": (at) => `10.0.${at}.0/24`,
};

/** The simplest value that a schema takes, different for each `at`, but where only some are taken. */
function sample(schema: CrdSchema, at: number): unknown {
  if (schema.type === "object") return sampleObject(schema, at);
  if (schema.type === "array") return entries(schema, schema.minItems ?? 0);
  if (schema.type === "integer") return (schema.minimum ?? 0) + at;
  if (schema.enum !== undefined) return schema.enum[at % schema.enum.length];
  return SAMPLES[schema.pattern ?? ""]?.(at) ?? `a${at}`;
}

function sampleObject(schema: CrdSchema, at: number): unknown {
  if (schema.additionalProperties !== undefined) return { key: "value" };
  const required = (schema.required ?? []).map((name) => [name, sample(schema.properties?.[name] ?? {}, at)] as const);
  // A toleration without members tolerates nothing and is refused.
  return required.length > 0 ? Object.fromEntries(required) : { key: `a${at}` };
}
