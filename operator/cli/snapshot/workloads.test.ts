import { describe, expect, test } from "vitest";
import type { Raw } from "../../sovereignty/snapshot.ts";
import { workloadsOf } from "./workloads.ts";

const POD_SPEC = { containers: [{ name: "c", image: "registry.example/c:1" }] };
const APP = { app: "chat" };

/** Made by an object of this kind, if one is named. */
const metadata = (name: string, owner?: string, labels: object = {}): object =>
  ({ namespace: "town", name, labels, ...(owner !== undefined && { ownerReferences: [{ kind: owner, name: "x", uid: "x", controller: true }] }) });
const maker = (kind: string, name: string, owner?: string): Raw =>
  ({ apiVersion: "apps/v1", kind, metadata: metadata(name, owner), spec: { template: { metadata: { labels: APP }, spec: POD_SPEC } } }) as unknown as Raw;
const cronJob = (name: string): Raw => ({ ...maker("CronJob", name), spec: { jobTemplate: { spec: { template: { metadata: { labels: APP }, spec: POD_SPEC } } } } });
const pod = (name: string, owner?: string, { labels = APP, spec = POD_SPEC, status = {} }: { labels?: object; spec?: object; status?: object } = {}): Raw =>
  ({ apiVersion: "v1", kind: "Pod", metadata: metadata(name, owner, labels), spec, status }) as unknown as Raw;

const ids = (...objects: Raw[]): string[] => workloadsOf(objects).map(({ id }) => id.replace("town/", ""));

describe("a workload", () => {
  test("is whatever has a pod template, or is a pod, in the order of ids", () => {
    expect(ids(pod("bare"), maker("StatefulSet", "db"), cronJob("nightly"), maker("Deployment", "chat"))).toEqual(["CronJob/nightly", "Deployment/chat", "Pod/bare", "StatefulSet/db"]);
    expect(ids({ apiVersion: "v1", kind: "Service", metadata: { namespace: "town", name: "chat" }, spec: { selector: APP } })).toEqual([]);
  });

  test("is told once: what is made of a template is the template's", () => {
    expect(ids(maker("Deployment", "chat"), pod("chat-1-a", "ReplicaSet", { labels: { ...APP, "pod-template-hash": "1" } }))).toEqual(["Deployment/chat"]);
    expect(ids(cronJob("nightly"), maker("Job", "nightly-1", "CronJob"), pod("nightly-1-a", "Job", { labels: { ...APP, "job-name": "nightly-1" } }))).toEqual(["CronJob/nightly"]);
    expect(ids(maker("Job", "once"), pod("once-a", "Job"))).toEqual(["Job/once"]);
  });

  test("is its template, too, where that was made by an object of a kind that has none, as of ours", () => {
    expect(ids(maker("Deployment", "chat", "LanguageModelDeployment"), pod("chat-1-a", "ReplicaSet", { labels: { ...APP, "pod-template-hash": "1" } }))).toEqual(["Deployment/chat"]);
    expect(ids(maker("Job", "backup", "Cluster"), pod("backup-a", "Job"))).toEqual(["Job/backup"]);
  });

  test("is a pod of its own where it is not as any template says, or nobody made it", () => {
    const made = maker("Deployment", "chat");
    expect(ids(made, pod("chat-1-a", "ReplicaSet", { labels: { ...APP, injected: "yes" } }))).toEqual(["Deployment/chat", "Pod/chat-1-a"]);
    expect(ids(made, pod("chat-1-a", "ReplicaSet", { spec: { ...POD_SPEC, hostNetwork: true } }))).toEqual(["Deployment/chat", "Pod/chat-1-a"]);
    expect(ids(made, pod("bare"))).toEqual(["Deployment/chat", "Pod/bare"]);
    expect(ids(pod("db-1", "Cluster"), pod("db-2", "Cluster"))).toEqual(["Pod/db-1", "Pod/db-2"]);
  });

  test("ends with its pod", () => {
    expect(ids(pod("a", undefined, { status: { phase: "Succeeded" } }), pod("b", undefined, { status: { phase: "Failed" } }), pod("c", undefined, { status: { phase: "Running" } }))).toEqual(["Pod/c"]);
  });
});
