/** What is wrong with an object, in the words of the API server, so that a message found here is found there too. */
import type { z } from "zod";

export interface Violation {
  /** As the server writes it: `spec.engine.args[2]`. Empty for the object itself. */
  readonly path: string;
  readonly message: string;
}

type Segment = PropertyKey;

const IDENTIFIER = /^[A-Za-z_][A-Za-z0-9_]*$/;

/** `["spec", "args", 2]` as `spec.args[2]`; keys that are no identifiers as `labels[a/b]`. */
export function pathText(path: readonly Segment[]): string {
  return path.map((segment, at) => {
    const text = String(segment);
    if (typeof segment === "number" || !IDENTIFIER.test(text)) return `[${text}]`;
    return at === 0 ? text : `.${text}`;
  }).join("");
}

export function violationsOf(error: z.ZodError): Violation[] {
  return error.issues.map((issue) => ({ path: pathText(issue.path), message: messageOf(issue) }));
}

type Issue = z.core.$ZodIssue;

function messageOf(issue: Issue): string {
  switch (issue.code) {
    case "invalid_type": return typeMessage(issue);
    case "invalid_value": return `Unsupported value: supported values: ${issue.values.map((value) => JSON.stringify(value)).join(", ")}`;
    case "too_big": return boundMessage(issue.origin, "most", Number(issue.maximum));
    case "too_small": return boundMessage(issue.origin, "least", Number(issue.minimum));
    case "invalid_format": return `Invalid value: should match '${formatText(issue)}'`;
    default: return issue.message;
  }
}

const SERVER_TYPES: Readonly<Record<string, string>> = { number: "integer", int: "integer", record: "object" };

/** zod says "received undefined" in its message only; that is how it tells a member that is not there. */
function typeMessage(issue: z.core.$ZodIssueInvalidType): string {
  if (issue.message.endsWith("received undefined")) return "Required value";
  return `Invalid value: must be of type ${SERVER_TYPES[issue.expected] ?? issue.expected}`;
}

function boundMessage(origin: string, side: "most" | "least", bound: number): string {
  if (origin === "array") return side === "most" ? `Too many: must have at most ${bound} items` : `Invalid value: should have at least ${bound} items`;
  if (origin === "string") return side === "most" ? `Too long: may not be more than ${bound} characters` : `Invalid value: should be at least ${bound} chars long`;
  return `Invalid value: should be ${side === "most" ? "less" : "greater"} than or equal to ${bound}`;
}

const formatText = (issue: z.core.$ZodIssueInvalidStringFormat): string => (issue.pattern ?? issue.format).replace(/^\/(.*)\/[a-z]*$/s, "$1");

const isMap = (value: unknown): value is Record<string, unknown> => typeof value === "object" && value !== null && !Array.isArray(value);

/** The server takes a member that is null for one that is absent (KEP-1929, "nullable"); items of lists it keeps. */
export function withoutNulls(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutNulls);
  if (!isMap(value)) return value;
  return Object.fromEntries(Object.entries(value).filter(([, member]) => member !== null).map(([key, member]) => [key, withoutNulls(member)]));
}

/** Members that no schema names. zod drops them in silence, which is right for an operator and wrong for a person's typing mistake. */
export function unknownFields(schema: z.core.$ZodType, value: unknown, path: readonly Segment[] = []): Violation[] {
  const def = (schema as z.core.$ZodTypes)._zod.def;
  switch (def.type) {
    case "optional": case "default": case "prefault": return unknownFields(def.innerType, value, path);
    case "array": return Array.isArray(value) ? value.flatMap((item, at) => unknownFields(def.element, item, [...path, at])) : [];
    case "object": return isMap(value) ? unknownMembers(def.shape, value, path) : [];
    default: return [];
  }
}

function unknownMembers(shape: Readonly<Record<string, z.core.$ZodType>>, value: Record<string, unknown>, path: readonly Segment[]): Violation[] {
  return Object.entries(value).flatMap(([key, member]) => {
    const schema = Object.hasOwn(shape, key) ? shape[key] : undefined;
    if (schema !== undefined) return unknownFields(schema, member, [...path, key]);
    return [{ path: pathText([...path, key]), message: `unknown field; fields here are ${Object.keys(shape).toSorted().join(", ")}` }];
  });
}
