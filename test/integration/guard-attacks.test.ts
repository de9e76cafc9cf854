/**
 * Ways round the guard that are about the API, each tried by a tenant who has every right in the namespace (docs/threat-model.md
 * lists them). What is there was made by the operator's account, as the operator would make it.
 */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { CONFIG_MAPS, DEPLOYMENTS, JOBS, NETWORK_POLICIES, PODS, SERVICES, apiVersionOf, type Resource } from "../../operator/kube/resources.ts";
import { CONNECTIONS, governanceLabels, probeLabels, SEALED, servingLabels } from "../../operator/lib/labels.ts";
import type { KubeObject } from "../../operator/lib/k8s-types.ts";
import { collectionPath, objectPath } from "../../operator/kube/url.ts";
import { eventually, rawCall, uniqueNamespace } from "../support/control-plane.ts";
import { attempt, expectAllowed, expectRefusal, governedNamespace, grantToEditor, LAND, seal, startGuarded, type GuardedPlane } from "../support/guard.ts";

let guarded: GuardedPlane;
beforeAll(async () => { guarded = await startGuarded(); }, 180_000);
afterAll(() => guarded[Symbol.asyncDispose]());

const GOVERNED = LAND.spec.namespaceSelector.matchLabels;
const IMAGE = `registry.example/app@sha256:${"ab".repeat(32)}`;
const OTHER_IMAGE = `registry.example/other@sha256:${"cd".repeat(32)}`;
const podSpec = { containers: [{ name: "app", image: IMAGE }], nodeSelector: LAND.spec.nodes.selector.matchLabels, restartPolicy: "Never" };
const REPLICA_SETS: Resource = { group: "apps", version: "v1", plural: "replicasets", kind: "ReplicaSet", namespaced: true };

const path = (resource: Resource, namespace: string, name: string, subresource?: string): string => objectPath(resource, { namespace, name }, subresource);
const patch = (at: string, body: object, as = "user"): Promise<string | undefined> => attempt(guarded.plane, "PATCH", at, { body, as, contentType: "application/merge-patch+json" });
const strategic = (at: string, body: object): Promise<string | undefined> => attempt(guarded.plane, "PATCH", at, { body, as: "user", contentType: "application/strategic-merge-patch+json" });
const remove = (at: string): Promise<string | undefined> => attempt(guarded.plane, "DELETE", at, { as: "user" });
const create = (resource: Resource, namespace: string, object: object, as = "user"): Promise<string | undefined> =>
  attempt(guarded.plane, "POST", collectionPath(resource, namespace), { as, body: { apiVersion: apiVersionOf(resource), kind: resource.kind, ...object } });

describe("what Hoheit made in a governed namespace", () => {
  const labels = servingLabels("assistant");
  const fetchLabels = { ...labels, "hoheit.dev/role": "Fetch" };
  const template = { metadata: { labels }, spec: { ...podSpec, restartPolicy: "Always" } };
  const deployment = { metadata: { name: "assistant", labels }, spec: { replicas: 1, selector: { matchLabels: { "hoheit.dev/deployment": "assistant" } }, template } };
  let namespace: string;

  beforeAll(async () => {
    namespace = await governedNamespace(guarded.plane);
    const byOperator = async (resource: Resource, object: object): Promise<void> => expectAllowed(await create(resource, namespace, object, "operator"));
    await byOperator(NETWORK_POLICIES, { metadata: { name: "hoheit-default-deny", labels: governanceLabels() }, spec: { podSelector: {}, policyTypes: ["Ingress", "Egress"] } });
    await byOperator(PODS, { metadata: { name: "fetch", labels: fetchLabels }, spec: podSpec });
    await byOperator(CONFIG_MAPS, { metadata: { name: "assistant-gate", labels }, data: { tripwire: "10.96.0.84" } });
    await byOperator(DEPLOYMENTS, deployment);
    // The tenant's own.
    expectAllowed(await create(PODS, namespace, { metadata: { name: "chat", labels: { app: "chat" } }, spec: podSpec }));
  });

  const attacks: readonly [string, () => Promise<string | undefined>][] = [
    ["deleting the default-deny", () => remove(path(NETWORK_POLICIES, namespace, "hoheit-default-deny"))],
    ["deleting all NetworkPolicies", () => remove(collectionPath(NETWORK_POLICIES, namespace))],
    ["widening it", () => patch(path(NETWORK_POLICIES, namespace, "hoheit-default-deny"), { spec: { egress: [{}] } })],
    ["taking its label off", () => patch(path(NETWORK_POLICIES, namespace, "hoheit-default-deny"), { metadata: { labels: { "app.kubernetes.io/managed-by": null } } })],
    ["pointing a gate elsewhere", () => patch(path(CONFIG_MAPS, namespace, "assistant-gate"), { data: { tripwire: "203.0.113.9" } })],
    ["making a gate's ConfigMap immutable", () => patch(path(CONFIG_MAPS, namespace, "assistant-gate"), { immutable: true })],
    ["relabelling a pod to Fetch", () => patch(path(PODS, namespace, "chat"), { metadata: { labels: { "hoheit.dev/role": "Fetch" } } })],
    ["relabelling it through its status", () => patch(path(PODS, namespace, "chat", "status"), { metadata: { labels: { "hoheit.dev/role": "Fetch" } } })],
    ["taking a role off a pod", () => patch(path(PODS, namespace, "fetch"), { metadata: { labels: { "hoheit.dev/role": null, "app.kubernetes.io/managed-by": null } } })],
    ["taking it off through its status", () => patch(path(PODS, namespace, "fetch", "status"), { metadata: { labels: { "hoheit.dev/role": null } } })],
    ["swapping the image of a pod with a role", () => strategic(path(PODS, namespace, "fetch"), { spec: { containers: [{ name: "app", image: OTHER_IMAGE }] } })],
    ["adding a container to a running pod", () => strategic(path(PODS, namespace, "fetch", "ephemeralcontainers"), { spec: { ephemeralContainers: [{ name: "spy", image: IMAGE }] } })],
    ["adding one to a pod of one's own", () => strategic(path(PODS, namespace, "chat", "ephemeralcontainers"), { spec: { ephemeralContainers: [{ name: "spy", image: IMAGE }] } })],
    ["deleting a pod with a role", () => remove(path(PODS, namespace, "fetch"))],
    ["swapping the image of a Deployment", () => strategic(path(DEPLOYMENTS, namespace, "assistant"), { spec: { template: { spec: { containers: [{ name: "app", image: OTHER_IMAGE }] } } } })],
    ["scaling it", () => patch(path(DEPLOYMENTS, namespace, "assistant"), { spec: { replicas: 9 } })],
    ["scaling it through its scale", () => patch(path(DEPLOYMENTS, namespace, "assistant", "scale"), { spec: { replicas: 9 } })],
    ["deleting it", () => remove(path(DEPLOYMENTS, namespace, "assistant"))],
    ["making a pod in the place of Kubernetes", () => create(PODS, namespace, { metadata: { name: "forged", labels: fetchLabels, ownerReferences: [{ apiVersion: "apps/v1", kind: "ReplicaSet", name: "x", uid: "1", controller: true }] }, spec: podSpec })],
    ["adopting pods of a model by a ReplicaSet", () => create(REPLICA_SETS, namespace, { metadata: { name: "adopt" }, spec: { selector: { matchLabels: { "hoheit.dev/deployment": "assistant" } }, template } })],
    ["changing a run of a probe", async () => {
      const run = { metadata: { name: "now", labels: probeLabels("assistant"), annotations: { "cronjob.kubernetes.io/instantiate": "manual" } }, spec: { suspend: true, template: { metadata: { labels: probeLabels("assistant") }, spec: podSpec } } };
      expectAllowed(await create(JOBS, namespace, run));
      return patch(path(JOBS, namespace, "now"), { spec: { suspend: false } });
    }],
  ];

  it.each(attacks)("is safe from %s", async (_what, attack) => expectRefusal(await attack()));

  it("can be deleted where people made it by hand: a run of a probe", async () => {
    await eventually(async () => expectAllowed(await remove(`${path(JOBS, namespace, "now")}?propagationPolicy=Background`)));
  });

  it("leaves alone what is the tenant's own", async () => {
    await eventually(async () => expect((await rawCall<{ spec: object }>(guarded.plane, "GET", path(PODS, namespace, "chat"))).spec).toHaveProperty("nodeName"));
    expectAllowed(await patch(path(PODS, namespace, "chat"), { metadata: { labels: { tier: "front" } } }));
    expectAllowed(await strategic(path(PODS, namespace, "chat"), { spec: { containers: [{ name: "app", image: OTHER_IMAGE }] } }));
    expectAllowed(await remove(path(PODS, namespace, "chat")));
  });
});

describe("a change of what was harmless", () => {
  const services: readonly [string, object, RegExp][] = [
    ["a name outside", { type: "ExternalName", externalName: "example.com", selector: null, clusterIP: null, clusterIPs: null }, /ExternalName/],
    ["addresses of others", { externalIPs: ["8.8.8.8"] }, /externalIPs/],
    ["whatever somebody says", { selector: null }, /selector is empty/],
    ["every node", { type: "NodePort" }, /NodePort/],
  ];
  it.each(services)("does not lead a Service to %s", async (_what, spec, because) => {
    const { namespace } = guarded;
    const name = `own-${Math.random().toString(36).slice(2)}`;
    expectAllowed(await create(SERVICES, namespace, { metadata: { name }, spec: { selector: { app: "chat" }, ports: [{ port: 80 }] } }));
    expectRefusal(await patch(path(SERVICES, namespace, name), { spec }), because);
  });

  describe("does not widen a NetworkPolicy, in whatever spelling:", () => {
    const widen = (ipBlock: object): Promise<string | undefined> => patch(path(NETWORK_POLICIES, guarded.namespace, "own"), { spec: { egress: [{ to: [{ ipBlock }], ports: [{ port: 5432 }] }] } });
    beforeAll(async () => {
      expectAllowed(await create(NETWORK_POLICIES, guarded.namespace, { metadata: { name: "own" }, spec: { podSelector: { matchLabels: { app: "chat" } }, policyTypes: ["Egress"] } }));
    });

    it.each([
      // Everything, half of it, and as much with a hole.
      "0.0.0.0/0", "::/0", "0.0.0.0/1", "128.0.0.0/1", "::/1", "8000::/1", "2000::/3",
      // Addresses of IPv4 in those of IPv6, and of others that a range next to a destination holds.
      "::8.8.8.8/128", "64:ff9b::808:808/128", "2002:808:808::/48", "2001:0:808:808::/64", "203.0.112.0/23",
      // The same range as a destination's, as the API server would not write it.
      "2001:DB8:5::/48", "2001:db8:5:0::/48", "2001:0db8:5::/48", "2001:db8:5:0:0:0:0:0/48",
      // Addresses of nodes, their neighbours and clouds.
      "127.0.0.0/8", "169.254.169.254/32", "fe80::/10", "fd00:ec2::254/128",
    ])("%s, which the guard refuses", async (cidr) => expectRefusal(await widen({ cidr }), /is not, with these ports|not canonical/));

    it("everything but all that is no destination, which the guard refuses", async () => {
      expectRefusal(await widen({ cidr: "0.0.0.0/0", except: ["0.0.0.0/1", "128.0.0.0/2", "224.0.0.0/3"] }), /is not, with these ports/);
    });

    // KEP-4858: what can be read in two ways is no range any more.
    it.each([
      "203.0.113.7/24", "010.0.0.0/8", "::ffff:203.0.113.0/120", "::ffff:cb00:7100/120", "203.0.113.0/024", "203.0.113.0/+24", "3405803776/24", "203.0.113/24", "0/0", "0xcb.0.113.0/24", "203.0.113.0", "203.0.113.0/33", "203.0.113.0/-1",
      " 203.0.113.0/24", "203.0.113.0/24 ", "203.0.113.0 /24", "fe80::1%eth0/128", "2001:db8:5::1/48", "2001:db8:5:::/48", "٢٠٣.0.113.0/24", "２０３.0.113.0/24", "",
    ])("%j, which the API server refuses by itself", async (cidr) => {
      expect(await widen({ cidr })).toMatch(/ipBlock\.cidr: (Invalid|Required) value/);
    });
  });
});

describe("connections through the API server", () => {
  const connect = (namespace: string, what: string, query = ""): Promise<string | undefined> => attempt(guarded.plane, "POST", `/api/v1/namespaces/${namespace}/pods/any/${what}${query}`, { as: "user" });

  it.each([["exec", "?command=sh"], ["attach", ""], ["portforward", ""], ["proxy", ""]])("are refused: %s", async (what, query) => {
    expectRefusal(await connect(guarded.namespace, what, query), /connections into pods are refused/);
  });

  it("are refused through a Service, too", async () => {
    expectRefusal(await attempt(guarded.plane, "GET", `/api/v1/namespaces/${guarded.namespace}/services/any/proxy`, { as: "user" }), /connections into pods are refused/);
  });

  it("are allowed for a namespace by who may govern, and then no model starts in it", async () => {
    const { plane } = guarded;
    const namespace = await governedNamespace(plane);
    const allow = { metadata: { annotations: { [CONNECTIONS]: "Allow" } } };
    expectRefusal(await patch(`/api/v1/namespaces/${namespace}`, allow), /takes the verb govern/);
    expectAllowed(await patch(`/api/v1/namespaces/${namespace}`, allow, "admin"));
    await eventually(async () => expect(await connect(namespace, "exec", "?command=sh")).toMatch(/pods "any" not found/));
    expectRefusal(await create(PODS, namespace, { metadata: { name: "server", labels: servingLabels("assistant") }, spec: podSpec }, "operator"), /allows connections into its pods/);
  });
});

describe("a governed namespace", () => {
  const withoutLabel = { metadata: { labels: { "hoheit.dev/governed": null } } };
  const relabelled = { metadata: { labels: { "hoheit.dev/governed": "no" } } };
  const forged = { metadata: { annotations: { [SEALED]: "forged" } } };
  const unsealed = { metadata: { annotations: { [SEALED]: null } } };
  const entrances = ["", "/status", "/finalize"];

  it.each(entrances)("cannot be taken out of its policy by a tenant who may edit it, through namespaces%s", async (entrance) => {
    const at = `/api/v1/namespaces/${guarded.namespace}${entrance}`;
    for (const change of [withoutLabel, relabelled]) expectRefusal(await put(at, change), /it would leave SovereigntyPolicy land/);
    for (const change of [forged, unsealed]) expectRefusal(await put(at, change), /are what the operator observed/);
  });

  /** `finalize` takes no patch. */
  async function put(at: string, change: { metadata: object }): Promise<string | undefined> {
    if (!at.endsWith("/finalize")) return patch(at, change);
    const { plane, namespace } = guarded;
    const live = await rawCall<KubeObject>(plane, "GET", `/api/v1/namespaces/${namespace}`);
    const merged = Object.fromEntries(Object.entries(change.metadata as Record<string, Record<string, string | null>>).map(([member, values]) =>
      [member, Object.fromEntries(Object.entries({ ...live.metadata[member as "labels"], ...values }).filter(([, value]) => value !== null))]));
    return attempt(plane, "PUT", at, { as: "user", body: { ...live, metadata: { ...live.metadata, ...merged } } });
  }

  it("cannot be born sealed, nor be sealed by an administrator of the cluster", async () => {
    const { plane } = guarded;
    const object = { apiVersion: "v1", kind: "Namespace", metadata: { name: "born-sealed", labels: GOVERNED, annotations: { [SEALED]: "forged" } } };
    expectRefusal(await attempt(plane, "POST", "/api/v1/namespaces", { body: object }), /are what the operator observed/);
    const fresh = await uniqueNamespace(plane, { labels: GOVERNED });
    expectRefusal(await patch(`/api/v1/namespaces/${fresh}`, forged, "admin"), /are what the operator observed/);
  });

  it("is none of those that are never governed: a label on kube-system stops nothing", async () => {
    expectAllowed(await patch("/api/v1/namespaces/kube-system", { metadata: { labels: GOVERNED } }, "admin"));
    const pod = { metadata: { name: "system" }, spec: { containers: [{ name: "a", image: "registry.k8s.io/a:1" }], hostNetwork: true } };
    await eventually(async () => expectAllowed(await create(PODS, "kube-system", pod, "admin")));
  });

  it("leaves its policy by decision of who may govern", async () => {
    const { plane } = guarded;
    const namespace = await governedNamespace(plane);
    expectAllowed(await patch(`/api/v1/namespaces/${namespace}`, withoutLabel, "admin"));
  });

  it("has no pod before it is sealed, however fast somebody is", async () => {
    const { plane } = guarded;
    const race = async (round: number): Promise<void> => {
      const name = `race-${round}-${Math.random().toString(36).slice(2, 8)}`;
      const object = { apiVersion: "v1", kind: "Namespace", metadata: { name, labels: GOVERNED } };
      const born = attempt(plane, "POST", "/api/v1/namespaces", { body: object });
      // Some come before the namespace is there, some after; none may pass.
      const pods = Array.from({ length: 5 }, (_, index) => create(PODS, name, { metadata: { name: `p${index}` }, spec: { ...podSpec, serviceAccountName: "default" } }, "admin"));
      const bare = await Promise.all(pods);
      expectAllowed(await born);
      for (const answer of [...bare, await create(PODS, name, { metadata: { name: "late" }, spec: podSpec }, "admin")]) expect(answer).toMatch(/not sealed yet|not found/);
      expectRefusal(await eventually(async () => {
        const answer = await create(PODS, name, { metadata: { name: "later" }, spec: podSpec }, "admin");
        return answer !== undefined && /serviceaccount|service account/.test(answer) ? false : (answer ?? "");
      }), /not sealed yet/);
    };
    await Promise.all(Array.from({ length: 10 }, (_, round) => race(round)));
  });
});

describe("what is older than the policy", () => {
  const template = (labels: object, members: object = {}): object => ({ metadata: { labels: { app: "old", ...labels } }, spec: { ...podSpec, restartPolicy: "Always", ...members } });
  const replicaSet = (name: string, pod: object): object => ({ metadata: { name }, spec: { replicas: 1, selector: { matchLabels: { app: "old" } }, template: pod } });

  it("makes no pods that break the rules once its namespace is governed", async () => {
    const { plane } = guarded;
    const namespace = await uniqueNamespace(plane);
    await eventually(() => rawCall(plane, "GET", `/api/v1/namespaces/${namespace}/serviceaccounts/default`));
    expectAllowed(await create(REPLICA_SETS, namespace, replicaSet("old", template({}, { hostNetwork: true })), "admin"));
    const pods = async (): Promise<KubeObject[]> => (await rawCall<{ items: KubeObject[] }>(plane, "GET", collectionPath(PODS, namespace))).items;
    await eventually(async () => expect(await pods()).toHaveLength(1));
    expectAllowed(await patch(`/api/v1/namespaces/${namespace}`, { metadata: { labels: GOVERNED } }, "admin"));
    await seal(plane, namespace);
    for (const pod of await pods()) expectAllowed(await attempt(plane, "DELETE", `${collectionPath(PODS, namespace)}/${pod.metadata.name}?gracePeriodSeconds=0`));
    await eventually(async () => {
      const { items } = await rawCall<{ items: { reason: string; message: string }[] }>(plane, "GET", `/api/v1/namespaces/${namespace}/events`);
      expect(items.filter(({ reason }) => reason === "FailedCreate").map(({ message }) => message).join()).toContain("hostNetwork is true");
    });
    expect(await pods()).toEqual([]);
  });

  it("has no role: roles are guarded in every namespace", async () => {
    const namespace = await uniqueNamespace(guarded.plane);
    expectRefusal(await create(REPLICA_SETS, namespace, replicaSet("prepared", template({ "hoheit.dev/role": "Fetch" })), "admin"), /for what Hoheit makes/);
  });
});

describe("policies and guard", () => {
  const policies = "/apis/hoheit.dev/v1alpha1/sovereigntypolicies/land";

  it("are out of reach for a tenant", async () => {
    const guard = "/apis/admissionregistration.k8s.io/v1";
    for (const at of [`${guard}/validatingadmissionpolicies/pods.hoheit.dev`, `${guard}/validatingadmissionpolicybindings/land.pods.hoheit.dev`, policies]) {
      expect(await remove(at)).toMatch(/cannot delete resource/);
      expect(await patch(at, { spec: null })).toMatch(/cannot patch resource/);
    }
  });

  it("are changed by who may govern, not by whoever may edit them", async () => {
    const { plane } = guarded;
    await grantToEditor(plane, "edits", [{ apiGroups: ["hoheit.dev", "apiextensions.k8s.io"], resources: ["*"], verbs: ["get", "create", "update", "patch", "delete"] }]);
    const wider = { spec: { inCluster: null } };
    const as = "editor";
    expectRefusal(await patch(policies, wider, as), /has the verb govern/);
    expectRefusal(await attempt(plane, "DELETE", policies, { as }), /has the verb govern/);
    expectRefusal(await attempt(plane, "DELETE", "/apis/apiextensions.k8s.io/v1/customresourcedefinitions/sovereigntypolicies.hoheit.dev", { as }), /has the verb govern/);
    expectAllowed(await patch(policies, { metadata: { labels: { team: "platform" } } }, as));
    await grantToEditor(plane, "governs", [{ apiGroups: ["hoheit.dev"], resources: ["sovereigntypolicies"], verbs: ["govern"] }]);
    expectAllowed(await attempt(plane, "PATCH", `${policies}?dryRun=All`, { body: wider, as, contentType: "application/merge-patch+json" }));
  });
});
