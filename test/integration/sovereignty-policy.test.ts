/**
 * SovereigntyPolicies on a real API server: what is judged, enforced, guarded and said, and what becomes of a policy that is
 * deleted. Every test has policies and namespaces of its own, told apart by a label; the guard is one for all.
 */
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { apiVersionOf, CLUSTER_NETWORK_POLICIES, DAEMON_SETS, NAMESPACES, NETWORK_POLICIES, PODS, SERVICES, VALIDATING_ADMISSION_POLICIES, VALIDATING_ADMISSION_POLICY_BINDINGS, type Resource } from "../../operator/kube/resources.ts";
import { collectionPath, objectPath } from "../../operator/kube/url.ts";
import type { ClusterNetworkPolicy, Condition, KubeObject, Live, ValidatingAdmissionPolicy } from "../../operator/lib/k8s-types.ts";
import { sovereigntyPolicy, type SovereigntyPolicy } from "../../operator/kinds/sovereignty-policy/schema.ts";
import { call } from "../../hack/cluster/http.ts";
import { consistently, eventually, rawCall, uniqueNamespace, type ControlPlane } from "../support/control-plane.ts";
import { leads } from "../support/crash-house.ts";
import { conditionOf, furnishedNamespace, put, remove, startHouse, untilReason } from "../support/house.ts";
import { kstatus } from "../support/kstatus.ts";
import { destination, lmd, svp } from "../support/makers.ts";
import { startOperator, type RunningOperator } from "../support/operator.ts";

let plane: ControlPlane & AsyncDisposable;
let operator: RunningOperator;
const KEY = "test.example/governed-as";

beforeAll(async () => {
  plane = await startHouse();
  operator = await startOperator(plane);
  await eventually(() => leads(operator), { timeoutMs: 60_000 });
}, 180_000);

afterAll(async () => {
  await operator?.[Symbol.asyncDispose]();
  await plane?.stop();
});

const POLICIES = sovereigntyPolicy.resource as unknown as Resource<SovereigntyPolicy>;
const POLICY = VALIDATING_ADMISSION_POLICIES;
const BINDING = VALIDATING_ADMISSION_POLICY_BINDINGS;
const MERGE = "application/merge-patch+json";

/** A policy for namespaces labelled with its name. */
const policy = (name: string) => svp(name).selects({ [KEY]: name }).spec({ ungoverned: "Report" });
const governed = (as: string, more: Record<string, string> = {}): Promise<string> => uniqueNamespace(plane, { prefix: "svp", labels: { [KEY]: as, ...more } });
const label = (name: string, labels: Record<string, string | null>): Promise<unknown> => rawCall(plane, "PATCH", objectPath(NAMESPACES, { name }), { body: { metadata: { labels } }, contentType: MERGE });
const get = <T extends KubeObject>(of: Resource<T>, name: string): Promise<Live<T>> => rawCall<Live<T>>(plane, "GET", objectPath(of, { name }));
const list = async <T extends KubeObject>(of: Resource<T>): Promise<Live<T>[]> => (await rawCall<{ items: Live<T>[] }>(plane, "GET", collectionPath(of))).items;
const nameOf = ({ metadata }: KubeObject): string => metadata.name;
const condition = async (name: string, type = "Ready"): Promise<Condition | undefined> => conditionOf(await get(POLICIES, name), type);
const says = async (name: string, type = "Ready"): Promise<string> => {
  const { status, reason } = await condition(name, type) ?? {};
  return `${status} ${reason}`;
};
const untilSays = (name: string, wanted: string, type = "Ready"): Promise<void> => eventually(async () => {
  const found = await condition(name, type);
  expect(`${found?.status} ${found?.reason}`, found?.message).toBe(wanted);
}, { timeoutMs: 40_000 });
const events = async (about: string): Promise<string[]> =>
  (await rawCall<{ items: { reason: string; type: string; regarding: { name: string; kind: string } }[] }>(plane, "GET", "/apis/events.k8s.io/v1/namespaces/default/events")).items
    .filter(({ regarding }) => regarding.name === about && regarding.kind === "SovereigntyPolicy").map(({ type, reason }) => `${type} ${reason}`).toSorted();

/** Gives up every namespace, so that every policy may go. */
afterEach(async () => {
  for (const one of await list(NAMESPACES)) if (one.metadata.labels?.[KEY] !== undefined) await label(one.metadata.name, { [KEY]: null });
  await rawCall(plane, "DELETE", collectionPath(POLICIES));
  await eventually(async () => expect(await list(POLICIES)).toEqual([]), { timeoutMs: 30_000 });
});

describe("a policy", () => {
  it("that governs nothing yet is in force, and kstatus calls it current", async () => {
    await put(plane, policy("idle").destinations(destination("mirror")).manifest());
    await untilSays("idle", "True InForce");
    const live = await get(POLICIES, "idle");
    expect(live.status).toMatchObject({ namespaces: 0, destinations: ["mirror"], cidrs: 2, clusterNetworkPolicy: "NotServed", ungovernedDeployments: 0 });
    await untilSays("idle", "Unknown NothingGoverned", "Proved");
    expect(await Promise.all(["Enforced", "Guarded", "Probed"].map((type) => says("idle", type)))).toEqual(["True NoNamespaces", "Unknown NothingGuarded", "Unknown NothingToProbe"]);
    expect(kstatus(live)).toBe("Current");
  });

  it("puts no destination in force that violates its jurisdictions, says which and why, and goes on with the others", async () => {
    const foreign = destination("cloud", { operator: { name: "Cloud", country: "DE", controlledFrom: "US" } });
    await put(plane, policy("judged").destinations(destination("mirror"), foreign).manifest());
    const namespace = await governed("judged");
    await untilSays("judged", "False DestinationRefused");
    const live = await get(POLICIES, "judged");
    expect(conditionOf(live, "Ready")?.message).toContain("spec.destinations[cloud].operator.controlledFrom US is not in profile EEA");
    expect([live.status?.destinations, kstatus(live)]).toEqual([["mirror"], "Failed"]);
    await untilSays("judged", "True NamespacesEnforced", "Enforced");
    await eventually(async () => expect(await events("judged")).toContain("Warning DestinationRefused"));
    await put(plane, policy("judged").destinations(destination("mirror"), foreign).spec({ jurisdictions: { foreignControl: "Report" } }).manifest());
    await untilSays("judged", "True InForceWithFindings");
    expect((await get(POLICIES, "judged")).status?.destinations).toEqual(["cloud", "mirror"]);
    await eventually(async () => expect(await seals(namespace)).toBeDefined());
  });

  it("with many ranges says so", async () => {
    const cidrs = Array.from({ length: 51 }, (_, at) => `10.0.${at}.0/24`);
    await put(plane, policy("many").destinations(destination("mirror", { cidrs })).manifest());
    await untilSays("many", "True InForceWithFindings");
    expect((await condition("many"))?.message).toContain("51 ranges");
  });

  it("says what it governs once it does, sees the guard refuse, and tells of it", async () => {
    await put(plane, policy("land").manifest());
    await untilSays("land", "True InForce");
    const namespace = await governed("land");
    await untilSays("land", "True Guarded", "Guarded");
    await untilSays("land", "True InForce");
    expect((await get(POLICIES, "land")).status).toMatchObject({ namespaces: 1, guardProbe: { of: expect.stringMatching(/^[0-9a-f]{16}$/) } });
    await eventually(async () => expect(await events("land")).toEqual(expect.arrayContaining(["Normal Guarded", "Normal InForce"])));
    expect(await refused(namespace)).toContain("ValidatingAdmissionPolicy 'network-policies.hoheit.dev'");
  });

  it("whose guard is off or audits says so, and refuses nothing", async () => {
    await put(plane, policy("lax").spec({ enforcement: { guard: "Off" } }).manifest());
    const namespace = await governed("lax");
    await untilSays("lax", "False GuardOff", "Guarded");
    await untilSays("lax", "True InForce");
    expect(await refused(namespace)).toBeUndefined();
    expect((await list(BINDING)).map(nameOf)).toEqual([]);
    await put(plane, policy("lax").spec({ enforcement: { guard: "Audit" } }).manifest());
    await untilSays("lax", "False AuditOnly", "Guarded");
    expect((await list(BINDING)).map(nameOf)).toContain("lax.network-policies.hoheit.dev");
    await put(plane, policy("lax").spec({ enforcement: { guard: "Off" } }).manifest());
    await eventually(async () => expect([...await list(BINDING), ...await list(POLICY)].map(nameOf)).toEqual([]));
  });
});

describe("what was there before the guard", () => {
  const make = async (namespace: string, objects: readonly (readonly [of: Resource, name: string, spec: object, metadata?: object])[]): Promise<void> => {
    for (const [of, name, spec, metadata] of objects) await rawCall(plane, "POST", collectionPath(of, namespace), { body: { apiVersion: apiVersionOf(of), kind: of.kind, metadata: { name, ...metadata }, spec } });
  };

  it("is named with its fields, stays, and keeps nothing from being in force for what comes", async () => {
    const namespace = await uniqueNamespace(plane, { prefix: "old" });
    const containers = [{ name: "a", image: "none" }];
    const pod = { containers, schedulerName: "nobody" };
    await make(namespace, [
      [PODS, "on-the-node", { ...pod, hostNetwork: true }],
      [PODS, "forged", pod, { labels: { "hoheit.dev/role": "Fetch" } }],
      [SERVICES, "door", { type: "NodePort", selector: { app: "a" }, ports: [{ port: 80 }] }],
      [DAEMON_SETS, "agent", { selector: { matchLabels: { app: "agent" } }, template: { metadata: { labels: { app: "agent" } }, spec: { hostPID: true, containers, nodeSelector: { nowhere: "yes" } } } }],
      [NETWORK_POLICIES, "wide", { podSelector: { matchLabels: { app: "a" } }, egress: [{}] }],
      [PODS, "harmless", pod],
    ]);

    await label(namespace, { [KEY]: "before" });
    await put(plane, policy("before").manifest());
    await untilSays("before", "False PreexistingObjects", "Guarded");
    const live = await get(POLICIES, "before");
    expect(live.status?.preexisting).toMatchObject({
      objects: 5, unread: [],
      first: [
        `DaemonSet ${namespace}/agent: spec.template.spec.hostPID`, `NetworkPolicy ${namespace}/wide: spec.egress[0].to`, `Pod ${namespace}/forged: metadata.labels[hoheit.dev/role]`,
        `Pod ${namespace}/on-the-node: spec.hostNetwork`, `Service ${namespace}/door: spec.type`,
      ],
    });
    await untilSays("before", "True InForceWithFindings");
    expect((await condition("before"))?.message).toContain("5 objects are older than the guard");
    await eventually(async () => expect(await events("before")).toContain("Warning PreexistingObjects"));
    expect(await refused(namespace)).toContain("network-policies.hoheit.dev");
  });

  it("is none in a namespace in which Hoheit itself has made everything", async () => {
    const namespace = await furnishedNamespace(plane);
    await put(plane, lmd("assistant").namespace(namespace).clients().manifest());
    await untilReason(plane, namespace, "assistant", "Serving");
    await label(namespace, { [KEY]: "ours" });
    await put(plane, policy("ours").manifest());
    await untilSays("ours", "True Guarded", "Guarded");
    expect((await get(POLICIES, "ours")).status?.preexisting).toMatchObject({ objects: 0, first: [], unread: [] });
    await remove(plane, lmd("assistant").namespace(namespace).manifest());
  });
});

const seals = async (name: string): Promise<string | undefined> => (await get(NAMESPACES, name)).metadata.annotations?.["hoheit.dev/sealed"];

/** What is said to somebody who opens everything. */
async function refused(namespace: string): Promise<string | undefined> {
  const body = { apiVersion: "networking.k8s.io/v1", kind: "NetworkPolicy", metadata: { name: "wide" }, spec: { podSelector: { matchLabels: { app: "a" } }, egress: [{}] } };
  const path = `/apis/networking.k8s.io/v1/namespaces/${namespace}/networkpolicies?dryRun=All`;
  const answer = await call({ method: "POST", url: plane.url + path, ca: plane.ca, token: plane.tokens["admin"] ?? "", body, timeoutMs: 30_000 });
  return answer.status < 300 ? undefined : answer.body;
}

describe("the guard is put back", () => {
  it.each<[string, Resource, string, (path: string) => Promise<unknown>]>([
    ["a binding that somebody deleted", BINDING, "guarded.pods.hoheit.dev", (path) => rawCall(plane, "DELETE", path)],
    ["an admission policy that somebody deleted", POLICY, "pods.hoheit.dev", (path) => rawCall(plane, "DELETE", path)],
    ["a binding that somebody narrowed", BINDING, "guarded.pods.hoheit.dev", (path) => patch(path, { spec: { matchResources: { objectSelector: { matchLabels: { mine: "yes" } } } } })],
    ["a binding that somebody made to say nothing", BINDING, "roles.hoheit.dev", (path) => patch(path, { spec: { validationActions: ["Warn"] } })],
    ["a binding whose reach somebody set where we set none", BINDING, "roles.hoheit.dev", (path) => patch(path, { spec: { matchResources: { namespaceSelector: { matchLabels: { mine: "yes" } } } } })],
    ["a rule with an exception", POLICY, "pods.hoheit.dev", (path) => patch(path, { spec: { matchConstraints: { excludeResourceRules: [{ apiGroups: ["*"], apiVersions: ["*"], operations: ["*"], resources: ["*"] }] } } })],
    ["an admission policy that asks first whether it may", POLICY, "pods.hoheit.dev", async (path) => {
      const { spec } = await rawCall<ValidatingAdmissionPolicy>(plane, "GET", path);
      return patch(path, { spec: { matchConditions: [...spec?.matchConditions ?? [], { name: "mine", expression: "false" }] } });
    }],
  ])("%s", async (_what, of, name, spoil) => {
    await put(plane, policy("guarded").manifest());
    const before = await eventually(() => get<KubeObject & { spec?: unknown }>(of as never, name));
    await untilSays("guarded", "True InForce");
    await spoil(objectPath(of, { name }));
    await eventually(async () => expect((await get<KubeObject & { spec?: unknown }>(of as never, name)).spec).toEqual(before.spec));
  });

  it("but an object of somebody else in its place is left alone and named", async () => {
    const spec = { matchConstraints: { resourceRules: [{ apiGroups: [""], apiVersions: ["v1"], operations: ["CREATE"], resources: ["events"] }] }, validations: [{ expression: "true" }] };
    const theirs = { apiVersion: "admissionregistration.k8s.io/v1", kind: "ValidatingAdmissionPolicy", metadata: { name: "pods.hoheit.dev" }, spec };
    await rawCall(plane, "POST", collectionPath(POLICY), { body: theirs });
    await put(plane, policy("foreign").manifest());
    await untilSays("foreign", "False ForeignObject");
    expect((await get(POLICY, "pods.hoheit.dev")).spec?.validations).toEqual(spec.validations);
    await rawCall(plane, "DELETE", objectPath(POLICY, theirs.metadata));
    await untilSays("foreign", "True InForce");
  });
});

const patch = (path: string, body: object): Promise<unknown> => rawCall(plane, "PATCH", `${path}?fieldManager=somebody`, { body, contentType: MERGE });

describe("a policy that is deleted", () => {
  it("goes at once if it governs nothing, and leaves nothing behind", async () => {
    await put(plane, policy("short").manifest());
    await untilSays("short", "True InForce");
    await remove(plane, policy("short").manifest());
    await eventually(async () => expect([...await list(POLICIES), ...await list(BINDING), ...await list(POLICY)].map(nameOf)).toEqual([]));
    await eventually(async () => expect(await events("short")).toContain("Normal Released"));
  });

  it("stays in force as long as a namespace would be left without one, and says how to give it up", async () => {
    await put(plane, policy("held").destinations(destination("mirror")).manifest());
    const namespace = await governed("held");
    await untilSays("held", "True Guarded", "Guarded");
    const seal = await seals(namespace);
    await remove(plane, policy("held").manifest());
    await untilSays("held", "False DeletionHeld");
    expect((await condition("held"))?.message).toContain(`kubectl label namespaces -l ${KEY}=held ${KEY}-`);
    expect(kstatus(await get(POLICIES, "held"))).toBe("Terminating");
    await consistently(async () => expect([await seals(namespace), await refused(namespace) === undefined]).toEqual([seal, false]), { forMs: 1_500 });
    await label(namespace, { [KEY]: null });
    await eventually(async () => expect((await list(POLICIES)).map(nameOf)).toEqual([]));
  });

  it("goes when another one holds its namespaces, which are never without a guard meanwhile", async () => {
    await put(plane, policy("old").manifest());
    const namespace = await governed("old", { "test.example/site": "rz1" });
    await untilSays("old", "True Guarded", "Guarded");
    await remove(plane, policy("old").manifest());
    await untilSays("old", "False DeletionHeld");
    await put(plane, policy("new").selects({ "test.example/site": "rz1" }).manifest());
    await eventually(async () => expect((await list(POLICIES)).map(nameOf)).toEqual(["new"]));
    expect(await refused(namespace)).toContain("network-policies.hoheit.dev");
    await eventually(async () => expect(await events("old")).toContain("Warning Released"));
    expect((await list(BINDING)).map(nameOf).filter((name) => name.startsWith("old."))).toEqual([]);
    await untilSays("new", "True Guarded", "Guarded");
    await label(namespace, { "test.example/site": null });
  });
});

describe("ClusterNetworkPolicies", () => {
  const CRD = {
    apiVersion: "apiextensions.k8s.io/v1", kind: "CustomResourceDefinition", metadata: { name: "clusternetworkpolicies.policy.networking.k8s.io", annotations: { "api-approved.kubernetes.io": "unapproved, a stand-in for tests" } },
    spec: {
      group: CLUSTER_NETWORK_POLICIES.group, scope: "Cluster", names: { kind: "ClusterNetworkPolicy", plural: "clusternetworkpolicies" },
      versions: [{ name: "v1alpha2", served: true, storage: true, schema: { openAPIV3Schema: { type: "object", "x-kubernetes-preserve-unknown-fields": true } } }],
    },
  };
  const CRDS = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions";
  const cidrs = ({ spec: { egress = [] } }: ClusterNetworkPolicy): string[] => egress.filter(({ action }) => action === "Pass").flatMap(({ to }) => to.flatMap((peer) => ("networks" in peer ? peer.networks : [])));

  it("are missed where they are required, made where they are served, healed, and taken away again", async () => {
    // Without the guard, which would refuse the hand.
    const wanting = (clusterNetworkPolicy: "Auto" | "Require" | "Off") => policy("require").spec({ enforcement: { clusterNetworkPolicy, guard: "Off" } });
    await put(plane, wanting("Require").destinations(destination("mirror")).manifest());
    await untilSays("require", "False ClusterNetworkPolicyMissing");
    await rawCall(plane, "POST", CRDS, { body: CRD });
    await eventually(() => list(CLUSTER_NETWORK_POLICIES));
    // Nobody tells the operator: it looks at the next pass.
    await put(plane, wanting("Require").destinations(destination("mirror", { purpose: "models" })).manifest());
    await untilSays("require", "True InForce");
    const made = await get(CLUSTER_NETWORK_POLICIES, "hoheit-require");
    expect([made.spec.tier, cidrs(made), (await get(POLICIES, "require")).status?.clusterNetworkPolicy]).toEqual(["Admin", ["198.51.100.7/32", "2001:db8:1::7/128"], "Applied"]);

    // API servers forget a guard some seconds after the last policy that had one.
    await eventually(() => patch(objectPath(CLUSTER_NETWORK_POLICIES, { name: "hoheit-require" }), { spec: { egress: [{ name: "open", action: "Accept", to: [{ networks: ["0.0.0.0/0"] }] }], ingress: [{ name: "in", action: "Accept", from: [{ namespaces: {} }] }] } }), { timeoutMs: 30_000 });
    await put(plane, wanting("Auto").destinations(destination("mirror")).manifest());
    await eventually(async () => expect((await get(CLUSTER_NETWORK_POLICIES, "hoheit-require")).spec).toEqual(made.spec));
    await put(plane, wanting("Off").manifest());
    await eventually(async () => expect(await list(CLUSTER_NETWORK_POLICIES)).toEqual([]));
    await eventually(async () => expect((await get(POLICIES, "require")).status?.clusterNetworkPolicy).toBe("Off"));
  });

  it("of two policies on one namespace hold what both allow, and are the first that is asked", async () => {
    await put(plane, policy("land").destinations(destination("mirror", { cidrs: ["198.51.100.0/24"] })).manifest());
    await put(plane, policy("stadt").selects({ "test.example/site": "rz1" }).destinations(destination("mirror", { cidrs: ["198.51.100.7/32", "192.0.2.0/24"] })).manifest());
    const namespace = await governed("land", { "test.example/site": "rz1" });
    const made = await eventually(async () => {
      const all = await list(CLUSTER_NETWORK_POLICIES);
      expect(all).toHaveLength(3);
      return all.toSorted((a, b) => a.spec.priority - b.spec.priority);
    }, { timeoutMs: 30_000 });
    expect(made.map((one) => [one.spec.priority, cidrs(one)])).toEqual([[100, ["198.51.100.7/32"]], [200, ["198.51.100.0/24"]], [200, ["192.0.2.0/24", "198.51.100.7/32"]]]);
    expect(made[0]?.spec.subject).toEqual({ namespaces: { matchExpressions: [{ key: "kubernetes.io/metadata.name", operator: "In", values: [namespace] }] } });
    await label(namespace, { "test.example/site": null });
    await eventually(async () => expect((await list(CLUSTER_NETWORK_POLICIES)).map(nameOf).toSorted()).toEqual(["hoheit-land", "hoheit-stadt"]));
  });
});
