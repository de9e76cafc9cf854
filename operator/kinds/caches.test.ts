import { describe, expect, it, test } from "vitest";
import { lmd, svp } from "../../test/support/makers.ts";
import type { CronJob, Deployment, Live, Namespace, NetworkPolicy, Pod } from "../lib/k8s-types.ts";
import { MODEL_DIGEST, probeLabels } from "../lib/labels.ts";
import { BY_DEPLOYMENT, BY_NAMESPACE, bySpecAndProof, cronJobs, deployments, languageModelDeployments, namespaces, networkPolicies, pods } from "./caches.ts";

const noted = (annotations: Record<string, string>) => lmd("a").metadata({ annotations, labels: { team: "x" }, finalizers: ["y"] }).live();

describe("what is kept of an object", () => {
  it("has no annotations of others, which a tenant may fill, and everything else", () => {
    const { annotations: _, ...metadata } = noted({}).metadata;
    expect(languageModelDeployments.keep?.(noted({ note: "x".repeat(250_000) }))).toEqual({ ...noted({}), metadata });
  });

  it("has our own annotations, by which we know what a child runs", () => {
    const child = { apiVersion: "apps/v1", kind: "Deployment", metadata: { name: "a", uid: "u", resourceVersion: "1", annotations: { [MODEL_DIGEST]: "sha256:x", note: "y" } } } as Live<Deployment>;
    expect(deployments.keep?.(child).metadata.annotations).toEqual({ [MODEL_DIGEST]: "sha256:x" });
  });
});

test("of a namespace is kept by what policies select it, whether it is leaving, and what we noted on it", () => {
  const metadata = { name: "n", uid: "u", resourceVersion: "1", labels: { "hoheit.dev/governed": "true" }, deletionTimestamp: "2026-11-23T10:00:00Z" };
  const namespace = { apiVersion: "v1", kind: "Namespace", spec: { finalizers: ["kubernetes"] }, status: { phase: "Active" }, metadata: { ...metadata, annotations: { "hoheit.dev/sealed": "0f", note: "x" } } } as Live<Namespace>;
  expect(namespaces.keep?.(namespace)).toEqual({ apiVersion: "v1", kind: "Namespace", metadata: { ...metadata, annotations: { "hoheit.dev/sealed": "0f" } } });
  expect(namespaces.keep?.({ ...namespace, metadata }).metadata).toEqual(metadata);
});

describe("what is kept of a NetworkPolicy", () => {
  const policy = (metadata: object, spec: object): Live<NetworkPolicy> =>
    ({ apiVersion: "networking.k8s.io/v1", kind: "NetworkPolicy", metadata: { namespace: "n", name: "a", uid: "u", resourceVersion: "1", ...metadata }, spec });
  const rules = { policyTypes: ["Egress"], ingress: [{ from: [{ ipBlock: { cidr: "10.0.0.0/8" } }] }], egress: [{ to: [{ ipBlock: { cidr: "192.0.2.0/24" } }] }, {}] };

  it("of somebody else is whom it selects and how many egress rules it has", () => {
    const kept = networkPolicies.keep?.(policy({ annotations: { note: "x" } }, { podSelector: { matchLabels: { app: "x" } }, ...rules }));
    expect(kept?.spec).toEqual({ podSelector: { matchLabels: { app: "x" } }, policyTypes: ["Egress"], egress: [{}, {}] });
    expect(kept?.metadata.annotations).toBeUndefined();
  });

  it("is all of a seal, even of one whose labels somebody took off", () => {
    const seal = { podSelector: { matchLabels: { "hoheit.dev/deployment": "a" } }, ...rules };
    expect(networkPolicies.keep?.(policy({}, seal)).spec).toEqual(seal);
  });

  it("is found under its namespace unless it can select pods of its own deployment alone", () => {
    const slots = (name: string, podSelector: object) => networkPolicies.index?.(policy({ name, labels: { "app.kubernetes.io/managed-by": "hoheit" } }, { podSelector }));
    expect(slots("a", { matchLabels: { "hoheit.dev/deployment": "a" } })).toEqual({});
    for (const selector of [{}, { matchLabels: { "hoheit.dev/deployment": "b" } }, { matchExpressions: [{ key: "hoheit.dev/deployment", operator: "In", values: ["a"] }] }]) {
      expect(slots("a", selector), JSON.stringify(selector)).toEqual({ [BY_NAMESPACE]: ["n"] });
    }
    expect(slots("hoheit-default-deny", { matchLabels: { "hoheit.dev/deployment": "hoheit-default-deny" } }), "one that somebody gave the looks of a seal").toEqual({ [BY_NAMESPACE]: ["n"] });
  });
});

describe("what is kept of a probe", () => {
  it("is what it runs, who made it, when, and how it fares", () => {
    const state = { terminated: { exitCode: 0, message: "{}" } };
    const pod = {
      apiVersion: "v1", kind: "Pod",
      metadata: { namespace: "n", name: "p", uid: "u", resourceVersion: "1", creationTimestamp: "2026-11-23T10:00:00Z", labels: probeLabels("a"), ownerReferences: [{ apiVersion: "batch/v1", kind: "Job", name: "j", uid: "j" }], annotations: { note: "x" } },
      spec: { containers: [{ name: "probe", image: "i", args: ["probe"], resources: { limits: { memory: "1Gi" } } }], nodeName: "n1", volumes: [{ name: "v" }] },
      status: { phase: "Succeeded", podIP: "10.0.0.1", containerStatuses: [{ name: "probe", state, image: "i", imageID: "", ready: false, restartCount: 0 }] },
    } as unknown as Live<Pod>;
    const { annotations: _, ...metadata } = pod.metadata;
    expect(pods.keep?.(pod)).toEqual({
      apiVersion: "v1", kind: "Pod", metadata,
      spec: { containers: [{ name: "probe", image: "i", command: [], args: ["probe"], env: [], envFrom: [], volumeMounts: [] }], initContainers: [], ephemeralContainers: [], hostNetwork: false },
      status: { containerStatuses: [{ name: "probe", state }] },
    });
    expect(pods.index?.(pod)).toEqual({ [BY_DEPLOYMENT]: ["n/a"] });
  });

  it("is nothing of the status of its CronJob, which moves with every run", () => {
    const cronJob = { apiVersion: "batch/v1", kind: "CronJob", metadata: { name: "a-probe", uid: "u", resourceVersion: "1" }, spec: { schedule: "* * * * *" }, status: { lastScheduleTime: "2026-11-23T10:00:00Z" } } as Live<CronJob>;
    expect(cronJobs.keep?.(cronJob)).not.toHaveProperty("status");
  });
});

test("of a policy matters to deployments what it says and what was proved, and not what moves all the time", () => {
  const policy = (message: string, over: object = {}) => svp("land").status({
    conditions: [{ type: "Proved", status: "False", reason: "Refuted", message, lastTransitionTime: "2026-11-25T10:00:00Z", observedGeneration: 1 }], ...over,
  });
  const one = policy("a/Pod/x may send to TCP 8.8.8.8:443.");
  const mattersOf = (maker: typeof one): unknown => bySpecAndProof(maker.live());
  expect(mattersOf(policy("a/Pod/x may send to TCP 8.8.8.8:443.", { guardProbe: { probeTime: "2026-11-25T11:00:00Z", of: "0f" } }))).toEqual(mattersOf(one));
  for (const other of [
    policy("b/Pod/y may send to TCP 8.8.8.8:443."), policy("a/Pod/x may send to TCP 8.8.8.8:443.", { evidence: { root: "sha256:2" } }), one.spec({ ungoverned: "Report" }), one.metadata({ uid: "other" }),
  ]) expect(mattersOf(other)).not.toEqual(mattersOf(one));
});
