/**
 * The guard on the real node: a tenant who may do everything in her namespaces tries to open a way out of them. The API server
 * refuses each, and the world sees nothing of it, while a pod of the role that she would like to be is seen there.
 */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { DEPLOYMENTS, NAMESPACES, NETWORK_POLICIES, PODS, SERVICES, VALIDATING_ADMISSION_POLICIES, type Resource } from "../../operator/kube/resources.ts";
import { collectionPath, objectPath } from "../../operator/kube/url.ts";
import type { KubeObject } from "../../operator/lib/k8s-types.ts";
import { DEFAULT_DENY, destinationPolicyName } from "../../operator/lib/names.ts";
import { eventually, rawCall, uniqueNamespace } from "../support/control-plane.ts";
import { attempt, expectAllowed, expectRefusal } from "../support/guard.ts";
import { put } from "../support/house.ts";
import { destination } from "../support/makers.ts";
import type { Target } from "../support/node/attempt.ts";
import { handOver, labelNamespace, labelsFor, named, NAMED_PORT, OTHER_PORT, policy, removePolicy, untilSealed } from "../support/node/governed.ts";
import { hits, packetsFrom } from "../support/node/hits.ts";
import { engine, furnished, serve, servers } from "../support/node/house.ts";
import { OUTSIDE } from "../support/node/network.ts";
import { node, removeNamespace } from "../support/node/node.ts";
import { addressesOf, attemptsFrom, idleSpec, startPod, untilRunning, type Pod } from "../support/node/pods.ts";
import { PAUSE_IMAGE } from "../support/node/pause.ts";
import { TENANT } from "../support/node/tenant.ts";

const POLICY = "guarded";
const IN_FORCE_MS = 60_000;

let namespace: string;
let models: string;
let pods: { chat: Pod; fetch: Pod; server: Pod };
/** When everything was in place. */
let since: number;

const at = (port: number): Target[] => [OUTSIDE.v4, OUTSIDE.v6].flatMap((address) => (["TCP", "UDP"] as const).map((protocol) => ({ name: `${protocol} ${address} ${port}`, address, port, protocol })));
const reached = async (pod: Pod, targets: readonly Target[]): Promise<boolean[]> => (await attemptsFrom(pod, targets)).map(({ outcome }) => outcome === "Reached");
const ALL = [true, true, true, true];
const NONE = [false, false, false, false];

const land = (guard: "Off" | "Enforce") => policy(POLICY).spec({ enforcement: { guard } })
  .destinations(named(["Application"]), destination("weights", { ...named(["Fetch"]), name: "weights", ports: [{ port: OTHER_PORT, protocol: "TCP" }, { port: OTHER_PORT, protocol: "UDP" }] }));

const byTenant = (method: string, path: string, body?: object, contentType?: string): Promise<string | undefined> => attempt(node(), method, path, { as: TENANT.name, ...(body !== undefined && { body }), ...(contentType !== undefined && { contentType }) });
const merge = (path: string, body: object): Promise<string | undefined> => byTenant("PATCH", path, body, "application/merge-patch+json");
const strategic = (path: string, body: object): Promise<string | undefined> => byTenant("PATCH", path, body, "application/strategic-merge-patch+json");
const pathOf = (resource: Resource, name: string, inNamespace = namespace, subresource?: string): string => objectPath(resource, { namespace: inNamespace, name }, subresource);
const create = (resource: Resource, object: object): Promise<string | undefined> => byTenant("POST", collectionPath(resource, namespace), object);

const guardsLeft = async (): Promise<KubeObject[]> => (await rawCall<{ items: KubeObject[] }>(node(), "GET", collectionPath(VALIDATING_ADMISSION_POLICIES))).items.filter(({ metadata }) => metadata.name.endsWith(".hoheit.dev"));

/** The guard was seen to refuse, and what is older than it is named: the pod that nobody could make any more. */
async function untilGuarded(): Promise<void> {
  await eventually(async () => {
    const { status } = await rawCall<{ status?: { conditions?: { type: string; reason: string; message: string }[] } }>(node(), "GET", `/apis/hoheit.dev/v1alpha1/sovereigntypolicies/${POLICY}`);
    const guarded = status?.conditions?.find(({ type }) => type === "Guarded");
    if (guarded?.reason !== "PreexistingObjects" || !guarded.message.includes(`${namespace}/fetch`)) throw new Error(JSON.stringify(guarded));
  }, { timeoutMs: IN_FORCE_MS, everyMs: 500 });
}

beforeAll(async () => {
  // What only Hoheit may make while the guard is there: a pod of the role that the tenant would like to have.
  await put(node(), land("Off").manifest());
  [namespace, models] = await Promise.all([uniqueNamespace(node(), { prefix: "tenant", labels: labelsFor(POLICY) }), furnished()]);
  await labelNamespace(models, labelsFor(POLICY));
  await Promise.all([namespace, models].map((name) => untilSealed(name)));
  const [fetch, [server]] = await Promise.all([startPod({ namespace, name: "fetch", labels: { "hoheit.dev/role": "Fetch" } }), serve(models, engine("assistant"))]) as [Pod, [Pod]];
  await Promise.all([namespace, models].map(handOver));
  await put(node(), land("Enforce").manifest());
  await untilGuarded();
  expectAllowed(await byTenant("POST", collectionPath(PODS, namespace), { apiVersion: "v1", kind: "Pod", metadata: { name: "chat", labels: { app: "chat" } }, spec: idleSpec() }));
  pods = { chat: await untilRunning(namespace, "chat"), fetch, server };
  await eventually(async () => expect([await reached(pods.chat, at(OTHER_PORT)), await reached(fetch, at(NAMED_PORT))]).toEqual([NONE, NONE]), { timeoutMs: IN_FORCE_MS });
  since = Date.now();
});

afterAll(async () => {
  await removePolicy(POLICY);
  await Promise.all([namespace, models].map(removeNamespace));
  // Tests that follow make what only Hoheit may make under a guard.
  await eventually(async () => expect(await guardsLeft()).toEqual([]), { timeoutMs: 120_000, everyMs: 500 });
  const role = { apiVersion: "v1", kind: "Pod", metadata: { name: "role", labels: { "hoheit.dev/role": "Fetch" } }, spec: idleSpec() };
  await eventually(async () => expectAllowed(await attempt(node(), "POST", `${collectionPath(PODS, "default")}?dryRun=All`, { body: role })), { timeoutMs: IN_FORCE_MS, everyMs: 500 });
}, 200_000);

test("a pod of a tenant reaches what is named for it, and one of the role Fetch what is named for that: there is something to win", async () => {
  expect([await reached(pods.chat, at(NAMED_PORT)), await reached(pods.chat, at(OTHER_PORT))]).toEqual([ALL, NONE]);
  expect([await reached(pods.fetch, at(NAMED_PORT)), await reached(pods.fetch, at(OTHER_PORT))]).toEqual([NONE, ALL]);
});

const networkPolicy = (name: string, egress: readonly object[]): object => ({ apiVersion: "networking.k8s.io/v1", kind: "NetworkPolicy", metadata: { name }, spec: { podSelector: {}, policyTypes: ["Egress"], egress } });
const pod = (name: string, over: object, labels: object = {}): object => ({ apiVersion: "v1", kind: "Pod", metadata: { name, labels }, spec: { ...idleSpec(), ...over } });
const service = (name: string, spec: object): object => ({ apiVersion: "v1", kind: "Service", metadata: { name }, spec: { ports: [{ port: OTHER_PORT }], ...spec } });
const SLICES: Resource = { group: "discovery.k8s.io", version: "v1", plural: "endpointslices", kind: "EndpointSlice", namespaced: true };

const ATTACKS: readonly [string, () => Promise<string | undefined>][] = [
  ["relabels her pod to Fetch", () => merge(pathOf(PODS, "chat"), { metadata: { labels: { "hoheit.dev/role": "Fetch" } } })],
  ["relabels it through its status", () => merge(pathOf(PODS, "chat", namespace, "status"), { metadata: { labels: { "hoheit.dev/role": "Fetch" } } })],
  ["makes a pod of that role", () => create(PODS, pod("forged", {}, { "hoheit.dev/role": "Fetch" }))],
  ["swaps the image of a pod of that role", () => strategic(pathOf(PODS, "fetch"), { spec: { containers: [{ name: "idle", image: "localhost/engine:quiet" }] } })],
  ["adds a container to it", () => strategic(pathOf(PODS, "fetch", namespace, "ephemeralcontainers"), { spec: { ephemeralContainers: [{ name: "spy", image: PAUSE_IMAGE }] } })],
  ["swaps the image of a model server", () => strategic(pathOf(DEPLOYMENTS, "assistant", models), { spec: { template: { spec: { containers: [{ name: "vllm", image: "localhost/engine:hammering" }] } } } })],
  ["executes something in a model server", () => byTenant("POST", `${pathOf(PODS, pods.server.metadata.name, models, "exec")}?command=sh`)],
  ["lets everything out", () => create(NETWORK_POLICIES, networkPolicy("everything", [{}]))],
  ["lets it out by halves", () => create(NETWORK_POLICIES, networkPolicy("halves", [{ to: ["0.0.0.0/1", "128.0.0.0/1", "::/1", "8000::/1"].map((cidr) => ({ ipBlock: { cidr } })) }]))],
  ["lets it out to what is named, at another port", () => create(NETWORK_POLICIES, networkPolicy("port", [{ to: [{ ipBlock: { cidr: `${OUTSIDE.v4}/32` } }], ports: [{ port: OTHER_PORT }] }]))],
  ["deletes the default deny", () => byTenant("DELETE", pathOf(NETWORK_POLICIES, DEFAULT_DENY))],
  ["deletes all policies", () => byTenant("DELETE", collectionPath(NETWORK_POLICIES, namespace))],
  ["widens a policy of Hoheit's", () => merge(pathOf(NETWORK_POLICIES, destinationPolicyName("named")), { spec: { egress: [{}] } })],
  ["makes the policy of another role hers", () => merge(pathOf(NETWORK_POLICIES, destinationPolicyName("weights")), { spec: { podSelector: {} } })],
  ["uses the network of the node", () => create(PODS, pod("on-node", { hostNetwork: true }))],
  ["takes a port of the node", () => create(SERVICES, service("node-port", { type: "NodePort", selector: { app: "chat" } }))],
  ["gives a name outside a name inside", () => create(SERVICES, service("outside", { type: "ExternalName", externalName: "told.outside.test" }))],
  ["gives an address outside an address inside", () => create(SERVICES, service("detour", {}))],
  ["does so by hand", () => create(SLICES, { apiVersion: "discovery.k8s.io/v1", kind: "EndpointSlice", metadata: { name: "detour", labels: { "kubernetes.io/service-name": "detour" } }, addressType: "IPv4", endpoints: [{ addresses: [OUTSIDE.v4] }], ports: [{ port: OTHER_PORT }] })],
  ["takes her namespace out of the policy", () => merge(objectPath(NAMESPACES, { name: namespace }), { metadata: { labels: Object.fromEntries(Object.keys(labelsFor(POLICY)).map((key) => [key, null])) } })],
  ["forges its seal", () => merge(objectPath(NAMESPACES, { name: namespace }), { metadata: { annotations: { "hoheit.dev/sealed": "forged" } } })],
];

describe("a tenant is refused when she", () => {
  test.each(ATTACKS)("%s", async (_what, attack) => expectRefusal(await attack()));
});

test("after all that, every pod is where it was, and no packet went where it must not", async () => {
  const { items } = await rawCall<{ items: KubeObject[] }>(node(), "GET", collectionPath(PODS, namespace));
  expect(items.map(({ metadata }) => metadata.name).toSorted()).toEqual(["chat", "fetch"]);
  expect((await servers(models, "assistant")).map(({ metadata }) => metadata.uid)).toEqual([pods.server.metadata.uid]);
  expect([await reached(pods.chat, at(OTHER_PORT)), await reached(pods.server, [...at(NAMED_PORT), ...at(OTHER_PORT)])]).toEqual([NONE, [...NONE, ...NONE]]);
  const seen = await hits({ since, sources: [pods.chat, pods.server].flatMap(addressesOf) });
  expect(seen.filter(({ port }) => port !== NAMED_PORT)).toEqual([]);
  expect(await packetsFrom(addressesOf(pods.server))).toEqual([]);
});
