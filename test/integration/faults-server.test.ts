/** Bad days of the API server: it is away, forgets, refuses or lies. The operator breaks nothing, and goes on when it is over. */
import { describe, expect, it } from "vitest";
import { DEPLOYMENTS, SERVICES, type Resource } from "../../operator/kube/resources.ts";
import { objectPath } from "../../operator/kube/url.ts";
import type { KubeObject } from "../../operator/lib/k8s-types.ts";
import { languageModel } from "../../operator/kinds/language-model/schema.ts";
import { consistently, eventually, rawCall } from "../support/control-plane.ts";
import { containerIs, creations, leads, PATIENT_LEASE } from "../support/crash-house.ts";
import { logText, ONE_OF_EACH, useFaultHouse, writeTo } from "../support/fault-house.ts";
import { fault, match, type Fault, type Seen } from "../support/fault-proxy.ts";
import { CHILDREN, conditionOf, deploymentNamed, find, findChild, furnishedNamespace, podsOf, put, remove, untilReason } from "../support/house.ts";
import { lmd } from "../support/makers.ts";
import { QUICK_LEASE } from "../support/operator.ts";

const house = useFaultHouse();

const uidsOf = async (namespace: string, name: string): Promise<unknown[]> => Promise.all(CHILDREN.map(async (resource) => (await findChild(house.plane, resource, namespace, name))?.metadata.uid));

/**
 * As when the machine of the control plane fails: all of it is gone and comes back without a memory of nodes that it did
 * not hear from. The simulated kubelets go with it only where they are away for longer than their leases of 40 s: a new
 * one waits for these, an old one would have to sit out its own back-off.
 */
async function withoutApiServer(meanwhile: () => Promise<void>, howLong: "briefly" | "for long" = "briefly"): Promise<void> {
  const others = [house.plane.scheduler, house.plane.controllerManager, ...(howLong === "for long" ? [house.plane.kwok] : [])];
  for (const component of [...others, house.plane.apiServer]) await component?.kill("SIGKILL");
  await meanwhile();
  for (const component of [house.plane.apiServer, ...others]) await component?.start();
}

describe("an API server that is away", () => {
  it("for a minute is waited for by a leader whose lease is longer, and everything is as it was", async () => {
    const { operator, address } = await house.begin(PATIENT_LEASE, true);
    const namespace = await house.served();
    const before = await uidsOf(namespace, "assistant");
    await withoutApiServer(() => consistently(async () => {
      expect((await fetch(`${address}/healthz`)).status).toBe(200);
      expect(operator.process.exitCode).toBeNull();
    }, { forMs: 60_000, everyMs: 1000 }), "for long");
    await put(house.plane, lmd("second").namespace(namespace).manifest());
    await eventually(async () => expect(await find(house.plane, DEPLOYMENTS, namespace, "second")).toBeDefined(), { timeoutMs: 15_000 });
    await untilReason(house.plane, namespace, "second", "Serving");
    await untilReason(house.plane, namespace, "assistant", "Serving");
    expect(await uidsOf(namespace, "assistant")).toEqual(before);
    expect(await creations(house.plane, namespace)).toEqual([...ONE_OF_EACH, ...ONE_OF_EACH].toSorted());
    expect(operator.process.exitCode).toBeNull();
  }, 150_000);

  it("for longer than a lease ends the leader, and the standby goes on", async () => {
    const first = await house.begin(QUICK_LEASE, true);
    await eventually(() => leads(first.operator));
    const standby = await house.begin(QUICK_LEASE, true);
    const namespace = await house.served();
    const before = await uidsOf(namespace, "assistant");
    await withoutApiServer(async () => {
      expect(await first.operator.ended).toBe(1);
      expect((await fetch(`${standby.address}/healthz`)).status).toBe(200);
    });
    expect(logText(first.operator)).toContain("leadership is lost");
    await put(house.plane, lmd("second").namespace(namespace).manifest());
    await untilReason(house.plane, namespace, "second", "Serving");
    expect(leads(standby.operator)).toBe(true);
    expect(await uidsOf(namespace, "assistant")).toEqual(before);
    expect(await creations(house.plane, namespace)).toEqual([...ONE_OF_EACH, ...ONE_OF_EACH].toSorted());
  }, 120_000);

  it("and has forgotten what happened since (410) is read anew: what was changed and deleted meanwhile is noticed", async () => {
    const { proxy, address } = await house.begin();
    const namespace = await house.served();
    proxy.blackhole();
    proxy.dropConnections();
    await put(house.plane, lmd("assistant").namespace(namespace).args("--max-num-seqs=8").manifest());
    await rawCall(house.plane, "DELETE", objectPath(SERVICES as unknown as Resource, { namespace, name: "assistant" }));
    await withoutApiServer(() => house.plane.compact());
    proxy.heal();
    proxy.dropConnections();
    await eventually(async () => expect(await find(house.plane, SERVICES, namespace, "assistant")).toBeDefined(), { timeoutMs: 45_000 });
    const live = await eventually(async () => {
      const one = await untilReason(house.plane, namespace, "assistant", "Serving");
      return one.status?.observedGeneration === 2 && one;
    }, { timeoutMs: 45_000 });
    expect(live.metadata.generation).toBe(2);
    expect(await (await fetch(`${address}/metrics`)).text()).toMatch(/watch_restarts_total\{[^}]*reason="gone"[^}]*\} [1-9]/);
    expect(await creations(house.plane, namespace)).toEqual([...ONE_OF_EACH, "services"].toSorted());
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
    const { operator, proxy } = await house.begin();
    const namespace = await furnishedNamespace(house.plane);
    const rule = proxy.when(writeTo(namespace), bad, { times });
    await put(house.plane, lmd("assistant").namespace(namespace).manifest());
    await untilReason(house.plane, namespace, "assistant", "Serving");
    expect(rule.hits).toBe(times);
    const made = await creations(house.plane, namespace);
    // The audit log may lack the code of an answer that the proxy withheld; then no child may be in it twice.
    expect(made).toEqual(name === "lost answers" ? [...new Set(made)] : ONE_OF_EACH);
    const there = await Promise.all(CHILDREN.map(async (resource) => ((await findChild(house.plane, resource, namespace, "assistant")) === undefined ? [] : [resource.plural])));
    expect(there.flat().toSorted()).toEqual(ONE_OF_EACH);
    expect(operator.process.exitCode).toBeNull();
  });

  it.each<[string, Fault]>([["500", fault.status(500)], ["429 with Retry-After", fault.status(429, 1)], ["truncated JSON", fault.truncate(20)], ["410", fault.goneEvent()]])("by %s to watches catches up", async (_name, bad) => {
    const { operator, proxy } = await house.begin();
    const namespace = await furnishedNamespace(house.plane);
    const rule = proxy.when(match.watch, bad, { times: 24 });
    proxy.endWatches();
    await put(house.plane, lmd("assistant").namespace(namespace).manifest());
    await untilReason(house.plane, namespace, "assistant", "Serving");
    expect(rule.hits).toBeGreaterThan(0);
    expect(await creations(house.plane, namespace)).toEqual(ONE_OF_EACH);
    expect(operator.process.exitCode).toBeNull();
  });
});

describe("watches that are late", () => {
  it("make nothing twice: what was just written is known from the answer", async () => {
    const { proxy } = await house.begin();
    const namespace = await furnishedNamespace(house.plane);
    await eventually(async () => expect(conditionOf((await find(house.plane, languageModel.resource as unknown as Resource, namespace, "mistral-small")) as never, "Ready")?.status).toBe("True"));
    const blind = proxy.when((request) => request.isWatch && !request.path.includes("hoheit.dev"), fault.status(500));
    proxy.endWatches();
    await eventually(() => blind.hits >= CHILDREN.length);
    const applied = (status: number): Seen[] => proxy.requests.filter((request) => writeTo(namespace, "deployments")(request) && request.status === status);
    await put(house.plane, lmd("assistant").namespace(namespace).manifest());
    await eventually(() => applied(201).length === 1);
    await put(house.plane, lmd("assistant").namespace(namespace).args("--max-num-seqs=8").manifest());
    await eventually(() => applied(200).length === 1);
    const astray = proxy.requests.filter(({ path, isWatch, isWrite, status }) => path.includes(`/namespaces/${namespace}/`) && !path.includes("hoheit.dev") && !isWatch && (!isWrite || status === 409));
    expect(astray.map(({ method, path, status }) => `${method} ${path} ${status}`)).toEqual([]);
    expect(await creations(house.plane, namespace)).toEqual(ONE_OF_EACH);
    blind.remove();
    await eventually(() => untilReason(house.plane, namespace, "assistant", "Serving"), { timeoutMs: 60_000 });
  }, 120_000);
});

describe("a watch of deployments that is late", () => {
  it("makes no status write fail: what was just written is known from the answer", async () => {
    const { proxy } = await house.begin();
    const namespace = await house.served();
    const blind = proxy.when((request) => request.isWatch && request.path.endsWith("/languagemodeldeployments"), fault.status(500));
    proxy.endWatches();
    await eventually(() => blind.hits > 0);
    const [pod] = await podsOf(house.plane, namespace, "assistant");
    await containerIs(house.plane, pod as KubeObject, { lastState: { terminated: { exitCode: 17, reason: "Error" } } });
    await untilReason(house.plane, namespace, "assistant", "Crashing");
    await containerIs(house.plane, pod as KubeObject, { lastState: { terminated: { exitCode: 137, reason: "OOMKilled" } } });
    await untilReason(house.plane, namespace, "assistant", "OutOfMemory");
    expect(proxy.requests.filter(({ isWrite, status }) => isWrite && status === 409).map(({ method, path }) => `${method} ${path}`)).toEqual([]);
  });
});

describe("a view that is stale", () => {
  it("never deletes what somebody else made in the place of a child", async () => {
    const { proxy } = await house.begin();
    const namespace = await house.served();
    const at = objectPath(DEPLOYMENTS, { namespace, name: "assistant" });
    const blind = proxy.when((request) => request.isWatch && request.path.endsWith("/deployments"), fault.status(500));
    proxy.endWatches();
    await eventually(() => blind.hits > 0);
    await rawCall(house.plane, "DELETE", `${at}?propagationPolicy=Background`);
    const labels = { mine: "yes" };
    const theirs = await eventually(() => rawCall<KubeObject>(house.plane, "POST", `/apis/apps/v1/namespaces/${namespace}/deployments`, {
      body: {
        apiVersion: "apps/v1", kind: "Deployment", metadata: { name: "assistant" },
        spec: { replicas: 0, selector: { matchLabels: labels }, template: { metadata: { labels }, spec: { containers: [{ name: "a", image: "registry.example/a" }] } } },
      },
    }));
    await remove(house.plane, lmd("assistant").namespace(namespace).manifest());
    await eventually(() => proxy.requests.some(({ method, path, status }) => method === "DELETE" && path === at && status !== undefined));
    blind.remove();
    await eventually(async () => expect(await deploymentNamed(house.plane, namespace, "assistant")).toBeUndefined(), { timeoutMs: 60_000 });
    expect((await find(house.plane, DEPLOYMENTS, namespace, "assistant"))?.metadata.uid).toBe(theirs.metadata.uid);
  }, 120_000);
});

describe("a leader that was stopped for longer than its lease", () => {
  it("writes nothing when it wakes up, and ends", async () => {
    const first = await house.begin(QUICK_LEASE);
    await eventually(() => leads(first.operator));
    const standby = await house.begin(QUICK_LEASE);
    const namespace = await house.served();
    // A write that a process has handed to its connection goes out when it wakes: so it is stopped when it has nothing to say.
    const told = () => first.proxy.requests.filter(({ isWrite, path }) => isWrite && path.includes(`/namespaces/${namespace}/`));
    await eventually(() => told().some(({ path }) => path.endsWith("/events")) && told().every(({ status }) => status !== undefined));
    first.operator.kill("SIGSTOP");
    await eventually(() => leads(standby.operator), { timeoutMs: 20_000 });
    await put(house.plane, lmd("assistant").namespace(namespace).args("--max-num-seqs=8").manifest());
    await put(house.plane, lmd("second").namespace(namespace).manifest());
    await untilReason(house.plane, namespace, "second", "Serving");
    const before = first.proxy.requests.length;
    first.operator.kill("SIGCONT");
    expect(await first.operator.ended).toBe(1);
    expect(first.proxy.requests.slice(before).filter(({ isWrite }) => isWrite).map(({ method, path }) => `${method} ${path}`)).toEqual([]);
    expect(await creations(house.plane, namespace)).toEqual([...ONE_OF_EACH, ...ONE_OF_EACH].toSorted());
  });
});
