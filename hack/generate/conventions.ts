/** The conventions of our API (style as kube-api-linter checks it for Go types), as a checker over the generated CRDs. */
import type { Crd, CrdVersion } from "./crd.ts";
import { fieldsOf, type CrdSchema, type Field } from "./json-schema.ts";

/** kubectl apply keeps a copy in an annotation of at most 262144 bytes; beyond that users must know about server-side apply. */
export const MOST_CRD_BYTES = 200_000;

/** Items with no required member. A toleration is what Kubernetes says it is. */
const LOOSE_ITEMS: readonly string[] = ["spec.scheduling.tolerations[]"];

/** Empty: in order. Otherwise one sentence for each problem, kind and path first. */
export function conventionProblems(crd: Crd): string[] {
  const [version] = crd.spec.versions;
  const { spec, status } = version.schema.openAPIV3Schema.properties ?? {};
  const fields = [...under("spec", spec), ...under("status", status)];
  const perField = fields.flatMap((field) => FIELD_CHECKS.flatMap((check) => check(field).map((problem) => `${field.path}: ${problem}`)));
  const problems = [...perField, ...statusProblems(status), ...pathProblems(version, fields), ...ruleProblems(version.schema.openAPIV3Schema), ...sizeProblems(crd)];
  return problems.map((problem) => `${crd.spec.names.kind}: ${problem}`);
}

const under = (name: string, schema: CrdSchema | undefined): Field[] =>
  (schema === undefined ? [] : [{ path: name, name, schema, required: true }, ...fieldsOf(schema, name)]);

const when = (condition: boolean, problem: string): string[] => (condition ? [problem] : []);

type Check = (field: Field) => string[];

const isDescribed: Check = ({ schema: { description = "" } }) =>
  when(!/^[A-Z0-9].*\.$/s.test(description), "needs a description that starts with a capital and ends with a full stop");

const isBounded: Check = ({ schema }) => [
  ...when(schema.type === "string" && schema.maxLength === undefined && schema.enum === undefined, "a string needs maxLength or enum"),
  ...when(schema.type === "array" && schema.maxItems === undefined, "a list needs maxItems"),
  ...when(schema.additionalProperties !== undefined && schema.maxProperties === undefined, "a map needs maxProperties"),
  ...when(schema.type === "integer" && (schema.minimum === undefined || (schema.format === "int32" && schema.maximum === undefined)), "an integer needs bounds"),
  ...when(schema.type === "object" && schema.properties === undefined && schema.additionalProperties === undefined, "an object needs properties"),
];

const hasListType: Check = ({ schema }) => {
  const keys = schema["x-kubernetes-list-map-keys"] ?? [];
  const required = schema.items?.required ?? [];
  return [
    ...when(schema.type === "array" && schema["x-kubernetes-list-type"] === undefined, "a list needs x-kubernetes-list-type"),
    ...when(schema["x-kubernetes-list-type"] === "map" && keys.length === 0, "a list map needs keys"),
    ...when(keys.some((key) => !required.includes(key)), "keys of a list map must be required"),
  ];
};

const isWellNamed: Check = ({ name, schema }) => [
  ...when(!/^([a-z][a-zA-Z0-9]*|\[\]|\{\})$/.test(name), "name it in camelCase"),
  ...when(/(Duration|Timestamp|Reference[s]?Name)$/.test(name) || name === "phase", "use ...Seconds, ...Time, ...Ref or a condition"),
  ...when(schema.format === "date-time" && !name.endsWith("Time"), "a time ends in Time"),
  ...when(isReference(schema) && !name.endsWith("Ref") && name !== "[]", "a reference ends in Ref"),
  ...when(name.endsWith("Ref") && schema.properties?.["name"] === undefined, "a Ref is an object with a name"),
];

const isReference = (schema: CrdSchema): boolean => schema.properties !== undefined && Object.keys(schema.properties).join() === "name";

const hasSoundValues: Check = ({ path, schema, required }) => [
  ...when(schema.default !== undefined && required && path !== "status", "a field with a default cannot be required"),
  ...when(schema.enum?.some((value) => !/^[A-Z][A-Za-z0-9]*$/.test(value)) === true, "enum values are CamelCase"),
  // The server's validator takes a list for a string that has a format.
  ...when(path.startsWith("spec") && schema.type === "string" && schema.format !== undefined, "a string in spec has no format; use a pattern and CEL"),
  ...when(path.endsWith("[]") && schema.type === "object" && (schema.required ?? []).length === 0 && !LOOSE_ITEMS.includes(path), "an item needs a required field"),
];

const FIELD_CHECKS: readonly Check[] = [isDescribed, isBounded, hasListType, isWellNamed, hasSoundValues];

function statusProblems(status: CrdSchema | undefined): string[] {
  const conditions = status?.properties?.["conditions"];
  return [
    ...when(Object.keys(status?.properties ?? {})[0] !== "conditions", "status: conditions come first"),
    ...when(conditions?.["x-kubernetes-list-map-keys"]?.join() !== "type", "status.conditions: a list map by type"),
    ...when(status?.properties?.["observedGeneration"] === undefined, "status: observedGeneration is missing"),
    ...when(status?.required !== undefined, "status: nothing may be required, it is written in parts"),
  ];
}

/** Columns, selectable fields and the scale subresource name fields that exist; a typing mistake there shows as an empty column. */
function pathProblems(version: CrdVersion, fields: readonly Field[]): string[] {
  const known = new Set(fields.map(({ path }) => `.${path}`));
  const named = [
    ...version.additionalPrinterColumns.map(({ jsonPath }) => jsonPath.replace(/\[\?.*$/, "")),
    ...(version.selectableFields ?? []).map(({ jsonPath }) => jsonPath),
    ...Object.values(version.subresources.scale ?? {}),
  ];
  return named.filter((path) => !known.has(path) && path !== ".metadata.creationTimestamp").map((path) => `${path} is no field`);
}

function ruleProblems(root: CrdSchema): string[] {
  return rulesOf(root).flatMap(({ path, rule: { rule, message } }) =>
    when(!/^[a-z].*[^.]$/s.test(message), `${path}: the message of ${rule} starts in lower case, behind the path, and has no full stop`));
}

export interface PlacedRule {
  readonly path: string;
  readonly rule: NonNullable<CrdSchema["x-kubernetes-validations"]>[number];
}

/** Every CEL rule of a schema with the path of the field that carries it; `` is the object itself. */
export function rulesOf(root: CrdSchema): PlacedRule[] {
  return [{ path: "", schema: root }, ...fieldsOf(root)].flatMap(({ path, schema }) =>
    (schema["x-kubernetes-validations"] ?? []).map((rule) => ({ path, rule })));
}

const sizeProblems = (crd: Crd): string[] => {
  const bytes = Buffer.byteLength(JSON.stringify(crd));
  return when(bytes >= MOST_CRD_BYTES, `${bytes} bytes, at most ${MOST_CRD_BYTES} fit`);
};
