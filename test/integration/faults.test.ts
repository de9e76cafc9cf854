/**
 * Bad days: the API server is away, forgets, refuses or lies; rights are taken away; objects that nobody should be able
 * to write; pods that will not run. The operator says what is wrong, breaks nothing, and goes on when it is over.
 */
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { DEPLOYMENTS, NETWORK_POLICIES, SERVICES, type Resource } from "../../operator/kube/resources.ts";
import { objectPath } from "../../operator/kube/url.ts";
import type { Deployment, KubeObject } from "../../operator/lib/k8s-types.ts";
import { languageModel } from "../../operator/kinds/language-model/schema.ts";
import { consistently, eventually, IDENTITIES, installHoheit, rawCall, type ControlPlane } from "../support/control-plane.ts";
import { containerIs, creations, eventsIn, leads, mergePatch, PATIENT_LEASE, removeDeployments, untilSynced } from "../support/crash-house.ts";
import { fault, FaultProxy, match, type Fault, type Match, type Seen } from "../support/fault-proxy.ts";
import { CHILDREN, conditionOf, deploymentNamed, find, findChild, furnishedNamespace, podsOf, put, remove, startHouse, untilReason } from "../support/house.ts";
import { kstatus } from "../support/kstatus.ts";
import { lmd } from "../support/makers.ts";
import { QUICK_LEASE, startOperator, type RunningOperator } from "../support/operator.ts";

const ONE_OF_EACH = ["configmaps", "cronjobs", "deployments", "networkpolicies", "serviceaccounts", "services"];
const RBAC = "/apis/rbac.authorization.k8s.io/v1";

let plane: ControlPlane;
let running: { operator: RunningOperator; proxy: FaultProxy }[] = [];

beforeAll(async () => {
  plane = await startHouse({ audit: { users: IDENTITIES.map(({ user }) => user) } });
}, 180_000);

afterEach(async () => {
  for (const { proxy } of running) proxy.heal();
  if (running.some(({ operator }) => operator.process.exitCode === null)) await removeDeployments(plane);
  for (const { operator, proxy } of running.splice(0)) {
    await operator[Symbol.asyncDispose]();
    await proxy[Symbol.asyncDispose]();
  }
  await rawCall(plane, "DELETE", "/apis/coordination.k8s.io/v1/namespaces/hoheit-system/leases/hoheit-operator").catch(() => undefined);
}, 60_000);

afterAll(() => plane?.stop());

/**
 * An operator with synced caches and a proxy of its own. Not through it where the API server itself is killed: a
 * listener that is still there tells the operator that a server is in trouble, not that it is away.
 */
async function begin(flags: readonly string[] = PATIENT_LEASE, directly = false): Promise<{ operator: RunningOperator; proxy: FaultProxy; address: string }> {
  const proxy = await FaultProxy.start({ url: plane.url, ca: plane.ca });
  const operator = await startOperator(plane, { flags, ...(!directly && { through: proxy }) });
  running = [...running, { operator, proxy }];
  return { operator, proxy, address: await untilSynced(operator) };
}

const logText = (operator: RunningOperator): string => operator.output.join("\n");
const uidsOf = async (namespace: string, name: string): Promise<unknown[]> => Promise.all(CHILDREN.map(async (resource) => (await findChild(plane, resource, namespace, name))?.metadata.uid));
const writeTo = (namespace: string, plural = ""): Match => ({ isWrite, path }) => isWrite && path.includes(`/namespaces/${namespace}/${plural}`) && !path.endsWith("/events");

async function served(name = "assistant"): Promise<string> {
  const namespace = await furnishedNamespace(plane);
  await put(plane, lmd(name).namespace(namespace).manifest());
  await untilReason(plane, namespace, name, "Serving");
  return namespace;
}

/**
 * As when the machine of the control plane fails: all of it is gone and comes back without a memory of nodes that it did
 * not hear from. The simulated kubelets go with it only where they are away for longer than their leases of 40 s: a new
 * one waits for these, an old one would have to sit out its own back-off.
 */
async function withoutApiServer(meanwhile: () => Promise<void>, howLong: "briefly" | "for long" = "briefly"): Promise<void> {
  const others = [plane.scheduler, plane.controllerManager, ...(howLong === "for long" ? [plane.kwok] : [])];
  for (const component of [...others, plane.apiServer]) await component?.kill("SIGKILL");
  await meanwhile();
  for (const component of [plane.apiServer, ...others]) await component?.start();
}

describe("an API server that is away", () => {
  it("for a minute is waited for by a leader whose lease is longer, and everything is as it was", async () => {
    const { operator, address } = await begin(PATIENT_LEASE, true);
    const namespace = await served();
    const before = await uidsOf(namespace, "assistant");
    await withoutApiServer(() => consistently(async () => {
      expect((await fetch(`${address}/healthz`)).status).toBe(200);
      expect(operator.process.exitCode).toBeNull();
    }, { forMs: 60_000, everyMs: 1000 }), "for long");
    await put(plane, lmd("second").namespace(namespace).manifest());
    await eventually(async () => expect(await find(plane, DEPLOYMENTS, namespace, "second")).toBeDefined(), { timeoutMs: 15_000 });
    await untilReason(plane, namespace, "second", "Serving");
    await untilReason(plane, namespace, "assistant", "Serving");
    expect(await uidsOf(namespace, "assistant")).toEqual(before);
    expect(await creations(plane, namespace)).toEqual([...ONE_OF_EACH, ...ONE_OF_EACH].toSorted());
    expect(operator.process.exitCode).toBeNull();
  }, 150_000);

  it("for longer than a lease ends the leader, and the standby goes on", async () => {
    const first = await begin(QUICK_LEASE, true);
    await eventually(() => leads(first.operator));
    const standby = await begin(QUICK_LEASE, true);
    const namespace = await served();
    const before = await uidsOf(namespace, "assistant");
    await withoutApiServer(async () => {
      expect(await first.operator.ended).toBe(1);
      expect((await fetch(`${standby.address}/healthz`)).status).toBe(200);
    });
    expect(logText(first.operator)).toContain("leadership is lost");
    await put(plane, lmd("second").namespace(namespace).manifest());
    await untilReason(plane, namespace, "second", "Serving");
    expect(leads(standby.operator)).toBe(true);
    expect(await uidsOf(namespace, "assistant")).toEqual(before);
    expect(await creations(plane, namespace)).toEqual([...ONE_OF_EACH, ...ONE_OF_EACH].toSorted());
  }, 120_000);

  it("and has forgotten what happened since (410) is read anew: what was changed and deleted meanwhile is noticed", async () => {
    const { proxy, address } = await begin();
    const namespace = await served();
    proxy.blackhole();
    proxy.dropConnections();
    await put(plane, lmd("assistant").namespace(namespace).args("--max-num-seqs=8").manifest());
    await rawCall(plane, "DELETE", objectPath(SERVICES as unknown as Resource, { namespace, name: "assistant" }));
    await withoutApiServer(() => plane.compact());
    proxy.heal();
    proxy.dropConnections();
    await eventually(async () => expect(await find(plane, SERVICES, namespace, "assistant")).toBeDefined(), { timeoutMs: 45_000 });
    const live = await eventually(async () => {
      const one = await untilReason(plane, namespace, "assistant", "Serving");
      return one.status?.observedGeneration === 2 && one;
    }, { timeoutMs: 45_000 });
    expect(live.metadata.generation).toBe(2);
    expect(await (await fetch(`${address}/metrics`)).text()).toMatch(/watch_restarts_total\{[^}]*reason="gone"[^}]*\} [1-9]/);
    expect(await creations(plane, namespace)).toEqual([...ONE_OF_EACH, "services"].toSorted());
  }, 120_000);
});

describe("an API server that answers badly for a while", () => {
  it.each<[string, Fault, number]>([
    ["429 with Retry-After", fault.status(429, 1), 4],
    ["500", fault.status(500), 8],
    ["503 with Retry-After", fault.status(503, 1), 4],
    ["truncated JSON", fault.truncate(40), 8],
    ["refused streams", fault.refuse(), 8],
    ["lost answers", fault.loseAnswer(), 8],
  ])("by %s to writes is tried again until it does not, and nothing is made twice", async (name, bad, times) => {
    const { operator, proxy } = await begin();
    const namespace = await furnishedNamespace(plane);
    const rule = proxy.when(writeTo(namespace), bad, { times });
    await put(plane, lmd("assistant").namespace(namespace).manifest());
    await untilReason(plane, namespace, "assistant", "Serving");
    expect(rule.hits).toBe(times);
    const made = await creations(plane, namespace);
    // The audit log may lack the code of an answer that the proxy withheld; then no child may be in it twice.
    expect(made).toEqual(name === "lost answers" ? [...new Set(made)] : ONE_OF_EACH);
    const there = await Promise.all(CHILDREN.map(async (resource) => ((await findChild(plane, resource, namespace, "assistant")) === undefined ? [] : [resource.plural])));
    expect(there.flat().toSorted()).toEqual(ONE_OF_EACH);
    expect(operator.process.exitCode).toBeNull();
  });

  it.each<[string, Fault]>([["500", fault.status(500)], ["429 with Retry-After", fault.status(429, 1)], ["truncated JSON", fault.truncate(20)], ["410", fault.goneEvent()]])("by %s to watches catches up", async (_name, bad) => {
    const { operator, proxy } = await begin();
    const namespace = await furnishedNamespace(plane);
    const rule = proxy.when(match.watch, bad, { times: 24 });
    proxy.endWatches();
    await put(plane, lmd("assistant").namespace(namespace).manifest());
    await untilReason(plane, namespace, "assistant", "Serving");
    expect(rule.hits).toBeGreaterThan(0);
    expect(await creations(plane, namespace)).toEqual(ONE_OF_EACH);
    expect(operator.process.exitCode).toBeNull();
  });
});

describe("watches that are late", () => {
  it("make nothing twice: what was just written is known from the answer", async () => {
    const { proxy } = await begin();
    const namespace = await furnishedNamespace(plane);
    await eventually(async () => expect(conditionOf((await find(plane, languageModel.resource as unknown as Resource, namespace, "mistral-small")) as never, "Ready")?.status).toBe("True"));
    const blind = proxy.when((request) => request.isWatch && !request.path.includes("hoheit.dev"), fault.status(500));
    proxy.endWatches();
    await eventually(() => blind.hits >= CHILDREN.length);
    const applied = (status: number): Seen[] => proxy.requests.filter((request) => writeTo(namespace, "deployments")(request) && request.status === status);
    await put(plane, lmd("assistant").namespace(namespace).manifest());
    await eventually(() => applied(201).length === 1);
    await put(plane, lmd("assistant").namespace(namespace).args("--max-num-seqs=8").manifest());
    await eventually(() => applied(200).length === 1);
    const astray = proxy.requests.filter(({ path, isWatch, isWrite, status }) => path.includes(`/namespaces/${namespace}/`) && !path.includes("hoheit.dev") && !isWatch && (!isWrite || status === 409));
    expect(astray.map(({ method, path, status }) => `${method} ${path} ${status}`)).toEqual([]);
    expect(await creations(plane, namespace)).toEqual(ONE_OF_EACH);
    blind.remove();
    await eventually(() => untilReason(plane, namespace, "assistant", "Serving"), { timeoutMs: 60_000 });
  }, 120_000);
});

describe("a watch of deployments that is late", () => {
  it("makes no status write fail: what was just written is known from the answer", async () => {
    const { proxy } = await begin();
    const namespace = await served();
    const blind = proxy.when((request) => request.isWatch && request.path.endsWith("/languagemodeldeployments"), fault.status(500));
    proxy.endWatches();
    await eventually(() => blind.hits > 0);
    const [pod] = await podsOf(plane, namespace, "assistant");
    await containerIs(plane, pod as KubeObject, { lastState: { terminated: { exitCode: 17, reason: "Error" } } });
    await untilReason(plane, namespace, "assistant", "Crashing");
    await containerIs(plane, pod as KubeObject, { lastState: { terminated: { exitCode: 137, reason: "OOMKilled" } } });
    await untilReason(plane, namespace, "assistant", "OutOfMemory");
    expect(proxy.requests.filter(({ isWrite, status }) => isWrite && status === 409).map(({ method, path }) => `${method} ${path}`)).toEqual([]);
  });
});

describe("a view that is stale", () => {
  it("never deletes what somebody else made in the place of a child", async () => {
    const { proxy } = await begin();
    const namespace = await served();
    const at = objectPath(DEPLOYMENTS, { namespace, name: "assistant" });
    const blind = proxy.when((request) => request.isWatch && request.path.endsWith("/deployments"), fault.status(500));
    proxy.endWatches();
    await eventually(() => blind.hits > 0);
    await rawCall(plane, "DELETE", `${at}?propagationPolicy=Background`);
    const labels = { mine: "yes" };
    const theirs = await eventually(() => rawCall<KubeObject>(plane, "POST", `/apis/apps/v1/namespaces/${namespace}/deployments`, {
      body: {
        apiVersion: "apps/v1", kind: "Deployment", metadata: { name: "assistant" },
        spec: { replicas: 0, selector: { matchLabels: labels }, template: { metadata: { labels }, spec: { containers: [{ name: "a", image: "registry.example/a" }] } } },
      },
    }));
    await remove(plane, lmd("assistant").namespace(namespace).manifest());
    await eventually(() => proxy.requests.some(({ method, path, status }) => method === "DELETE" && path === at && status !== undefined));
    blind.remove();
    await eventually(async () => expect(await deploymentNamed(plane, namespace, "assistant")).toBeUndefined(), { timeoutMs: 60_000 });
    expect((await find(plane, DEPLOYMENTS, namespace, "assistant"))?.metadata.uid).toBe(theirs.metadata.uid);
  }, 120_000);
});

describe("a leader that was stopped for longer than its lease", () => {
  it("writes nothing when it wakes up, and ends", async () => {
    const first = await begin(QUICK_LEASE);
    await eventually(() => leads(first.operator));
    const standby = await begin(QUICK_LEASE);
    const namespace = await served();
    first.operator.kill("SIGSTOP");
    await eventually(() => leads(standby.operator), { timeoutMs: 20_000 });
    await put(plane, lmd("assistant").namespace(namespace).args("--max-num-seqs=8").manifest());
    await put(plane, lmd("second").namespace(namespace).manifest());
    await untilReason(plane, namespace, "second", "Serving");
    const before = first.proxy.requests.length;
    first.operator.kill("SIGCONT");
    expect(await first.operator.ended).toBe(1);
    expect(first.proxy.requests.slice(before).filter(({ isWrite }) => isWrite).map(({ method, path }) => `${method} ${path}`)).toEqual([]);
    expect(await creations(plane, namespace)).toEqual([...ONE_OF_EACH, ...ONE_OF_EACH].toSorted());
  });
});

describe("rights that are taken away", () => {
  it("altogether are told by the log, and all is well when they are back", async () => {
    const { operator } = await begin();
    const namespace = await furnishedNamespace(plane);
    await eventually(() => leads(operator));
    const binding = `${RBAC}/clusterrolebindings/hoheit-operator`;
    await rawCall(plane, "DELETE", binding);
    await put(plane, lmd("assistant").namespace(namespace).manifest());
    await eventually(() => expect(logText(operator)).toMatch(/reconcile failed.*forbidden|forbidden.*reconcile failed/i));
    expect(operator.process.exitCode).toBeNull();
    await installHoheit(plane);
    await eventually(() => untilReason(plane, namespace, "assistant", "Serving"), { timeoutMs: 60_000 });
    expect(await creations(plane, namespace)).toEqual(ONE_OF_EACH);
  }, 90_000);

  it("for one kind of child are told by the condition in the API server's words", async () => {
    await begin();
    const role = await rawCall<{ rules: { resources: string[] }[] }>(plane, "GET", `${RBAC}/clusterroles/hoheit-operator`);
    await mergePatch(plane, `${RBAC}/clusterroles/hoheit-operator`, { rules: role.rules.filter(({ resources }) => !resources.includes("deployments")) });
    const namespace = await furnishedNamespace(plane);
    await put(plane, lmd("assistant").namespace(namespace).manifest());
    const refused = await untilReason(plane, namespace, "assistant", "ApplyFailed");
    expect(conditionOf(refused as never, "Ready")?.message).toMatch(/deployments\.apps "assistant" is forbidden/);
    await mergePatch(plane, `${RBAC}/clusterroles/hoheit-operator`, { rules: role.rules });
    await eventually(() => untilReason(plane, namespace, "assistant", "Serving"), { timeoutMs: 90_000 });
  }, 120_000);
});

describe("a resource that the CRD should not have let in", () => {
  it("is said to be invalid, stops nobody else, and is served when it is corrected", async () => {
    const { operator } = await begin();
    const crd = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions/languagemodeldeployments.hoheit.dev";
    const field = "/spec/versions/0/schema/openAPIV3Schema/properties/spec/properties/contextLength";
    const schemaOf = async (): Promise<unknown> => {
      const live = await rawCall<{ spec: { versions: { schema: { openAPIV3Schema: { properties: { spec: { properties: { contextLength: unknown } } } } } }[] } }>(plane, "GET", crd);
      return live.spec.versions[0]?.schema.openAPIV3Schema.properties.spec.properties.contextLength;
    };
    const replaceWith = (value: unknown): Promise<unknown> => rawCall(plane, "PATCH", crd, { body: [{ op: "replace", path: field, value }], contentType: "application/json-patch+json" });
    const strict = await schemaOf();
    const namespace = await furnishedNamespace(plane);
    await replaceWith({ description: "loosened", "x-kubernetes-int-or-string": true });
    try {
      const broken = lmd("broken").namespace(namespace).spec({ contextLength: "many" }).manifest();
      await eventually(() => put(plane, broken), { timeoutMs: 30_000 });
      const live = await untilReason(plane, namespace, "broken", "InvalidSpec");
      expect(conditionOf(live as never, "Ready")?.message).toContain("spec.contextLength");
      expect(conditionOf(live as never, "Stalled")?.status).toBe("True");
      expect(kstatus(live)).toBe("Failed");
      await put(plane, lmd("assistant").namespace(namespace).manifest());
      await untilReason(plane, namespace, "assistant", "Serving");
      expect(await find(plane, DEPLOYMENTS, namespace, "broken")).toBeUndefined();
      await put(plane, lmd("broken").namespace(namespace).manifest());
      await untilReason(plane, namespace, "broken", "Serving");
      // An object that became invalid while it runs can still be deleted, and its pods go first.
      await put(plane, broken);
      await untilReason(plane, namespace, "broken", "InvalidSpec");
      expect(await find(plane, NETWORK_POLICIES, namespace, "broken")).toBeDefined();
      await remove(plane, broken);
      await eventually(async () => expect(await deploymentNamed(plane, namespace, "broken")).toBeUndefined(), { timeoutMs: 30_000 });
      expect(await podsOf(plane, namespace, "broken")).toEqual([]);
    } finally {
      await replaceWith(strict);
    }
    expect(operator.process.exitCode).toBeNull();
  }, 120_000);
});

describe("a deployment deleted while it is being made", () => {
  it("before the operator could hold it leaves nothing behind", async () => {
    const { proxy } = await begin();
    const namespace = await furnishedNamespace(plane);
    const manifest = lmd("assistant").namespace(namespace).manifest();
    const hold: Match = ({ isWrite, path }) => isWrite && path.endsWith(`/namespaces/${namespace}/languagemodeldeployments/assistant`);
    const rule = proxy.when(hold, fault.delay(1000), { times: 1 });
    await put(plane, manifest);
    await eventually(() => rule.hits === 1);
    await remove(plane, manifest);
    await eventually(() => proxy.requests.some((request) => hold(request) && request.status !== undefined));
    await consistently(async () => {
      for (const resource of CHILDREN) expect(await findChild(plane, resource, namespace, "assistant"), resource.kind).toBeUndefined();
    }, { forMs: 1500, everyMs: 250 });
    expect(await creations(plane, namespace)).toEqual([]);
  });

  it("and made again at once is served by children of its own", async () => {
    const { proxy } = await begin();
    const namespace = await furnishedNamespace(plane);
    const manifest = lmd("assistant").namespace(namespace).manifest();
    const rule = proxy.when(writeTo(namespace, "deployments"), fault.delay(1500), { times: 1 });
    const first = await put(plane, manifest);
    await eventually(() => rule.hits === 1);
    await remove(plane, manifest);
    const second = await eventually(() => put(plane, manifest).then((live) => live.metadata.uid !== first.metadata.uid && live), { timeoutMs: 45_000 });
    await eventually(async () => expect((await untilReason(plane, namespace, "assistant", "Serving")).metadata.uid).toBe(second.metadata.uid), { timeoutMs: 45_000 });
    for (const resource of CHILDREN) {
      const owners = (await findChild(plane, resource, namespace, "assistant"))?.metadata.ownerReferences?.map(({ uid }) => uid);
      if (owners !== undefined) expect(owners, resource.kind).toEqual([second.metadata.uid]);
    }
    expect(await creations(plane, namespace)).toEqual([...ONE_OF_EACH, ...ONE_OF_EACH].toSorted());
  }, 120_000);
});

describe("pods that will not run", () => {
  it("because a quota forbids them are waited for in the words of the quota", async () => {
    await begin();
    const namespace = await furnishedNamespace(plane);
    const quotas = `/api/v1/namespaces/${namespace}/resourcequotas`;
    await rawCall(plane, "POST", quotas, { body: { apiVersion: "v1", kind: "ResourceQuota", metadata: { name: "none" }, spec: { hard: { pods: "0" } } } });
    await eventually(async () => expect(await rawCall(plane, "GET", `${quotas}/none`)).toMatchObject({ status: { hard: { pods: "0" } } }));
    await put(plane, lmd("assistant").namespace(namespace).manifest());
    const live = await untilReason(plane, namespace, "assistant", "PodsRefused");
    expect(live.status?.waitingFor).toMatch(/is forbidden: exceeded quota: none, requested: pods=1, used: pods=0, limited: pods=0/);
    expect(kstatus(live)).toBe("InProgress");
    await rawCall(plane, "DELETE", `${quotas}/none`);
    await eventually(() => untilReason(plane, namespace, "assistant", "Serving"), { timeoutMs: 60_000 });
  }, 120_000);

  it.each<[string, string, RegExp, object]>([
    ["cannot be pulled", "ImagePullFailed", /^pod assistant-\S+: ErrImagePull: manifest unknown$/, { state: { waiting: { reason: "ImagePullBackOff", message: 'Back-off pulling image "registry.example/vllm": ErrImagePull: manifest unknown' } } }],
    ["lacks its volume", "ContainerNotCreated", /CreateContainerConfigError: secret "x" not found/, { state: { waiting: { reason: "CreateContainerConfigError", message: 'secret "x" not found' } } }],
    ["crashes", "Crashing", /container vllm exited with code 17 and is restarted; kubectl logs shows why/, {
      restartCount: 4, state: { waiting: { reason: "CrashLoopBackOff", message: "back-off 40s restarting failed container" } }, lastState: { terminated: { exitCode: 17, reason: "Error", message: "prompt: what the user wrote" } },
    }],
    ["takes too much memory", "OutOfMemory", /raise spec\.resources\.memory or lower spec\.contextLength/, { restartCount: 1, state: { waiting: { reason: "CrashLoopBackOff" } }, lastState: { terminated: { exitCode: 137, reason: "OOMKilled" } } }],
  ])("because the container %s are waited for with %s", async (_name, reason, words, container) => {
    await begin();
    const namespace = await served();
    const [pod] = await podsOf(plane, namespace, "assistant");
    await containerIs(plane, pod as KubeObject, container);
    const live = await untilReason(plane, namespace, "assistant", reason);
    expect(live.status?.waitingFor).toMatch(words);
    expect(JSON.stringify(live)).not.toContain("what the user wrote");
    expect(conditionOf(live as never, "Available")?.status).toBe("False");
    await eventually(async () => expect((await eventsIn(plane, namespace)).some((event) => event.startsWith(`${reason}: `))).toBe(true));
    expect((await find<Deployment>(plane, DEPLOYMENTS, namespace, "assistant"))?.spec?.replicas).toBe(1);
  });
});
