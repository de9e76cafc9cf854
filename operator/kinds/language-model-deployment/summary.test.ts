import { describe, expect, it } from "vitest";
import { kstatus } from "../../../test/support/kstatus.ts";
import { approval, DIGEST, lm, lmd, OPERATOR, TRIPWIRE } from "../../../test/support/makers.ts";
import type { Deployment, Live, NetworkPolicy, Pod } from "../../lib/k8s-types.ts";
import { GATE_IMAGE, MODEL_DIGEST, TEMPLATE_REVISION } from "../../lib/labels.ts";
import { withKstatus } from "../../runtime/status.ts";
import type { Summary } from "../report.ts";
import { buildChildren } from "./build/index.ts";
import type { Violation } from "./conditions.ts";
import type { Observed } from "./observe.ts";
import { summarise, summariseTeardown } from "./summary.ts";

const child = (replicas: number, status: object): Live<Deployment> => ({
  apiVersion: "apps/v1", kind: "Deployment",
  metadata: { name: "a", namespace: "assistant", uid: "d", resourceVersion: "1", generation: 3, annotations: { [MODEL_DIGEST]: DIGEST, [TEMPLATE_REVISION]: "1", [GATE_IMAGE]: OPERATOR.image } },
  spec: { replicas }, status: { observedGeneration: 3, ...status },
}) as unknown as Live<Deployment>;
const rolledOut = (replicas: number) => child(replicas, replicas === 0 ? {} : { replicas, readyReplicas: replicas, updatedReplicas: replicas, availableReplicas: replicas });
const children = buildChildren({
  deployment: lmd("a").object(), clients: [], metricsScraper: undefined, operator: OPERATOR, tripwire: TRIPWIRE, start: { model: { claimName: "weights", path: ".", digest: DIGEST }, replicas: 1, liveAnnotations: undefined },
});
const policy: Live<NetworkPolicy> = { ...children.networkPolicy, metadata: { ...children.networkPolicy.metadata, uid: "p", resourceVersion: "1", creationTimestamp: "2026-11-23T10:00:00Z" } };
const starting = { apiVersion: "v1", kind: "Pod", metadata: { name: "a-1", uid: "a-1", resourceVersion: "1" }, status: { conditions: [{ type: "PodScheduled", status: "True" }] } } as unknown as Live<Pod>;

const observed = (replicas: number, over: Partial<Observed> = {}): Observed => ({
  deployment: lmd("a").replicas(replicas).gpus(2).live(), model: lm().live(), digest: DIGEST, runningDigest: DIGEST, approvals: [approval().live()],
  activities: new Set(["text-assistance"]), child: rolledOut(replicas), policy, budget: undefined, cronJob: undefined, jobs: [], pods: [], probes: [], others: [], nodes: [], tripwire: undefined, governing: undefined, denials: [], proof: undefined, now: 0, ...over,
});
const summary = (state: Observed, violations: readonly Violation[] = [], obstacle?: Violation): Summary => summarise(state, { violations, obstacle, latestRevision: 1, gateImage: OPERATOR.image, children, maxAgeMs: 2_250_000 });
const condition = ({ conditions }: Summary, type: string) => conditions.find((one) => one.type === type);
const kstatusOf = ({ conditions, stalled }: Summary) => kstatus({ metadata: { generation: 1 }, status: { observedGeneration: 1, conditions: withKstatus(conditions, stalled) } });

describe("summarise", () => {
  it("is Serving only when every wanted pod runs the newest template and is available", () => {
    expect(condition(summary(observed(2)), "Ready")).toMatchObject({ status: "True", reason: "Serving", message: "2 of 2 pods answer." });
    for (const status of [
      { replicas: 3, readyReplicas: 2, updatedReplicas: 2, availableReplicas: 2 },
      { replicas: 2, readyReplicas: 2, updatedReplicas: 1, availableReplicas: 2 },
      { replicas: 2, readyReplicas: 1, updatedReplicas: 2, availableReplicas: 1 },
      { replicas: 2, readyReplicas: 2, updatedReplicas: 2, availableReplicas: 2, observedGeneration: 2 },
    ]) expect(condition(summary(observed(2, { child: child(2, status) })), "Ready"), JSON.stringify(status)).toMatchObject({ status: "False", reason: "RollingOut" });
  });

  it("is Ready with nothing running, when nothing is asked for", () => {
    expect(condition(summary(observed(0)), "Ready")).toMatchObject({ status: "True", reason: "ScaledToZero" });
    expect(condition(summary(observed(0, { child: rolledOut(1) })), "Ready")?.status).toBe("False");
  });

  it("says what it waits for in the status and in the message, and nothing once it serves", () => {
    const waits = summary(observed(1, { child: child(1, { replicas: 1 }), pods: [starting] }));
    expect(condition(waits, "Ready")).toMatchObject({ reason: "Starting" });
    expect(waits.fields["waitingFor"]).toBe("pod a-1: the server is starting and loads its weights.");
    expect(waits.severity).toBe("Normal");
    expect(summary(observed(1)).fields["waitingFor"]).toBeUndefined();
  });

  it("reads InProgress, Failed or Current for kstatus", () => {
    const violation = (stalled: boolean): Violation => ({ reason: "NotApproved", message: "no", stalled });
    expect(kstatusOf(summary(observed(1)))).toBe("Current");
    expect(kstatusOf(summary(observed(1, { child: child(1, { replicas: 1 }) })))).toBe("InProgress");
    expect(kstatusOf(summary(observed(1), [violation(true)]))).toBe("Failed");
    expect(kstatusOf(summary(observed(1), [violation(false)]))).toBe("InProgress");
    expect(kstatusOf(summary(observed(1), [], violation(true)))).toBe("Failed");
  });

  it("gives the first violation as the reason and counts the others", () => {
    const two: Violation[] = [{ reason: "RefusedArgument", message: "first.", stalled: true }, { reason: "ModelNotFound", message: "second.", stalled: false }];
    const found = summary(observed(1), two);
    expect(condition(found, "Ready")).toMatchObject({ reason: "RefusedArgument", message: "first. (1 more; hoheit render shows all)" });
    expect(condition(found, "ModelReady")).toMatchObject({ status: "False", reason: "ModelNotFound" });
    expect(found.severity).toBe("Warning");
  });

  it("tells an applied seal from an observed one, and from none", () => {
    expect(condition(summary(observed(1)), "EgressSealed")).toMatchObject({ status: "Unknown", reason: "NotProbed" });
    expect(summary(observed(1)).announced).toEqual(["EgressSealed"]);
    expect(condition(summary(observed(1, { policy: undefined })), "EgressSealed")).toMatchObject({ status: "False", reason: "PolicyMissing" });
  });

  it("says that a newer template waits", () => {
    const older = summarise(observed(1), { violations: [], obstacle: undefined, latestRevision: 2, gateImage: OPERATOR.image, children, maxAgeMs: 2_250_000 });
    expect(condition(older, "TemplateOutdated")).toMatchObject({ status: "True", reason: "NewerTemplate" });
    expect(condition(older, "Ready")?.status).toBe("True");
    expect(condition(summary(observed(1)), "TemplateOutdated")?.status).toBe("False");
  });

  it("says that the gate runs from the image of an older operator, which restarts nothing", () => {
    const findings = { violations: [], obstacle: undefined, latestRevision: 1, gateImage: "registry.example/hoheit:next", children, maxAgeMs: 2_250_000 };
    const upgraded = summarise(observed(1), findings);
    expect(condition(upgraded, "TemplateOutdated")).toMatchObject({ status: "True", reason: "NewerGate", message: expect.stringContaining("registry.example/hoheit:next") as string });
    expect(condition(upgraded, "Ready")?.status).toBe("True");
    expect(condition(summarise(observed(1, { child: undefined }), findings), "TemplateOutdated")?.status).toBe("False");
  });

  it("fills the facts that kubectl get and kubectl scale show", () => {
    expect(summary(observed(2, { child: child(2, { replicas: 2, readyReplicas: 1 }) })).fields).toEqual({
      replicas: 2, readyReplicas: 1, replicaSummary: "1/2", accelerators: 4, selector: "hoheit.dev/deployment=a,hoheit.dev/role=Serving", endpoint: "http://a.assistant.svc:8000/v1",
      modelDigest: DIGEST, templateRevision: 1, waitingFor: "pods to be created or replaced",
    });
  });

  it("keeps what was known while it drains, and says what the seal waits for", () => {
    const live = lmd("a").status({ observedGeneration: 1, modelDigest: DIGEST, conditions: [
      { type: "Ready", status: "True", reason: "Serving", message: "", lastTransitionTime: "2026-01-01T00:00:00Z", observedGeneration: 1 },
      { type: "Available", status: "True", reason: "MinimumReplicasAvailable", message: "", lastTransitionTime: "2026-01-01T00:00:00Z", observedGeneration: 1 },
      { type: "EgressSealed", status: "True", reason: "ProbeSealed", message: "", lastTransitionTime: "2026-01-01T00:00:00Z", observedGeneration: 1 },
    ] }).live();
    const draining = summariseTeardown(live, "pod a-1 to end (1 left)", ["backup.example/wait"]);
    expect(draining.conditions.map(({ type, reason }) => `${type} ${reason}`)).toEqual(["Ready Draining", "Available MinimumReplicasAvailable", "EgressSealed Draining"]);
    expect(condition(draining, "EgressSealed")?.status).toBe("Unknown");
    expect(draining.fields).toMatchObject({ modelDigest: DIGEST, waitingFor: "pod a-1 to end (1 left)" });
    expect(summariseTeardown(live, undefined, ["backup.example/wait"]).fields["waitingFor"]).toBe("finalizers of others: backup.example/wait");
  });
});
