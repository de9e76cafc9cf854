import { describe, expect, it } from "vitest";
import { lmd } from "../../../test/support/makers.ts";
import type { Deployment, Live, NetworkPolicy, Pod } from "../../lib/k8s-types.ts";
import { SEAL_FINALIZER } from "../../lib/names.ts";
import { planTeardown, type Remains } from "./teardown.ts";

const live = <T>(kind: string, over: object = {}): Live & T =>
  ({ apiVersion: "x/v1", kind, metadata: { name: "a", namespace: "n", uid: kind, resourceVersion: "1", ...over } }) as unknown as Live & T;

const owner = (finalizers: string[] = [SEAL_FINALIZER]) => lmd("a").deleting().metadata({ finalizers }).live();
const remains = (over: Partial<Remains>): Remains => ({ owner: owner(), child: undefined, policy: undefined, pods: [], ...over });
const deployment = (over: object = {}) => live<Live<Deployment>>("Deployment", over);
const policy = (over: object = {}) => live<Live<NetworkPolicy>>("NetworkPolicy", { finalizers: [SEAL_FINALIZER], ...over });
const pod = (name: string) => live<Live<Pod>>("Pod", { name });
const words = (state: Partial<Remains>) => planTeardown(remains(state)).plan.map((phase) => phase.map((step) => `${step.kind} ${step.resource.kind}`));

describe("planTeardown", () => {
  it("lists the whole way, step by step", () => {
    const gone = { deletionTimestamp: "2026-01-01T00:00:00Z" };
    expect(words({ child: deployment(), policy: policy(), pods: [pod("p")] })).toEqual([["delete Deployment"]]);
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

  it("never touches the policy while a pod or the Deployment is left", () => {
    for (const state of [{ pods: [pod("p")] }, { child: deployment() }, { child: deployment(), pods: [pod("p")] }]) {
      expect(words({ ...state, policy: policy() }).flat().join()).not.toContain("NetworkPolicy");
    }
  });

  it("says which pod it waits for", () => {
    expect(planTeardown(remains({ pods: [pod("b"), pod("a")] })).waitsFor).toBe("pod a to end (2 left)");
  });

  it("leaves an object alone that it does not hold, whoever else does", () => {
    expect(words({ owner: owner(["someone.example/else"]), child: deployment() })).toEqual([]);
  });
});
