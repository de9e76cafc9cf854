/**
 * How a kind is declared: one zod schema per kind is the source of its TypeScript type, of the check at run time, of the
 * CustomResourceDefinition and of the reference documentation (hack/generate reads the same values).
 *
 * zod and the API server must give the same verdict, so every rule that a user must obey is stated twice in one place:
 * as CEL for the server and as `holds` for `hoheit render`, which has no server. test/crd feeds both the same manifests.
 */
import { z } from "zod";
import type { Resource } from "../kube/resources.ts";
import type { KubeObject, Live, ObjectMeta } from "../lib/k8s-types.ts";
import { API_GROUP, API_VERSION } from "../lib/names.ts";
import { DNS_LABEL, DNS_SUBDOMAIN, isLabelKey, isLabelValue } from "./patterns.ts";
import { unknownFields, violationsOf, withoutNulls, type Violation } from "./violations.ts";

/** One rule, twice: `cel` for the API server, `holds` for us. */
export interface CelRule<T> {
  readonly cel: string;
  /** Says what to do, in one sentence without a full stop: the server puts it behind the field's path. */
  readonly message: string;
  /** The member that the message is about, as `.name` or `.outer.name`; the object itself otherwise. */
  readonly fieldPath?: string;
  /** Absent for a transition rule (`oldSelf`): `render` sees one state only. */
  holds?(self: T): boolean;
}

/** A rule as it stands in the CRD under `x-kubernetes-validations`. */
export interface ServerRule {
  readonly rule: string;
  readonly message: string;
  readonly fieldPath?: string;
}

const RULES = "x-kubernetes-validations";

const serverRule = ({ cel, message, fieldPath }: CelRule<never>): ServerRule =>
  (fieldPath === undefined ? { rule: cel, message } : { rule: cel, message, fieldPath });

/** `schema` with rules added, for the server and for zod. Call it before `.optional()` and `.default()`. */
export function withRules<S extends z.ZodType>(schema: S, ...rules: CelRule<z.output<S>>[]): S {
  const checked = schema.superRefine((self, context) => {
    for (const rule of rules) {
      if (rule.holds?.(self) === false) context.addIssue({ code: "custom", message: rule.message, path: membersOf(rule.fieldPath) });
    }
  });
  const before = schema.meta()?.[RULES] as ServerRule[] | undefined;
  return checked.meta({ ...schema.meta(), [RULES]: [...(before ?? []), ...rules.map(serverRule)] });
}

const membersOf = (fieldPath: string | undefined): string[] => fieldPath?.split(".").slice(1) ?? [];

/** A column of `kubectl get`. `wide` columns show with `-o wide` only. */
export interface Column {
  readonly name: string;
  readonly type: "string" | "integer" | "date";
  readonly jsonPath: string;
  readonly description: string;
  readonly wide?: boolean;
}

/** The column for the status, or reason, of a condition. */
export const conditionColumn = (name: string, condition: string, member: "status" | "reason", description: string): Column =>
  ({ name, type: "string", jsonPath: `.status.conditions[?(@.type=="${condition}")].${member}`, description });

export const AGE: Column = { name: "Age", type: "date", jsonPath: ".metadata.creationTimestamp", description: "Time since the object was created" };

/** What root rules see: the object without its status. `metadata` is the name only, as in CEL. */
export interface Root<Spec> {
  readonly metadata: { readonly name: string };
  readonly spec: Spec;
}

interface KindInput<Spec extends z.ZodType, Status extends z.ZodType> {
  readonly kind: string;
  readonly plural: string;
  readonly singular: string;
  readonly shortNames: readonly string[];
  readonly namespaced: boolean;
  readonly description: string;
  readonly spec: Spec;
  readonly status: Status;
  readonly columns: readonly Column[];
  /** JSON paths that `kubectl get --field-selector` takes, at most eight. */
  readonly selectableFields?: readonly string[];
  /** Present where `kubectl scale` works. */
  readonly scale?: { readonly spec: string; readonly status: string; readonly selector: string };
  /** Rules over the whole object; these may read `self.metadata.name`. */
  readonly rules?: readonly CelRule<Root<z.output<Spec>>>[];
}

/** A kind, as everything else sees it. */
export interface Kind<Spec extends z.ZodType = z.ZodType, Status extends z.ZodType = z.ZodType>
  extends Omit<KindInput<Spec, Status>, "rules"> {
  readonly rules: readonly ServerRule[];
  /** The object without its status, rules included. */
  readonly root: z.ZodType<Root<z.output<Spec>>>;
  readonly resource: Resource<KubeObject & { spec: z.output<Spec>; status?: z.output<Status> }>;
}

/** The object of a kind, with defaults filled in. */
export type CustomResource<K extends Kind> = KubeObject & { spec: z.output<K["spec"]>; status?: z.output<K["status"]> };

/** Child names are made from names of custom resources, for ever: they must fit 63 characters with what is appended (lib/names.ts). */
const SHORT_NAME: CelRule<Root<unknown>> = {
  cel: "self.metadata.name.size() <= 40",
  message: "choose a name of at most 40 characters: names of the objects made from it are longer",
  fieldPath: ".metadata.name",
  holds: (self) => self.metadata.name.length <= 40,
};

export function defineKind<Spec extends z.ZodType, Status extends z.ZodType>(input: KindInput<Spec, Status>): Kind<Spec, Status> {
  const rules = [SHORT_NAME, ...(input.rules ?? [])];
  const root = withRules(rootSchema(input), ...(rules as CelRule<unknown>[])) as z.ZodType<Root<z.output<Spec>>>;
  const { kind, plural, namespaced } = input;
  return { ...input, rules: rules.map(serverRule), root, resource: { group: API_GROUP, version: "v1alpha1", plural, kind, namespaced } };
}

/** Members that a manifest may carry; what only the server sets is tolerated, because people apply what `kubectl get -o yaml` printed. */
const SERVER_SET = [
  "generateName", "uid", "resourceVersion", "generation", "creationTimestamp", "deletionTimestamp", "deletionGracePeriodSeconds",
  "finalizers", "ownerReferences", "managedFields", "selfLink",
] as const;
const serverSet = Object.fromEntries(SERVER_SET.map((name) => [name, z.unknown().optional()]));

const BAD_LABELS = "Invalid value: keys are [prefix/]name, values at most 63 letters, digits, '-', '_' and '.'";
const BAD_KEYS = "Invalid value: keys are [prefix/]name, letters, digits, '-', '_' and '.'";
const metadata = z.object({
  name: z.string().max(253).regex(DNS_SUBDOMAIN),
  namespace: z.exactOptional(z.string().max(63).regex(DNS_LABEL)),
  labels: z.exactOptional(z.record(z.string(), z.string())
    .refine((all) => Object.entries(all).every(([key, value]) => isLabelKey(key) && isLabelValue(value)), { message: BAD_LABELS })),
  // The server takes upper-case prefixes here (ValidateAnnotations lowers them first).
  annotations: z.exactOptional(z.record(z.string(), z.string())
    .refine((all) => Object.keys(all).every((key) => isLabelKey(key.toLowerCase())), { message: BAD_KEYS })),
  ...serverSet,
});

type Rooted = Pick<KindInput<z.ZodType, z.ZodType>, "kind" | "namespaced" | "spec">;

const rootSchema = ({ kind, namespaced, spec }: Rooted): z.ZodType =>
  z.object({ apiVersion: z.literal(API_VERSION), kind: z.literal(kind), metadata: namespaced ? metadata : clusterMetadata(kind), spec, status: z.unknown().optional() });

const clusterMetadata = (kind: string): z.ZodType => metadata.extend({
  namespace: z.unknown().optional().refine((value) => value === undefined, `remove it: a ${kind} lives in the cluster, not in a namespace`),
});

export type Parsed<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly violations: readonly Violation[] };

/**
 * Reads a live object: defaults filled in, unknown fields ignored (a newer schema may have more). A status that does not
 * fit is dropped, because it is ours and the next write replaces it.
 */
export function parse<K extends Kind>(kind: K, object: Live): Parsed<Live<CustomResource<K>>> {
  return check(kind, object, object.metadata) as Parsed<Live<CustomResource<K>>>;
}

/** Reads a manifest that a person wrote, as the API server with strict field validation would: unknown fields are violations too. */
export function parseManifest<K extends Kind>(kind: K, raw: unknown): Parsed<CustomResource<K>> {
  const unknown = unknownFields(kind.root, raw);
  const parsed = check(kind, raw, (raw as KubeObject | null)?.metadata);
  if (parsed.ok && unknown.length === 0) return parsed as Parsed<CustomResource<K>>;
  return { ok: false, violations: [...unknown, ...(parsed.ok ? [] : parsed.violations)] };
}

function check(kind: Kind, raw: unknown, asGiven: ObjectMeta | undefined): Parsed<unknown> {
  const result = kind.root.safeParse(withoutNulls(raw));
  if (!result.success) return { ok: false, violations: violationsOf(result.error) };
  const status = kind.status.safeParse((raw as { status?: unknown }).status);
  const value = { apiVersion: API_VERSION, kind: kind.kind, metadata: asGiven, spec: result.data.spec };
  return { ok: true, value: status.success && status.data !== undefined ? { ...value, status: status.data } : value };
}
