/**
 * What makes a schema structural (KEP-2335) and keeps zod and the API server in step. The API server is the judge in
 * test/crd; this walker says the same in milliseconds, with the field's path.
 */
import { fieldsOf, MEMBERS, type CrdSchema } from "./json-schema.ts";

/** Empty: structural. Otherwise one sentence for each problem, path first. */
export function structuralProblems(root: CrdSchema): string[] {
  const nodes = [{ path: "(root)", schema: root }, ...fieldsOf(root)];
  return nodes.flatMap(({ path, schema }) => problemsOf(schema).map((problem) => `${path}: ${problem}`));
}

function problemsOf(schema: CrdSchema): string[] {
  return [...unknownMembers(schema), ...typeProblems(schema), ...patternProblems(schema.pattern)];
}

const unknownMembers = (schema: CrdSchema): string[] =>
  Object.keys(schema).filter((member) => !(MEMBERS as readonly string[]).includes(member)).map((member) => `${member} is not allowed`);

const TYPES: readonly unknown[] = ["object", "array", "string", "integer"];

function typeProblems(schema: CrdSchema): string[] {
  const problems: string[] = [];
  if (!TYPES.includes(schema.type)) problems.push(`type is ${String(schema.type)}, must be one of ${TYPES.join(", ")}`);
  if (schema.type === "array" && schema.items === undefined) problems.push("an array needs items");
  if (schema.properties !== undefined && schema.additionalProperties !== undefined) problems.push("additionalProperties beside properties");
  if (schema.additionalProperties !== undefined && typeof schema.additionalProperties !== "object") problems.push("additionalProperties must be a schema");
  return problems;
}

/** RE2 has no lookaround and no back references; classes whose meaning differs between RE2 and JavaScript are banned too. */
const NOT_PORTABLE = /\(\?|\\[1-9kbBdDwWsSpPuxc]/;

function patternProblems(pattern: string | undefined): string[] {
  if (pattern === undefined) return [];
  const problems: string[] = [];
  if (NOT_PORTABLE.test(pattern)) problems.push(`pattern ${pattern} means another thing, or nothing, to RE2`);
  if (pattern.replaceAll(/\\.|\[[^\]]*\]/g, "").includes(".")) problems.push(`pattern ${pattern} has a bare dot`);
  if (!pattern.startsWith("^") || !pattern.endsWith("$")) problems.push(`pattern ${pattern} is not anchored`);
  return problems;
}
