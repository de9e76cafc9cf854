import { beforeEach, describe, expect, it } from "vitest";
import type { FakeClock } from "../../../test/support/fake-clock.ts";
import { PolicyHouse, POLICIES } from "../../../test/support/fake-policy-house.ts";
import { destination, GOVERNED, svp } from "../../../test/support/makers.ts";
import { ApiError } from "../../kube/errors.ts";
import { CLUSTER_NETWORK_POLICIES, NAMESPACES, NETWORK_POLICIES, PODS, VALIDATING_ADMISSION_POLICIES, VALIDATING_ADMISSION_POLICY_BINDINGS, type Resource } from "../../kube/resources.ts";
import type { KubeObject } from "../../lib/k8s-types.ts";
import { POLICY_FINALIZER } from "../../lib/names.ts";

let house: PolicyHouse;
beforeEach(() => {
  house = new PolicyHouse();
});

const CNP = { name: "hoheit-land" };
const has = (of: Resource, name: string): boolean => house.cluster.live(of, { name }) !== undefined;
const bindings = (): string[] => house.cluster.context.cache(VALIDATING_ADMISSION_POLICY_BINDINGS).list().map(({ metadata }) => metadata.name);
const admissionPolicies = (): string[] => house.cluster.context.cache(VALIDATING_ADMISSION_POLICIES).list().map(({ metadata }) => metadata.name);
const after = (ms: number): void => (house.context.clock as FakeClock).advance(ms);

/** A policy, a sealed namespace, the guard seen to refuse: at rest. */
async function atRest(policy = svp()): Promise<void> {
  house.cluster.put(POLICIES, policy.live());
  await house.namespace("ui");
  for (let pass = 0; pass < 2; pass++) await house.reconcile();
  house.cluster.writes.length = 0;
  house.notes.length = 0;
  house.trials.length = 0;
  house.lists.length = 0;
}

describe("a policy", () => {
  it("is held before anything is made of it, and what is made belongs to it", async () => {
    house.cluster.put(POLICIES, svp().destinations(destination("mirror")).live());
    await house.reconcile();
    expect(house.cluster.writes[0]).toBe("patch SovereigntyPolicy");
    expect(house.policy().metadata.finalizers).toEqual([POLICY_FINALIZER]);
    const owner = [expect.objectContaining({ kind: "SovereigntyPolicy", name: "land", controller: true })];
    expect(house.cluster.live(CLUSTER_NETWORK_POLICIES, CNP)?.metadata.ownerReferences).toEqual(owner);
    expect(house.cluster.live(VALIDATING_ADMISSION_POLICY_BINDINGS, { name: "land.pods.hoheit.dev" })?.metadata.ownerReferences).toEqual(owner);
    for (const of of [VALIDATING_ADMISSION_POLICIES, VALIDATING_ADMISSION_POLICY_BINDINGS] as readonly Resource[]) expect(house.cluster.live(of, { name: "roles.hoheit.dev" })?.metadata, "shared by all").not.toHaveProperty("ownerReferences");
  });

  it("makes admission policies before bindings, and the network's before both", async () => {
    house.cluster.put(POLICIES, svp().live());
    await house.reconcile();
    const order = ["patch SovereigntyPolicy", "apply ClusterNetworkPolicy", "apply ValidatingAdmissionPolicy", "apply ValidatingAdmissionPolicyBinding", "patch SovereigntyPolicy"];
    expect(house.cluster.writes.filter((write, index, all) => write !== all[index - 1])).toEqual(order);
  });

  it("that selects nothing is in force, and there is nothing to try or to look at", async () => {
    house.cluster.put(POLICIES, svp().live());
    expect(await house.reconcile()).toEqual({ kind: "done", recheckAfterMs: 60_000 });
    expect([house.says("Ready"), house.says("Enforced"), house.says("Guarded")]).toEqual(["True InForce", "True NoNamespaces", "Unknown NothingGuarded"]);
    expect(house.trials).toEqual([]);
    expect(house.lists).toEqual(["clusternetworkpolicies.policy.networking.k8s.io in the cluster"]);
  });

  it("is not in force until its namespaces are sealed", async () => {
    house.cluster.put(POLICIES, svp().live());
    await house.namespace("ui", { sealed: false });
    expect(await house.reconcile()).toMatchObject({ kind: "waiting", reason: "NotEnforced" });
    expect([house.says("Ready"), house.says("Enforced")]).toEqual(["False NotEnforced", "False NotApplied"]);
    await house.govern("ui");
    await house.reconcile();
    expect([house.says("Ready"), house.says("Enforced"), house.policy().status?.namespaces]).toEqual(["True InForce", "True NamespacesEnforced", 1]);
  });

  it("is left in peace once it is in force, and says so once", async () => {
    await atRest();
    expect([house.says("Ready"), house.says("Guarded")]).toEqual(["True InForce", "True Guarded"]);
    expect(await house.reconcile()).toEqual({ kind: "done", recheckAfterMs: 60_000 });
    expect([house.cluster.writes, house.notes, house.trials]).toEqual([[], [], []]);
  });

  it("that does not parse changes nothing, and says where", async () => {
    await atRest();
    const before = [bindings(), admissionPolicies()];
    house.cluster.put(POLICIES, { ...house.policy(), spec: { ...house.policy().spec, jurisdictions: { profile: "Mars" } } } as never);
    expect(await house.reconcile()).toMatchObject({ kind: "stalled", reason: "InvalidSpec" });
    expect([bindings(), admissionPolicies()]).toEqual(before);
    expect(house.condition("Ready")?.message).toContain("spec.jurisdictions.profile");
  });

  it("that is not there needs nothing", async () => {
    expect(await house.reconcile("gone")).toEqual({ kind: "done" });
    expect(house.cluster.writes).toEqual([]);
  });

  it("takes back what it no longer asks for, after what it asks for", async () => {
    await atRest();
    house.cluster.put(POLICIES, { ...house.policy(), spec: svp().spec({ enforcement: { guard: "Off", clusterNetworkPolicy: "Off" } }).live().spec });
    await house.reconcile();
    expect([bindings(), admissionPolicies(), has(CLUSTER_NETWORK_POLICIES, CNP.name)]).toEqual([[], [], false]);
    expect([house.says("Guarded"), house.policy().status?.clusterNetworkPolicy]).toEqual(["False GuardOff", "Off"]);
  });

  it("heals what somebody changed or deleted", async () => {
    await atRest();
    house.cluster.remove(VALIDATING_ADMISSION_POLICY_BINDINGS, { name: "land.pods.hoheit.dev" });
    const open = house.cluster.live(CLUSTER_NETWORK_POLICIES, CNP);
    house.cluster.put(CLUSTER_NETWORK_POLICIES, { ...open, spec: { ...open?.spec, egress: [] } } as never);
    await house.reconcile();
    expect(has(VALIDATING_ADMISSION_POLICY_BINDINGS, "land.pods.hoheit.dev")).toBe(true);
    expect(house.cluster.live(CLUSTER_NETWORK_POLICIES, CNP)?.spec).toEqual(open?.spec);
  });
});

describe("what stands in the way of a policy", () => {
  const theirs = (of: Resource, name: string): KubeObject => ({ apiVersion: `${of.group}/${of.version}`, kind: of.kind, metadata: { name } });

  it("is named: an object of somebody else, which is left alone and looked at again soon", async () => {
    house.cluster.put(POLICIES, svp().live());
    await house.namespace("ui");
    house.cluster.put(VALIDATING_ADMISSION_POLICIES, theirs(VALIDATING_ADMISSION_POLICIES, "pods.hoheit.dev") as never);
    house.cluster.forget(VALIDATING_ADMISSION_POLICIES, { name: "pods.hoheit.dev" });
    expect(await house.reconcile()).toMatchObject({ kind: "stalled", reason: "ForeignObject", recheckAfterMs: 10_000 });
    expect(house.condition("Ready")?.message).toContain("ValidatingAdmissionPolicy pods.hoheit.dev exists and is not Hoheit's");
    expect(house.cluster.live(VALIDATING_ADMISSION_POLICIES, { name: "pods.hoheit.dev" })).not.toHaveProperty("spec");
    expect(house.trials, "nobody tries a guard that is not there").toEqual([]);
  });

  it("is named: what the API server refuses, in its words", async () => {
    house.cluster.put(POLICIES, svp().live());
    house.cluster.refused.set("apply ValidatingAdmissionPolicy", new ApiError("apply", { code: 403, reason: "Forbidden", message: "quota" }));
    expect(await house.reconcile()).toMatchObject({ kind: "waiting", reason: "ApplyFailed" });
    expect(house.condition("Ready")?.message).toContain("quota");
    house.cluster.refused.clear();
    await house.reconcile();
    expect(house.says("Ready")).toBe("True InForce");
  });

  it("is named: an API that is required and not served; one that comes later is used", async () => {
    house.serves = false;
    house.cluster.put(POLICIES, svp().spec({ enforcement: { clusterNetworkPolicy: "Require" } }).live());
    expect(await house.reconcile()).toMatchObject({ kind: "stalled", reason: "ClusterNetworkPolicyMissing" });
    expect([has(CLUSTER_NETWORK_POLICIES, CNP.name), house.policy().status?.clusterNetworkPolicy]).toEqual([false, "NotServed"]);
    house.serves = true;
    await house.reconcile();
    expect([has(CLUSTER_NETWORK_POLICIES, CNP.name), house.says("Ready"), house.policy().status?.clusterNetworkPolicy]).toEqual([true, "True InForce", "Applied"]);
  });

  it("comes in the order in which a person would mend it: the object before the destination", async () => {
    house.cluster.put(POLICIES, svp().destinations(destination("far", { country: "US" })).spec({ enforcement: { clusterNetworkPolicy: "Require" } }).live());
    house.serves = false;
    await house.reconcile();
    expect(house.says("Ready")).toBe("False ClusterNetworkPolicyMissing");
    house.serves = true;
    await house.reconcile();
    expect([house.says("Ready"), house.policy().status?.destinations]).toEqual(["False DestinationRefused", []]);
  });

  it("is thrown on where it passes by itself, and the status stays as it was", async () => {
    await atRest();
    const status = house.policy().status;
    house.cluster.remove(VALIDATING_ADMISSION_POLICY_BINDINGS, { name: "land.pods.hoheit.dev" });
    house.cluster.refused.set("apply ValidatingAdmissionPolicyBinding", new ApiError("apply", { code: 500, reason: "InternalError", message: "etcd" }));
    await expect(house.reconcile()).rejects.toThrow("etcd");
    expect(house.policy().status).toEqual(status);
  });
});

describe("the guard", () => {
  it("is tried until it was seen to refuse, and then on schedule", async () => {
    house.cluster.put(POLICIES, svp().live());
    await house.namespace("ui");
    house.answers.set("pods", undefined);
    expect(await house.reconcile()).toMatchObject({ kind: "waiting", reason: "NotGuarded" });
    expect(house.says("Guarded")).toBe("False LetThrough");
    house.answers.clear();
    await house.reconcile();
    expect([house.says("Guarded"), house.says("Ready"), house.notes.includes("Normal Guarded")]).toEqual(["True Guarded", "True InForce", true]);
    const tried = house.trials.length;
    await house.reconcile();
    expect(house.trials).toHaveLength(tried);
    after(15 * 60_000);
    await house.reconcile();
    expect(house.trials.length).toBeGreaterThan(tried);
    expect(house.policy().status?.guardProbe?.probeTime).toBe(new Date(house.context.clock.now()).toISOString());
  });

  it("is tried again as soon as it is another one", async () => {
    await atRest();
    await house.namespace("ui", { labels: { ...GOVERNED, site: "rz1" } });
    await house.reconcile();
    expect(house.trials).toEqual([]);
    house.cluster.put(POLICIES, { ...house.policy(), spec: svp().selects({ site: "rz1" }).live().spec });
    await house.reconcile();
    expect(house.trials).not.toEqual([]);
  });

  it("is forgotten where there is no place any more in which it could be tried", async () => {
    await atRest();
    house.cluster.put(NAMESPACES, { apiVersion: "v1", kind: "Namespace", metadata: { name: "ui" } });
    await house.reconcile();
    expect([house.says("Guarded"), house.policy().status?.guardProbe]).toEqual(["Unknown NothingGuarded", undefined]);
  });

  it("that lets something through again is told of once", async () => {
    await atRest();
    house.answers.set("services", undefined);
    after(15 * 60_000);
    for (let pass = 0; pass < 2; pass++) await house.reconcile();
    expect([house.says("Guarded"), house.says("Ready"), house.notes]).toEqual(["False LetThrough", "False NotGuarded", ["Normal NotGuarded", "Warning LetThrough"]]);
  });
});

describe("what is older than the guard", () => {
  const pod = (name: string, spec: object = { hostNetwork: true }): KubeObject => ({ apiVersion: "v1", kind: "Pod", metadata: { name, namespace: "ui", uid: name }, spec: { containers: [], ...spec } }) as KubeObject;

  it("is looked at once in every governed namespace, named, and keeps nothing from being in force", async () => {
    house.cluster.put(POLICIES, svp().live());
    await house.namespace("ui");
    for (const one of [pod("old"), pod("fine", {}), { ...pod("elsewhere"), metadata: { name: "elsewhere", namespace: "free" } }]) house.cluster.put<KubeObject>(PODS, one);
    for (let pass = 0; pass < 2; pass++) await house.reconcile();
    expect([house.says("Guarded"), house.says("Ready")]).toEqual(["False PreexistingObjects", "True InForceWithFindings"]);
    expect(house.policy().status?.preexisting).toMatchObject({ objects: 1, first: ["Pod ui/old: spec.hostNetwork"], unread: [] });
    expect(house.condition("Ready")?.message).toContain("1 object is older than the guard");
    expect(house.notes.filter((note) => note === "Warning PreexistingObjects").length).toBeGreaterThan(0);
    const looked = house.lists.length;
    house.notes.length = 0;
    await house.reconcile();
    expect([house.lists.length - looked, house.notes]).toEqual([1, []]);

    house.cluster.remove(PODS, { namespace: "ui", name: "old" });
    after(300_000);
    await house.reconcile();
    expect([house.says("Guarded"), house.says("Ready"), house.policy().status?.preexisting?.objects]).toEqual(["True Guarded", "True InForce", 0]);
    expect(house.notes).toEqual(expect.arrayContaining(["Normal Guarded", "Normal PreexistingObjects"]));
  });

  it("cannot be told where it may not be read, which is no all-clear", async () => {
    house.unlistable.add("daemonsets.apps");
    await atRest();
    expect([house.says("Guarded"), house.says("Ready")]).toEqual(["Unknown SurveyIncomplete", "False NotGuarded"]);
    house.unlistable.clear();
    after(300_000);
    await house.reconcile();
    expect([house.says("Guarded"), house.says("Ready")]).toEqual(["True Guarded", "True InForce"]);
  });

  it("is nobody's question where the guard is off", async () => {
    await atRest(svp().spec({ enforcement: { guard: "Off" } }));
    expect(house.policy().status).not.toHaveProperty("preexisting");
  });
});

describe("a policy that is deleted", () => {
  const remove = (name = "land"): void => house.cluster.remove(POLICIES, { name });
  const giveUp = (name: string): void => {
    house.cluster.put(NAMESPACES, { ...house.cluster.live(NAMESPACES, { name })!, metadata: { name, labels: {} } });
  };

  it("stays in force while a namespace would be left without one, says how to give it up, and is healed meanwhile", async () => {
    await atRest();
    remove();
    expect(await house.reconcile()).toMatchObject({ kind: "stalled", reason: "DeletionHeld" });
    expect(house.condition("Ready")?.message).toContain("kubectl label namespaces -l hoheit.dev/governed=true hoheit.dev/governed-");
    house.cluster.remove(VALIDATING_ADMISSION_POLICY_BINDINGS, { name: "land.pods.hoheit.dev" });
    await house.reconcile();
    expect(has(VALIDATING_ADMISSION_POLICY_BINDINGS, "land.pods.hoheit.dev")).toBe(true);
  });

  it("goes when no namespace is left, with everything that it alone asked for, bindings some seconds before itself", async () => {
    await atRest();
    remove();
    giveUp("ui");
    expect(await house.reconcile()).toMatchObject({ kind: "waiting", reason: "Releasing", delayMs: 5_000 });
    expect([bindings(), admissionPolicies(), has(CLUSTER_NETWORK_POLICIES, CNP.name), house.policy().metadata.finalizers]).toEqual([[], [], false, [POLICY_FINALIZER]]);
    house.notes.length = 0;
    expect(await house.reconcile()).toEqual({ kind: "done" });
    expect([house.cluster.live(POLICIES, { name: "land" }), house.notes]).toEqual([undefined, ["Normal Released"]]);
  });

  it("leaves the shared guard to those that stay, and says who holds its namespaces now", async () => {
    await atRest();
    house.cluster.put(POLICIES, svp("other").live());
    await house.reconcile("other");
    remove();
    await house.reconcile();
    await house.reconcile();
    expect(house.cluster.live(POLICIES, { name: "land" })).toBeUndefined();
    expect(bindings().filter((name) => name.startsWith("land."))).toEqual([]);
    expect([bindings().includes("other.pods.hoheit.dev"), bindings().includes("roles.hoheit.dev"), admissionPolicies().includes("pods.hoheit.dev")]).toEqual([true, true, true]);
    expect(house.notes).toContain("Warning Released");
    expect(house.cluster.live(CLUSTER_NETWORK_POLICIES, CNP)).toBeUndefined();
    expect(house.cluster.live(CLUSTER_NETWORK_POLICIES, { name: "hoheit-other" })).toBeDefined();
  });

  it("goes although it does not parse", async () => {
    await atRest();
    giveUp("ui");
    house.cluster.put(POLICIES, { ...house.policy(), spec: { ...house.policy().spec, jurisdictions: { profile: "Mars" } } } as never);
    remove();
    for (let pass = 0; pass < 2; pass++) await house.reconcile();
    expect([house.cluster.live(POLICIES, { name: "land" }), bindings()]).toEqual([undefined, []]);
  });

  it("goes at once where it selects only what is never governed", async () => {
    house.cluster.put(POLICIES, svp().live());
    await house.namespace("kube-system", { sealed: false });
    expect(await house.reconcile()).toMatchObject({ kind: "stalled", reason: "NotEnforced" });
    expect(house.says("Enforced")).toBe("False Exempt");
    remove();
    for (let pass = 0; pass < 2; pass++) await house.reconcile();
    expect(house.cluster.live(POLICIES, { name: "land" })).toBeUndefined();
  });

  it("and held by somebody else gets no finalizer of ours any more, which the API server would refuse", async () => {
    house.cluster.put(POLICIES, svp().metadata({ finalizers: ["test.example/other"] }).deleting().live());
    await house.namespace("ui");
    await house.reconcile();
    expect([house.says("Ready"), house.policy().metadata.finalizers]).toEqual(["False DeletionHeld", ["test.example/other"]]);
  });

  it("does not delete again what is being deleted", async () => {
    await atRest();
    const binding = house.cluster.live(VALIDATING_ADMISSION_POLICY_BINDINGS, { name: "land.pods.hoheit.dev" });
    house.cluster.put(VALIDATING_ADMISSION_POLICY_BINDINGS, { ...binding, metadata: { ...binding?.metadata, finalizers: ["test.example/other"], deletionTimestamp: "2026-11-22T12:00:00Z" } } as never);
    remove();
    giveUp("ui");
    house.cluster.writes.length = 0;
    await house.reconcile();
    const gone = house.cluster.writes.length;
    await house.reconcile();
    expect([gone > 0, house.cluster.writes.length, bindings()]).toEqual([true, gone, ["land.pods.hoheit.dev"]]);
  });

  it("that we never held is nobody's business", async () => {
    house.cluster.put(POLICIES, svp().metadata({ finalizers: ["test.example/other"] }).deleting().live());
    expect(await house.reconcile()).toEqual({ kind: "done" });
    expect(house.cluster.writes).toEqual([]);
  });
});

it("the NetworkPolicies of its namespaces are another controller's: it writes none", async () => {
  await atRest();
  house.cluster.remove(NETWORK_POLICIES, { namespace: "ui", name: "hoheit-application" });
  await house.reconcile();
  expect(house.cluster.writes.filter((write) => write.endsWith(" NetworkPolicy"))).toEqual([]);
  expect(house.says("Enforced")).toBe("False NotApplied");
});
