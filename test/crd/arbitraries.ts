/** Random objects that each kind must take, rules included. By hand: a generator derived from the schema would share its mistakes. */
import fc from "fast-check";
import { API_VERSION } from "../../operator/lib/names.ts";
import type { Manifest } from "./judge.ts";

type Arb<T = unknown> = fc.Arbitrary<T>;

const pick = <T>(...values: T[]): Arb<T> => fc.constantFrom(...values);

/** Text of any script, with at most `max` code points. */
const text = (max: number, min = 1): Arb<string> =>
  fc.string({ unit: "grapheme", minLength: min, maxLength: Math.min(max, 40) }).filter((value) => [...value].length <= max);

const chars = (alphabet: string, min: number, max: number): Arb<string> => fc.string({ unit: fc.constantFrom(...alphabet), minLength: min, maxLength: max });
const LOWER = "abcdefghijklmnopqrstuvwxyz";
const ALNUM = `${LOWER}0123456789`;

/** A label as DNS has it; the middle is where hyphens may be. */
const label = (max: number): Arb<string> => fc.tuple(chars(LOWER, 1, 1), chars(`${ALNUM}-`, 0, max - 2), chars(ALNUM, 1, 1)).map((parts) => parts.join(""));
const name = label(40);
const subdomain = fc.array(label(20), { minLength: 1, maxLength: 3 }).map((parts) => parts.join("."));
const country = chars(LOWER.toUpperCase(), 2, 2);
const digest = chars("0123456789abcdef", 64, 64).map((hex) => `sha256:${hex}`);
const reference = fc.record({ name });
const labelKey = fc.tuple(fc.option(subdomain), chars(`${ALNUM}XYZ`, 1, 20)).map(([prefix, key]) => (prefix === null ? key : `${prefix}/${key}`));
const labels = (min: number): Arb<Record<string, string>> => fc.dictionary(labelKey, fc.oneof(fc.constant(""), chars(`${ALNUM}XYZ`, 1, 63)), { minKeys: min, maxKeys: 16, noNullPrototype: true });

const optional = (members: Record<string, Arb>, required: string[]): Arb<Record<string, unknown>> =>
  fc.record(members, { requiredKeys: required, noNullPrototype: true });
const listBy = (item: Arb<Record<string, unknown>>, key: string, max: number): Arb =>
  fc.uniqueArray(item, { selector: (one) => one[key], maxLength: max });

const manifest = (kind: string, spec: Arb<Record<string, unknown>>): Arb<Manifest> =>
  fc.record({ apiVersion: fc.constant(API_VERSION), kind: fc.constant(kind), metadata: fc.record({ name }), spec }, { noNullPrototype: true });

const SENSITIVE = ["SpecialCategory", "CriminalOffence", "Social", "TaxSecrecy"];

const activity = optional({
  title: text(128),
  controller: fc.record({ name: text(128), contact: text(254) }),
  processors: listBy(fc.record({ name: text(128), country, controlledFrom: country }), "name", 16),
  purpose: text(512),
  legalBasis: text(256),
  dataSubjects: fc.uniqueArray(pick("Staff", "Citizens", "Applicants", "Children", "A1"), { minLength: 1 }),
  dataKinds: fc.oneof(fc.constant(["None"]), fc.uniqueArray(pick("Personal", ...SENSITIVE), { minLength: 1 })),
  confidentiality: pick("Public", "Internal", "Confidential", "Restricted"),
  decisionPhase: pick("None", "Preparing", "Deciding"),
  legalAuthorisation: text(256),
  risk: optional({ level: pick("Minimal", "Limited", "High"), assessmentReference: text(128), evaluationReference: text(128), staffCouncilReference: text(128) }, ["level"]),
}, ["title", "controller", "purpose", "dataKinds", "confidentiality", "decisionPhase", "risk"]).filter(isLawful);

/** What the rules of ProcessingActivity ask for, in other words than the schema's. */
function isLawful(spec: Record<string, unknown>): boolean {
  const kinds = spec["dataKinds"] as string[];
  const risk = spec["risk"] as Record<string, unknown>;
  const needsAssessment = risk["level"] === "High" || kinds.some((kind) => SENSITIVE.includes(kind));
  const personal = kinds[0] !== "None";
  if (needsAssessment && risk["assessmentReference"] === undefined) return false;
  if (personal && (spec["legalBasis"] === undefined || spec["dataSubjects"] === undefined)) return false;
  return spec["decisionPhase"] !== "Deciding" || spec["legalAuthorisation"] !== undefined;
}

const path = fc.oneof(fc.constant("."), fc.array(chars(`${ALNUM}._-`, 1, 12).filter((part) => part !== ".." && !part.startsWith("-")), { minLength: 1, maxLength: 5 }).map((parts) => parts.join("/")));

const model = fc.record({
  displayName: text(128),
  source: fc.record({ persistentVolumeClaim: optional({ claimName: subdomain, path }, ["claimName"]) }),
  integrity: fc.record({ manifestDigest: digest }),
  provenance: optional({
    publisher: text(128), originCountry: country, license: text(64), supplier: fc.record({ name: text(128), country }),
    trainingDataStatement: fc.webUrl().filter((url) => url.length <= 1024),
  }, ["publisher", "originCountry", "license"]),
});

const time = fc.date({ min: new Date("2000-01-01T00:00:00Z"), max: new Date("2099-12-31T00:00:00Z"), noInvalidDate: true })
  .map((date) => date.toISOString().slice(0, 19)).chain((date) => pick("Z", "+01:00", "-11:30").map((zone) => date + zone));

const approval = optional({ manifestDigest: digest, activityRef: reference, decisionReference: text(128), expiryTime: time, onExpiry: pick("KeepRunning", "ScaleToZero") },
  ["manifestDigest", "activityRef", "decisionReference", "expiryTime"]);

const toleration: Arb<object> = fc.oneof(
  fc.record({ operator: fc.constant("Exists") }),
  fc.record({ key: labelKey, value: chars(ALNUM, 1, 63) }),
  fc.record({ key: labelKey, operator: pick("Equal", "Exists"), effect: fc.constant("NoExecute"), tolerationSeconds: fc.nat(604_800) }),
);

const engine = optional({
  version: fc.nat(999).map((minor) => `0.${minor}`),
  image: fc.tuple(subdomain, label(20), fc.option(digest)).map(([host, repository, pinned]) => `${host}/${repository}${pinned === null ? ":v1" : `@${pinned}`}`),
  args: fc.array(text(1024), { maxLength: 64 }),
  env: listBy(fc.record({ name: chars(`${LOWER}_`, 1, 20), value: text(4096, 0) }), "name", 64),
  imagePullSecretRefs: listBy(fc.record({ name: subdomain }), "name", 8),
}, ["version", "image"]);

const accelerators = fc.tuple(fc.integer({ min: 1, max: 16 }), fc.boolean(), fc.boolean()).map(([count, isNamed, isParallel]) => ({
  accelerators: { count, ...(isNamed && { resource: "nvidia.com/mig-3g.40gb" }) }, ...(isParallel && { parallelism: { tensor: count } }),
}));

const rest = optional({
  modelRef: reference,
  servedNames: fc.uniqueArray(fc.tuple(chars(ALNUM, 1, 1), chars(`${ALNUM}._:/-`, 0, 100)).map((parts) => parts.join("")), { minLength: 1, maxLength: 8 }),
  engine,
  contextLength: fc.integer({ min: 128, max: 16_777_216 }),
  replicas: fc.nat(64),
  clients: listBy(fc.record({ name: label(63), namespace: label(63), podSelector: fc.record({ matchLabels: labels(1) }), activityRef: reference }), "name", 8),
  rollout: optional({ startupSeconds: fc.integer({ min: 60, max: 14_400 }), drainSeconds: fc.nat(3600) }, []),
  scheduling: optional({ nodeSelector: labels(0), tolerations: fc.array(toleration, { maxLength: 16 }), priorityClassName: subdomain }, []),
  resources: optional({ cpu: pick("1", "9999", "500m"), memory: pick("1Mi", "64Gi", "99999Ti") }, []),
}, ["modelRef", "servedNames", "engine", "contextLength"]);

const confidentiality = (...contents: string[]) => optional({ content: pick(...contents) }, []);
const task = fc.oneof(
  optional({ task: fc.constant("Chat"), confidentiality: confidentiality("NotKept", "CachedInMemory") }, ["task"]),
  optional({ task: fc.constant("Embedding"), confidentiality: confidentiality("NotKept") }, ["task"]),
);

const deployment = fc.tuple(rest, accelerators, task).map(([spec, gpus, offer]) => ({ ...spec, ...gpus, ...offer }));

const port = fc.tuple(fc.integer({ min: 1, max: 60_000 }), fc.option(fc.nat(5_000)), fc.option(pick("TCP", "UDP", "SCTP"))).map(([first, more, protocol]) => ({
  port: first, ...(more !== null && { endPort: first + more }), ...(protocol !== null && { protocol }),
}));

/** Addresses in which every group is written out, so that there is nothing to shorten. */
const cidr = fc.oneof(
  fc.tuple(fc.integer({ min: 1, max: 99 }), fc.nat(255), fc.nat(255)).map(([a, b, c]) => `${a}.${b}.${c}.0/24`),
  fc.tuple(pick("2003", "2a00", "fd12"), chars("123456789abcdef", 7, 7)).map(([first, rest]) => `${first}:${[...rest].join(":")}/128`),
);

const roles = fc.uniqueArray(pick("Fetch", "Purge", "Gateway", "Application"), { minLength: 1 });
const ports = (min: number): Arb => fc.array(port, { minLength: min, maxLength: 16 });

const destination = fc.record({
  name: label(63), cidrs: fc.uniqueArray(cidr, { minLength: 1, maxLength: 20 }), ports: ports(1), country,
  operator: optional({ name: text(128), country, controlledFrom: country, certification: text(128) }, ["name", "country", "controlledFrom"]),
  purpose: text(256), roles,
});

const peer = optional({
  name: label(63), namespace: label(63), podSelector: fc.record({ matchLabels: labels(1) }), direction: pick("Ingress", "Egress"), ports: ports(0), roles,
}, ["name", "namespace", "podSelector", "direction", "roles"]);

const registry = fc.tuple(subdomain, fc.option(fc.nat(65_535)), fc.array(label(10), { maxLength: 2 })).map(([host, at, path]) => [at === null ? host : `${host}:${at}`, ...path].join("/"));

const policy = optional({
  namespaceSelector: fc.record({ matchLabels: labels(1) }),
  ungoverned: pick("Refuse", "Report"),
  jurisdictions: optional({ profile: pick("DE", "EU", "EEA", "EEAWithAdequacy"), foreignControl: pick("Refuse", "Report") }, []),
  destinations: listBy(destination, "name", 8),
  inCluster: listBy(peer, "name", 8),
  images: optional({ registries: fc.uniqueArray(registry, { minLength: 1, maxLength: 16 }), digests: pick("Required", "Optional") }, ["registries"]),
  models: fc.record({ deniedOrigins: fc.uniqueArray(country, { minLength: 1, maxLength: 64 }) }),
  nodes: fc.record({ selector: fc.record({ matchLabels: labels(1) }) }),
  enforcement: optional({
    clusterNetworkPolicy: pick("Auto", "Require", "Off"), guard: pick("Enforce", "Audit", "Off"),
    probe: optional({ schedule: pick("* * * * *", "*/59 */23 * * *", "0,59 0,9,19,23 * * *", "7 3 * * *") }, []),
  }, []),
  dataSets: listBy(fc.record({ name: label(63), configMapRef: fc.record({ name: subdomain }) }), "name", 8),
  evidence: optional({ keep: fc.integer({ min: 1, max: 1000 }) }, []),
}, ["namespaceSelector"]);

/** By kind. */
export const valid: Readonly<Record<string, Arb<Manifest>>> = {
  ProcessingActivity: manifest("ProcessingActivity", activity),
  LanguageModel: manifest("LanguageModel", model),
  ModelApproval: manifest("ModelApproval", approval),
  LanguageModelDeployment: manifest("LanguageModelDeployment", deployment),
  SovereigntyPolicy: manifest("SovereigntyPolicy", policy),
};

/** What a mistaken hand or template puts in the place of a value. */
const junk: Arb = pick<unknown>(undefined, null, 0, -1, 7, 1.5, true, "", "x", "ü 🏛\n", "0", "a".repeat(5000), [], {}, [null], ["a", "a"], { name: "x" }, { unheardOf: 1 });

/** Where something is, in a manifest: every member and entry at every depth. */
function placesIn(value: unknown, at = ""): string[] {
  if (typeof value !== "object" || value === null) return [];
  // Keys of label maps may have dots and slashes, which a path cannot write.
  const members = Object.entries(value).filter(([key]) => /^[A-Za-z0-9_]+$/.test(key));
  return members.flatMap(([key, inner]) => {
    const place = Array.isArray(value) ? `${at}[${key}]` : `${at}.${key}`;
    return [place, ...placesIn(inner, place)];
  });
}

export interface Spoilt {
  readonly manifest: Manifest;
  readonly place: string;
  readonly value: unknown;
}

/** A valid manifest and one change to its spec: a value in the place of another, or a field that nobody knows. */
export const spoilt = (kind: string): Arb<Spoilt> =>
  (valid[kind] ?? fc.constant({} as Manifest)).chain((one) => {
    const places = placesIn(one.spec, "spec");
    const unheardOf = places.filter((place) => /[a-z]$/.test(place)).map((place) => place.replace(/[^.]+$/, "unheardOf"));
    return fc.record({ manifest: fc.constant(one), place: fc.constantFrom(...places, ...unheardOf), value: junk });
  });
