import { describe, expect, it } from "vitest";
import { PolicyHouse, POLICIES } from "../../../test/support/fake-policy-house.ts";
import { GOVERNED, lmd, svp } from "../../../test/support/makers.ts";
import { NAMESPACES, NETWORK_POLICIES, VALIDATING_ADMISSION_POLICIES, VALIDATING_ADMISSION_POLICY_BINDINGS, type Resource } from "../../kube/resources.ts";
import type { KubeObject, Live } from "../../lib/k8s-types.ts";
import { languageModelDeployment } from "../language-model-deployment/schema.ts";

const { controller, cluster } = new PolicyHouse();
for (const [name, labels] of [["ui", GOVERNED], ["free", {}]] as const) cluster.put(NAMESPACES, { apiVersion: "v1", kind: "Namespace", metadata: { name, labels } });
cluster.put(POLICIES, svp("land").live());
cluster.put(POLICIES, svp("other").selects({ some: "thing" }).live());
cluster.put(POLICIES, svp("leaving").selects({ some: "thing" }).deleting().live());

const wokenBy = (of: Resource, object: object): string[] =>
  controller.reads.filter(({ cache }) => cache.resource.plural === of.plural).flatMap(({ wakes }) => wakes(object as Live, cluster.context)).map(({ name }) => name).toSorted();
const named = (name: string, labels: Record<string, string> = {}, namespace?: string): KubeObject => ({ apiVersion: "v1", kind: "X", metadata: { name, labels, ...(namespace !== undefined && { namespace }) } });

describe("a policy looks again", () => {
  it("when any policy changes: they share the guard, and hold namespaces together", () => {
    expect(wokenBy(POLICIES, svp("new").live())).toEqual(["land", "leaving", "other"]);
  });

  it("when a namespace changes that it selects", () => {
    expect(wokenBy(NAMESPACES, named("ui", GOVERNED))).toEqual(["land"]);
    expect(wokenBy(NAMESPACES, named("x", { some: "thing" }))).toEqual(["leaving", "other"]);
    expect(wokenBy(NAMESPACES, named("free"))).toEqual([]);
  });

  it("when a NetworkPolicy of anybody changes in a namespace that it governs", () => {
    expect(wokenBy(NETWORK_POLICIES, named("hoheit-default-deny", {}, "ui"))).toEqual(["land"]);
    expect(wokenBy(NETWORK_POLICIES, named("theirs", {}, "ui"))).toEqual(["land"]);
    expect(wokenBy(NETWORK_POLICIES, named("theirs", {}, "free"))).toEqual([]);
    expect(wokenBy(NETWORK_POLICIES, named("theirs", {}, "gone"))).toEqual([]);
  });

  it("when somebody touches the guard, unless it is leaving: that waits for the API servers to forget", () => {
    for (const of of [VALIDATING_ADMISSION_POLICIES, VALIDATING_ADMISSION_POLICY_BINDINGS]) expect(wokenBy(of, named("pods.hoheit.dev"))).toEqual(["land", "other"]);
  });

  it("and not each time that a deployment moves", () => {
    expect(wokenBy(languageModelDeployment.resource, lmd("a").namespace("ui").live())).toEqual([]);
  });
});

describe("who asks", () => {
  it("is asked once, and the guard knows the name", async () => {
    const house = new PolicyHouse();
    let asked = 0;
    const { create } = house.context.api;
    const context = { ...house.context, api: { ...house.context.api, create: ((of: Resource, object: KubeObject, options: object) => {
      if (of.plural === "selfsubjectreviews") asked += 1;
      return create(of, object, options);
    }) as typeof create } };
    house.cluster.put(POLICIES, svp().live());
    for (let pass = 0; pass < 3; pass++) await house.reconcile("land", context);
    expect(asked).toBe(1);
    expect(JSON.stringify(house.cluster.live(VALIDATING_ADMISSION_POLICIES, { name: "made-by-hoheit.hoheit.dev" })?.spec)).toContain("system:serviceaccount:hoheit-system:hoheit");
  });

  it("has to be answered: a guard that nobody may pass would lock the operator out", async () => {
    const house = new PolicyHouse();
    house.cluster.put(POLICIES, svp().live());
    const context = { ...house.context, api: { ...house.context.api, create: (async (_of: Resource, object: KubeObject) => object) as never } };
    await expect(house.reconcile("land", context)).rejects.toThrow("SelfSubjectReview");
    expect(house.cluster.writes).toEqual([]);
  });
});
