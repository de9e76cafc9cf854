import { describe, expect, it, test } from "vitest";
import { client, destination, lm, lmd, OPERATOR, svp } from "../../../test/support/makers.ts";
import { toYaml } from "../yaml.ts";
import { snapshotOfFolder, type FolderSnapshot } from "./folder.ts";

const namespace = (name: string, labels: Record<string, string> = { "hoheit.dev/governed": "true" }, metadata: object = {}): object => ({ apiVersion: "v1", kind: "Namespace", metadata: { name, labels, ...metadata } });

function read(files: Readonly<Record<string, readonly object[]>>, over: { nameServers?: readonly string[]; today?: string } = {}): Promise<FolderSnapshot> {
  const surroundings = { cluster: { pods: ["10.244.0.0/16"], services: [], nodes: [] }, nameServers: [], operatorNamespace: OPERATOR.namespace, today: "2026-11-25", ...over };
  const text = (file: string): string => (files[file] ?? []).map(toYaml).join("---\n");
  return snapshotOfFolder({ files: Object.keys(files), namespace: "default", operator: OPERATOR }, surroundings, async (file) => text(file));
}

describe("a folder of manifests", () => {
  it("is what the operator makes of it, too: the objects of governed namespaces, and those of deployments with their clients", async () => {
    const { snapshot, added, findings } = await read({
      "a.yaml": [namespace("assistant"), namespace("chat"), svp("land").destinations(destination("mirror", { roles: ["Application"] })).manifest()],
      "b.yaml": [lm().manifest(), lmd("assistant").clients(client("chat")).manifest()],
    });
    expect(findings).toEqual([]);
    expect([...snapshot.governed.keys()]).toEqual(["assistant", "chat"]);
    expect(added).toEqual(expect.arrayContaining(["NetworkPolicy assistant/assistant", "Deployment assistant/assistant", "CronJob assistant/assistant-probe", "NetworkPolicy assistant/hoheit-default-deny", "NetworkPolicy chat/hoheit-default-deny"]));
    expect(snapshot.workloads.map(({ id }) => id)).toEqual(["assistant/CronJob/assistant-probe", "assistant/Deployment/assistant"]);
    expect(added).toEqual(added.toSorted());
  });

  it("keeps what stands in it instead of what the operator would make", async () => {
    const own = { apiVersion: "networking.k8s.io/v1", kind: "NetworkPolicy", metadata: { name: "hoheit-default-deny", namespace: "chat" }, spec: { podSelector: {} } };
    const { snapshot, added } = await read({ "a.yaml": [namespace("chat"), svp("land").manifest(), own] });
    expect(added).not.toContain("NetworkPolicy chat/hoheit-default-deny");
    expect(snapshot.networkPolicies.filter(({ metadata }) => metadata.name === "hoheit-default-deny")).toEqual([own]);
  });

  it("gets nothing added where somebody has read it from a cluster", async () => {
    const { added, snapshot } = await read({ "a.yaml": [namespace("chat", { "hoheit.dev/governed": "true" }, { uid: "1" }), svp("land").manifest()] });
    expect([added, snapshot.networkPolicies, [...snapshot.governed.keys()]]).toEqual([[], [], ["chat"]]);
  });

  it("says of a deployment whose model is not there that nobody knows what it becomes", async () => {
    expect((await read({ "a.yaml": [namespace("assistant"), svp("land").manifest(), lmd("assistant").manifest()] })).snapshot.unreadable).toEqual([
      "what LanguageModelDeployment assistant becomes in namespace assistant: there is no LanguageModel mistral-small",
    ]);
  });

  it("puts what names no namespace into the usual one, and what lives in the cluster into none", async () => {
    const pod = { apiVersion: "v1", kind: "Pod", metadata: { name: "p" }, spec: { containers: [{ name: "c" }] } };
    const { snapshot } = await read({ "a.yaml": [pod, { apiVersion: "v1", kind: "Node", metadata: { name: "n" }, spec: { podCIDRs: ["10.1.0.0/24"] } }] });
    expect(snapshot.workloads.map(({ id }) => id)).toEqual(["default/Pod/p"]);
    expect(snapshot.cluster.pods).toEqual(["10.244.0.0/16", "10.1.0.0/24"]);
  });

  test("in which an object is there twice says nothing, and says where", async () => {
    const { findings } = await read({ "a.yaml": [namespace("chat")], "b.yaml": [namespace("chat"), svp("land").manifest(), svp("land").manifest()] });
    expect(findings.map(({ object, message }) => `${object}: ${message}`)).toEqual(["SovereigntyPolicy land: is also in b.yaml: the one applied last would win. Keep one.", "v1 Namespace chat: is there twice: the one applied last would win. Keep one."]);
  });
});

describe("who is governed", () => {
  const governedIn = async (...objects: object[]): Promise<string[]> => [...(await read({ "a.yaml": objects })).snapshot.governed].map(([name, { destinations }]) => `${name} ${destinations.map((one) => one.name).join()}`);

  it("is whom policies select, by what all of them allow, but never Kubernetes itself nor the operator", async () => {
    const one = svp("one").destinations(destination("mirror"), destination("other", { cidrs: ["203.0.113.0/28"] })).manifest();
    const two = svp("two").destinations(destination("mirror")).manifest();
    expect(await governedIn(namespace("a"), namespace("b", {}), namespace("kube-system"), namespace(OPERATOR.namespace), one)).toEqual(["a mirror,other"]);
    expect(await governedIn(namespace("a"), one, two)).toEqual([expect.stringMatching(/^a (?!.*other).*mirror/)]);
  });

  it("may be selected by the name that the API server gives every namespace as a label", async () => {
    const byName = svp("named").selects({ "kubernetes.io/metadata.name": "b" }).manifest();
    expect(await governedIn(namespace("a", {}), namespace("b", {}), byName)).toEqual(["b "]);
  });
});
