import { describe, expect, it } from "vitest";
import { FakeCluster } from "../../../test/support/fake-cluster.ts";
import { client, lmd, OPERATOR } from "../../../test/support/makers.ts";
import { DEPLOYMENTS, SERVICES } from "../../kube/resources.ts";
import type { Live } from "../../lib/k8s-types.ts";
import { servingLabels } from "../../lib/labels.ts";
import { NO_PROOFS } from "../sovereignty-policy/proof/proofs.ts";
import { languageModelDeploymentController } from "./controller.ts";
import { languageModelDeployment } from "./schema.ts";

const { reads } = languageModelDeploymentController({ metricsScraper: undefined, operator: OPERATOR, proofs: NO_PROOFS });
const owner = (kind: string, name: string) => ({ apiVersion: "x/v1", kind, name, uid: "u", controller: true });
const child = (metadata: object): Live => ({ apiVersion: "apps/v1", kind: "Deployment", metadata: { namespace: "n", name: "a", uid: "d", resourceVersion: "1", ...metadata } });
const wokenBy = (changed: Live) => reads.find(({ cache }) => cache.resource === DEPLOYMENTS)?.wakes(changed, undefined as never);

describe("a change of the tripwire's Service", () => {
  const services = reads.find(({ cache }) => cache.resource === SERVICES);
  const all = { cache: () => ({ list: () => [lmd("a").live(), lmd("b").live()] }) } as never;
  const service = (namespace: string, name: string): Live => ({ apiVersion: "v1", kind: "Service", metadata: { namespace, name, uid: "s", resourceVersion: "1" } });
  const woken = (changed: Live) => services?.wakes(changed, all).map(({ name }) => name);

  it("wakes every deployment, and nobody where it has only the name", () => {
    expect(woken(service(OPERATOR.namespace, "hoheit-tripwire"))).toEqual(["a", "b"]);
    expect(woken(service("tenant", "hoheit-tripwire"))).toEqual([]);
    expect(woken(service(OPERATOR.namespace, "other"))).toEqual([]);
  });
});

describe("a change of a child", () => {
  it("wakes the deployment that controls it, whatever its labels say", () => {
    expect(wokenBy(child({ labels: servingLabels("other"), ownerReferences: [owner("LanguageModelDeployment", "a")] }))).toEqual([{ namespace: "n", name: "a" }]);
  });

  it("wakes the deployment that its label names when somebody took the owner reference off", () => {
    expect(wokenBy(child({ labels: servingLabels("a") }))).toEqual([{ namespace: "n", name: "a" }]);
    expect(wokenBy(child({}))).toEqual([]);
  });

  it("wakes nobody when it belongs to something else", () => {
    expect(wokenBy(child({ labels: servingLabels("a"), ownerReferences: [owner("Widget", "a")] }))).toEqual([]);
  });
});

describe("a change of a namespace or a SovereigntyPolicy", () => {
  const cluster = new FakeCluster(languageModelDeploymentController({ metricsScraper: undefined, operator: OPERATOR, proofs: NO_PROOFS }));
  cluster.put(languageModelDeployment.resource, lmd("a").clients({ ...client("ui"), namespace: "ui" }).live());
  cluster.put(languageModelDeployment.resource, lmd("b").namespace("other").clients().live());
  const woken = (plural: string, name: string) => reads.filter(({ cache }) => cache.resource.plural === plural)
    .flatMap(({ wakes }) => wakes({ apiVersion: "x/v1", kind: "X", metadata: { name, uid: "u", resourceVersion: "1" } }, cluster.context)).map((ref) => ref.name);

  it("wakes deployments in it and those whose clients run in it; a policy wakes all, for it may be the first", () => {
    expect([woken("namespaces", "assistant"), woken("namespaces", "ui"), woken("namespaces", "wiki")]).toEqual([["a"], ["a"], []]);
    expect(woken("sovereigntypolicies", "land")).toEqual(["a", "b"]);
  });
});
