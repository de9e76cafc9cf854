/**
 * Governed namespaces on a real API server: whatever comes first, what they get, in which order, and what becomes of it.
 * Every test has a SovereigntyPolicy and namespaces of its own, told apart by a label.
 */
import { globSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, it, test } from "vitest";
import { fromYaml } from "../../operator/cli/yaml.ts";
import { DEPLOYMENTS, NAMESPACES, NETWORK_POLICIES, PODS } from "../../operator/kube/resources.ts";
import { collectionPath, objectPath } from "../../operator/kube/url.ts";
import { compare } from "../../operator/lib/diff.ts";
import type { Deployment, KubeObject, Live, Namespace, NetworkPolicy } from "../../operator/lib/k8s-types.ts";
import { clientPolicyName, DEFAULT_DENY } from "../../operator/lib/names.ts";
import { auditLog, consistently, eventually, IDENTITIES, rawCall, uniqueNamespace, WRITE_VERBS, type ControlPlane } from "../support/control-plane.ts";
import { leads } from "../support/crash-house.ts";
import { conditionOf, deploymentNamed, find, findChild, furnishedNamespace, put, remove, startHouse, untilReason } from "../support/house.ts";
import { approval, client, destination, lm, lmd, svp } from "../support/makers.ts";
import { startOperator, type RunningOperator } from "../support/operator.ts";

let plane: ControlPlane & AsyncDisposable;
let operator: RunningOperator;
const OPERATOR = IDENTITIES[0]?.user ?? "";
const KEY = "test.example/governed-as";
const RELEASE_SECONDS = 2;

beforeAll(async () => {
  plane = await startHouse({ audit: { users: IDENTITIES.map(({ user }) => user) } });
  operator = await startOperator(plane, { flags: ["--release-seconds", String(RELEASE_SECONDS)] });
  await eventually(() => leads(operator), { timeoutMs: 60_000 });
}, 180_000);

afterAll(async () => {
  await operator[Symbol.asyncDispose]();
  await plane.stop();
});

const POLICIES = "/apis/hoheit.dev/v1alpha1/sovereigntypolicies";
const policiesLeft = async (): Promise<string[]> => (await rawCall<{ items: KubeObject[] }>(plane, "GET", POLICIES)).items.map(({ metadata }) => metadata.name);
/** Gives up every namespace: as long as one would be left without a policy, that policy stays. */
afterEach(async () => {
  await rawCall(plane, "DELETE", POLICIES);
  const { items } = await rawCall<{ items: Namespace[] }>(plane, "GET", collectionPath(NAMESPACES));
  for (const { metadata } of items) if (Object.keys(metadata.labels ?? {}).some((key) => key.startsWith("test.example/"))) await label(metadata.name, { [KEY]: null, "test.example/site": null });
  await eventually(async () => expect(await policiesLeft()).toEqual([]), { timeoutMs: 30_000 });
});

/** A policy for namespaces labelled with its name, that nothing guards: here it is shown what becomes of what gets through. */
const policy = (name: string) => svp(name).selects({ [KEY]: name }).spec({ ungoverned: "Report", enforcement: { guard: "Off" } });
const governed = (as: string): Promise<string> => uniqueNamespace(plane, { prefix: "gov", labels: { [KEY]: as } });
const label = (name: string, labels: Record<string, string | null>): Promise<unknown> => merge(objectPath(NAMESPACES, { name }), { metadata: { labels } });
const merge = (path: string, body: object): Promise<unknown> => rawCall(plane, "PATCH", path, { body, contentType: "application/merge-patch+json" });
const named = (namespace: string, name: string): Promise<Live<NetworkPolicy> | undefined> => find(plane, NETWORK_POLICIES, namespace, name);
const pathOf = (namespace: string, name: string): string => objectPath(NETWORK_POLICIES, { namespace, name });
const names = async (namespace: string): Promise<string[]> => (await rawCall<{ items: KubeObject[] }>(plane, "GET", collectionPath(NETWORK_POLICIES, namespace))).items.map(({ metadata }) => metadata.name).toSorted();
const sealOf = async (name: string): Promise<string | undefined> => (await rawCall<Namespace>(plane, "GET", objectPath(NAMESPACES, { name }))).metadata.annotations?.["hoheit.dev/sealed"];
const untilSealed = (namespace: string): Promise<string> => eventually(async () => await sealOf(namespace) ?? false);
const events = async (about: string): Promise<string[]> =>
  (await rawCall<{ items: { reason: string; regarding: { name: string } }[] }>(plane, "GET", "/apis/events.k8s.io/v1/namespaces/default/events")).items.filter(({ regarding }) => regarding.name === about).map(({ reason }) => reason).toSorted();

describe("a namespace is sealed", () => {
  const both = ["hoheit-application", DEFAULT_DENY];

  it.each([
    ["when it comes after its policy", async (as: string) => {
      await put(plane, policy(as).manifest());
      return governed(as);
    }],
    ["when it was there before its policy", async (as: string) => {
      const namespace = await governed(as);
      await put(plane, policy(as).manifest());
      return namespace;
    }],
    ["when it is labelled later", async (as: string) => {
      await put(plane, policy(as).manifest());
      const namespace = await uniqueNamespace(plane, { prefix: "gov" });
      await label(namespace, { [KEY]: as });
      return namespace;
    }],
  ])("%s: its default deny is there before the mark that lets pods start", async (_when, make) => {
    const namespace = await make("order");
    await untilSealed(namespace);
    expect(await names(namespace)).toEqual(both);
    const writes = (await auditLog(plane, { user: OPERATOR, verbs: WRITE_VERBS })).filter(({ objectRef }) => objectRef?.namespace === namespace && objectRef.resource !== "events");
    expect(new Set(writes.map(({ objectRef }) => objectRef?.name))).toEqual(new Set([...both, namespace]));
    expect(writes).toHaveLength(3);
    expect(writes.at(-1)?.objectRef).toMatchObject({ resource: "namespaces", name: namespace });
    await eventually(async () => expect(await events(namespace)).toEqual(["Sealed"]));
  });

  it("once for each change, and not written to at rest", async () => {
    await put(plane, policy("rest").manifest());
    const namespace = await governed("rest");
    const first = await untilSealed(namespace);
    await put(plane, policy("rest").destinations(destination("mirror")).manifest());
    await eventually(async () => expect(await sealOf(namespace)).not.toBe(first));
    const writes = async (): Promise<number> => (await auditLog(plane, { user: OPERATOR, namespace, verbs: WRITE_VERBS })).length;
    const before = await writes();
    expect(before).toBe(5);
    await consistently(async () => expect(await writes()).toBe(before));
  });

  it("by what two policies allow together, and by one alone when the other is gone", async () => {
    const [wide, narrow] = [destination("mirror", { cidrs: ["198.51.100.0/24"] }), destination("mirror", { cidrs: ["198.51.100.7/32", "192.0.2.0/24"] })];
    await put(plane, policy("land").destinations(wide).manifest());
    const namespace = await uniqueNamespace(plane, { prefix: "gov", labels: { [KEY]: "land", "test.example/site": "rz1" } });
    const cidrs = async (): Promise<unknown> => (await named(namespace, "hoheit-destination-mirror"))?.spec?.egress?.flatMap(({ to }) => to?.map(({ ipBlock }) => ipBlock?.cidr));
    await eventually(async () => expect(await cidrs()).toEqual(["198.51.100.0/24"]));
    await put(plane, svp("site").selects({ "test.example/site": "rz1" }).spec({ enforcement: { guard: "Off" } }).destinations(narrow).manifest());
    await eventually(async () => expect(await cidrs()).toEqual(["198.51.100.7/32"]));
    await remove(plane, policy("land").manifest());
    await eventually(async () => expect(await cidrs()).toEqual(["192.0.2.0/24", "198.51.100.7/32"]));
  });
});

describe("somebody's hand", () => {
  const opened = { spec: { egress: [{}] } };

  it("does not open what is sealed for long, however it is done", async () => {
    await put(plane, policy("hand").destinations(destination("mirror")).manifest());
    const namespace = await governed("hand");
    await untilSealed(namespace);
    for (const name of await names(namespace)) {
      const before = await named(namespace, name);
      for (const patch of [opened, { spec: { podSelector: { matchLabels: { nobody: "has-this" } } } }, { metadata: { labels: { "app.kubernetes.io/managed-by": null } }, ...opened }]) {
        await merge(pathOf(namespace, name), patch);
        await eventually(async () => expect((await named(namespace, name))?.spec).toEqual(before?.spec));
      }
      await rawCall(plane, "DELETE", pathOf(namespace, name));
      await eventually(async () => {
        const after = await named(namespace, name);
        expect([after?.spec, after?.metadata.uid === before?.metadata.uid, after?.metadata.deletionTimestamp]).toEqual([before?.spec, false, undefined]);
      });
    }
    await untilSealed(namespace);
  });

  it("that made an object of one of our names is respected and reported; the namespace is sealed when it is gone", async () => {
    const namespace = await uniqueNamespace(plane, { prefix: "gov" });
    const theirs = { apiVersion: "networking.k8s.io/v1", kind: "NetworkPolicy", metadata: { name: DEFAULT_DENY }, spec: { podSelector: { matchLabels: { mine: "yes" } }, policyTypes: ["Ingress"] } };
    await rawCall(plane, "POST", collectionPath(NETWORK_POLICIES, namespace), { body: theirs });
    await label(namespace, { [KEY]: "foreign" });
    await put(plane, policy("foreign").manifest());
    await eventually(async () => expect(await events(namespace)).toEqual(["ForeignObject"]));
    expect([await sealOf(namespace), (await named(namespace, DEFAULT_DENY))?.spec]).toEqual([undefined, theirs.spec]);
    await rawCall(plane, "DELETE", pathOf(namespace, DEFAULT_DENY));
    await untilSealed(namespace);
  });

  it("that takes the mark off sees it come back", async () => {
    await put(plane, policy("mark").manifest());
    const namespace = await governed("mark");
    const seal = await untilSealed(namespace);
    await merge(objectPath(NAMESPACES, { name: namespace }), { metadata: { annotations: { "hoheit.dev/sealed": null } } });
    await eventually(async () => expect(await sealOf(namespace)).toBe(seal));
  });
});

describe("a namespace leaves", () => {
  it.each([
    ["when its label is taken off", (namespace: string) => label(namespace, { [KEY]: null })],
    ["when its policy is deleted and it is given up", async (namespace: string) => {
      await remove(plane, policy("leave").manifest());
      await consistently(async () => expect(await sealOf(namespace)).toBeDefined());
      await label(namespace, { [KEY]: null });
      await eventually(async () => expect(await policiesLeft()).toEqual([]));
    }],
  ])("%s: no pod is promised a seal from then on, and the policies come off later", async (_when, leave) => {
    await put(plane, policy("leave").destinations(destination("mirror")).manifest());
    const namespace = await governed("leave");
    await untilSealed(namespace);
    const since = Date.now();
    await leave(namespace);
    await eventually(async () => expect(await sealOf(namespace)).toBeUndefined());
    expect(await names(namespace)).toEqual(["hoheit-application", DEFAULT_DENY, "hoheit-destination-mirror"]);
    await eventually(async () => expect(await names(namespace)).toEqual([]));
    expect(Date.now() - since).toBeGreaterThanOrEqual(RELEASE_SECONDS * 1000);
    expect((await rawCall<Namespace>(plane, "GET", objectPath(NAMESPACES, { name: namespace }))).metadata.annotations).toBeUndefined();
    await eventually(async () => expect(await events(namespace)).toEqual(["ReleaseBegins", "Released", "Sealed"]));
  });

  it("and comes back in time as if nothing had been", async () => {
    await put(plane, policy("back").manifest());
    const namespace = await governed("back");
    const seal = await untilSealed(namespace);
    const uid = (await named(namespace, DEFAULT_DENY))?.metadata.uid;
    await label(namespace, { [KEY]: null });
    await eventually(async () => expect(await sealOf(namespace)).toBeUndefined());
    await label(namespace, { [KEY]: "back" });
    await eventually(async () => expect(await sealOf(namespace)).toBe(seal));
    await consistently(async () => expect((await named(namespace, DEFAULT_DENY))?.metadata.uid).toBe(uid), { forMs: RELEASE_SECONDS * 1000 + 500 });
  });

  it("for good: its default deny stays until its last pod has ended", async () => {
    await put(plane, policy("end").manifest());
    const namespace = await governed("end");
    await untilSealed(namespace);
    const pod = { apiVersion: "v1", kind: "Pod", metadata: { name: "last", finalizers: ["test.example/hold"] }, spec: { containers: [{ name: "a", image: "none" }], schedulerName: "nobody" } };
    await rawCall(plane, "POST", collectionPath(PODS, namespace), { body: pod });
    await rawCall(plane, "DELETE", objectPath(NAMESPACES, { name: namespace }));
    // Kubernetes deletes pods first since 1.33 (KEP-5080); before, or by hand, policies go at any time.
    for (const name of await names(namespace)) await rawCall(plane, "DELETE", pathOf(namespace, name));
    await consistently(async () => expect(await names(namespace)).toEqual([DEFAULT_DENY]), { forMs: 2000 });
    await merge(objectPath(PODS, { namespace, name: "last" }), { metadata: { finalizers: null } });
    await eventually(async () => expect(await names(namespace)).toEqual([]), { timeoutMs: 30_000 });
    await eventually(async () => expect((await rawCall<{ items: Namespace[] }>(plane, "GET", collectionPath(NAMESPACES))).items.map(({ metadata }) => metadata.name)).not.toContain(namespace), { timeoutMs: 30_000 });
  });
});

describe("a model and its clients", () => {
  const condition = async (namespace: string) => {
    const { status, reason } = conditionOf(await deploymentNamed(plane, namespace, "assistant"), "ClientsGoverned") ?? {};
    return `${status} ${reason}`;
  };

  it("find a way to each other while policies govern both; who is not governed is named, and kept out where Hoheit is told so", async () => {
    const [model, ui, wiki] = [await furnishedNamespace(plane), await uniqueNamespace(plane, { prefix: "gov" }), await uniqueNamespace(plane, { prefix: "gov" })];
    const clients = [{ ...client("ui"), namespace: ui }, { ...client("wiki"), namespace: wiki }];
    await put(plane, lmd("assistant").namespace(model).clients(...clients).manifest());
    await untilReason(plane, model, "assistant", "Serving");
    expect(await condition(model)).toBe("Unknown NoPolicy");
    const letIn = async (): Promise<unknown> => (await findChild<NetworkPolicy>(plane, NETWORK_POLICIES, model, "assistant"))?.spec?.ingress?.[0]?.from?.map(({ namespaceSelector }) => namespaceSelector?.matchLabels?.["kubernetes.io/metadata.name"]);

    await put(plane, policy("model").manifest());
    await eventually(async () => expect(await condition(model)).toBe("False NotGoverned"));
    await label(model, { [KEY]: "model" });
    await label(ui, { [KEY]: "model" });
    const way = clientPolicyName(`${model}/assistant/ui`);
    await eventually(async () => expect(await names(ui)).toEqual([DEFAULT_DENY, way, "hoheit-application"].toSorted()));
    await eventually(async () => expect(await condition(model)).toBe("False ClientsNotGoverned"));
    expect(await letIn()).toEqual([ui, wiki]);
    await untilReason(plane, model, "assistant", "Serving");

    await put(plane, policy("model").spec({ ungoverned: "Refuse" }).manifest());
    await eventually(async () => expect(await letIn()).toEqual([ui]));
    await label(wiki, { [KEY]: "model" });
    await eventually(async () => expect([await letIn(), await condition(model)]).toEqual([[ui, wiki], "True AllGoverned"]));
    await untilSealed(model);

    await label(model, { [KEY]: null });
    await untilReason(plane, model, "assistant", "NotGoverned");
    await eventually(async () => expect(await names(ui)).not.toContain(way));
    expect((await deploymentNamed(plane, model, "assistant"))?.status?.readyReplicas, "what runs goes on").toBe(1);
    await remove(plane, lmd("assistant").namespace(model).manifest());
  });
});

describe("a model whose origin a policy denies", () => {
  const about = async (namespace: string): Promise<[replicas: number | undefined, message: string]> => [
    (await findChild<Deployment>(plane, DEPLOYMENTS, namespace, "assistant"))?.spec?.replicas, conditionOf(await deploymentNamed(plane, namespace, "assistant"), "Ready")?.message ?? "",
  ];

  it("does not start; what runs goes on or ends as its approval says of its end; and the change of model or policy is seen at once", async () => {
    const namespace = await furnishedNamespace(plane);
    await label(namespace, { [KEY]: "origins" });
    const denying = (...origins: string[]) => policy("origins").spec({ enforcement: { guard: "Off" } }).denies(...origins);
    await put(plane, denying("CN").manifest());
    await untilSealed(namespace);
    await put(plane, lm().namespace(namespace).origin("CN").manifest());
    await put(plane, lmd("assistant").namespace(namespace).clients().manifest());
    await untilReason(plane, namespace, "assistant", "OriginDenied");
    expect(await about(namespace)).toEqual([undefined, expect.stringContaining("spec.provenance.originCountry CN is denied by SovereigntyPolicy origins")]);

    await put(plane, lm().namespace(namespace).manifest());
    await untilReason(plane, namespace, "assistant", "Serving");
    await put(plane, denying("CN", "FR").manifest());
    await untilReason(plane, namespace, "assistant", "OriginDenied");
    expect(await about(namespace)).toEqual([1, expect.stringContaining("running pods stay")]);

    await put(plane, approval("until-denied").namespace(namespace).expires("2099-12-01T00:00:00Z", "ScaleToZero").manifest());
    await eventually(async () => expect(await about(namespace)).toEqual([0, expect.stringContaining("it is scaled to zero")]));
    await put(plane, denying("CN").manifest());
    await untilReason(plane, namespace, "assistant", "Serving");
    await remove(plane, lmd("assistant").namespace(namespace).manifest());
  });
});

const TESTDATA = join(import.meta.dirname, "../../operator/kinds/governed-namespace/testdata");
test.each(globSync("*/expected", { cwd: TESTDATA }).map((folder) => folder.split("/")[0] ?? "").toSorted())("the API server takes what %s is given, and what it makes of it needs no second apply", async (name) => {
  const namespace = await uniqueNamespace(plane);
  for (const file of globSync(join(TESTDATA, name, "expected", "*.yaml"))) {
    const [object] = fromYaml(readFileSync(file, "utf8"), file) as NetworkPolicy[];
    const { finalizers: _, ...metadata } = { ...object?.metadata, name: basename(file, ".yaml"), namespace };
    const wanted = { ...object, metadata } as NetworkPolicy;
    const live = await rawCall<object>(plane, "PATCH", `${pathOf(namespace, metadata.name)}?fieldManager=test&fieldValidation=Strict`, { body: wanted, contentType: "application/apply-patch+yaml" });
    expect(compare(wanted, live), file).toEqual({ differs: undefined, extras: [] });
  }
});
