/**
 * Fields that several kinds share. Each knows its bounds, its list type for server-side apply and its description, so
 * that a schema reads as a list of what the user may say. Patterns are RE2 and JavaScript alike: no lookahead, no
 * `.`, `\s` or `\w`, which differ.
 */
import { z } from "zod";
import { withRules } from "./define.ts";
import { DNS_LABEL, DNS_SUBDOMAIN, EXTENDED_RESOURCE, isLabelKey, LABEL_KEY, LABEL_VALUE, LONGEST_KEY } from "./patterns.ts";

/** Free text. Counted in code points, as the API server counts; `z.string().max()` counts UTF-16 units. */
export const text = (max: number, description: string): z.ZodString => counted(z.string().min(1), max, description);

/** Free text that may be empty. */
export const textOrEmpty = (max: number, description: string): z.ZodString => counted(z.string(), max, description);

function counted(schema: z.ZodString, max: number, description: string): z.ZodString {
  return schema.superRefine((value, context) => {
    if ([...value].length > max) context.addIssue({ code: "too_big", origin: "string", maximum: max, inclusive: true, input: value });
  }).meta({ description, maxLength: max });
}

/** A string of ASCII characters that a pattern names. */
export const word = (pattern: RegExp, max: number, description: string): z.ZodString =>
  z.string().min(1).max(max).regex(pattern).describe(description);

export const dnsLabel = (description: string): z.ZodString => word(DNS_LABEL, 63, description);
export const dnsSubdomain = (description: string): z.ZodString => word(DNS_SUBDOMAIN, 253, description);

export const country = (description: string): z.ZodString => word(/^[A-Z]{2}$/, 2, `${description} Two letters (ISO 3166-1 alpha-2), for example DE.`);

export const manifestDigest = (description: string): z.ZodString => word(/^sha256:[0-9a-f]{64}$/, 71, description);

/** A reference to a custom resource of ours in the same namespace: there is no field in which another namespace could be named. */
export const ownReference = (kind: string, description: string) =>
  z.object({ name: word(DNS_SUBDOMAIN, 40, `Name of the ${kind}, in the same namespace.`) }).describe(description);

interface ListOptions {
  readonly min?: number;
  readonly max: number;
  readonly description: string;
}

/** A list whose items are told apart by `key`, so that several managers can own items of it (server-side apply). */
export function listMap<S extends z.ZodType<Record<K, string>>, K extends string>(item: S, key: K, { min = 0, max, description }: ListOptions) {
  return bounded(item, min, max).superRefine(uniqueBy<z.output<S>>((value) => value[key])).meta({
    description, "x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": [key],
  });
}

/** A list of different strings; their order has no meaning. */
export function listSet<S extends z.ZodType<string>>(item: S, { min = 0, max, description }: ListOptions) {
  return bounded(item, min, max).superRefine(uniqueBy<z.output<S>>((value) => value)).meta({ description, "x-kubernetes-list-type": "set" });
}

/** A list that is replaced as a whole; its order has a meaning. */
export const listAtomic = <S extends z.ZodType>(item: S, { min = 0, max, description }: ListOptions) =>
  bounded(item, min, max).meta({ description, "x-kubernetes-list-type": "atomic" });

/** An optional list that reads as empty when it is absent. The CRD has no such default: `kubectl get -o yaml` shows what was said. */
export const orNone = <S extends z.ZodType>(list: z.ZodArray<S>): z.ZodDefault<z.ZodArray<S>> => list.default([]);

/** A minimum of 0 is none: the CRD does not say it. */
const bounded = <S extends z.ZodType>(item: S, min: number, max: number) => (min === 0 ? z.array(item).max(max) : z.array(item).min(min).max(max));

interface RefineContext {
  addIssue(issue: { code: "custom"; message: string; path: PropertyKey[] }): void;
}

const uniqueBy = <T>(keyOf: (item: T) => string) => (items: T[], context: RefineContext): void => {
  const seen = new Set<string>();
  for (const [at, item] of items.entries()) {
    const key = keyOf(item);
    if (seen.has(key)) context.addIssue({ code: "custom", message: `Duplicate value: ${JSON.stringify(key)}`, path: [at] });
    seen.add(key);
  }
};

/** The key of a label or taint: [prefix/]name. */
export const labelKey = (description: string): z.ZodString => word(LABEL_KEY, LONGEST_KEY, description);
/** The name of a resource that is not Kubernetes' own: prefix/name. */
export const extendedResource = (description: string): z.ZodString => word(EXTENDED_RESOURCE, 128, description);

const MOST_LABELS = 16;

/** Labels to match. `min` 1 where "no labels" would mean "everything". */
export function labels(min: 0 | 1, description: string) {
  const value = z.string().max(63).regex(LABEL_VALUE).describe("The value that the label must have.");
  const counted = z.record(z.string(), value).superRefine((all, context) => {
    const count = Object.keys(all).length;
    if (count > MOST_LABELS) context.addIssue({ code: "custom", message: `Too many: must have at most ${MOST_LABELS} items` });
    if (count < min) context.addIssue({ code: "custom", message: `Invalid value: should have at least ${min} properties` });
  }).meta({ description, maxProperties: MOST_LABELS, ...(min === 0 ? {} : { minProperties: min }) });
  return withRules(counted, {
    cel: `self.all(key, key.size() <= ${LONGEST_KEY} && key.matches(r'${LABEL_KEY.source.replaceAll("\\/", "/")}'))`,
    message: "write each key as a label key: [prefix/]name, at most 63 letters, digits, '-', '_' and '.' in the name",
    holds: (self) => Object.keys(self).every(isLabelKey),
  });
}

/** A whole number. */
export const integer = (min: number, max: number, description: string): z.ZodInt => z.int().min(min).max(max).describe(description);

const DATE_TIME = /^[0-9]{4}-[0-9]{2}-[0-9]{2}T([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](Z|[+-](0[0-9]|1[0-4]):[0-5][0-9])$/;

/**
 * A time as RFC 3339, to the second. `format: date-time` would let a list through, `[null]` for one: the API server's
 * validator takes a string with a format for bytes and skips the type (test/crd/agreement.test.ts found it).
 */
export const dateTime = (description: string): z.ZodString => withRules(word(DATE_TIME, 25, description), {
  cel: "!format.datetime().validate(self).hasValue()",
  message: "name a time that exists, as RFC 3339, for example 2027-10-01T00:00:00Z",
  holds: isRealTime,
});

/** The pattern has seen to the digits; what is left are days that a month does not have, which JavaScript carries over. */
function isRealTime(value: string): boolean {
  const wall = Date.parse(`${value.slice(0, 19)}Z`);
  return !Number.isNaN(wall) && new Date(wall).toISOString().startsWith(value.slice(0, 19));
}

const condition = z.object({
  type: word(/^[A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?$/, 63, "What the condition is about, for example Ready."),
  status: z.enum(["True", "False", "Unknown"]).describe("Whether it holds; Unknown while nobody has looked."),
  observedGeneration: z.int().min(0).describe("The generation of the object that was judged."),
  lastTransitionTime: z.string().max(30).meta({ format: "date-time", description: "When the status last flipped." }),
  reason: word(/^[A-Za-z]([A-Za-z0-9_,:]*[A-Za-z0-9_])?$/, 256, "Why, in one CamelCase word for programs."),
  message: z.string().max(32_768).describe("Why, in a sentence for people; what to do where something is to be done."),
}).describe("One judgement about the object (metav1.Condition).");

/** `kubectl wait --for=condition=Ready` and kstatus read this list. */
export const conditions = (types: string) =>
  z.exactOptional(listMap(condition, "type", { max: 16, description: `What was found about the object, one entry for each of ${types}.` }));

/**
 * kstatus takes an object without conditions for a finished one. The CRD therefore starts every status with -1 (see
 * hack/generate/crd.ts), which differs from every generation, until the operator has written its own.
 */
export const observedGeneration = () =>
  z.exactOptional(z.int().min(-1).describe("The generation of the object that this status speaks of; -1 until the operator has looked at it once."));
