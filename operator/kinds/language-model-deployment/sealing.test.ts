/** What becomes of the seal when policies and deployments are deleted, by whomever and in whatever order. */
import { describe, expect, it } from "vitest";
import type { FakeCluster } from "../../../test/support/fake-cluster.ts";
import { controller, furnished, reasonOf, reconcile, ref, resource } from "../../../test/support/fake-house.ts";
import { lmd } from "../../../test/support/makers.ts";
import { DEPLOYMENTS, NETWORK_POLICIES, PODS, type Resource } from "../../kube/resources.ts";
import type { KubeObject, Live } from "../../lib/k8s-types.ts";
import { servingLabels } from "../../lib/labels.ts";
import { SEAL_FINALIZER } from "../../lib/names.ts";

describe("a policy that is deleted", () => {
  it("is made anew when somebody deleted just that", async () => {
    const cluster = furnished();
    await reconcile(cluster);
    const before = cluster.live(NETWORK_POLICIES, ref)?.metadata.uid;
    cluster.remove(NETWORK_POLICIES, ref);
    await reconcile(cluster);
    expect(cluster.live(NETWORK_POLICIES, ref)?.metadata).toMatchObject({ finalizers: [SEAL_FINALIZER] });
    expect(cluster.live(NETWORK_POLICIES, ref)?.metadata.uid).not.toBe(before);
  });

  it("stays in force when it goes with the namespace, in which no new one could be made", async () => {
    const cluster = furnished();
    await reconcile(cluster);
    cluster.remove(NETWORK_POLICIES, ref);
    cluster.terminating = true;
    await reconcile(cluster);
    expect(cluster.live(NETWORK_POLICIES, ref)?.metadata.finalizers).toEqual([SEAL_FINALIZER]);
    expect(cluster.writes.at(-1)).toBe("patch LanguageModelDeployment");
  });

  it("stays in force when it goes with the deployment, of whose deletion we have not heard yet", async () => {
    const cluster = furnished();
    await reconcile(cluster);
    const before = cluster.live(NETWORK_POLICIES, ref)?.metadata.uid;
    cluster.late.add(resource);
    cluster.remove(resource, ref);
    cluster.remove(NETWORK_POLICIES, ref);
    await expect(reconcile(cluster)).rejects.toThrow("409 Conflict");
    expect(cluster.live(NETWORK_POLICIES, ref)?.metadata).toMatchObject({ uid: before, finalizers: [SEAL_FINALIZER] });
  });
});

describe("the seal of a deployment that is deleted", () => {
  /** As another replica left it: a Deployment with a pod and a policy, and the CR deleted. The watches in `late` have told nothing. */
  async function inherited(late: readonly Resource[], change: (object: Live) => Live = (object) => object): Promise<FakeCluster> {
    const before = furnished();
    await reconcile(before);
    const cluster = furnished();
    for (const one of late) cluster.late.add(one);
    for (const one of [resource, NETWORK_POLICIES, DEPLOYMENTS]) {
      const live = before.live<KubeObject>(one, ref);
      if (live !== undefined) cluster.put<KubeObject>(one, one === resource ? live : change(live));
    }
    cluster.put(PODS, { apiVersion: "v1", kind: "Pod", metadata: { namespace: "assistant", name: "a-1", labels: servingLabels("a") } });
    cluster.remove(resource, ref);
    return cluster;
  }
  const without = (object: Live, ...members: readonly string[]): Live =>
    ({ ...object, metadata: Object.fromEntries(Object.entries(object.metadata).filter(([name]) => !members.includes(name))) as Live["metadata"] });
  const sealed = (cluster: FakeCluster): boolean => cluster.live(NETWORK_POLICIES, ref)?.metadata.finalizers?.includes(SEAL_FINALIZER) === true;

  it("stays while a Deployment runs of which no watch has told, and that goes first", async () => {
    const cluster = await inherited([DEPLOYMENTS, PODS]);
    expect(await reconcile(cluster)).toMatchObject({ kind: "waiting", reason: "Draining" });
    expect(cluster.live(DEPLOYMENTS, ref)).toBeUndefined();
    await reconcile(cluster);
    expect(sealed(cluster)).toBe(true);
    cluster.remove(PODS, { namespace: "assistant", name: "a-1" });
    expect(await reconcile(cluster)).toEqual({ kind: "done" });
    expect([cluster.live(NETWORK_POLICIES, ref), cluster.live(resource, ref)]).toEqual([undefined, undefined]);
  });

  it("comes off a Deployment and a policy without our labels, which no cache shows", async () => {
    const cluster = await inherited([], (object) => ({ ...object, metadata: { ...object.metadata, labels: {} } }));
    await reconcile(cluster);
    cluster.remove(PODS, { namespace: "assistant", name: "a-1" });
    await reconcile(cluster);
    for (const one of [DEPLOYMENTS, NETWORK_POLICIES, resource]) expect(cluster.live<KubeObject>(one, ref), one.kind).toBeUndefined();
  });

  it("comes off what --cascade=orphan left without an owner", async () => {
    const cluster = await inherited([], (object) => without(object, "ownerReferences"));
    await reconcile(cluster);
    cluster.remove(PODS, { namespace: "assistant", name: "a-1" });
    await reconcile(cluster);
    for (const one of [DEPLOYMENTS, NETWORK_POLICIES, resource]) expect(cluster.live<KubeObject>(one, ref), one.kind).toBeUndefined();
  });

  it("and what it seals are left alone where somebody applied what `hoheit render` prints", async () => {
    const cluster = await inherited([], (object) => without(object, "ownerReferences", "annotations"));
    cluster.remove(PODS, { namespace: "assistant", name: "a-1" });
    await reconcile(cluster);
    expect(cluster.live(DEPLOYMENTS, ref)).toBeDefined();
    expect(sealed(cluster)).toBe(true);
  });
});

describe("a policy whose deployment went without us, by a finalizer taken off by hand", () => {
  /** Its CR is gone, the garbage collector has deleted what it owned, and one pod still ends. */
  async function orphaned(): Promise<FakeCluster> {
    const cluster = furnished();
    await reconcile(cluster);
    cluster.put(PODS, { apiVersion: "v1", kind: "Pod", metadata: { namespace: "assistant", name: "a-1", labels: servingLabels("a") } });
    cluster.put(resource, { ...cluster.live(resource, ref), metadata: { ...cluster.live(resource, ref)?.metadata, finalizers: [] } } as never);
    for (const one of [resource, DEPLOYMENTS, NETWORK_POLICIES]) cluster.remove(one, ref);
    return cluster;
  }
  const lastPodEnds = (cluster: FakeCluster): void => cluster.remove(PODS, { namespace: "assistant", name: "a-1" });

  it("stays until the last pod is gone, then goes", async () => {
    const cluster = await orphaned();
    expect(await reconcile(cluster)).toMatchObject({ kind: "waiting", reason: "Draining" });
    expect(cluster.live(NETWORK_POLICIES, ref)?.metadata.finalizers).toEqual([SEAL_FINALIZER]);
    lastPodEnds(cluster);
    expect(await reconcile(cluster)).toEqual({ kind: "done" });
    expect(cluster.live(NETWORK_POLICIES, ref)).toBeUndefined();
  });

  it("makes room for a successor of the same name", async () => {
    const cluster = await orphaned();
    cluster.put(resource, lmd("a").metadata({ uid: "successor" }).live());
    await reconcile(cluster);
    expect(reasonOf(cluster)).toBe("WaitingForGarbageCollection");
    lastPodEnds(cluster);
    await reconcile(cluster);
    expect(cluster.live(NETWORK_POLICIES, ref)?.metadata.ownerReferences).toMatchObject([{ uid: "successor" }]);
  });

  it("is looked at when a replica begins to lead, although there is no deployment", async () => {
    expect(controller.leftBehind?.((await orphaned()).context)).toEqual([ref]);
  });

  it("is left alone while the deployment is there and only our cache has not seen it", async () => {
    const cluster = furnished();
    await reconcile(cluster);
    cluster.remove(NETWORK_POLICIES, ref);
    cluster.forget(resource, ref);
    expect(await reconcile(cluster)).toEqual({ kind: "done" });
    expect(cluster.live(NETWORK_POLICIES, ref)?.metadata.finalizers).toEqual([SEAL_FINALIZER]);
  });
});
