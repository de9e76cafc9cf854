import { describe, expect, it } from "vitest";
import type { KubeApi } from "../../../kube/api.ts";
import { ApiError, TransportError } from "../../../kube/errors.ts";
import { resourceName, type Resource } from "../../../kube/resources.ts";
import { svp } from "../../../../test/support/makers.ts";
import { survey, surveyRules, type Survey } from "./survey.ts";

const JUDGED = { spec: svp().live().spec, inForce: [], ownImage: "registry.example/hoheit:1" };
const POD = { apiVersion: "v1", kind: "Pod", spec: { hostNetwork: true, hostPID: true, containers: [] } };
const pod = (namespace: string, name: string) => ({ ...POD, metadata: { namespace, name, uid: `${namespace}/${name}` } });

/** An API server with these pods and nothing else. */
function server(pods: Readonly<Record<string, number>>, refused: Readonly<Record<string, Error>> = {}): Pick<KubeApi, "list"> & { asked: string[] } {
  const asked: string[] = [];
  const list = async (of: Resource, { namespace = "" }: { namespace?: string } = {}): Promise<unknown> => {
    asked.push(`${resourceName(of)} ${namespace}`);
    const error = refused[resourceName(of)];
    if (error !== undefined) throw error;
    return { items: of.plural === "pods" ? Array.from({ length: pods[namespace] ?? 0 }, (_, at) => pod(namespace, `p${String(at).padStart(2, "0")}`)) : [], resourceVersion: "1" };
  };
  return { asked, list: list as KubeApi["list"] };
}
const error = (code: number): ApiError => new ApiError("list", { code, reason: "X", message: "x" });
const find = (api: Pick<KubeApi, "list">, ...namespaces: string[]): Promise<Survey> => survey(api, namespaces, JUDGED);

describe("a survey", () => {
  it("counts objects, and names the first twenty with all their fields", async () => {
    expect(await find(server({ a: 1, b: 2 }), "a", "b", "c")).toEqual({
      objects: 3, first: ["Pod a/p00: spec.hostNetwork, spec.hostPID", "Pod b/p00: spec.hostNetwork, spec.hostPID", "Pod b/p01: spec.hostNetwork, spec.hostPID"], unread: [],
    });
    const many = await find(server({ a: 15, b: 15 }), "a", "b");
    expect([many.objects, many.first.length, many.first.at(-1)]).toEqual([30, 20, "Pod b/p04: spec.hostNetwork, spec.hostPID"]);
  });

  it("cuts off the name of one that has very many fields", async () => {
    const containers = Array.from({ length: 100 }, (_, at) => ({ name: `container-${at}`, ports: [{ containerPort: 80, hostPort: 80 }] }));
    const api = { list: (async (of: Resource) => ({ items: of.plural === "pods" ? [{ ...pod("a", "p"), spec: { containers } }] : [], resourceVersion: "1" })) as unknown as KubeApi["list"] };
    expect((await find(api, "a")).first.map((one) => one.length)).toEqual([512]);
  });

  it("looks into the namespaces that it is told, and nowhere else, at what it is granted and no more", async () => {
    const api = server({ a: 1, b: 1, c: 1 });
    await find(api, "a", "c");
    const granted = surveyRules.flatMap(({ apiGroups: [group], resources }) => resources.map((resource) => (group === "" ? resource : `${resource}.${group}`)));
    expect(api.asked.toSorted()).toEqual(["a", "c"].flatMap((namespace) => granted.map((resource) => `${resource} ${namespace}`)).toSorted());
    expect(new Set(surveyRules.flatMap(({ verbs }) => verbs))).toEqual(new Set(["list"]));
    expect(granted).not.toContain("secrets");
  });

  it("says once what it may not read, and takes a kind that is not served for empty", async () => {
    expect(await find(server({ a: 1, b: 0 }, { "daemonsets.apps": error(403), "deployments.apps": error(403), endpoints: error(404) }), "a", "b")).toMatchObject({ objects: 1, unread: ["daemonsets.apps", "deployments.apps"] });
  });

  it("without an answer is none", async () => {
    await expect(find(server({}, { pods: error(500) }), "a")).rejects.toThrow(ApiError);
    await expect(find(server({}, { pods: new TransportError("list", "connection refused") }), "a")).rejects.toThrow(TransportError);
  });
});
