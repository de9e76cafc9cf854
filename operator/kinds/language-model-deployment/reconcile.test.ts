import { describe, expect, it } from "vitest";
import type { FakeCluster } from "../../../test/support/fake-cluster.ts";
import { furnished, reasonOf, reconcile, ref, resource, tripwire } from "../../../test/support/fake-house.ts";
import { approval, GOVERNED, lm, lmd, OPERATOR, svp, TRIPWIRE } from "../../../test/support/makers.ts";
import { ApiError } from "../../kube/errors.ts";
import { CONFIG_MAPS, CRON_JOBS, DEPLOYMENTS, NAMESPACES, NETWORK_POLICIES, SERVICES, SERVICE_ACCOUNTS } from "../../kube/resources.ts";
import type { Condition, Deployment, KubeObject, Live, Namespace, Service } from "../../lib/k8s-types.ts";
import { servingLabels } from "../../lib/labels.ts";
import { probeName, TRIPWIRE_SERVICE } from "../../lib/names.ts";
import { languageModel } from "../language-model/schema.ts";
import { modelApproval } from "../model-approval/schema.ts";
import { sovereigntyPolicy } from "../sovereignty-policy/schema.ts";

const theirs = (kind: string, apiVersion: string): KubeObject => ({ apiVersion, kind, metadata: { ...ref, labels: { mine: "yes" } } });

describe("a name that is taken", () => {
  it("is looked at again by itself: what is not ours is in no cache, so nothing else tells that it is gone", async () => {
    const cluster = furnished();
    cluster.put(SERVICES, theirs("Service", "v1") as never);
    expect(await reconcile(cluster)).toMatchObject({ kind: "waiting", reason: "ForeignObject" });
    expect(reasonOf(cluster)).toBe("ForeignObject");
    cluster.remove(SERVICES, ref);
    await reconcile(cluster);
    expect(cluster.live(DEPLOYMENTS, ref)).toBeDefined();
  });
});

describe("where SovereigntyPolicies are", () => {
  const namespace = (labels: Record<string, string>): Namespace => ({ apiVersion: "v1", kind: "Namespace", metadata: { name: "assistant", labels } });
  const governed = (cluster: FakeCluster) => (cluster.live(resource, ref) as unknown as { status: { conditions: Condition[] } }).status.conditions.find(({ type }) => type === "ClientsGoverned")?.reason;

  it("nothing starts in a namespace that none selects, unless all of them only want to know", async () => {
    for (const [policies, labels, reason, said] of [
      [[svp()], {}, "NotGoverned", "NotGoverned"],
      [[svp().spec({ ungoverned: "Report" }), svp("strict")], {}, "NotGoverned", "NotGoverned"],
      [[svp().spec({ ungoverned: "Report" })], {}, "RollingOut", "NotGoverned"],
      [[svp()], GOVERNED, "RollingOut", "ClientsNotGoverned"],
      [[], {}, "RollingOut", "NoPolicy"],
    ] as const) {
      const cluster = furnished();
      cluster.put(NAMESPACES, namespace(labels));
      for (const policy of policies) cluster.put(sovereigntyPolicy.resource, policy.live());
      await reconcile(cluster);
      expect([reasonOf(cluster), governed(cluster), cluster.live(DEPLOYMENTS, ref) === undefined]).toEqual([reason, said, reason === "NotGoverned"]);
    }
  });
});

describe("where a SovereigntyPolicy denies origins", () => {
  const POLICIES = sovereigntyPolicy.resource;
  const replicasOf = (cluster: FakeCluster): number | undefined => cluster.live(DEPLOYMENTS, ref)?.spec?.replicas;
  const messageOf = (cluster: FakeCluster) => (cluster.live(resource, ref) as unknown as { status: { conditions: Condition[] } }).status.conditions.find(({ type }) => type === "Ready")?.message;
  const house = (origin = lm().origin("CN")): FakeCluster => {
    const cluster = furnished();
    cluster.put(NAMESPACES, { apiVersion: "v1", kind: "Namespace", metadata: { name: "assistant", labels: GOVERNED } });
    cluster.put(languageModel.resource, origin.status({ ...cluster.live(languageModel.resource, { namespace: "assistant", name: "mistral-small" })?.status }).live());
    return cluster;
  };

  it("a model from there does not start, and its seal is there nevertheless", async () => {
    for (const [origin, field] of [[lm().origin("CN"), "originCountry"], [lm().origin("FR", "CN"), "supplier.country"]] as const) {
      const cluster = house(origin);
      cluster.put(POLICIES, svp().denies("CN").live());
      expect(await reconcile(cluster)).toMatchObject({ kind: "stalled", reason: "OriginDenied" });
      expect(messageOf(cluster)).toBe(`LanguageModel mistral-small: spec.provenance.${field} CN is denied by SovereigntyPolicy land (spec.models.deniedOrigins) in namespace assistant: nothing new starts and running pods stay. Serve another model; who may govern can change the policy.`);
      expect([cluster.live(DEPLOYMENTS, ref), cluster.live(NETWORK_POLICIES, ref) === undefined]).toEqual([undefined, false]);
    }
  });

  it("one whose origin nobody can tell does not start either", async () => {
    const unreadable = { ...svp().live(), spec: { ...svp().live().spec, models: { deniedOrigins: "CN" } } };
    for (const [origin, policy, remedy] of [[lm().origin("ZZ"), svp().denies("CN").live(), "Name spec.provenance.originCountry"], [lm(), unreadable, "Correct the policy"]] as const) {
      const cluster = house(origin);
      cluster.put(POLICIES, policy as never);
      await reconcile(cluster);
      expect([reasonOf(cluster), cluster.live(DEPLOYMENTS, ref)]).toEqual(["OriginUnknown", undefined]);
      expect(messageOf(cluster)).toContain(remedy);
    }
  });

  it("the strictest of several counts, one that cannot be read in other respects included, and those of other namespaces do not", async () => {
    const newer = { ...svp("newer").denies("CN").live(), spec: { ...svp("newer").denies("CN").live().spec, jurisdictions: { profile: "Mars" } } };
    for (const [policies, reason] of [[[svp().live(), newer], "OriginDenied"], [[svp().live(), svp("other").selects({ some: "thing" }).denies("CN").live()], "RollingOut"]] as const) {
      const cluster = house();
      for (const policy of policies) cluster.put(POLICIES, policy as never);
      await reconcile(cluster);
      expect(reasonOf(cluster)).toBe(reason);
    }
  });

  it.each([["KeepRunning", 1, "running pods stay"], ["ScaleToZero", 0, "it is scaled to zero"]] as const)("what runs already does as its approval says of its end: %s", async (onExpiry, replicas, words) => {
    const cluster = house();
    cluster.put(modelApproval.resource, approval().expires("2099-10-01T00:00:00Z", onExpiry).live());
    cluster.put(POLICIES, svp().live());
    await reconcile(cluster);
    expect([reasonOf(cluster), replicasOf(cluster)]).toEqual(["RollingOut", 1]);
    cluster.put(POLICIES, svp().denies("CN").live());
    await reconcile(cluster);
    expect([reasonOf(cluster), replicasOf(cluster), messageOf(cluster)]).toEqual(["OriginDenied", replicas, expect.stringContaining(words)]);
    cluster.put(POLICIES, svp().denies("RU").live());
    await reconcile(cluster);
    expect([reasonOf(cluster), replicasOf(cluster)]).toEqual(["RollingOut", 1]);
  });
});

describe("the tripwire", () => {
  const SERVICE = { namespace: OPERATOR.namespace, name: TRIPWIRE_SERVICE };
  const gateRef = { namespace: ref.namespace, name: "a-gate" };
  const told = (cluster: FakeCluster) => cluster.live(CONFIG_MAPS, gateRef)?.data;
  const moved = (clusterIPs: string[]): Service => ({ ...tripwire(), spec: { clusterIPs } });

  it("has to have an address before anything starts; the seal is there already", async () => {
    for (const without of [undefined, moved([]), moved(["None"]), { ...tripwire(), metadata: { ...tripwire().metadata, namespace: "elsewhere" } }]) {
      const cluster = furnished();
      cluster.remove(SERVICES, SERVICE);
      if (without !== undefined) cluster.put(SERVICES, without);
      await reconcile(cluster);
      expect(reasonOf(cluster)).toBe("NoTripwire");
      expect(cluster.live(DEPLOYMENTS, ref)).toBeUndefined();
      expect(cluster.live(NETWORK_POLICIES, ref)).toBeDefined();
      cluster.put(SERVICES, tripwire());
      await reconcile(cluster);
      expect(cluster.live(DEPLOYMENTS, ref)).toBeDefined();
    }
  });

  it("that goes leaves what runs as it is, healed and told where it was", async () => {
    const cluster = furnished();
    await reconcile(cluster);
    const before = cluster.live(DEPLOYMENTS, ref);
    cluster.remove(SERVICES, SERVICE);
    await reconcile(cluster);
    expect(reasonOf(cluster)).toBe("NoTripwire");
    expect(cluster.live(DEPLOYMENTS, ref)).toEqual(before);
    expect(told(cluster)).toEqual({ tripwire: TRIPWIRE.addresses.join() });
    cluster.put(DEPLOYMENTS, { ...before, spec: { ...before?.spec, template: { ...before?.spec?.template, spec: { ...before?.spec?.template.spec, initContainers: [] } } } } as never);
    await reconcile(cluster);
    expect(cluster.live(DEPLOYMENTS, ref)?.spec?.template.spec?.initContainers?.map(({ name }) => name)).toEqual(["gate"]);
  });

  it("that gets other addresses changes what gates are told, and restarts nothing", async () => {
    const cluster = furnished();
    await reconcile(cluster);
    const before = cluster.live(DEPLOYMENTS, ref);
    cluster.put(SERVICES, moved(["10.96.0.99"]));
    cluster.writes.length = 0;
    await reconcile(cluster);
    expect(told(cluster)).toEqual({ tripwire: "10.96.0.99" });
    expect(cluster.live(DEPLOYMENTS, ref)).toEqual(before);
    expect(cluster.writes).toEqual(["apply ConfigMap", "apply CronJob"]);
  });

  it("is told of before a Deployment can make pods", async () => {
    const cluster = furnished();
    await reconcile(cluster);
    const order = cluster.writes.filter((write) => write.startsWith("apply"));
    expect(order.slice(-2).toSorted()).toEqual(["apply CronJob", "apply Deployment"]);
    expect(order.slice(0, -2)).toEqual(expect.arrayContaining(["apply NetworkPolicy", "apply ConfigMap"]));
  });
});

describe("the probe", () => {
  it("is there from the beginning, suspended while nothing may start, and begins with what runs: one write each", async () => {
    const cluster = furnished();
    const { name, namespace = "" } = approval().live().metadata;
    cluster.remove(modelApproval.resource, { namespace, name });
    const suspended = () => cluster.live(CRON_JOBS, { ...ref, name: probeName(ref.name) })?.spec?.suspend;
    const written = () => cluster.writes.filter((write) => write === "apply CronJob").length;
    await reconcile(cluster);
    expect([suspended(), written()]).toEqual([true, 1]);
    cluster.put(modelApproval.resource, approval().live());
    await reconcile(cluster);
    expect([suspended(), written()]).toEqual([false, 2]);
    await reconcile(cluster);
    expect(written()).toBe(2);
  });
});

describe("a change of what runs", () => {
  it("is never Serving before the Deployment has been rolled out again", async () => {
    const cluster = furnished();
    await reconcile(cluster);
    const child = cluster.live(DEPLOYMENTS, ref);
    const counts = { replicas: 1, readyReplicas: 1, updatedReplicas: 1, availableReplicas: 1 };
    cluster.put(DEPLOYMENTS, { ...child, status: { observedGeneration: child?.metadata.generation, ...counts } } as never);
    await reconcile(cluster);
    expect(reasonOf(cluster)).toBe("Serving");
    cluster.put(resource, { ...lmd("a").args("--max-num-seqs=8").live(), status: cluster.live(resource, ref)?.status } as never);
    await reconcile(cluster);
    expect(reasonOf(cluster)).toBe("RollingOut");
  });
});

describe("a watch that is late", () => {
  it("makes nothing be written twice: what we wrote is known from the answer", async () => {
    const cluster = furnished();
    for (const one of [resource, DEPLOYMENTS, NETWORK_POLICIES, SERVICES, SERVICE_ACCOUNTS]) cluster.late.add(one);
    await reconcile(cluster);
    const { length } = cluster.writes;
    expect(cluster.writes).toContain("apply Deployment");
    // The second pass may tell more than the first, whose snapshot had no child yet; the third has nothing to say.
    await reconcile(cluster);
    const second = cluster.writes.slice(length);
    expect(second.filter((write) => write.startsWith("apply"))).toEqual([]);
    await reconcile(cluster);
    expect(cluster.writes.slice(length + second.length)).toEqual([]);
  });
});

describe("a deployment that goes while the watch is late", () => {
  it("is let go of once: the answer to the last finalizer's removal is known, too", async () => {
    const cluster = furnished();
    await reconcile(cluster);
    cluster.remove(resource, ref);
    cluster.remove(DEPLOYMENTS, ref);
    cluster.remove(CRON_JOBS, { ...ref, name: probeName(ref.name) });
    cluster.late.add(resource).add(NETWORK_POLICIES);
    cluster.writes.length = 0;
    expect(await reconcile(cluster)).toEqual({ kind: "done" });
    expect(cluster.live(resource, ref)).toBeUndefined();
    expect(cluster.writes).toEqual(["patch NetworkPolicy", "delete NetworkPolicy", "patch LanguageModelDeployment"]);
    expect(await reconcile(cluster)).toEqual({ kind: "done" });
    expect(cluster.writes).toHaveLength(3);
  });
});

describe("an object that took the place of ours while the watch was late", () => {
  it("is not overwritten: the identity is a precondition, not the name", async () => {
    const cluster = furnished();
    await reconcile(cluster);
    const service = cluster.live(SERVICES, ref);
    cluster.put(SERVICES, { ...service, spec: { ...service?.spec, selector: { edited: "by-hand" } } } as never);
    cluster.late.add(SERVICES);
    cluster.remove(SERVICES, ref);
    cluster.put(SERVICES, { ...theirs("Service", "v1"), metadata: { ...ref, uid: "theirs" } } as never);
    await expect(reconcile(cluster)).rejects.toMatchObject({ code: 409 });
    expect(cluster.live(SERVICES, ref)?.metadata).toMatchObject({ uid: "theirs" });
    expect(cluster.live(SERVICES, ref)).not.toHaveProperty("spec");
  });
});

describe("a revoked approval", () => {
  it("stops what runs although a child's name is taken", async () => {
    const cluster = furnished();
    await reconcile(cluster);
    cluster.remove(SERVICES, ref);
    cluster.put(SERVICES, theirs("Service", "v1") as never);
    cluster.remove(modelApproval.resource, { namespace: "assistant", name: approval().live().metadata.name });
    await reconcile(cluster);
    expect(reasonOf(cluster)).toBe("ApprovalRevoked");
    expect(cluster.live(DEPLOYMENTS, ref)?.spec?.replicas).toBe(0);
  });

  it("stops what runs although the API server refuses a child", async () => {
    const cluster = furnished();
    await reconcile(cluster);
    cluster.remove(SERVICES, ref);
    cluster.refused.set("apply Service", new ApiError("apply", { code: 403, reason: "Forbidden", message: "exceeded quota" }));
    cluster.remove(modelApproval.resource, { namespace: "assistant", name: approval().live().metadata.name });
    await reconcile(cluster);
    expect(cluster.live(DEPLOYMENTS, ref)?.spec?.replicas).toBe(0);
  });
});

/** `a` runs and may not change: an argument is refused. */
async function held(): Promise<FakeCluster> {
  const cluster = furnished();
  await reconcile(cluster);
  cluster.put(resource, { ...cluster.live(resource, ref), spec: lmd("a").args("--trust-remote-code").live().spec } as never);
  await reconcile(cluster);
  return cluster;
}
const approvalRef = { namespace: "assistant", name: approval().live().metadata.name };
const replicas = (cluster: FakeCluster): number | undefined => cluster.live(DEPLOYMENTS, ref)?.spec?.replicas;

describe("a revoked approval stops what runs while nothing new may start", () => {
  it("although somebody's finalizer keeps the approval in the list", async () => {
    const cluster = await held();
    cluster.put(modelApproval.resource, approval().metadata({ finalizers: ["backup.example/wait"] }).deleting().live());
    await reconcile(cluster);
    expect(replicas(cluster)).toBe(0);
  });

  it("although somebody took the annotations off that say what runs", async () => {
    const cluster = await held();
    const child = cluster.live(DEPLOYMENTS, ref) as Live<Deployment>;
    cluster.put(DEPLOYMENTS, { ...child, metadata: { ...child.metadata, annotations: {} } });
    cluster.remove(modelApproval.resource, approvalRef);
    await reconcile(cluster);
    expect(replicas(cluster)).toBe(0);
  });

  it("although somebody took the label off by which the caches see it", async () => {
    const cluster = await held();
    const child = cluster.live(DEPLOYMENTS, ref) as Live<Deployment>;
    cluster.put(DEPLOYMENTS, { ...child, metadata: { ...child.metadata, labels: {} } });
    cluster.remove(modelApproval.resource, approvalRef);
    await reconcile(cluster);
    expect(replicas(cluster)).toBe(0);
    expect(cluster.live(DEPLOYMENTS, ref)?.metadata.labels).toEqual(servingLabels("a"));
  });
});

describe("an approval", () => {
  const { decisionReference: _, ...deciding } = approval().live().spec;

  it("stands although a CustomResourceDefinition of another version dropped a field that decides nothing", async () => {
    const cluster = furnished();
    await reconcile(cluster);
    cluster.put(modelApproval.resource, { ...approval().live(), spec: deciding } as never);
    await reconcile(cluster);
    expect(reasonOf(cluster)).not.toBe("ApprovalRevoked");
    expect(replicas(cluster)).toBe(1);
  });

  it("does not stand without its end", async () => {
    const cluster = furnished();
    await reconcile(cluster);
    const { expiryTime: _end, ...endless } = deciding;
    cluster.put(modelApproval.resource, { ...approval().live(), spec: endless } as never);
    await reconcile(cluster);
    expect(replicas(cluster)).toBe(0);
  });
});
