import { describe, expect, it } from "vitest";
import { lmd } from "../../../test/support/makers.ts";
import type { CronJob, Deployment, Job, Live, NetworkPolicy, Pod } from "../../lib/k8s-types.ts";
import { SEAL_FINALIZER } from "../../lib/names.ts";
import { planTeardown, type Remains } from "./teardown.ts";

const live = <T>(kind: string, over: object = {}): Live & T =>
  ({ apiVersion: "x/v1", kind, metadata: { name: "a", namespace: "n", uid: kind, resourceVersion: "1", ...over } }) as unknown as Live & T;

const owner = (finalizers: string[] = [SEAL_FINALIZER]) => lmd("a").deleting().metadata({ finalizers }).live();
const remains = (over: Partial<Remains>): Remains => ({ owner: owner(), child: undefined, cronJob: undefined, jobs: [], policy: undefined, pods: [], ...over });
const deployment = (over: object = {}) => live<Live<Deployment>>("Deployment", over);
const policy = (over: object = {}) => live<Live<NetworkPolicy>>("NetworkPolicy", { finalizers: [SEAL_FINALIZER], ...over });
const cronJob = (over: object = {}) => live<Live<CronJob>>("CronJob", { name: "a-probe", ...over });
const job = live<Live<Job>>("Job", { name: "a-probe-1" });
const pod = (name: string) => live<Live<Pod>>("Pod", { name });
const words = (state: Partial<Remains>) => planTeardown(remains(state)).plan.map((phase) => phase.map((step) => `${step.kind} ${step.resource.kind}`));

describe("planTeardown", () => {
  it("lists the whole way, step by step", () => {
    const gone = { deletionTimestamp: "2026-01-01T00:00:00Z" };
    expect(words({ child: deployment(), cronJob: cronJob(), jobs: [job], policy: policy(), pods: [pod("p")] })).toEqual([["delete Deployment", "delete CronJob"]]);
    expect(words({ child: deployment(gone), cronJob: cronJob(gone), jobs: [job], policy: policy() })).toEqual([[]]);
    expect(words({ jobs: [job], policy: policy() })).toEqual([[]]);
    expect(words({ child: deployment(gone), policy: policy(), pods: [pod("p")] })).toEqual([[]]);
    expect(words({ child: deployment(gone), policy: policy() })).toEqual([[]]);
    expect(words({ policy: policy(), pods: [pod("p")] })).toEqual([[]]);
    expect(words({ policy: policy() })).toEqual([["removeFinalizer NetworkPolicy"], ["delete NetworkPolicy"], ["removeFinalizer LanguageModelDeployment"]]);
    expect(words({ policy: policy({ ...gone, finalizers: [] }) })).toEqual([[], [], ["removeFinalizer LanguageModelDeployment"]]);
    expect(words({})).toEqual([["removeFinalizer LanguageModelDeployment"]]);
    expect(words({ owner: owner([]) })).toEqual([]);
  });

  it("deletes the Deployment in the foreground, so that no ReplicaSet survives it that could make a pod", () => {
    expect(planTeardown(remains({ child: deployment() })).plan[0]?.[0]).toMatchObject({ kind: "delete", propagation: "Foreground" });
  });

  it("deletes the CronJob so as well, so that no Job survives it that could make a probe", () => {
    expect(planTeardown(remains({ cronJob: cronJob() })).plan[0]?.[0]).toMatchObject({ kind: "delete", propagation: "Foreground" });
  });

  it("never touches the policy while a pod is left, or something that could make one", () => {
    for (const state of [{ cronJob: cronJob() }, { jobs: [job] }, { pods: [pod("p")] }, { child: deployment() }, { child: deployment(), pods: [pod("p")] }]) {
      expect(words({ ...state, policy: policy() }).flat().join()).not.toContain("NetworkPolicy");
    }
  });

  it("says which pod it waits for", () => {
    expect(planTeardown(remains({ pods: [pod("b"), pod("a")] })).waitsFor).toBe("pod a to end (2 left)");
    expect(planTeardown(remains({ child: deployment(), cronJob: cronJob() })).waitsFor).toBe("Deployment a to be gone");
    expect(planTeardown(remains({ cronJob: cronJob(), jobs: [job] })).waitsFor).toBe("CronJob a-probe to be gone");
    expect(planTeardown(remains({ jobs: [job] })).waitsFor).toBe("Job a-probe-1 to be gone");
  });

  it("leaves an object alone that it does not hold, whoever else does", () => {
    expect(words({ owner: owner(["someone.example/else"]), child: deployment() })).toEqual([]);
  });
});
