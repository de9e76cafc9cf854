/**
 * Attacks on a cluster in which the operator runs: what only it can answer, by sealing first, by putting things back, and by
 * not being kept busy. Each tells how long something may last (docs/threat-model.md). guard-attacks.test.ts has those that
 * the API server answers by itself.
 */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { sovereigntyPolicy } from "../../operator/kinds/sovereignty-policy/schema.ts";
import type { KubeClient } from "../../operator/kube/client.ts";
import { NAMESPACES, NETWORK_POLICIES, PODS, VALIDATING_ADMISSION_POLICIES, VALIDATING_ADMISSION_POLICY_BINDINGS } from "../../operator/kube/resources.ts";
import { collectionPath, objectPath } from "../../operator/kube/url.ts";
import type { Namespace, NetworkPolicy } from "../../operator/lib/k8s-types.ts";
import { SEALED } from "../../operator/lib/labels.ts";
import { clientPolicyName, DEFAULT_DENY } from "../../operator/lib/names.ts";
import { client, eventually, rawCall, uniqueNamespace, type ControlPlane } from "../support/control-plane.ts";
import { leads } from "../support/crash-house.ts";
import { parseExposition } from "../support/exposition.ts";
import { attempt, expectAllowed, expectRefusal, handOver } from "../support/guard.ts";
import { conditionOf, find, findChild, furnishedNamespace, put, startHouse, untilReason } from "../support/house.ts";
import { approval, client as modelClient, GOVERNED, lmd, svp } from "../support/makers.ts";
import { startOperator, type RunningOperator } from "../support/operator.ts";

let plane: ControlPlane & AsyncDisposable;
let operator: RunningOperator;
const POD = { apiVersion: "v1", kind: "Pod" };
const spec = { containers: [{ name: "app", image: "registry.example/app:1" }], schedulerName: "nobody" };

beforeAll(async () => {
  plane = await startHouse();
  // Longer than other tests have it: one that is flooded on a busy machine must not be taken for one that has ended.
  operator = await startOperator(plane, { flags: ["--lease-seconds", "30", "--renew-seconds", "20", "--retry-seconds", "2"] });
  await eventually(() => leads(operator), { timeoutMs: 60_000 });
  await put(plane, svp().manifest());
  const namespace = await uniqueNamespace(plane, { prefix: "first", labels: GOVERNED });
  await eventually(async () => expect(conditionOf(await rawCall(plane, "GET", objectPath(sovereigntyPolicy.resource, { name: "land" })), "Guarded")?.status).toBe("True"), { timeoutMs: 60_000 });
  await untilSealed(namespace);
}, 240_000);

afterAll(async () => {
  await operator?.[Symbol.asyncDispose]();
  await plane?.stop();
});

const untilSealed = (name: string): Promise<string> => eventually(async () =>
  (await rawCall<Namespace>(plane, "GET", objectPath(NAMESPACES, { name }))).metadata.annotations?.[SEALED] ?? false, { timeoutMs: 30_000 });
const create = (namespace: string, name: string, members: object = {}): Promise<string | undefined> =>
  attempt(plane, "POST", collectionPath(PODS, namespace), { body: { ...POD, metadata: { name }, spec: { ...spec, ...members } } });
const policiesIn = async (namespace: string): Promise<string[]> => (await rawCall<{ items: NetworkPolicy[] }>(plane, "GET", collectionPath(NETWORK_POLICIES, namespace))).items.map(({ metadata }) => metadata.name);
const since = (begin: number): number => performance.now() - begin;

describe("a namespace", () => {
  it("has its default deny before the first pod that gets in, however fast somebody is", async () => {
    await Promise.all(Array.from({ length: 8 }, async (_, round) => {
      const name = `hurry-${round}-${Math.random().toString(36).slice(2, 8)}`;
      const born = attempt(plane, "POST", "/api/v1/namespaces", { body: { apiVersion: "v1", kind: "Namespace", metadata: { name, labels: GOVERNED } } });
      let tries = 0;
      // As fast as the server answers, from before the namespace is there.
      await eventually(async () => await create(name, `p${tries += 1}`) === undefined, { timeoutMs: 30_000, everyMs: 1 });
      expect(await policiesIn(name)).toContain(DEFAULT_DENY);
      expectAllowed(await born);
    }));
  });

  it("whose pods were there before its label lets no other in until it is sealed", async () => {
    const namespace = await uniqueNamespace(plane, { prefix: "older" });
    await eventually(async () => expectAllowed(await create(namespace, "before")));
    expectAllowed(await attempt(plane, "PATCH", objectPath(NAMESPACES, { name: namespace }), { body: { metadata: { labels: GOVERNED } }, contentType: "application/merge-patch+json" }));
    const begin = performance.now();
    const after = await create(namespace, "after");
    if (after === undefined) expect(await policiesIn(namespace)).toContain(DEFAULT_DENY);
    else expectRefusal(after, /not sealed yet/);
    await untilSealed(namespace);
    expect(since(begin)).toBeLessThan(10_000);
  });
});

describe("the guard", () => {
  it.each([
    ["a binding", objectPath(VALIDATING_ADMISSION_POLICY_BINDINGS, { name: "land.pods.hoheit.dev" })],
    ["an admission policy", objectPath(VALIDATING_ADMISSION_POLICIES, { name: "pods.hoheit.dev" })],
  ])("refuses again within thirty seconds when an administrator deletes %s", async (_what, path) => {
    const namespace = await uniqueNamespace(plane, { prefix: "guard", labels: GOVERNED });
    await untilSealed(namespace);
    const { uid } = (await rawCall<Namespace>(plane, "GET", path)).metadata;
    const begin = performance.now();
    await rawCall(plane, "DELETE", path);
    await eventually(async () => expect((await rawCall<Namespace>(plane, "GET", path)).metadata.uid).not.toBe(uid), { timeoutMs: 10_000 });
    expect(since(begin), "it is there again").toBeLessThan(10_000);
    let refused = 0;
    // A server goes by what it has read: until it has read the new one, it refuses by the old one, or not.
    await eventually(async () => {
      refused = await create(namespace, `p-${Math.random().toString(36).slice(2)}`, { hostNetwork: true }) === undefined ? 0 : refused + 1;
      expect(refused).toBeGreaterThanOrEqual(5);
    }, { timeoutMs: 30_000, everyMs: 200 });
  });
});

describe("a custom resource that points into another namespace", () => {
  it("finds nothing there: neither model nor approval nor activity", async () => {
    const [theirs, own] = [await furnishedNamespace(plane), await uniqueNamespace(plane, { prefix: "thief", labels: GOVERNED })];
    await put(plane, lmd("assistant").namespace(own).manifest());
    await untilReason(plane, own, "assistant", "ModelNotFound");
    for (const name of [`${theirs}/mistral-small`, `../${theirs}/mistral-small`]) await expect(put(plane, lmd("b").namespace(own).model(name).manifest()), name).rejects.toThrow(/spec\.modelRef\.name/);
    await expect(put(plane, lmd("c").namespace(own).spec({ modelRef: { name: "mistral-small", namespace: theirs } }).manifest())).rejects.toThrow(/namespace: field not declared in schema/);
    await expect(put(plane, approval("d").namespace(own).spec({ activityRef: { name: `${theirs}/text-assistance` } }).manifest())).rejects.toThrow(/spec\.activityRef\.name/);
  });

  it("as a client opens one way there, to the model and no further, and only from the pods that it names", async () => {
    const [model, victim] = [await furnishedNamespace(plane), await uniqueNamespace(plane, { prefix: "victim", labels: GOVERNED })];
    await rawCall(plane, "PATCH", objectPath(NAMESPACES, { name: model }), { body: { metadata: { labels: GOVERNED } }, contentType: "application/merge-patch+json" });
    await untilSealed(victim);
    const before = await policiesIn(victim);
    await put(plane, lmd("assistant").namespace(model).clients({ ...modelClient("app"), namespace: victim }).manifest());
    const name = clientPolicyName(`${model}/assistant/app`);
    await eventually(async () => expect((await policiesIn(victim)).toSorted()).toEqual([...before, name].toSorted()), { timeoutMs: 30_000 });
    const { spec: opened } = (await find<NetworkPolicy>(plane, NETWORK_POLICIES, victim, name)) ?? {};
    expect([opened?.policyTypes, opened?.ingress, opened?.egress?.length]).toEqual([["Egress"], undefined, 1]);
    expect(opened?.podSelector).toMatchObject({ matchLabels: { app: "app" }, matchExpressions: [{ key: "hoheit.dev/role", operator: "NotIn" }] });
    expect(opened?.egress?.[0]).toMatchObject({ ports: [{ port: 8000, protocol: "TCP" }], to: [{ namespaceSelector: { matchLabels: { "kubernetes.io/metadata.name": model } }, podSelector: { matchLabels: { "hoheit.dev/role": "Serving" } } }] });
    expect(await findChild(plane, NETWORK_POLICIES, victim, "assistant")).toBeUndefined();
  });
});

/** As many as a test has time for; with ten thousand it is the same, five times as long. */
const MANY = 2_000;

describe(`${MANY} NetworkPolicies of one tenant`, () => {
  const megabytes = async (): Promise<number> => {
    const { samples } = parseExposition(await (await fetch(`${await operator.address()}/metrics`)).text());
    return (samples.find(({ name }) => name === "process_resident_memory_bytes")?.value ?? NaN) / 2 ** 20;
  };

  async function flood(api: KubeClient, namespace: string): Promise<void> {
    const policy = (at: number): NetworkPolicy => ({
      apiVersion: "networking.k8s.io/v1", kind: "NetworkPolicy", metadata: { name: `many-${at}`, namespace, annotations: { note: "x".repeat(20_000) } },
      spec: { podSelector: { matchLabels: { app: `app-${at}` } }, policyTypes: ["Egress"], egress: [{ to: [{ podSelector: { matchLabels: { app: "db" } } }] }] },
    });
    let next = 0;
    const worker = async (): Promise<void> => {
      while (next < MANY) await api.create(NETWORK_POLICIES, policy(next++));
    };
    await Promise.all(Array.from({ length: 20 }, worker));
  }

  it("keep nobody waiting: others are sealed and healed meanwhile, and the operator does not grow with what they say", async () => {
    const namespace = await uniqueNamespace(plane, { prefix: "many", labels: GOVERNED });
    await handOver(plane, namespace);
    await untilSealed(namespace);
    const before = await megabytes();
    const binding = objectPath(VALIDATING_ADMISSION_POLICY_BINDINGS, { name: "land.services.hoheit.dev" });
    const tenant = client("user", plane);
    let done = false;
    const flooding = flood(tenant.api, namespace).finally(() => (done = true));
    const [sealed, healed]: [number[], number[]] = [[], []];
    try {
      do {
        const begin = performance.now();
        const other = await uniqueNamespace(plane, { prefix: "other", labels: GOVERNED });
        await untilSealed(other);
        sealed.push(since(begin));
        const heal = performance.now();
        await rawCall(plane, "DELETE", binding);
        await eventually(() => rawCall(plane, "GET", binding), { timeoutMs: 30_000 });
        healed.push(since(heal));
      } while (!done);
      await flooding;
    } finally {
      tenant.transport.close();
    }
    expect(await policiesIn(namespace)).toHaveLength(MANY + 2);
    expect(Math.max(...sealed)).toBeLessThan(15_000);
    expect(Math.max(...healed)).toBeLessThan(15_000);
    expect(await megabytes() - before).toBeLessThan(300);
  }, 300_000);
});
