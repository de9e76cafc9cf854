import { describe, expect, it } from "vitest";
import { FakeCluster } from "../../../test/support/fake-cluster.ts";
import { client, GOVERNED, lmd, svp } from "../../../test/support/makers.ts";
import { NAMESPACES, NETWORK_POLICIES, type Resource } from "../../kube/resources.ts";
import type { KubeObject, Live } from "../../lib/k8s-types.ts";
import { languageModelDeployment } from "../language-model-deployment/schema.ts";
import { sovereigntyPolicy } from "../sovereignty-policy/schema.ts";
import { governedNamespaceController } from "./controller.ts";

const controller = governedNamespaceController({ operatorNamespace: "hoheit-system", nameServers: [], releaseMs: 0 });
const cluster = new FakeCluster(controller);
for (const [name, labels] of [["assistant", GOVERNED], ["ui", GOVERNED], ["wiki", {}], ["other", {}]] as const) cluster.put(NAMESPACES, { apiVersion: "v1", kind: "Namespace", metadata: { name, labels } });
const deployment = lmd("a").clients({ ...client("chat"), namespace: "ui" }, { ...client("search"), namespace: "wiki" }).live();
cluster.put(languageModelDeployment.resource, deployment);

const wokenBy = (resource: Resource, object: KubeObject): string[] =>
  controller.reads.filter(({ cache }) => cache.resource.plural === resource.plural).flatMap(({ wakes }) => wakes(object as Live, cluster.context)).map(({ name }) => name).toSorted();
const networkPolicy = (metadata: object): KubeObject => ({ apiVersion: "networking.k8s.io/v1", kind: "NetworkPolicy", metadata: { name: "x", namespace: "ui", ...metadata } });

describe("a namespace looks again", () => {
  it("when a policy changes that selects it, or the namespace of a model that its pods use", () => {
    expect(wokenBy(sovereigntyPolicy.resource, svp().live())).toEqual(["assistant", "ui", "wiki"]);
    expect(wokenBy(sovereigntyPolicy.resource, svp().selects({ some: "thing" }).live())).toEqual([]);
  });

  it("when the namespace of a model changes that its pods use: it may have left", () => {
    expect(wokenBy(NAMESPACES, { apiVersion: "v1", kind: "Namespace", metadata: { name: "assistant" } })).toEqual(["ui", "wiki"]);
    expect(wokenBy(NAMESPACES, { apiVersion: "v1", kind: "Namespace", metadata: { name: "ui" } })).toEqual([]);
  });

  it("when a deployment changes whose clients run in it, even one that cannot be read", () => {
    expect(wokenBy(languageModelDeployment.resource, deployment)).toEqual(["ui", "wiki"]);
    expect(wokenBy(languageModelDeployment.resource, { ...deployment, spec: {} } as KubeObject)).toEqual([]);
  });

  it("when a NetworkPolicy of ours changes, or one that has the place of one", () => {
    expect(wokenBy(NETWORK_POLICIES, networkPolicy({ name: "hoheit-destination-mirror" }))).toEqual(["ui"]);
    expect(wokenBy(NETWORK_POLICIES, networkPolicy({ ownerReferences: [{ kind: "Namespace" }] }))).toEqual(["ui"]);
    expect(wokenBy(NETWORK_POLICIES, networkPolicy({}))).toEqual([]);
  });
});
