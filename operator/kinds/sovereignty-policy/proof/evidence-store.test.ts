import { randomBytes } from "node:crypto";
import { describe, expect, it } from "vitest";
import type { KubeApi, ListOptions } from "../../../kube/api.ts";
import { ApiError } from "../../../kube/errors.ts";
import type { ConfigMap, KubeObject, Live } from "../../../lib/k8s-types.ts";
import { evidenceLabels } from "../../../lib/labels.ts";
import { finish } from "../../../lib/steps.ts";
import { buildEvidence, type Evidence, type RootList } from "../../../sovereignty/evidence/evidence.ts";
import type { Proof } from "../../../sovereignty/prover/result.ts";
import type { Raw, Snapshot } from "../../../sovereignty/snapshot.ts";
import { EvidenceTooLargeError, contentStepByStep, dataOf, oldestFirst, rootIn, valueIn } from "./evidence-data.ts";
import { EvidenceStore, type KeptEvidence } from "./evidence-store.ts";

const MINUTE = 60_000;
const SNAPSHOT: Snapshot = {
  namespaces: [], workloads: [], networkPolicies: [], clusterNetworkPolicies: [], services: [], endpointSlices: [], governed: new Map(),
  cluster: { pods: [], services: [], nodes: [] }, operatorNamespace: "hoheit-system", unreadable: [], unknownPolicyKinds: [],
};

/** Evidence of the given minute about namespaces, each with a word that may change. */
function evidenceOf(minute: number, namespaces: Record<string, string>, previous?: string): Evidence {
  const proof = {
    verdict: "PROVED", assumptions: [], residuals: [],
    namespaces: Object.entries(namespaces).map(([namespace, policy]) => ({ namespace, policy, verdict: "PROVED", workloads: [], labelSpace: [], findings: [] })),
  } as Proof;
  return buildEvidence(SNAPSHOT, proof, { asOf: new Date(Date.UTC(2026, 10, 25) + minute * MINUTE).toISOString(), probes: { minute }, ...(previous !== undefined && { previous }) });
}

/** An API server that has nothing but ConfigMaps. */
class ConfigMapServer implements Pick<KubeApi, "list" | "create" | "delete"> {
  readonly objects = new Map<string, Live<ConfigMap>>();
  /** What was asked for of each object. */
  readonly lists: ("all" | "metadata")[] = [];
  creations = 0;
  /** The next creation fails. */
  broken = false;

  async list<T extends KubeObject>(_of: unknown, { labelSelector = "", limit = 500, metadataOnly = false }: ListOptions = {}): Promise<{ items: Live<T>[]; resourceVersion: string }> {
    this.lists.push(metadataOnly ? "metadata" : "all");
    // An answer holds 64 MiB, a ConfigMap with all that belongs to it 1.5.
    if (!metadataOnly && limit > 40) throw new Error("too much at once");
    const [key = "", value] = labelSelector.split("=");
    const found = [...this.objects.values()].filter(({ metadata: { labels = {} } }) => (value === undefined ? key in labels : labels[key] === value));
    return { items: found.map((live) => (metadataOnly ? { metadata: live.metadata } : live)) as unknown as Live<T>[], resourceVersion: "1" };
  }

  async create<T extends KubeObject>(_of: unknown, object: T): Promise<Live<T>> {
    if (this.broken) throw new ApiError("create", { code: 500, reason: "InternalError", message: "" });
    this.creations += 1;
    const { name } = object.metadata;
    if (this.objects.has(name)) throw new ApiError("create", { code: 409, reason: "AlreadyExists", message: "" });
    const live = { ...object, metadata: { ...object.metadata, uid: `uid-${name}`, resourceVersion: "1" } };
    this.objects.set(name, live as unknown as Live<ConfigMap>);
    return live;
  }

  async delete(_of: unknown, { name }: { name: string }): Promise<boolean> {
    return this.objects.delete(name);
  }

  names(part: "evidence" | "bundle"): string[] {
    return [...this.objects.keys()].filter((name) => name.startsWith(`hoheit-${part}-`));
  }
}

const keep = (store: EvidenceStore, evidence: Evidence, most: number): Promise<KeptEvidence> => store.keep(evidence, finish(contentStepByStep(evidence)), most);

const storeOf = (server: ConfigMapServer): EvidenceStore => new EvidenceStore(server, "hoheit-system");

describe("the store of evidence", () => {
  it("keeps a root and a bundle for each namespace, and what did not change once", async () => {
    const server = new ConfigMapServer();
    const store = storeOf(server);
    await keep(store, evidenceOf(1, { a: "land", b: "land" }), 50);
    await keep(store, evidenceOf(2, { a: "land", b: "other" }), 50);
    expect(server.names("evidence")).toHaveLength(2);
    expect(server.names("bundle")).toHaveLength(3);
    expect([...server.objects.values()].every(({ immutable, metadata }) => immutable === true && metadata.namespace === "hoheit-system")).toBe(true);
  });

  it("keeps nothing that says the same of the same objects, whatever the time and the probes", async () => {
    const server = new ConfigMapServer();
    const first = await keep(storeOf(server), evidenceOf(1, { a: "land" }), 50);
    const later = evidenceOf(9, { a: "land" }, first.root);
    expect(later.root).not.toBe(first.root);
    expect(await keep(storeOf(server), later, 50), "a restart remembers, too").toEqual(first);
    expect(server.names("evidence")).toHaveLength(1);
  });

  it("lets go of the oldest roots and of bundles that no root needs", async () => {
    const server = new ConfigMapServer();
    const store = storeOf(server);
    for (let minute = 1; minute <= 5; minute += 1) await keep(store, evidenceOf(minute, { same: "land", moving: `policy-${minute}` }), 2);
    expect(server.names("evidence")).toHaveLength(2);
    expect(server.names("bundle"), "one that is the same, two that moved").toHaveLength(3);
    const { asOf } = (await storeOf(server).last()) ?? {};
    expect(asOf).toBe("2026-11-25T00:05:00.000Z");
  });

  it("remembers which of those of the same time came last, in whatever order they are listed", async () => {
    const server = new ConfigMapServer();
    let last: string | undefined;
    for (const name of ["x", "y", "z"]) last = (await keep(storeOf(server), evidenceOf(1, { a: name }, last), 50)).root;
    const roots = [...server.objects.values()].flatMap((live) => rootIn(live) ?? []);
    const orders = [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]].map((order) => order.map((at) => roots[at]!));
    for (const order of orders) expect(oldestFirst(order)).toEqual(roots);
    expect((await storeOf(server).last())?.root).toBe(last);
  });

  it("does not go round in circles where somebody wrote roots that name each other", () => {
    const [a, b] = ["a", "b"].map((root) => ({ root, facts: { asOf: "2026-11-25T00:00:00Z", previous: root === "a" ? "b" : "a" }, bundles: [] }) as unknown as RootList);
    expect(oldestFirst([a!, b!])).toHaveLength(2);
  });

  it("has no root without its bundles, and tries again what failed", async () => {
    const server = new ConfigMapServer();
    const store = storeOf(server);
    const evidence = evidenceOf(1, { a: "land" });
    server.broken = true;
    await expect(keep(store, evidence, 50)).rejects.toThrow("500");
    expect(server.names("evidence")).toEqual([]);
    server.broken = false;
    await keep(store, evidence, 50);
    expect([server.names("evidence"), server.names("bundle")].map((names) => names.length)).toEqual([1, 1]);
  });

  it("writes anew what somebody has deleted", async () => {
    const server = new ConfigMapServer();
    const store = storeOf(server);
    await keep(store, evidenceOf(1, { a: "land", b: "land" }), 50);
    const [bundle = ""] = server.names("bundle");
    server.objects.delete(bundle);
    const second = await keep(store, evidenceOf(2, { a: "land", b: "land" }), 50);
    expect([server.names("evidence").length, server.objects.has(bundle)]).toEqual([2, true]);
    server.objects.clear();
    const third = await keep(store, evidenceOf(3, { a: "land", b: "land" }, second.root), 50);
    expect([server.names("evidence").length, server.names("bundle").length, third.asOf]).toEqual([1, 2, "2026-11-25T00:03:00.000Z"]);
    expect(await keep(store, evidenceOf(4, { a: "land", b: "land" }), 50), "and not again").toEqual(third);
  });

  it("takes what has the name already for the same, whatever labels somebody took off", async () => {
    const server = new ConfigMapServer();
    await keep(storeOf(server), evidenceOf(1, { a: "land" }), 50);
    const [bundle = ""] = server.names("bundle");
    const live = server.objects.get(bundle)!;
    server.objects.set(bundle, { ...live, metadata: { ...live.metadata, labels: {} } });
    expect((await keep(storeOf(server), evidenceOf(2, { a: "land" }), 50)).asOf).toBe("2026-11-25T00:02:00.000Z");
    expect(server.names("evidence")).toHaveLength(2);
  });

  it("lets go of bundles that one left behind who could not go on, and of nothing else", async () => {
    const server = new ConfigMapServer();
    await keep(storeOf(server), evidenceOf(1, { a: "land" }), 50);
    await keep(storeOf(server), evidenceOf(2, { a: "left" }), 50);
    const [, left = ""] = server.names("evidence");
    server.objects.delete(left);
    const foreign = { metadata: { name: "mine", labels: evidenceLabels("Bundle") } } as unknown as Live<ConfigMap>;
    server.objects.set("mine", foreign);
    await keep(storeOf(server), evidenceOf(3, { a: "new" }), 50);
    expect([server.names("evidence").length, server.names("bundle").length, server.objects.has("mine")]).toEqual([2, 2, true]);
  });

  it("writes a bundle only once, and asks the API server only once for what roots say", async () => {
    const server = new ConfigMapServer();
    const store = storeOf(server);
    for (let minute = 1; minute <= 3; minute += 1) await keep(store, evidenceOf(minute, { same: "land", moving: `policy-${minute}` }), 50);
    expect(server.creations).toBe(3 + 3 + 1);
    expect(server.lists.filter((what) => what === "all")).toHaveLength(1);
  });

  it("asks the API server once what is the newest", async () => {
    const server = new ConfigMapServer();
    const store = storeOf(server);
    await Promise.all([store.last(), store.last()]);
    expect(server.lists).toEqual(["all"]);
  });
});

it("looks again only at what is not the same object as before", () => {
  const proof = { verdict: "PROVED", assumptions: [], residuals: [], namespaces: ["a", "b"].map((namespace) => ({ namespace, policy: "land", verdict: "PROVED", workloads: [], labelSpace: [], findings: [] })) } as Proof;
  const [first, ...others] = proof.namespaces;
  const changed: Proof = { ...proof, namespaces: [{ ...first, verdict: "REFUTED" } as Proof["namespaces"][number], ...others] };
  const of = (what: Proof): Evidence => buildEvidence(SNAPSHOT, what, { asOf: "2026-11-25T00:00:00Z" });
  const pauses = (evidence: Evidence): number => [...contentStepByStep(evidence)].length;
  expect([of(proof), of(proof), of(changed)].map(pauses)).toEqual([2, 0, 1]);
});

it("does not see versions of objects, and sees what they say", () => {
  const contentOf = (resourceVersion: string, cidr: string): string => {
    const rule: Raw = { apiVersion: "networking.k8s.io/v1", kind: "NetworkPolicy", metadata: { name: "x", namespace: "a", uid: "u", resourceVersion }, spec: { egress: [{ to: [{ ipBlock: { cidr } }] }] } };
    const namespace: Raw = { apiVersion: "v1", kind: "Namespace", metadata: { name: "a", uid: "n", resourceVersion } };
    const proof = { verdict: "PROVED", assumptions: [], residuals: [], namespaces: [{ namespace: "a", policy: "land", verdict: "PROVED", workloads: [], labelSpace: [], findings: [] }] } as Proof;
    return finish(contentStepByStep(buildEvidence({ ...SNAPSHOT, namespaces: [namespace], networkPolicies: [rule] }, proof, { asOf: "2026-11-25T00:00:00Z" })));
  };
  expect(contentOf("8", "192.0.2.0/24")).toBe(contentOf("7", "192.0.2.0/24"));
  expect(contentOf("7", "192.0.2.0/25")).not.toBe(contentOf("7", "192.0.2.0/24"));
});

describe("the data of a ConfigMap", () => {
  it("is text where it fits, compressed where it does not, and refused where neither fits", () => {
    const [small, repetitive] = [{ a: 1 }, { a: "x".repeat(2_000_000) }];
    expect(dataOf("the root", small)).toEqual({ data: { "evidence.json": '{"a":1}' } });
    expect(dataOf("the root", repetitive).data).toBeUndefined();
    for (const value of [small, repetitive]) expect(valueIn(dataOf("the root", value))).toEqual(value);
    expect(() => dataOf("the evidence of namespace chat", { a: randomBytes(1_500_000).toString("base64") })).toThrow(EvidenceTooLargeError);
    expect(() => dataOf("the evidence of namespace chat", { a: randomBytes(1_500_000).toString("base64") })).toThrow(/^the evidence of namespace chat has \d+ bytes, compressed, and a ConfigMap holds 1000000: spread/);
  });

  it("is nothing where somebody wrote something else", () => {
    for (const data of [{}, { data: { other: "1" } }, { data: { "evidence.json": "{" } }, { binaryData: { "evidence.json.gz": "AAAA" } }]) expect(valueIn(data)).toBeUndefined();
  });
});
