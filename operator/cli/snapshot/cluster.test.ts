import { describe, expect, it, test } from "vitest";
import { svp } from "../../../test/support/makers.ts";
import { ApiError } from "../../kube/errors.ts";
import { apiVersionOf, type Resource } from "../../kube/resources.ts";
import type { Raw, Snapshot } from "../../sovereignty/snapshot.ts";
import { snapshotOfCluster, type ClusterAccess } from "./cluster.ts";

interface World {
  /** By plural. */
  readonly objects?: Readonly<Record<string, readonly object[]>>;
  /** What an attempt to list a plural ends with, one after the other. */
  readonly refusals?: Readonly<Record<string, readonly number[]>>;
  /** By path: code, or what is served there. */
  readonly discovery?: Readonly<Record<string, number | object>>;
}

const REASONS: Readonly<Record<number, string>> = { 401: "Unauthorized", 403: "Forbidden", 404: "NotFound", 410: "Expired", 500: "InternalError" };

function clusterOf({ objects = {}, refusals = {}, discovery = {} }: World): ClusterAccess {
  const left = new Map(Object.entries(refusals).map(([plural, codes]) => [plural, [...codes]]));
  return {
    api: {
      scan: async (of: Resource, _options: unknown, take: (object: never) => void) => {
        // Whatever version is asked for, the API server writes the object in it.
        for (const object of objects[of.plural] ?? []) take({ ...object, apiVersion: apiVersionOf(of) } as never);
        const code = left.get(of.plural)?.shift();
        if (code !== undefined) throw new ApiError("list", { code, reason: REASONS[code] ?? "", message: "" });
        return "1";
      },
    } as ClusterAccess["api"],
    transport: {
      call: async ({ path }: { path: string }) => {
        const answer = discovery[path] ?? (path === "/apis" ? {} : 404);
        return { code: typeof answer === "number" ? answer : 200, json: answer };
      },
    },
  };
}

const read = (world: World): Promise<Snapshot> =>
  snapshotOfCluster(clusterOf(world), { cluster: { pods: [], services: [], nodes: [] }, nameServers: [], operatorNamespace: "hoheit-system", today: "2026-11-25" });

const raw = (apiVersion: string, kind: string, metadata: object, rest: object = {}): Raw => ({ apiVersion, kind, metadata, ...rest }) as Raw;
const NAMESPACE = raw("v1", "Namespace", { name: "town", labels: { "hoheit.dev/governed": "true" } });
const DENY = raw("networking.k8s.io/v1", "NetworkPolicy", { name: "deny", namespace: "town" }, { spec: { podSelector: {} } });

describe("a snapshot of a cluster", () => {
  it("has what may be read, and where policies govern", async () => {
    const { namespaces, networkPolicies, governed, unreadable } = await read({ objects: { namespaces: [NAMESPACE], networkpolicies: [DENY], sovereigntypolicies: [svp("land").manifest()] } });
    expect([namespaces, networkPolicies, [...governed.keys()], unreadable]).toEqual([[NAMESPACE], [DENY], ["town"], []]);
  });

  it("names each kind that may not be read, and takes a kind that is not served for one without objects", async () => {
    const { unreadable } = await read({ refusals: { pods: [403], networkpolicies: [401], clusternetworkpolicies: [404] } });
    expect(unreadable.toSorted()).toEqual(["NetworkPolicy: Unauthorized", "Pod: Forbidden"]);
  });

  it("is of one moment: what was read before a page expired is read again, once", async () => {
    expect((await read({ objects: { networkpolicies: [DENY] }, refusals: { networkpolicies: [410] } })).networkPolicies).toEqual([DENY]);
    await expect(read({ refusals: { networkpolicies: [410, 410] } })).rejects.toThrow("410 Expired");
  });

  it("is none where the API server fails", async () => {
    await expect(read({ refusals: { pods: [500] } })).rejects.toThrow("500 InternalError");
    for (const code of [500, 503, 404]) await expect(read({ discovery: { "/apis": code } })).rejects.toThrow("the API server does not say which kinds there are");
  });

  it("names a policy that nobody can read: it may allow less than all others", async () => {
    const later = { ...svp("later").manifest(), spec: { namespaceSelector: { matchNames: ["town"] } } };
    const { governed, unreadable } = await read({ objects: { namespaces: [NAMESPACE], sovereigntypolicies: [later] } });
    expect([[...governed.keys()], unreadable]).toEqual([[], ["SovereigntyPolicy later: it is not of this version"]]);
  });
});

describe("policies of other kinds", () => {
  const served = (groupVersion: string, ...kinds: (readonly [plural: string, kind: string])[]): object =>
    ({ resources: kinds.flatMap(([name, kind]) => [{ name, kind, namespaced: true, verbs: ["get", "list"] }, { name: `${name}/status`, kind, namespaced: true, verbs: ["get"] }]), groupVersion });
  const discovery = {
    "/apis": { groups: [{ versions: [{ groupVersion: "cilium.io/v2" }] }, { versions: [{ groupVersion: "policy.networking.k8s.io/v1beta1" }, { groupVersion: "policy.networking.k8s.io/v1alpha1" }, { groupVersion: "policy.networking.k8s.io/v1alpha2" }] }, { versions: [{ groupVersion: "metrics.k8s.io/v1beta1" }] }] },
    "/apis/cilium.io/v2": served("cilium.io/v2", ["ciliumnetworkpolicies", "CiliumNetworkPolicy"], ["ciliumendpoints", "CiliumEndpoint"]),
    "/apis/policy.networking.k8s.io/v1beta1": served("policy.networking.k8s.io/v1beta1", ["clusternetworkpolicies", "ClusterNetworkPolicy"]),
    "/apis/policy.networking.k8s.io/v1alpha1": served("policy.networking.k8s.io/v1alpha1", ["adminnetworkpolicies", "AdminNetworkPolicy"]),
    "/apis/policy.networking.k8s.io/v1alpha2": served("policy.networking.k8s.io/v1alpha2", ["clusternetworkpolicies", "ClusterNetworkPolicy"]),
    // Its server is down.
    "/apis/metrics.k8s.io/v1beta1": 503,
  };
  const cilium = raw("cilium.io/v2", "CiliumNetworkPolicy", { name: "x", namespace: "town" });

  it("are found by asking which kinds there are, and are named where there is one", async () => {
    const { unknownPolicyKinds } = await read({ discovery, objects: { ciliumnetworkpolicies: [cilium], ciliumendpoints: [raw("cilium.io/v2", "CiliumEndpoint", { name: "x" })] } });
    expect(unknownPolicyKinds).toEqual(["CiliumNetworkPolicy (cilium.io/v2)"]);
    expect((await read({ discovery })).unknownPolicyKinds).toEqual([]);
  });

  test("that may not be read are named, too", async () => {
    expect((await read({ discovery, refusals: { adminnetworkpolicies: [403] } })).unreadable).toEqual(["AdminNetworkPolicy: Forbidden"]);
  });

  test("of an API whose own server is down may be there: the API is named, unless it is one of metrics", async () => {
    const down = { ...discovery, "/apis/projectcalico.org/v3": 503, "/apis": { groups: [...discovery["/apis"].groups, { versions: [{ groupVersion: "projectcalico.org/v3" }] }] } };
    expect((await read({ discovery: down })).unreadable).toEqual(["whatever the API projectcalico.org/v3 has: its server does not answer"]);
  });

  it("do not include what is understood in another version of its API", async () => {
    const understood = raw("policy.networking.k8s.io/v1alpha2", "ClusterNetworkPolicy", { name: "admin" });
    const { clusterNetworkPolicies, unknownPolicyKinds } = await read({ discovery, objects: { clusternetworkpolicies: [understood] } });
    expect([clusterNetworkPolicies, unknownPolicyKinds]).toEqual([[understood], []]);
  });
});
