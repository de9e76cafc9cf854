/**
 * The permissions that the chart ships are what the operator uses: nothing is missing and nothing is granted that a run
 * which exercises everything never needs. The audit log of the API server is the witness.
 */
import { afterAll, beforeAll, expect, it } from "vitest";
import { CLUSTER_NETWORK_POLICIES, DEPLOYMENTS, type Resource } from "../../operator/kube/resources.ts";
import { collectionPath, objectPath } from "../../operator/kube/url.ts";
import { clusterRules, namespacedRules } from "../../operator/kinds/index.ts";
import { proofRules } from "../../operator/kinds/sovereignty-policy/proof/rbac.ts";
import { sovereigntyPolicy, type SovereigntyPolicy } from "../../operator/kinds/sovereignty-policy/schema.ts";
import type { Deployment, KubeObject } from "../../operator/lib/k8s-types.ts";
import { DEFAULT_DENY } from "../../operator/lib/names.ts";
import { auditLog, eventually, IDENTITIES, rawCall, type AuditEntry, type ControlPlane } from "../support/control-plane.ts";
import { eventsIn, mergePatch, OPERATOR_USER, removeDeployments } from "../support/crash-house.ts";
import { fault, FaultProxy, type Seen } from "../support/fault-proxy.ts";
import { CHILDREN, conditionOf, deploymentNamed, find, findChild, furnishedNamespace, nameOfChild, put, remove, startHouse, untilReason } from "../support/house.ts";
import { approval, GOVERNED, lmd, svp } from "../support/makers.ts";
import { startOperator, type RunningOperator } from "../support/operator.ts";

const nameOf = (group: string, resource: string): string => (group === "" ? resource : `${group}/${resource}`);

/** Granted although no run shows it, and why. */
const UNUSED: Readonly<Record<string, string>> = {
  "update hoheit.dev/languagemodeldeployments/finalizers": "asked by the admission plugin OwnerReferencesPermissionEnforcement, where a cluster has it on, of whoever sets blockOwnerDeletion",
  "update namespaces/finalizers": "the same, for policies that belong to a Namespace",
  "update hoheit.dev/sovereigntypolicies/finalizers": "the same, for what belongs to a SovereigntyPolicy",
  ...Object.fromEntries(["nodes", "persistentvolumeclaims", "pods", "batch/jobs", "hoheit.dev/languagemodels", "hoheit.dev/modelapprovals", "hoheit.dev/processingactivities", "hoheit.dev/sovereigntypolicies"]
    .concat(["admissionregistration.k8s.io/validatingadmissionpolicies", "admissionregistration.k8s.io/validatingadmissionpolicybindings"])
    .map((resource) => [`get ${resource}`, "whoever may list them can read each: get, list and watch are granted together, as readers of RBAC expect"])),
  ...Object.fromEntries(proofRules.flatMap(({ apiGroups: [group = ""], resources }) => resources.map((resource) => nameOf(group, resource))).filter(isForeign)
    .map((resource) => [`list ${resource}`, "of a network plugin or an API that this cluster does not have: a proof asks for what is served"])),
};

/** Kinds of policies that others bring along. */
function isForeign(resource: string): boolean {
  return /^(cilium\.io|crd\.antrea\.io|crd\.projectcalico\.org|projectcalico\.org|k8s\.ovn\.org)\//.test(resource) || /\/(baseline)?adminnetworkpolicies$/.test(resource);
}

/** Asked only where a cache is behind, or where there is more evidence than is kept: a run may show it or not. */
const SELDOM: ReadonlySet<string> = new Set(["get networking.k8s.io/networkpolicies", "delete configmaps"]);

let plane: ControlPlane;
let proxy: FaultProxy;
let operator: RunningOperator;

beforeAll(async () => {
  plane = await startHouse({ audit: { users: IDENTITIES.map(({ user }) => user) } });
  proxy = await FaultProxy.start({ url: plane.url, ca: plane.ca });
  // As a server that streams no lists: they are asked for in pages.
  proxy.when(({ query }: Seen) => query.has("sendInitialEvents"), fault.status(400));
  operator = await startOperator(plane, { through: proxy });
}, 180_000);

afterAll(async () => {
  await operator?.[Symbol.asyncDispose]();
  await proxy?.[Symbol.asyncDispose]();
  await plane?.stop();
});


/** What a request needed, in the words of RBAC: an apply that creates needs create, too. */
function needs({ verb, objectRef, responseStatus }: AuditEntry): string[] {
  const { apiGroup = "", resource = "", subresource } = objectRef ?? {};
  const what = nameOf(apiGroup, subresource === undefined ? resource : `${resource}/${subresource}`);
  return verb === "patch" && responseStatus?.code === 201 ? [`patch ${what}`, `create ${what}`] : [`${verb} ${what}`];
}

/** The operator tries from time to time whether the guard refuses what it must: then a refusal is as it should be. */
const isTrial = (requestURI: string): boolean => new URL(requestURI, "https://server").searchParams.get("dryRun") === "All";

const granted = [...clusterRules, ...namespacedRules].flatMap(({ apiGroups, resources, verbs }) =>
  apiGroups.flatMap((group) => resources.flatMap((resource) => verbs.map((verb) => `${verb} ${nameOf(group, resource)}`))));

const served = async (namespace: string, name: string, generation: number): Promise<void> => {
  await eventually(async () => expect((await untilReason(plane, namespace, name, "Serving")).status?.observedGeneration).toBe(generation), { timeoutMs: 30_000 });
};

/** Every child edited by hand, in a way that only an apply heals. */
async function editChildren(namespace: string): Promise<void> {
  for (const resource of CHILDREN) {
    const path = objectPath(resource, { namespace, name: nameOfChild(resource, "assistant") });
    await mergePatch(plane, path, { metadata: { labels: { "app.kubernetes.io/component": "edited" } } });
    await eventually(async () => expect((await findChild(plane, resource, namespace, "assistant"))?.metadata.labels?.["app.kubernetes.io/component"], resource.kind).toBe("model-server"));
  }
}

/** Objects of others in the place of children: looked at and left alone. */
async function takeNames(namespace: string, name: string, resources: readonly Resource[]): Promise<void> {
  const specs: Readonly<Record<string, object>> = {
    Service: { spec: { ports: [{ port: 1 }], selector: { mine: "yes" } } },
    NetworkPolicy: { spec: { podSelector: { matchLabels: { mine: "yes" } } } },
    PodDisruptionBudget: { spec: { minAvailable: 1, selector: { matchLabels: { mine: "yes" } } } },
    Deployment: { spec: { replicas: 0, selector: { matchLabels: { mine: "yes" } }, template: { metadata: { labels: { mine: "yes" } }, spec: { containers: [{ name: "a", image: "registry.example/a" }] } } } },
    CronJob: { spec: { schedule: "0 0 1 1 *", suspend: true, jobTemplate: { spec: { template: { spec: { restartPolicy: "Never", containers: [{ name: "a", image: "registry.example/a" }] } } } } } },
  };
  for (const resource of resources) {
    const apiVersion = resource.group === "" ? resource.version : `${resource.group}/${resource.version}`;
    await rawCall(plane, "POST", collectionPath(resource, namespace), { body: { apiVersion, kind: resource.kind, metadata: { name: nameOfChild(resource, name), namespace }, ...specs[resource.kind] } });
  }
  await put(plane, lmd(name).namespace(namespace).replicas(2).manifest());
  await untilReason(plane, namespace, name, "ForeignObject");
}

/** A stand-in for what network-policy-api installs. */
const CLUSTER_NETWORK_POLICY_CRD = {
  apiVersion: "apiextensions.k8s.io/v1", kind: "CustomResourceDefinition",
  metadata: { name: "clusternetworkpolicies.policy.networking.k8s.io", annotations: { "api-approved.kubernetes.io": "unapproved, a stand-in for tests" } },
  spec: {
    group: CLUSTER_NETWORK_POLICIES.group, scope: "Cluster", names: { kind: "ClusterNetworkPolicy", plural: "clusternetworkpolicies" },
    versions: [{ name: "v1alpha2", served: true, storage: true, schema: { openAPIV3Schema: { type: "object", "x-kubernetes-preserve-unknown-fields": true } } }],
  },
};

/** Guarded, and given up again. */
async function guard(namespace: string): Promise<void> {
  await rawCall(plane, "POST", "/apis/apiextensions.k8s.io/v1/customresourcedefinitions", { body: CLUSTER_NETWORK_POLICY_CRD });
  await eventually(() => rawCall(plane, "GET", collectionPath(CLUSTER_NETWORK_POLICIES)));
  await put(plane, svp().spec({ enforcement: { guard: "Enforce" } }).manifest());
  const policy = objectPath(sovereigntyPolicy.resource, { name: "land" });
  await eventually(async () => {
    const guarded = conditionOf(await rawCall<SovereigntyPolicy>(plane, "GET", policy), "Guarded");
    expect(guarded?.status, guarded?.message).toBe("True");
  }, { timeoutMs: 40_000 });
  await remove(plane, svp().manifest());
  await mergePatch(plane, `/api/v1/namespaces/${namespace}`, { metadata: { labels: Object.fromEntries(Object.keys(GOVERNED).map((key) => [key, null])) } });
  await eventually(async () => expect((await rawCall<{ items: KubeObject[] }>(plane, "GET", collectionPath(sovereigntyPolicy.resource))).items).toEqual([]));
}

/** Governed, and healed of a hand that deletes what holds everything. */
async function govern(namespace: string): Promise<void> {
  const policy = `/apis/networking.k8s.io/v1/namespaces/${namespace}/networkpolicies/${DEFAULT_DENY}`;
  // Nobody could delete it by hand with the guard in force.
  await put(plane, svp().spec({ enforcement: { guard: "Off" } }).manifest());
  await mergePatch(plane, `/api/v1/namespaces/${namespace}`, { metadata: { labels: GOVERNED } });
  const uid = await eventually(async () => (await rawCall<KubeObject>(plane, "GET", policy)).metadata.uid ?? false);
  await rawCall(plane, "DELETE", policy);
  await eventually(async () => expect((await rawCall<KubeObject>(plane, "GET", policy)).metadata.uid).not.toBe(uid));
  await eventually(async () => expect((await rawCall<KubeObject>(plane, "GET", `/api/v1/namespaces/${namespace}`)).metadata.annotations).toHaveProperty("hoheit.dev/sealed"));
}

it("grants what a life of a deployment needs and nothing else", async () => {
  const namespace = await furnishedNamespace(plane);
  await put(plane, lmd("assistant").namespace(namespace).replicas(2).manifest());
  await served(namespace, "assistant", 1);
  await editChildren(namespace);
  await put(plane, lmd("assistant").namespace(namespace).replicas(1).args("--max-num-seqs=8").manifest());
  await served(namespace, "assistant", 2);
  // By hand, and healed: the policy, whose finalizer has to be let go of first.
  await rawCall(plane, "DELETE", `/apis/networking.k8s.io/v1/namespaces/${namespace}/networkpolicies/assistant`);
  await govern(namespace);
  await guard(namespace);
  // Revoked and approved again: scaled to zero, and the same event said twice.
  await remove(plane, approval().namespace(namespace).manifest());
  await untilReason(plane, namespace, "assistant", "ApprovalRevoked");
  await eventually(async () => expect((await find<Deployment>(plane, DEPLOYMENTS, namespace, "assistant"))?.spec?.replicas).toBe(0));
  await put(plane, approval().namespace(namespace).manifest());
  await served(namespace, "assistant", 2);
  await eventually(async () => expect((await eventsIn(plane, namespace)).some((event) => event.startsWith("Serving"))).toBe(true));
  await takeNames(namespace, "taken", CHILDREN.filter(({ kind }) => kind !== "Deployment"));
  await takeNames(namespace, "busy", CHILDREN.filter(({ kind }) => kind === "Deployment"));
  // The last write of a deletion whose answer is lost: the operator looks whether the object is gone.
  const manifest = lmd("assistant").namespace(namespace).manifest();
  const free = ({ method, path, body }: Seen): boolean => method === "PATCH" && path.endsWith("/languagemodeldeployments/assistant") && body.includes('"finalizers":[]');
  const lost = proxy.when(free, fault.loseAnswer(), { times: 1 });
  await remove(plane, manifest);
  await eventually(async () => expect(await deploymentNamed(plane, namespace, "assistant")).toBeUndefined(), { timeoutMs: 30_000 });
  await eventually(() => lost.hits === 1);
  await removeDeployments(plane);
  operator.kill("SIGTERM");
  expect(await operator.ended).toBe(0);

  const entries = await eventually(async () => {
    const all = await auditLog(plane, { user: OPERATOR_USER });
    // A watch is logged when it has ended.
    expect(all.filter(({ verb }) => verb === "watch").length).toBeGreaterThanOrEqual(proxy.requests.filter(({ isWatch, forwarded }) => isWatch && forwarded).length);
    return all;
  });
  expect(entries.filter(({ responseStatus, requestURI }) => responseStatus?.code === 403 && !isTrial(requestURI)).map(({ verb, requestURI, responseStatus }) => `${verb} ${requestURI}: ${responseStatus?.message}`)).toEqual([]);
  const used = new Set(entries.filter(({ objectRef }) => objectRef !== undefined).flatMap(needs));
  expect([...used].filter((need) => !granted.includes(need)).toSorted(), "used and not granted").toEqual([]);
  expect([...new Set(granted)].filter((grant) => !used.has(grant) && !SELDOM.has(grant)).toSorted(), "granted and not used").toEqual(Object.keys(UNUSED).toSorted());
}, 150_000);
