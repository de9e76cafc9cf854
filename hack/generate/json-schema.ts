/**
 * zod to the JSON Schema that a CustomResourceDefinition takes.
 *
 * zod's own converter does the work; what it gets wrong for Kubernetes is put right in one override: bounds of JavaScript's
 * safe integers, escaped slashes in patterns, missing integer formats, and defaults of lists that only our reader fills in.
 * structural.ts then proves that nothing else slipped through.
 */
import { z } from "zod";
import type { ServerRule } from "../../operator/kinds/define.ts";

/** The subset of JSON Schema that our CRDs use; structural.ts refuses every other member. */
export interface CrdSchema {
  description?: string;
  type?: "object" | "array" | "string" | "integer";
  format?: string;
  enum?: string[];
  default?: unknown;
  minimum?: number;
  maximum?: number;
  minLength?: number;
  maxLength?: number;
  pattern?: string;
  minItems?: number;
  maxItems?: number;
  minProperties?: number;
  maxProperties?: number;
  required?: string[];
  properties?: Record<string, CrdSchema>;
  additionalProperties?: CrdSchema;
  items?: CrdSchema;
  "x-kubernetes-list-type"?: "map" | "set" | "atomic";
  "x-kubernetes-list-map-keys"?: string[];
  "x-kubernetes-validations"?: ServerRule[];
}

/** The order in which a person reads a field: what it is, what it takes, what is in it. */
export const MEMBERS = [
  "description", "type", "format", "enum", "default", "minimum", "maximum", "minLength", "maxLength", "pattern", "minItems", "maxItems",
  "minProperties", "maxProperties", "x-kubernetes-list-type", "x-kubernetes-list-map-keys", "required", "properties", "additionalProperties", "items",
  "x-kubernetes-validations",
] as const satisfies (keyof CrdSchema)[];

/** Throws on what has no JSON Schema, and on cycles. */
export function crdSchema(schema: z.ZodType): CrdSchema {
  const json = z.toJSONSchema(schema, {
    target: "openapi-3.0", io: "input", reused: "inline", cycles: "throw", unrepresentable: "throw",
    override: ({ jsonSchema }) => correct(jsonSchema as CrdSchema),
  });
  return ordered(json as CrdSchema);
}

function correct(schema: CrdSchema): void {
  if (schema.type === "integer") correctInteger(schema);
  if (schema.pattern !== undefined) schema.pattern = schema.pattern.replaceAll("\\/", "/");
  if (Array.isArray(schema.default) && schema.default.length === 0) delete schema.default;
}

function correctInteger(schema: CrdSchema): void {
  if (schema.minimum === Number.MIN_SAFE_INTEGER) delete schema.minimum;
  if (schema.maximum === Number.MAX_SAFE_INTEGER) delete schema.maximum;
  schema.format = schema.maximum !== undefined && schema.maximum < 2 ** 31 ? "int32" : "int64";
}

/** Members this list does not know go last: structural.ts names them. */
function ordered(schema: CrdSchema): CrdSchema {
  const rank = (key: string): number => (MEMBERS as readonly string[]).indexOf(key) >>> 0;
  const sorted = Object.fromEntries(Object.entries(schema).toSorted(([a], [b]) => rank(a) - rank(b))) as CrdSchema;
  if (sorted.properties !== undefined) sorted.properties = Object.fromEntries(Object.entries(sorted.properties).map(([name, inner]) => [name, ordered(inner)]));
  if (sorted.additionalProperties !== undefined) sorted.additionalProperties = ordered(sorted.additionalProperties);
  if (sorted.items !== undefined) sorted.items = ordered(sorted.items);
  return sorted;
}

export interface Field {
  /** As in documentation: `spec.clients[].podSelector`. */
  readonly path: string;
  /** Last part of the path. */
  readonly name: string;
  readonly schema: CrdSchema;
  readonly required: boolean;
}

/** Every field of a schema, parents before children. Items of lists (`[]`) and values of maps (`{}`) are fields too. */
export function fieldsOf(schema: CrdSchema, path = ""): Field[] {
  const members = Object.entries(schema.properties ?? {}).map(([name, inner]): Field =>
    ({ path: path === "" ? name : `${path}.${name}`, name, schema: inner, required: schema.required?.includes(name) === true }));
  if (schema.items !== undefined) members.push({ path: `${path}[]`, name: "[]", schema: schema.items, required: false });
  if (schema.additionalProperties !== undefined) members.push({ path: `${path}{}`, name: "{}", schema: schema.additionalProperties, required: false });
  return members.flatMap((field) => [field, ...fieldsOf(field.schema, field.path)]);
}
