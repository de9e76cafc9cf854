import { describe, expect, it } from "vitest";
import { approval, DIGEST, lm, lmd } from "../../../test/support/makers.ts";
import type { Deployment, KubeObject, Live } from "../../lib/k8s-types.ts";
import { MODEL_DIGEST } from "../../lib/labels.ts";
import { SEAL_FINALIZER } from "../../lib/names.ts";
import type { Violation } from "./conditions.ts";
import type { Observed } from "./observe.ts";
import { modeOf, plan, type Mode } from "./plan.ts";
import type { LanguageModelDeployment } from "./schema.ts";

const named = (kind: string): never => ({ apiVersion: "x/v1", kind, metadata: { name: "a", namespace: "n" } }) as never;
const children = (over: object = {}) => ({
  networkPolicy: named("NetworkPolicy"), serviceAccount: named("ServiceAccount"), service: named("Service"), gateConfig: named("ConfigMap"), podDisruptionBudget: named("PodDisruptionBudget"), deployment: named("Deployment"), cronJob: named("CronJob"), ...over,
});
const running = (replicas: number): Live<Deployment> =>
  ({ apiVersion: "apps/v1", kind: "Deployment", metadata: { name: "a", namespace: "n", uid: "d", resourceVersion: "1", annotations: { [MODEL_DIGEST]: DIGEST } }, spec: { replicas } }) as unknown as Live<Deployment>;
const live = (kind: string, metadata: object): never => ({ apiVersion: "x/v1", kind, metadata: { name: "a", namespace: "n", uid: kind, resourceVersion: "1", ...metadata } }) as never;

function observed(over: Partial<Observed> = {}, deployment: Live<LanguageModelDeployment> = lmd("a").metadata({ finalizers: [SEAL_FINALIZER] }).live()): Observed {
  return {
    deployment, model: lm().live(), digest: DIGEST, runningDigest: over.child === undefined ? undefined : DIGEST, approvals: [approval().live()], activities: new Set(["text-assistance"]),
    tripwire: undefined, governing: undefined, denials: [], child: undefined, policy: undefined, budget: undefined, cronJob: undefined, jobs: [], pods: [], probes: [], others: [], nodes: [], proof: undefined, now: 0, ...over,
  };
}
const words = (state: Observed, mode: Mode, made: Partial<Record<string, KubeObject | undefined>> = {}): string[][] =>
  plan(state, mode, children(made) as never).map((phase) => phase.map((step) => `${step.kind} ${step.resource.kind}`));

describe("plan", () => {
  const around = ["apply NetworkPolicy", "apply ServiceAccount", "apply Service", "apply ConfigMap", "apply PodDisruptionBudget"];

  it("applies the seal in a phase before the Deployment", () => {
    expect(words(observed(), "serve")).toEqual([[], around, ["apply Deployment", "apply CronJob"]]);
  });

  it("holds the CR with our finalizer before anything else", () => {
    expect(words(observed({}, lmd("a").live()), "serve")[0]).toEqual(["addFinalizer LanguageModelDeployment"]);
  });

  it("keeps the seal up to date but starts nothing while on hold", () => {
    expect(words(observed({ child: running(1) }), "hold", { deployment: undefined })).toEqual([[], around, ["apply CronJob"]]);
  });

  it("scales down on hold when fewer are asked for, never up", () => {
    const asked = lmd("a").metadata({ finalizers: [SEAL_FINALIZER] }).replicas(2).live();
    const first = (replicas: number) => plan(observed({ child: running(replicas) }, asked), "hold", children({ deployment: undefined }))[0];
    expect(first(3)).toMatchObject([{ kind: "scale", replicas: 2 }]);
    expect(first(2)).toEqual([]);
    expect(first(1)).toEqual([]);
  });

  it("scales down what must stop before anything that could keep it from that, and does not render it anew", () => {
    const none = { deployment: undefined };
    expect(words(observed({ child: running(2) }), "stop", none)).toEqual([["scale Deployment"], around, ["apply CronJob"]]);
    expect(words(observed({ child: running(0) }), "stop", none)).toEqual([[], around, ["apply CronJob"]]);
    expect(words(observed(), "stop", none)).toEqual([[], around, ["apply CronJob"]]);
  });

  it("removes a disruption budget that is no longer wanted, once", () => {
    const none = { podDisruptionBudget: undefined };
    expect(words(observed({ budget: live("PodDisruptionBudget", {}) }), "serve", none)[1]).toContain("delete PodDisruptionBudget");
    expect(words(observed({ budget: live("PodDisruptionBudget", { deletionTimestamp: "2026-01-01T00:00:00Z" }) }), "serve", none)[1]).not.toContain("delete PodDisruptionBudget");
    expect(words(observed(), "serve", none)[1]).toEqual(around.slice(0, 4));
  });

  it("lets go of a policy that somebody deleted, once it is sure that it can be made anew", () => {
    const leaving = live("NetworkPolicy", { finalizers: [SEAL_FINALIZER], deletionTimestamp: "2026-01-01T00:00:00Z" });
    expect(words(observed({ policy: leaving }), "serve")).toEqual([
      [], ["confirm LanguageModelDeployment", "rehearse NetworkPolicy"], ["removeFinalizer NetworkPolicy"], around, ["apply Deployment", "apply CronJob"],
    ]);
    expect(words(observed({ policy: live("NetworkPolicy", { finalizers: [SEAL_FINALIZER] }) }), "serve")).toEqual([[], around, ["apply Deployment", "apply CronJob"]]);
  });

  it("gives every child the CR as its controller", () => {
    const owners = plan(observed(), "serve", children() as never).flat().map((step) => (step.kind === "apply" ? step.object.metadata.ownerReferences : undefined));
    for (const owner of owners) expect(owner).toEqual([{ apiVersion: "hoheit.dev/v1alpha1", kind: "LanguageModelDeployment", name: "a", uid: "uid-of-a", controller: true, blockOwnerDeletion: true }]);
  });
});

describe("modeOf", () => {
  const some: Violation[] = [{ reason: "ModelNotReady", message: "", stalled: false }];

  it("serves when nothing is violated, and holds when something is", () => {
    expect(modeOf(observed(), [])).toBe("serve");
    expect(modeOf(observed({ child: running(1) }), some)).toBe("hold");
  });

  it("stops what was revoked, and what is asked to be zero, whatever else is wrong", () => {
    expect(modeOf(observed({ child: running(1), approvals: [] }), some)).toBe("stop");
    expect(modeOf(observed({ child: running(1) }, lmd("a").replicas(0).live()), some)).toBe("stop");
  });
});
