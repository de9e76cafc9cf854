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
function server(pods: Readonly<Record<string, number>>, refused: Readonly<Record<string, Error>> = {}): Pick<KubeApi, "scan"> & { asked: string[] } {
  const asked: string[] = [];
  const scan = async (of: Resource, { namespace = "" }: { namespace?: string }, take: (object: unknown) => void): Promise<string> => {
    asked.push(`${resourceName(of)} ${namespace}`);
    const error = refused[resourceName(of)];
    if (error !== undefined) throw error;
    if (of.plural === "pods") for (let at = 0; at < (pods[namespace] ?? 0); at++) take(pod(namespace, `p${String(at).padStart(2, "0")}`));
    return "1";
  };
  return { asked, scan: scan as KubeApi["scan"] };
}
/** One with this pod alone. */
const one = (object: object): Pick<KubeApi, "scan"> => ({ scan: (async (of: Resource, _options: object, take: (found: object) => void) => {
  if (of.plural === "pods") take(object);
  return "1";
}) as unknown as KubeApi["scan"] });
const error = (code: number): ApiError => new ApiError("list", { code, reason: "X", message: "x" });
const find = (api: Pick<KubeApi, "scan">, ...namespaces: string[]): Promise<Survey> => survey(api, namespaces, JUDGED);

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
    expect((await find(one({ ...pod("a", "p"), spec: { containers } }), "a")).first.map((name) => name.length)).toEqual([512]);
  });

  it("goes by annotations that do something, and holds no others", async () => {
    const annotations = { "k8s.v1.cni.cncf.io/networks": "outside", note: "x" };
    expect((await find(one({ ...POD, metadata: { namespace: "a", name: "p", uid: "p", annotations }, spec: { containers: [] } }), "a")).first).toEqual(["Pod a/p: metadata.annotations[k8s.v1.cni.cncf.io/networks]"]);
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
