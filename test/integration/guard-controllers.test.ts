/**
 * What goes on as ever under the guard: controllers, scheduler, garbage collection, evictions, the operator itself, the end
 * of a namespace. A real controller manager and scheduler, simulated kubelets, the operator as a process.
 */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { CRON_JOBS, DEPLOYMENTS, JOBS, NETWORK_POLICIES, PODS, apiVersionOf, type Resource } from "../../operator/kube/resources.ts";
import { collectionPath, objectPath } from "../../operator/kube/url.ts";
import type { KubeObject, Live } from "../../operator/lib/k8s-types.ts";
import { servingLabels } from "../../operator/lib/labels.ts";
import { consistently, eventually, rawCall } from "../support/control-plane.ts";
import { attempt, expectAllowed, expectRefusal, governedNamespace, LAND, startGuarded, type GuardedPlane } from "../support/guard.ts";
import { boundClaim, deploymentNamed, podsOf, put, remove, untilReason } from "../support/house.ts";
import { activity, approval, lm, lmd } from "../support/makers.ts";
import { startOperator, type RunningOperator } from "../support/operator.ts";

let guarded: GuardedPlane;
let operator: RunningOperator;
/** A namespace with a CronJob that is due every minute: begun first and looked at last. */
let often: string;
beforeAll(async () => {
  guarded = await startGuarded();
  often = await governedNamespace(guarded.plane);
  await create(CRON_JOBS, often, { metadata: { name: "often" }, spec: { schedule: "* * * * *", jobTemplate: { spec: { template: template("Never") } } } });
  operator = await startOperator(guarded.plane);
}, 180_000);
afterAll(async () => {
  await operator?.[Symbol.asyncDispose]();
  await guarded?.[Symbol.asyncDispose]();
});

const ON_SITE = LAND.spec.nodes.selector.matchLabels;
const podSpec = { containers: [{ name: "app", image: `registry.example/app@sha256:${"ab".repeat(32)}` }], nodeSelector: ON_SITE };
const template = (restartPolicy: string): object => ({ metadata: { labels: { app: "chat" } }, spec: { ...podSpec, restartPolicy } });

async function create(resource: Resource, namespace: string, object: object): Promise<void> {
  expectAllowed(await attempt(guarded.plane, "POST", collectionPath(resource, namespace), { as: "user", body: { apiVersion: apiVersionOf(resource), kind: resource.kind, ...object } }));
}

type Pod = Live<KubeObject> & { status?: { phase?: string } };
const pods = async (namespace: string, selector = "app=chat"): Promise<Pod[]> =>
  (await rawCall<{ items: Pod[] }>(guarded.plane, "GET", `${collectionPath(PODS, namespace)}?labelSelector=${selector}`)).items;
const phases = async (namespace: string): Promise<(string | undefined)[]> => (await pods(namespace)).map(({ status }) => status?.phase);

/** A model server that runs, in a governed namespace. */
async function serving(): Promise<string> {
  const { plane } = guarded;
  const namespace = await governedNamespace(plane, { ...LAND.spec.namespaceSelector.matchLabels, "pod-security.kubernetes.io/enforce": "restricted" });
  await boundClaim(plane, namespace, "weights");
  for (const object of [activity(), lm(), approval()]) await put(plane, object.namespace(namespace).manifest());
  await put(plane, lmd("assistant").namespace(namespace).spec({ scheduling: { nodeSelector: ON_SITE } }).manifest());
  await untilReason(plane, namespace, "assistant", "Serving");
  return namespace;
}

const evict = (namespace: string, name: string): Promise<string | undefined> =>
  attempt(guarded.plane, "POST", `${objectPath(PODS, { namespace, name })}/eviction`, { body: { apiVersion: "policy/v1", kind: "Eviction", metadata: { name, namespace } } });

describe("what a tenant runs", () => {
  it("a Deployment becomes running pods, which are made anew when they are evicted", async () => {
    const namespace = await governedNamespace(guarded.plane);
    await create(DEPLOYMENTS, namespace, { metadata: { name: "chat" }, spec: { replicas: 2, selector: { matchLabels: { app: "chat" } }, template: template("Always") } });
    await eventually(async () => expect(await phases(namespace)).toEqual(["Running", "Running"]));
    const before = await pods(namespace);
    expectAllowed(await evict(namespace, before[0]?.metadata.name ?? ""));
    await eventually(async () => {
      expect(await phases(namespace)).toEqual(["Running", "Running"]);
      expect((await pods(namespace)).map(({ metadata }) => metadata.uid)).not.toContain(before[0]?.metadata.uid);
    });
  });

  it("a Job runs to its end", async () => {
    const namespace = await governedNamespace(guarded.plane);
    await create(JOBS, namespace, { metadata: { name: "once" }, spec: { template: template("Never") } });
    await eventually(async () => expect(await succeeded(namespace)).toBe(1));
  });

  it("is gone when its owner is deleted, and so is the whole namespace", async () => {
    const namespace = await governedNamespace(guarded.plane);
    await create(DEPLOYMENTS, namespace, { metadata: { name: "chat" }, spec: { selector: { matchLabels: { app: "chat" } }, template: template("Always") } });
    await eventually(async () => expect(await phases(namespace)).toEqual(["Running"]));
    expectAllowed(await attempt(guarded.plane, "DELETE", objectPath(DEPLOYMENTS, { namespace, name: "chat" }), { as: "user", body: { propagationPolicy: "Foreground" } }));
    await eventually(async () => expect(await pods(namespace)).toEqual([]));
    await untilDeleted(namespace);
  });
});

const succeeded = async (namespace: string): Promise<number> =>
  (await rawCall<{ items: { status?: { succeeded?: number } }[] }>(guarded.plane, "GET", collectionPath(JOBS, namespace))).items.filter(({ status }) => status?.succeeded === 1).length;

async function untilDeleted(namespace: string): Promise<void> {
  const { plane } = guarded;
  expectAllowed(await attempt(plane, "DELETE", `/api/v1/namespaces/${namespace}`, { as: "user" }));
  await eventually(async () => expect(await attempt(plane, "GET", `/api/v1/namespaces/${namespace}`)).toMatch(/not found/), { timeoutMs: 45_000 });
}

describe("what Hoheit runs", () => {
  it("a model server becomes Ready, is made anew when its node is drained, and follows its deployment", async () => {
    const { plane } = guarded;
    const namespace = await serving();
    const [before] = await podsOf(plane, namespace, "assistant");
    expectAllowed(await evict(namespace, before?.metadata.name ?? ""));
    await eventually(async () => {
      const now = await podsOf(plane, namespace, "assistant");
      expect(now.map(({ metadata }) => metadata.uid)).not.toContain(before?.metadata.uid);
      expect(now.filter(({ status }: Pod) => status?.phase === "Running")).toHaveLength(1);
    });
    await put(plane, lmd("assistant").namespace(namespace).replicas(2).spec({ scheduling: { nodeSelector: ON_SITE } }).manifest());
    await eventually(async () => expect((await deploymentNamed(plane, namespace, "assistant"))?.status?.replicaSummary).toBe("2/2"), { timeoutMs: 30_000 });
    await remove(plane, lmd("assistant").namespace(namespace).manifest());
    await eventually(async () => {
      expect(await deploymentNamed(plane, namespace, "assistant")).toBeUndefined();
      for (const resource of [PODS, DEPLOYMENTS, CRON_JOBS, NETWORK_POLICIES]) {
        const path = `${collectionPath(resource, namespace)}?labelSelector=hoheit.dev/deployment=assistant`;
        expect((await rawCall<{ items: unknown[] }>(plane, "GET", path)).items, resource.kind).toEqual([]);
      }
    }, { timeoutMs: 45_000 });
  }, 120_000);

  it("ends with its namespace", async () => {
    await untilDeleted(await serving());
  }, 120_000);

  it("a node is drained as ever, also of pods that nobody may delete by hand", async () => {
    const namespace = await serving();
    const [pod] = await podsOf(guarded.plane, namespace, "assistant");
    expectRefusal(await attempt(guarded.plane, "DELETE", objectPath(PODS, { namespace, name: pod?.metadata.name ?? "" })), /only Hoheit deletes|for what Hoheit makes/);
    expectAllowed(await evict(namespace, pod?.metadata.name ?? ""));
  });

  it("says in its condition what the guard refused, and the message names the remedy", async () => {
    const { plane } = guarded;
    const namespace = await governedNamespace(plane);
    await boundClaim(plane, namespace, "weights");
    for (const object of [activity(), lm(), approval()]) await put(plane, object.namespace(namespace).manifest());
    // For any node, while the policy names some.
    await put(plane, lmd("anywhere").namespace(namespace).manifest());
    const live = await untilReason(plane, namespace, "anywhere", "ApplyFailed");
    expect(JSON.stringify(live.status)).toContain("nodeSelector does not ask for the nodes of SovereigntyPolicy land; add topology.kubernetes.io/zone: rz1");
  });

  it("an engine image from elsewhere is refused where it is written", async () => {
    const { plane } = guarded;
    const namespace = await governedNamespace(plane);
    const foreign = lmd("foreign").namespace(namespace).engine({ image: `docker.io/vllm/vllm-openai@sha256:${"5e".repeat(32)}` }).manifest();
    expectRefusal(await attempt(plane, "POST", `/apis/hoheit.dev/v1alpha1/namespaces/${namespace}/languagemodeldeployments`, { as: "user", body: foreign }), /LanguageModelDeployment .*come from none of the registries/);
  });

  it("heals what is not the guard's to refuse, without a refusal of its own", async () => {
    const namespace = await serving();
    await consistently(async () => {
      const { items } = await rawCall<{ items: { reason: string; message: string }[] }>(guarded.plane, "GET", `/api/v1/namespaces/${namespace}/events`);
      expect(items.filter(({ reason }) => reason === "FailedCreate")).toEqual([]);
    }, { forMs: 2000, everyMs: 200 });
    expect((await pods(namespace, `app.kubernetes.io/instance=${servingLabels("assistant")["app.kubernetes.io/instance"] ?? ""}`)).length).toBeGreaterThan(0);
  });
});

it("a CronJob of a tenant starts Jobs", async () => {
  await eventually(async () => expect(await succeeded(often)).toBeGreaterThan(0), { timeoutMs: 90_000, everyMs: 500 });
}, 100_000);
