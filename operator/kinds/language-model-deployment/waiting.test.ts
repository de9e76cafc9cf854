import { describe, expect, it } from "vitest";
import type { Deployment, Live, Node, Pod } from "../../lib/k8s-types.ts";
import type { LanguageModelDeployment } from "./schema.ts";
import { waitingFor, type WaitingInput } from "./waiting.ts";

const pod = (name: string, status: object, deleting = false): Live<Pod> =>
  ({ apiVersion: "v1", kind: "Pod", metadata: { name, uid: name, resourceVersion: "1", ...(deleting ? { deletionTimestamp: "2026-01-01T00:00:00Z" } : {}) }, status }) as unknown as Live<Pod>;
const node = (name: string, gpus: string): Live<Node> =>
  ({ apiVersion: "v1", kind: "Node", metadata: { name, uid: name, resourceVersion: "1" }, status: { allocatable: { "nvidia.com/gpu": gpus } } }) as unknown as Live<Node>;
const input = (pods: Live<Pod>[], over: Partial<WaitingInput> = {}): WaitingInput => ({
  deployment: { spec: { accelerators: { resource: "nvidia.com/gpu", count: 4 } } } as unknown as LanguageModelDeployment,
  child: undefined,
  pods,
  nodes: [node("big", "8"), node("small", "4")],
  ...over,
});

const unscheduled = (name: string) => pod(name, { conditions: [{ type: "PodScheduled", status: "False", message: "0/2 nodes are available: 2 Insufficient nvidia.com/gpu." }] });
const container = (state: object, more: object = {}) => ({ conditions: [{ type: "PodScheduled", status: "True" }], containerStatuses: [{ name: "vllm", image: "i", ready: false, state, ...more }] });
const ready = pod("ready", { conditions: [{ type: "PodScheduled", status: "True" }, { type: "Ready", status: "True" }] });

describe("waitingFor", () => {
  it("says nothing when every pod is ready", () => {
    expect(waitingFor(input([ready]))).toBeUndefined();
  });

  it("repeats the scheduler's words", () => {
    expect(waitingFor(input([unscheduled("a-1")]))).toMatchObject({ reason: "Unschedulable", message: "pod a-1: 0/2 nodes are available: 2 Insufficient nvidia.com/gpu." });
  });

  it("tells a full cluster from one that could never hold the pod", () => {
    expect(waitingFor(input([unscheduled("a-1")], { nodes: [node("exact", "4")] }))?.reason).toBe("Unschedulable");
    const found = waitingFor(input([unscheduled("a-1")], { nodes: [node("small", "2")] }));
    expect(found).toMatchObject({ reason: "NoNodeFits", message: expect.stringContaining("the largest node has 2") });
    expect(waitingFor(input([unscheduled("a-1")], { nodes: [] }))?.message).toContain("no node of this cluster offers nvidia.com/gpu");
  });

  it("knows the kubelet's words for an image that it cannot get, and says the same while it tries and while it backs off", () => {
    const why = "rpc error: code = NotFound desc = registry.example/vllm:1: not found";
    const said = (reason: string, message?: string) => waitingFor(input([pod("a-1", container({ waiting: { reason, message } }))]));
    const remedy = "; look at spec.engine.image (i) and spec.engine.imagePullSecretRefs, and whether the nodes reach the registry.";
    expect(said("ErrImagePull", why)).toMatchObject({ reason: "ImagePullFailed", message: `pod a-1: container vllm: ErrImagePull: ${why}${remedy}` });
    expect(said("ImagePullBackOff", `Back-off pulling image "registry.example/vllm:1": ErrImagePull: ${why}`)).toEqual(said("ErrImagePull", why));
    expect(said("ImagePullBackOff", 'Back-off pulling image "i": RegistryUnavailable: timeout')).toEqual(said("RegistryUnavailable", "timeout"));
    expect(said("ImagePullBackOff", 'Back-off pulling image "i"')?.message).toBe(`pod a-1: container vllm: ErrImagePull: i${remedy}`);
    expect(said("InvalidImageName")?.message).toBe(`pod a-1: container vllm: InvalidImageName: i${remedy}`);
    expect(said("CreateContainerConfigError", 'secret "s" not found')).toMatchObject({ reason: "ContainerNotCreated", message: 'pod a-1: container vllm: CreateContainerConfigError: secret "s" not found' });
  });

  it("never repeats a container's termination message, which the server writes", () => {
    const status = container({ waiting: { reason: "CrashLoopBackOff", message: "back-off 40s" } }, { lastState: { terminated: { exitCode: 1, reason: "Error", message: "prompt: my secret" } } });
    const found = waitingFor(input([pod("a-1", status)]));
    expect(found).toMatchObject({ reason: "Crashing", message: "pod a-1: container vllm exited with code 1 and is restarted; kubectl logs shows why." });
    expect(JSON.stringify(found)).not.toContain("secret");
  });

  it("gives the same words however long it has been crashing, so that the status is not written again", () => {
    const crashed = (backOff: string) => pod("a-1", container({ waiting: { reason: "CrashLoopBackOff", message: backOff } }, { restartCount: backOff.length, lastState: { terminated: { exitCode: 1 } } }));
    expect(waitingFor(input([crashed("back-off 10s")]))).toEqual(waitingFor(input([crashed("back-off 5m0s restarting")])));
  });

  it("tells a killed server from one that exits by itself, and what to change", () => {
    const found = waitingFor(input([pod("a-1", container({ running: {} }, { lastState: { terminated: { exitCode: 137, reason: "OOMKilled" } } }))]));
    expect(found).toMatchObject({ reason: "OutOfMemory", message: expect.stringMatching(/killed \(OOMKilled\).*spec\.resources\.memory/) });
  });

  const counted = (ready: object) => pod("a-1", { conditions: [{ type: "PodScheduled", status: "True" }, { type: "ContainersReady", status: "True" }, { type: "Ready", status: "False", ...ready }], containerStatuses: [{ name: "vllm", image: "i", ready: true, state: { running: {} } }] });

  it("tells a node that has stopped reporting from a server that starts, and from a readiness gate of others", () => {
    expect(waitingFor(input([counted({})]))).toMatchObject({ reason: "NodeLost", message: expect.stringMatching(/^pod a-1: its node has stopped reporting; .*kubectl get nodes/) });
    expect(waitingFor(input([counted({ reason: "ReadinessGatesNotReady" })]))?.reason).toBe("Starting");
  });

  const gate = (state: object, more: object = {}) =>
    ({ conditions: [{ type: "PodScheduled", status: "True" }], initContainerStatuses: [{ name: "gate", image: "g", ready: false, state, ...more }], containerStatuses: [{ name: "vllm", image: "i", ready: false, state: { waiting: { reason: "PodInitializing" } } }] });
  const gateSays = (message: string | undefined, exitCode = 1) => waitingFor(input([pod("a-1", gate({ waiting: { reason: "CrashLoopBackOff" } }, { lastState: { terminated: { exitCode, message } } }))]));

  it("says that the gate waits for the seal while it runs, and while it runs again", () => {
    expect(waitingFor(input([pod("a-1", gate({ running: {} }))]))).toEqual({ reason: "NotSealedYet", message: "pod a-1: the gate waits until the network plugin enforces the seal.", stalled: false });
  });

  it.each([
    ['{"hoheit":"gate","result":"Open","family":"IPv6","openRounds":1200}', "over IPv6 the pod reaches what the seal forbids"],
    ['{"hoheit":"gate","result":"NoTripwire","family":"IPv4"}', "the tripwire did not answer steadily over IPv4"],
    ['{"hoheit":"gate","result":"Unaddressed","family":"IPv6"}', "the pod has an IPv6 address and the tripwire has none"],
    ['{"hoheit":"gate","result":"Offline"}', "the pod has no address"],
    ['{"hoheit":"gate","result":"Failed"}', "could not open connections"],
  ])("says what the gate found: %s", (message, words) => {
    expect(gateSays(message)).toMatchObject({ reason: "NotSealedYet", message: expect.stringContaining(words) });
  });

  it.each([undefined, "", "segfault", "null", "[1]", '{"hoheit":"gate","result":"constructor","family":"toString"}', '{"result":"Open"}', '{"hoheit":"gate","result":"<b>prompt</b>"}'])("takes nothing over from a message that is not the gate's: %j", (message) => {
    expect(gateSays(message, 139)?.message).toBe("pod a-1: the gate ended with code 139 and is started again; kubectl logs -c gate shows why.");
  });

  it("tells an image of the gate that cannot be had like any other", () => {
    const found = waitingFor(input([pod("a-1", gate({ waiting: { reason: "ErrImagePull", message: "not found" } }))]));
    expect(found).toMatchObject({ reason: "ImagePullFailed", message: "pod a-1: container gate: ErrImagePull: not found; image g is Hoheit's own: put it where the nodes can pull it; spec.engine.imagePullSecretRefs are used for it, too." });
  });

  it("forgets the gate once the server starts", () => {
    const passed = { ...gate({}), initContainerStatuses: [{ name: "gate", image: "g", ready: true, state: { terminated: { exitCode: 0, message: '{"hoheit":"gate","result":"Sealed"}' } } }] };
    expect(waitingFor(input([pod("a-1", passed)]))?.reason).toBe("Starting");
  });

  it("puts a crash before a queue, whatever the pods are called", () => {
    const crash = pod("z", container({ waiting: { reason: "CrashLoopBackOff" } }, { lastState: { terminated: { exitCode: 2 } } }));
    expect(waitingFor(input([unscheduled("a"), crash]))?.reason).toBe("Crashing");
  });

  it("does not count a pod that is leaving", () => {
    expect(waitingFor(input([pod("gone", container({ waiting: { reason: "ErrImagePull" } }), true), ready]))).toBeUndefined();
  });

  it("shows why Kubernetes makes no pod at all", () => {
    const child = { status: { conditions: [{ type: "ReplicaFailure", status: "True", reason: "FailedCreate", message: "exceeded quota: gpus" }] } } as unknown as Live<Deployment>;
    expect(waitingFor(input([], { child }))).toMatchObject({ reason: "PodsRefused", message: "exceeded quota: gpus" });
  });

  it("cuts words that would not fit", () => {
    const long = pod("a", { conditions: [{ type: "PodScheduled", status: "False", message: "x".repeat(5000) }] });
    expect(waitingFor(input([long]))?.message.length).toBeLessThan(600);
  });
});
