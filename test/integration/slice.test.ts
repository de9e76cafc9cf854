/**
 * The slice from end to end: a real API server, scheduler and controller manager, simulated GPU nodes, and the operator
 * as a process with the permissions that the chart ships.
 */
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { DEPLOYMENTS, NETWORK_POLICIES, PODS, SERVICES, type Resource } from "../../operator/kube/resources.ts";
import type { Deployment, KubeObject, Live, NetworkPolicy } from "../../operator/lib/k8s-types.ts";
import { collectionPath, objectPath } from "../../operator/kube/url.ts";
import { auditLog, consistently, eventually, IDENTITIES, rawCall, uniqueNamespace, type ControlPlane } from "../support/control-plane.ts";
import { boundClaim, CHILDREN, conditionOf, deploymentNamed, find, findChild, furnishedNamespace, nameOfChild, podsOf, put, remove, startHouse, untilJudged, untilReason } from "../support/house.ts";
import { kstatus } from "../support/kstatus.ts";
import { activity, approval, client, lm, lmd, OTHER_DIGEST } from "../support/makers.ts";
import { startOperator, type RunningOperator } from "../support/operator.ts";

let plane: ControlPlane & AsyncDisposable;
let operator: RunningOperator;
const OPERATOR = IDENTITIES[0]?.user ?? "";

beforeAll(async () => {
  plane = await startHouse({ audit: { users: IDENTITIES.map(({ user }) => user) } });
  operator = await startOperator(plane);
}, 180_000);

afterAll(async () => {
  await operator[Symbol.asyncDispose]();
  await plane.stop();
});

// GPUs are as scarce here as elsewhere: each test gives back what it took.
afterEach(async () => {
  const all = "/apis/hoheit.dev/v1alpha1/languagemodeldeployments";
  const left = async (): Promise<KubeObject[]> => (await rawCall<{ items: KubeObject[] }>(plane, "GET", all)).items;
  for (const object of await left()) await remove(plane, { ...object, kind: "LanguageModelDeployment" }).catch(() => undefined);
  await eventually(async () => expect(await left()).toHaveLength(0), { timeoutMs: 30_000 });
});

const child = <T extends KubeObject>(resource: Resource<T>, namespace: string, name: string): Promise<Live<T> | undefined> => findChild(plane, resource, namespace, name);
const edit = (resource: Resource, ref: { namespace: string; name: string }, patch: object): Promise<unknown> =>
  rawCall(plane, "PATCH", objectPath(resource, ref), { body: patch, contentType: "application/merge-patch+json" });

describe("a deployment whose references are all there", () => {
  it("becomes Ready with sealed pods on GPU nodes of a namespace that enforces Pod Security restricted", async () => {
    const namespace = await furnishedNamespace(plane);
    await put(plane, lmd("assistant").namespace(namespace).gpus(2).replicas(2).manifest());
    const ready = await untilReason(plane, namespace, "assistant", "Serving");
    expect(ready.status).toMatchObject({
      replicas: 2, readyReplicas: 2, replicaSummary: "2/2", accelerators: 4, selector: "hoheit.dev/deployment=assistant,hoheit.dev/role=Serving",
      endpoint: `http://assistant.${namespace}.svc:8000/v1`, templateRevision: 1, observedGeneration: ready.metadata.generation,
    });
    expect(ready.status).not.toHaveProperty("waitingFor");
    expect(kstatus(ready)).toBe("Current");
    const pods = await podsOf(plane, namespace, "assistant");
    expect(pods).toHaveLength(2);
    expect(await child(NETWORK_POLICIES, namespace, "assistant")).toMatchObject({ spec: { policyTypes: ["Ingress", "Egress"] } });
  });

  it("never says that the seal holds before somebody has tried it", async () => {
    const namespace = await furnishedNamespace(plane);
    await put(plane, lmd("assistant").namespace(namespace).manifest());
    const ready = await untilReason(plane, namespace, "assistant", "Serving");
    expect(conditionOf(ready as never, "EgressSealed")).toMatchObject({ status: "Unknown", reason: "NotProbed" });
  });

  it("seals before there can be pods", async () => {
    const namespace = await furnishedNamespace(plane);
    await put(plane, lmd("assistant").namespace(namespace).manifest());
    await untilReason(plane, namespace, "assistant", "Serving");
    const creates = (await auditLog(plane, { user: OPERATOR, namespace, verbs: ["patch"] })).filter(({ objectRef }) => objectRef?.name === "assistant" && objectRef.subresource === undefined);
    const order = creates.map(({ objectRef }) => objectRef?.resource);
    expect(order.indexOf("networkpolicies")).toBeGreaterThanOrEqual(0);
    expect(order.indexOf("networkpolicies")).toBeLessThan(order.indexOf("deployments"));
  });

  it("is written once for each change and not at all at rest", async () => {
    const namespace = await furnishedNamespace(plane);
    // What is held at first has a CronJob that is suspended, which is a change more.
    await untilJudged(plane, namespace);
    await put(plane, lmd("assistant").namespace(namespace).manifest());
    await untilReason(plane, namespace, "assistant", "Serving");
    const writes = async (): Promise<string[]> =>
      (await auditLog(plane, { user: OPERATOR, namespace, verbs: ["create", "patch", "update", "delete"] })).filter(({ objectRef }) => objectRef?.resource !== "events").map(({ objectRef, verb }) => `${verb} ${objectRef?.resource}`);
    await consistently(async () => { expect(await writes()).toEqual(await writes()); }, { forMs: 1000 });
    const settled = await writes();
    for (const resource of ["networkpolicies", "serviceaccounts", "services", "configmaps", "cronjobs", "deployments"]) expect(settled.filter((write) => write === `patch ${resource}`), resource).toHaveLength(1);
    await consistently(async () => { expect(await writes()).toEqual(settled); }, { forMs: 2000, everyMs: 200 });
  });

  it("opens the door only to clients whose activity is approved", async () => {
    const namespace = await furnishedNamespace(plane);
    await put(plane, activity("chatbot").namespace(namespace).manifest());
    await put(plane, lmd("assistant").namespace(namespace).clients(client("chat-ui"), client("portal", "chatbot")).manifest());
    await untilReason(plane, namespace, "assistant", "NotApproved");
    const policy = await child(NETWORK_POLICIES, namespace, "assistant");
    expect(JSON.stringify(policy?.spec)).toContain("chat-ui");
    expect(JSON.stringify(policy?.spec)).not.toContain("portal");
  });
});

describe("a deployment that cannot be as wished", () => {
  it("says in the scheduler's words what it waits for when the GPUs are taken", async () => {
    const namespace = await furnishedNamespace(plane);
    await put(plane, lmd("greedy").namespace(namespace).gpus(8).replicas(2).manifest());
    const live = await untilReason(plane, namespace, "greedy", "Unschedulable");
    expect(live.status?.waitingFor).toMatch(/^pod greedy-\S+: 0\/3 nodes are available: .*Insufficient nvidia\.com\/gpu/);
    expect(kstatus(live)).toBe("InProgress");
  });

  it("says that no node has so many GPUs at all", async () => {
    const namespace = await furnishedNamespace(plane);
    await put(plane, lmd("huge").namespace(namespace).gpus(16).manifest());
    const live = await untilReason(plane, namespace, "huge", "NoNodeFits");
    expect(live.status?.waitingFor).toContain("the largest node has 8");
  });

  it("waits for a model that is not there yet, makes no pod, and goes on when it comes", async () => {
    const namespace = await uniqueNamespace(plane, { restricted: true });
    await put(plane, activity().namespace(namespace).manifest());
    await put(plane, lmd("early").namespace(namespace).manifest());
    const waits = await untilReason(plane, namespace, "early", "ModelNotFound");
    expect(conditionOf(waits as never, "Ready")?.message).toContain(`no LanguageModel mistral-small in namespace ${namespace}`);
    expect(await child(DEPLOYMENTS, namespace, "early")).toBeUndefined();
    await put(plane, lm().namespace(namespace).manifest());
    await untilReason(plane, namespace, "early", "NotApproved");
    await put(plane, approval().namespace(namespace).manifest());
    await untilReason(plane, namespace, "early", "ModelNotReady");
    await boundClaim(plane, namespace, "weights");
    await untilReason(plane, namespace, "early", "Serving");
  });

  it("does not follow a reference into another namespace", async () => {
    const elsewhere = await furnishedNamespace(plane);
    const namespace = await uniqueNamespace(plane, { restricted: true });
    await put(plane, lmd("thief").namespace(namespace).manifest());
    await untilReason(plane, namespace, "thief", "ModelNotFound");
    expect(await find(plane, DEPLOYMENTS, elsewhere, "thief")).toBeUndefined();
  });

  it("refuses an argument that would open the seal, and says where and why", async () => {
    const namespace = await furnishedNamespace(plane);
    await put(plane, lmd("loud").namespace(namespace).args("--max-num-seqs=8", "--trust-remote-code").manifest());
    const live = await untilReason(plane, namespace, "loud", "RefusedArgument");
    expect(conditionOf(live as never, "Ready")?.message).toContain("spec.engine.args[1]");
    expect(kstatus(live)).toBe("Failed");
    expect(await child(DEPLOYMENTS, namespace, "loud")).toBeUndefined();
  });

  it("leaves an object alone that has a child's name but is not ours", async () => {
    const namespace = await furnishedNamespace(plane);
    const theirs = { apiVersion: "v1", kind: "Service", metadata: { name: "taken", namespace }, spec: { ports: [{ port: 1 }], selector: { mine: "yes" } } };
    await rawCall(plane, "POST", collectionPath(SERVICES as never, namespace), { body: theirs });
    const before = await child(SERVICES, namespace, "taken");
    await put(plane, lmd("taken").namespace(namespace).manifest());
    const live = await untilReason(plane, namespace, "taken", "ForeignObject");
    expect(conditionOf(live as never, "Ready")?.message).toContain("Service taken");
    expect(kstatus(live)).toBe("Failed");
    expect(await child(SERVICES, namespace, "taken")).toEqual(before);
    expect(await child(DEPLOYMENTS, namespace, "taken")).toBeUndefined();
  });

  it("takes unicode where people read and the longest name that fits", async () => {
    const namespace = await furnishedNamespace(plane);
    await put(plane, lm().namespace(namespace).spec({ displayName: "Müllabfuhr-Assistent „Grüße“ 🗑" }).manifest());
    const name = `a${"b".repeat(39)}`;
    await put(plane, lmd(name).namespace(namespace).manifest());
    await untilReason(plane, namespace, name, "Serving");
  });
});

describe("an approval", () => {
  it("that expires stops new starts and leaves the running pods, when it says KeepRunning", async () => {
    const namespace = await furnishedNamespace(plane);
    const soon = `${new Date(Date.now() + 6000).toISOString().slice(0, 19)}Z`;
    await rawCall(plane, "DELETE", `/apis/hoheit.dev/v1alpha1/namespaces/${namespace}/modelapprovals/mistral-small-text`);
    await put(plane, approval("short").namespace(namespace).expires(soon, "KeepRunning").manifest());
    await put(plane, lmd("assistant").namespace(namespace).manifest());
    await untilReason(plane, namespace, "assistant", "Serving");
    const expired = await untilReason(plane, namespace, "assistant", "ApprovalExpired");
    expect(conditionOf(expired as never, "Available")?.status).toBe("True");
    await put(plane, lmd("assistant").namespace(namespace).replicas(3).manifest());
    await eventually(async () => expect((await deploymentNamed(plane, namespace, "assistant"))?.status?.observedGeneration).toBe(2));
    expect((await child(DEPLOYMENTS, namespace, "assistant"))?.spec?.replicas).toBe(1);
  });

  it("that is deleted stops what runs", async () => {
    const namespace = await furnishedNamespace(plane);
    await put(plane, lmd("assistant").namespace(namespace).manifest());
    await untilReason(plane, namespace, "assistant", "Serving");
    await remove(plane, approval().namespace(namespace).manifest());
    await untilReason(plane, namespace, "assistant", "ApprovalRevoked");
    await eventually(async () => expect(await podsOf(plane, namespace, "assistant")).toHaveLength(0), { timeoutMs: 30_000 });
  });

  it("is needed for other weights, which do not replace the running ones before", async () => {
    const namespace = await furnishedNamespace(plane);
    await put(plane, lmd("assistant").namespace(namespace).manifest());
    await untilReason(plane, namespace, "assistant", "Serving");
    const [before] = await podsOf(plane, namespace, "assistant");
    await put(plane, lm().namespace(namespace).digest(OTHER_DIGEST).manifest());
    await untilReason(plane, namespace, "assistant", "NotApproved");
    expect((await podsOf(plane, namespace, "assistant")).map(({ metadata }) => metadata.uid)).toEqual([before?.metadata.uid]);
    await put(plane, approval("other").namespace(namespace).digest(OTHER_DIGEST).manifest());
    const live = await untilReason(plane, namespace, "assistant", "Serving");
    expect(live.status?.modelDigest).toBe(OTHER_DIGEST);
    expect((await podsOf(plane, namespace, "assistant")).map(({ metadata }) => metadata.uid)).not.toContain(before?.metadata.uid);
  });
});

describe("a child that somebody changes", () => {
  it("is healed when a field is edited, an item is added or it is deleted", async () => {
    const namespace = await furnishedNamespace(plane);
    const ref = { namespace, name: "assistant" };
    await put(plane, lmd("assistant").namespace(namespace).replicas(2).manifest());
    await untilReason(plane, namespace, "assistant", "Serving");
    const policy = await child<NetworkPolicy>(NETWORK_POLICIES, namespace, "assistant");
    await edit(NETWORK_POLICIES, ref, { spec: { egress: [{}] } });
    await eventually(async () => expect((await child<NetworkPolicy>(NETWORK_POLICIES, namespace, "assistant"))?.spec).toEqual(policy?.spec));
    await rawCall(plane, "PATCH", objectPath(DEPLOYMENTS as never, ref), {
      body: { spec: { template: { spec: { containers: [{ name: "spy", image: "registry.example/spy:1" }] } } } }, contentType: "application/strategic-merge-patch+json",
    });
    await eventually(async () => expect((await child<Deployment>(DEPLOYMENTS, namespace, "assistant"))?.spec?.template.spec?.containers.map(({ name }) => name)).toEqual(["vllm"]));
    for (const resource of CHILDREN) {
      const { uid } = (await child(resource, namespace, "assistant"))?.metadata ?? {};
      await rawCall(plane, "DELETE", `${objectPath(resource, { namespace, name: nameOfChild(resource, "assistant") })}?propagationPolicy=Background`);
      await eventually(async () => {
        const again = await child(resource, namespace, "assistant");
        expect(again?.metadata.uid, resource.kind).toBeDefined();
        expect(again?.metadata.uid, resource.kind).not.toBe(uid);
        expect(again?.metadata.deletionTimestamp, resource.kind).toBeUndefined();
      });
    }
    await untilReason(plane, namespace, "assistant", "Serving");
  });
});

describe("deletion", () => {
  it("keeps the policy until the last pod is gone", async () => {
    const namespace = await furnishedNamespace(plane);
    const manifest = lmd("assistant").namespace(namespace).manifest();
    await put(plane, manifest);
    await untilReason(plane, namespace, "assistant", "Serving");
    const [pod] = await podsOf(plane, namespace, "assistant");
    const held = { namespace, name: pod?.metadata.name ?? "" };
    await edit(PODS, held, { metadata: { finalizers: ["test.example/hold"] } });
    await remove(plane, manifest);
    await eventually(async () => expect((await podsOf(plane, namespace, "assistant"))[0]?.metadata.deletionTimestamp).toBeDefined());
    await untilReason(plane, namespace, "assistant", "Draining");
    await consistently(async () => expect(await child(NETWORK_POLICIES, namespace, "assistant")).toBeDefined(), { forMs: 1500 });
    await edit(PODS, held, { metadata: { finalizers: null } });
    await eventually(async () => expect(await deploymentNamed(plane, namespace, "assistant")).toBeUndefined());
    await eventually(async () => {
      for (const resource of CHILDREN) expect((await child(resource, namespace, "assistant"))?.kind).toBeUndefined();
      // The garbage collector looks for new kinds every 30 s.
    }, { timeoutMs: 50_000, everyMs: 500 });
  });

  it("in the foreground does not take the policy before the pods either", async () => {
    const namespace = await furnishedNamespace(plane);
    const manifest = lmd("assistant").namespace(namespace).manifest();
    await put(plane, manifest);
    const live = await untilReason(plane, namespace, "assistant", "Serving");
    const [pod] = await podsOf(plane, namespace, "assistant");
    const held = { namespace, name: pod?.metadata.name ?? "" };
    await edit(PODS, held, { metadata: { finalizers: ["test.example/hold"] } });
    await rawCall(plane, "DELETE", `/apis/hoheit.dev/v1alpha1/namespaces/${namespace}/languagemodeldeployments/${live.metadata.name}?propagationPolicy=Foreground`);
    await eventually(async () => expect((await podsOf(plane, namespace, "assistant"))[0]?.metadata.deletionTimestamp).toBeDefined());
    await consistently(async () => expect(await child(NETWORK_POLICIES, namespace, "assistant")).toBeDefined(), { forMs: 1500 });
    await edit(PODS, held, { metadata: { finalizers: null } });
    await eventually(async () => expect(await deploymentNamed(plane, namespace, "assistant")).toBeUndefined(), { timeoutMs: 30_000 });
  });

  it("of the whole namespace ends, with the policy outliving the pods", async () => {
    const namespace = await furnishedNamespace(plane);
    await put(plane, lmd("assistant").namespace(namespace).manifest());
    await untilReason(plane, namespace, "assistant", "Serving");
    const [pod] = await podsOf(plane, namespace, "assistant");
    const held = { namespace, name: pod?.metadata.name ?? "" };
    await edit(PODS, held, { metadata: { finalizers: ["test.example/hold"] } });
    await rawCall(plane, "DELETE", `/api/v1/namespaces/${namespace}`);
    await eventually(async () => expect((await podsOf(plane, namespace, "assistant"))[0]?.metadata.deletionTimestamp).toBeDefined());
    await consistently(async () => expect(await child(NETWORK_POLICIES, namespace, "assistant")).toBeDefined(), { forMs: 1500 });
    await edit(PODS, held, { metadata: { finalizers: null } });
    const all = (): Promise<{ items: KubeObject[] }> => rawCall(plane, "GET", `/api/v1/namespaces?fieldSelector=metadata.name=${namespace}`);
    await eventually(async () => expect((await all()).items).toHaveLength(0), { timeoutMs: 45_000 });
  });

  it("and creation at once under the same name ends in a new server", async () => {
    const namespace = await furnishedNamespace(plane);
    const manifest = lmd("assistant").namespace(namespace).manifest();
    await put(plane, manifest);
    const first = await untilReason(plane, namespace, "assistant", "Serving");
    await remove(plane, manifest);
    const second = await eventually(() => put(plane, manifest).then((live) => (live.metadata.uid === first.metadata.uid ? false : live)), { timeoutMs: 30_000 });
    const ready = await untilReason(plane, namespace, "assistant", "Serving");
    expect(ready.metadata.uid).toBe(second.metadata.uid);
    const deployment = await child(DEPLOYMENTS, namespace, "assistant");
    expect(deployment?.metadata.ownerReferences?.[0]?.uid).toBe(second.metadata.uid);
  });

  it("waits for someone else's finalizer without holding its own", async () => {
    const namespace = await furnishedNamespace(plane);
    const manifest = lmd("assistant").namespace(namespace).metadata({ finalizers: ["backup.example/wait"] }).manifest();
    await put(plane, manifest);
    await untilReason(plane, namespace, "assistant", "Serving");
    await remove(plane, manifest);
    await eventually(async () => expect((await deploymentNamed(plane, namespace, "assistant"))?.metadata.finalizers).toEqual(["backup.example/wait"]));
    expect(await podsOf(plane, namespace, "assistant")).toHaveLength(0);
    await rawCall(plane, "PATCH", `/apis/hoheit.dev/v1alpha1/namespaces/${namespace}/languagemodeldeployments/assistant`, { body: { metadata: { finalizers: null } }, contentType: "application/merge-patch+json" });
    await eventually(async () => expect(await deploymentNamed(plane, namespace, "assistant")).toBeUndefined());
  });
});

describe("the operator's permissions", () => {
  it("are enough: nothing that it asked for was refused", async () => {
    const entries = await auditLog(plane, { user: OPERATOR });
    // Nobody may create anything in a namespace that is being deleted.
    const forbidden = entries.filter(({ responseStatus }) => responseStatus?.code === 403 && responseStatus.message?.includes("being terminated") !== true).map(({ verb, requestURI }) => `${verb} ${requestURI}`);
    expect(forbidden).toEqual([]);
  });

  it("never touched a Secret", async () => {
    const secrets = (await auditLog(plane, { user: OPERATOR })).filter(({ objectRef }) => objectRef?.resource === "secrets");
    expect(secrets).toEqual([]);
  });
});
