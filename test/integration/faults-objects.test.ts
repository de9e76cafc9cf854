/**
 * Bad days of objects: rights are taken away; what nobody should be able to write; what is deleted while it is made; pods
 * that will not run. The operator says what is wrong, harms nobody else, and goes on when it is mended.
 */
import { describe, expect, it } from "vitest";
import { DEPLOYMENTS, NETWORK_POLICIES } from "../../operator/kube/resources.ts";
import type { Deployment, KubeObject } from "../../operator/lib/k8s-types.ts";
import { consistently, eventually, installHoheit, rawCall } from "../support/control-plane.ts";
import { containerIs, creations, eventsIn, leads, mergePatch } from "../support/crash-house.ts";
import { logText, ONE_OF_EACH, useFaultHouse, writeTo } from "../support/fault-house.ts";
import { fault, type Match } from "../support/fault-proxy.ts";
import { CHILDREN, conditionOf, deploymentNamed, find, findChild, furnishedNamespace, podsOf, put, remove, untilReason } from "../support/house.ts";
import { kstatus } from "../support/kstatus.ts";
import { lmd } from "../support/makers.ts";

const RBAC = "/apis/rbac.authorization.k8s.io/v1";

const house = useFaultHouse();

describe("rights that are taken away", () => {
  it("altogether are told by the log, and all is well when they are back", async () => {
    const { operator } = await house.begin();
    const namespace = await furnishedNamespace(house.plane);
    await eventually(() => leads(operator));
    const binding = `${RBAC}/clusterrolebindings/hoheit-operator`;
    await rawCall(house.plane, "DELETE", binding);
    await put(house.plane, lmd("assistant").namespace(namespace).manifest());
    await eventually(() => expect(logText(operator)).toMatch(/reconcile failed.*forbidden|forbidden.*reconcile failed/i));
    expect(operator.process.exitCode).toBeNull();
    await installHoheit(house.plane);
    await eventually(() => untilReason(house.plane, namespace, "assistant", "Serving"), { timeoutMs: 60_000 });
    expect(await creations(house.plane, namespace)).toEqual(ONE_OF_EACH);
  }, 90_000);

  it("for one kind of child are told by the condition in the API server's words", async () => {
    await house.begin();
    const role = await rawCall<{ rules: { resources: string[] }[] }>(house.plane, "GET", `${RBAC}/clusterroles/hoheit-operator`);
    await mergePatch(house.plane, `${RBAC}/clusterroles/hoheit-operator`, { rules: role.rules.filter(({ resources }) => !resources.includes("deployments")) });
    const namespace = await furnishedNamespace(house.plane);
    await put(house.plane, lmd("assistant").namespace(namespace).manifest());
    const refused = await untilReason(house.plane, namespace, "assistant", "ApplyFailed");
    expect(conditionOf(refused as never, "Ready")?.message).toMatch(/deployments\.apps "assistant" is forbidden/);
    await mergePatch(house.plane, `${RBAC}/clusterroles/hoheit-operator`, { rules: role.rules });
    await eventually(() => untilReason(house.plane, namespace, "assistant", "Serving"), { timeoutMs: 90_000 });
  }, 120_000);
});

describe("a resource that the CRD should not have let in", () => {
  it("is said to be invalid, stops nobody else, and is served when it is corrected", async () => {
    const { operator } = await house.begin();
    const crd = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions/languagemodeldeployments.hoheit.dev";
    const field = "/spec/versions/0/schema/openAPIV3Schema/properties/spec/properties/contextLength";
    const schemaOf = async (): Promise<unknown> => {
      const live = await rawCall<{ spec: { versions: { schema: { openAPIV3Schema: { properties: { spec: { properties: { contextLength: unknown } } } } } }[] } }>(house.plane, "GET", crd);
      return live.spec.versions[0]?.schema.openAPIV3Schema.properties.spec.properties.contextLength;
    };
    const replaceWith = (value: unknown): Promise<unknown> => rawCall(house.plane, "PATCH", crd, { body: [{ op: "replace", path: field, value }], contentType: "application/json-patch+json" });
    const strict = await schemaOf();
    const namespace = await furnishedNamespace(house.plane);
    await replaceWith({ description: "loosened", "x-kubernetes-int-or-string": true });
    try {
      const broken = lmd("broken").namespace(namespace).spec({ contextLength: "many" }).manifest();
      await eventually(() => put(house.plane, broken), { timeoutMs: 30_000 });
      const live = await untilReason(house.plane, namespace, "broken", "InvalidSpec");
      expect(conditionOf(live as never, "Ready")?.message).toContain("spec.contextLength");
      expect(conditionOf(live as never, "Stalled")?.status).toBe("True");
      expect(kstatus(live)).toBe("Failed");
      await put(house.plane, lmd("assistant").namespace(namespace).manifest());
      await untilReason(house.plane, namespace, "assistant", "Serving");
      expect(await find(house.plane, DEPLOYMENTS, namespace, "broken")).toBeUndefined();
      await put(house.plane, lmd("broken").namespace(namespace).manifest());
      await untilReason(house.plane, namespace, "broken", "Serving");
      // An object that became invalid while it runs can still be deleted, and its pods go first.
      await put(house.plane, broken);
      await untilReason(house.plane, namespace, "broken", "InvalidSpec");
      expect(await find(house.plane, NETWORK_POLICIES, namespace, "broken")).toBeDefined();
      await remove(house.plane, broken);
      await eventually(async () => expect(await deploymentNamed(house.plane, namespace, "broken")).toBeUndefined(), { timeoutMs: 30_000 });
      expect(await podsOf(house.plane, namespace, "broken")).toEqual([]);
    } finally {
      await replaceWith(strict);
    }
    expect(operator.process.exitCode).toBeNull();
  }, 120_000);
});

describe("a deployment deleted while it is being made", () => {
  it("before the operator could hold it leaves nothing behind", async () => {
    const { proxy } = await house.begin();
    const namespace = await furnishedNamespace(house.plane);
    const manifest = lmd("assistant").namespace(namespace).manifest();
    const hold: Match = ({ isWrite, path }) => isWrite && path.endsWith(`/namespaces/${namespace}/languagemodeldeployments/assistant`);
    const rule = proxy.when(hold, fault.delay(1000), { times: 1 });
    await put(house.plane, manifest);
    await eventually(() => rule.hits === 1);
    await remove(house.plane, manifest);
    await eventually(() => proxy.requests.some((request) => hold(request) && request.status !== undefined));
    await consistently(async () => {
      for (const resource of CHILDREN) expect(await findChild(house.plane, resource, namespace, "assistant"), resource.kind).toBeUndefined();
    }, { forMs: 1500, everyMs: 250 });
    expect(await creations(house.plane, namespace)).toEqual([]);
  });

  it("and made again at once is served by children of its own", async () => {
    const { proxy } = await house.begin();
    const namespace = await furnishedNamespace(house.plane);
    const manifest = lmd("assistant").namespace(namespace).manifest();
    const rule = proxy.when(writeTo(namespace, "deployments"), fault.delay(1500), { times: 1 });
    const first = await put(house.plane, manifest);
    await eventually(() => rule.hits === 1);
    await remove(house.plane, manifest);
    const second = await eventually(() => put(house.plane, manifest).then((live) => live.metadata.uid !== first.metadata.uid && live), { timeoutMs: 45_000 });
    await eventually(async () => expect((await untilReason(house.plane, namespace, "assistant", "Serving")).metadata.uid).toBe(second.metadata.uid), { timeoutMs: 45_000 });
    for (const resource of CHILDREN) {
      const owners = (await findChild(house.plane, resource, namespace, "assistant"))?.metadata.ownerReferences?.map(({ uid }) => uid);
      if (owners !== undefined) expect(owners, resource.kind).toEqual([second.metadata.uid]);
    }
    expect(await creations(house.plane, namespace)).toEqual([...ONE_OF_EACH, ...ONE_OF_EACH].toSorted());
  }, 120_000);
});

describe("pods that will not run", () => {
  it("because a quota forbids them are waited for in the words of the quota", async () => {
    await house.begin();
    const namespace = await furnishedNamespace(house.plane);
    const quotas = `/api/v1/namespaces/${namespace}/resourcequotas`;
    await rawCall(house.plane, "POST", quotas, { body: { apiVersion: "v1", kind: "ResourceQuota", metadata: { name: "none" }, spec: { hard: { pods: "0" } } } });
    await eventually(async () => expect(await rawCall(house.plane, "GET", `${quotas}/none`)).toMatchObject({ status: { hard: { pods: "0" } } }));
    await put(house.plane, lmd("assistant").namespace(namespace).manifest());
    const live = await untilReason(house.plane, namespace, "assistant", "PodsRefused");
    expect(live.status?.waitingFor).toMatch(/is forbidden: exceeded quota: none, requested: pods=1, used: pods=0, limited: pods=0/);
    expect(kstatus(live)).toBe("InProgress");
    await rawCall(house.plane, "DELETE", `${quotas}/none`);
    await eventually(() => untilReason(house.plane, namespace, "assistant", "Serving"), { timeoutMs: 60_000 });
  }, 120_000);

  it.each<[string, string, RegExp, object]>([
    ["cannot be pulled", "ImagePullFailed", /^pod assistant-\S+: container vllm: ErrImagePull: manifest unknown; look at spec\.engine\.image /, { state: { waiting: { reason: "ImagePullBackOff", message: 'Back-off pulling image "registry.example/vllm": ErrImagePull: manifest unknown' } } }],
    ["lacks its volume", "ContainerNotCreated", /CreateContainerConfigError: secret "x" not found/, { state: { waiting: { reason: "CreateContainerConfigError", message: 'secret "x" not found' } } }],
    ["crashes", "Crashing", /container vllm exited with code 17 and is restarted; kubectl logs shows why/, {
      restartCount: 4, state: { waiting: { reason: "CrashLoopBackOff", message: "back-off 40s restarting failed container" } }, lastState: { terminated: { exitCode: 17, reason: "Error", message: "prompt: what the user wrote" } },
    }],
    ["takes too much memory", "OutOfMemory", /raise spec\.resources\.memory or lower spec\.contextLength/, { restartCount: 1, state: { waiting: { reason: "CrashLoopBackOff" } }, lastState: { terminated: { exitCode: 137, reason: "OOMKilled" } } }],
  ])("because the container %s are waited for with %s", async (_name, reason, words, container) => {
    await house.begin();
    const namespace = await house.served();
    const [pod] = await podsOf(house.plane, namespace, "assistant");
    await containerIs(house.plane, pod as KubeObject, container);
    const live = await untilReason(house.plane, namespace, "assistant", reason);
    expect(live.status?.waitingFor).toMatch(words);
    expect(JSON.stringify(live)).not.toContain("what the user wrote");
    expect(conditionOf(live as never, "Available")?.status).toBe("False");
    await eventually(async () => expect((await eventsIn(house.plane, namespace)).some((event) => event.startsWith(`${reason}: `))).toBe(true));
    expect((await find<Deployment>(house.plane, DEPLOYMENTS, namespace, "assistant"))?.spec?.replicas).toBe(1);
  });
});
