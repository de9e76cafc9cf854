import { expect, test, describe } from "vitest";
import { z } from "zod";
import { kinds } from "../../operator/kinds/index.ts";
import { conventionProblems } from "./conventions.ts";
import { crdOf, type Crd } from "./crd.ts";
import { generatedFiles } from "./files.ts";
import { staleFiles } from "./index.ts";
import { crdSchema, type CrdSchema } from "./json-schema.ts";
import { structuralProblems } from "./structural.ts";

describe.each(kinds.map((kind) => [kind.kind, crdOf(kind)] as const))("the CRD of %s", (_kind, crd) => {
  test("is structural", () => expect(structuralProblems(rootOf(crd))).toEqual([]));
  test("keeps the conventions of the API", () => expect(conventionProblems(crd)).toEqual([]));
});

const rootOf = (crd: Crd): CrdSchema => crd.spec.versions[0].schema.openAPIV3Schema;

describe("the walker names what the API server would refuse:", () => {
  test.each([
    ["a union", z.union([z.object({ a: z.string() }), z.object({ b: z.string() })]), "anyOf is not allowed"],
    ["a strict object", z.strictObject({ a: z.string() }), "additionalProperties beside properties"],
    ["a loose object", z.looseObject({ a: z.string() }), "additionalProperties beside properties"],
    ["anything", z.object({ a: z.any() }), "a: type is undefined"],
    ["a boolean", z.object({ a: z.boolean() }), "a: type is boolean"],
    ["a float", z.object({ a: z.number() }), "a: type is number"],
    ["null", z.object({ a: z.string().nullable() }), "a: nullable is not allowed"],
    ["a pattern with lookahead", z.object({ a: z.string().regex(/^(?!b)a$/) }), "RE2"],
    ["a pattern with a bare dot", z.object({ a: z.string().regex(/^a.b$/) }), "bare dot"],
    ["a pattern that is not anchored", z.object({ a: z.string().regex(/a/) }), "not anchored"],
    ["a tuple", z.object({ a: z.tuple([z.string()]) }), "a[]: anyOf is not allowed"],
  ])("%s", (_what, schema, problem) => {
    expect(structuralProblems(crdSchema(schema)).join("\n")).toContain(problem);
  });
});

describe("the convention checker finds", () => {
  const [kind] = kinds;
  if (kind === undefined) throw new Error("there are no kinds");
  test.each<[string, (spec: CrdSchema, crd: Crd) => void, string]>([
    ["a field without description", (spec) => { spec.properties = { a: { type: "string", maxLength: 1 } }; }, "spec.a: needs a description"],
    ["an unbounded string", (spec) => { spec.properties = { a: { type: "string", description: "A." } }; }, "spec.a: a string needs maxLength"],
    ["a list without bound", (spec) => { spec.properties = { a: { type: "array", items: { type: "string", maxLength: 1 }, description: "A." } }; }, "spec.a: a list needs maxItems"],
    ["a list without type", (spec) => { spec.properties = { a: { type: "array", items: { type: "string" } } }; }, "spec.a: a list needs x-kubernetes-list-type"],
    ["an unbounded map", (spec) => { spec.properties = { a: { type: "object", additionalProperties: { type: "string" } } }; }, "spec.a: a map needs maxProperties"],
    ["a reference by another name", (spec) => { spec.properties = { model: { type: "object", properties: { name: { type: "string" } } } }; }, "spec.model: a reference ends in Ref"],
    ["a required default", (spec) => { spec.properties = { a: { type: "string", default: "x" } }; spec.required = ["a"]; }, "spec.a: a field with a default"],
    ["an enum in lower case", (spec) => { spec.properties = { a: { type: "string", enum: ["on"] } }; }, "spec.a: enum values are CamelCase"],
    ["a string with a format", (spec) => { spec.properties = { endTime: { type: "string", format: "date-time" } }; }, "spec.endTime: a string in spec has no format"],
    ["a duration", (spec) => { spec.properties = { waitDuration: { type: "integer" } }; }, "spec.waitDuration: use ...Seconds"],
    ["a column of no field", (_spec, crd) => { crd.spec.versions[0].additionalPrinterColumns.push({ name: "X", type: "string", jsonPath: ".spec.nothing", description: "x" }); }, ".spec.nothing is no field"],
    ["a message with a full stop", (spec) => { spec["x-kubernetes-validations"] = [{ rule: "true", message: "Do it." }]; }, "spec: the message of true"],
    ["a CRD that kubectl cannot apply", (spec) => { spec.description = "x".repeat(200_000); }, "bytes, at most 200000 fit"],
  ])("%s", (_what, spoil, problem) => {
    const crd = structuredClone(crdOf(kind));
    const spec = rootOf(crd).properties?.["spec"];
    if (spec === undefined) throw new Error("there is no spec");
    spoil(spec, crd);
    expect(conventionProblems(crd).join("\n")).toContain(problem);
  });
});

test("what is committed is what would be generated", () => {
  expect(staleFiles()).toEqual({ stale: [], leftOver: [] });
});

test("a changed and a forgotten file are told", () => {
  const files = new Map([...generatedFiles()].slice(1).map(([path, content], at) => [path, at === 0 ? `${content} ` : content]));
  const [forgotten, changed] = [...generatedFiles().keys()];
  expect(staleFiles(files)).toEqual({ stale: [changed], leftOver: [forgotten] });
});
