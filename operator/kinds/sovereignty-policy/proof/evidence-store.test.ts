import { randomBytes } from "node:crypto";
import { describe, expect, it } from "vitest";
import type { KubeApi } from "../../../kube/api.ts";
import { ApiError } from "../../../kube/errors.ts";
import type { ConfigMap, KubeObject, Live } from "../../../lib/k8s-types.ts";
import { finish } from "../../../lib/steps.ts";
import { buildEvidence, type Evidence } from "../../../sovereignty/evidence/evidence.ts";
import type { Proof } from "../../../sovereignty/prover/result.ts";
import type { Snapshot } from "../../../sovereignty/snapshot.ts";
import { EvidenceTooLargeError, contentStepByStep, dataOf, valueIn } from "./evidence-data.ts";
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
  lists = 0;
  creations = 0;
  /** The next creation fails. */
  broken = false;

  async list<T extends KubeObject>(_of: unknown, { labelSelector = "" }: { labelSelector?: string } = {}): Promise<{ items: Live<T>[]; resourceVersion: string }> {
    this.lists += 1;
    const [key = "", value] = labelSelector.split("=");
    return { items: [...this.objects.values()].filter(({ metadata }) => metadata.labels?.[key] === value) as unknown as Live<T>[], resourceVersion: "1" };
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

  it("remembers which of two of the same time came last", async () => {
    for (const names of [["x", "y"], ["y", "x"]] as const) {
      const server = new ConfigMapServer();
      const first = await keep(storeOf(server), evidenceOf(1, { a: names[0] }), 50);
      const second = await keep(storeOf(server), evidenceOf(1, { a: names[1] }, first.root), 50);
      expect((await storeOf(server).last())?.root).toBe(second.root);
    }
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

  it("writes a bundle only once, and asks the API server only once what is there", async () => {
    const server = new ConfigMapServer();
    const store = storeOf(server);
    for (let minute = 1; minute <= 3; minute += 1) await keep(store, evidenceOf(minute, { same: "land", moving: `policy-${minute}` }), 50);
    expect(server.creations).toBe(3 + 3 + 1);
    expect(server.lists).toBe(1);
  });

  it("asks the API server once what is the newest", async () => {
    const server = new ConfigMapServer();
    const store = storeOf(server);
    await Promise.all([store.last(), store.last()]);
    expect(server.lists).toBe(1);
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

describe("the data of a ConfigMap", () => {
  it("is text where it fits, compressed where it does not, and refused where neither fits", () => {
    const [small, repetitive] = [{ a: 1 }, { a: "x".repeat(2_000_000) }];
    expect(dataOf("x", small)).toEqual({ data: { "evidence.json": '{"a":1}' } });
    expect(dataOf("x", repetitive).data).toBeUndefined();
    for (const value of [small, repetitive]) expect(valueIn(dataOf("x", value))).toEqual(value);
    expect(() => dataOf("hoheit-bundle-1", { a: randomBytes(1_500_000).toString("base64") })).toThrow(EvidenceTooLargeError);
  });

  it("is nothing where somebody wrote something else", () => {
    for (const data of [{}, { data: { other: "1" } }, { data: { "evidence.json": "{" } }, { binaryData: { "evidence.json.gz": "AAAA" } }]) expect(valueIn(data)).toBeUndefined();
  });
});
