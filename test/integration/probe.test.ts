/**
 * Results of probes on a real API server with real CronJob and Job controllers. What a probe left in its termination
 * message is written into the pod's status here, as a kubelet would; the simulated one is kept away from these pods.
 */
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { CRON_JOBS, JOBS, NETWORK_POLICIES, PODS } from "../../operator/kube/resources.ts";
import { collectionPath, objectPath } from "../../operator/kube/url.ts";
import type { CronJob, KubeObject, Live } from "../../operator/lib/k8s-types.ts";
import type { ProbeReport } from "../../operator/sovereignty/probe/document.ts";
import { consistently, eventually, rawCall, type ControlPlane } from "../support/control-plane.ts";
import { eventsIn, mergePatch, removeDeployments } from "../support/crash-house.ts";
import { conditionOf, deploymentNamed, find, findChild, furnishedNamespace, put, remove, startHouse, untilReason } from "../support/house.ts";
import { lmd, type LanguageModelDeployment } from "../support/makers.ts";
import { startOperator, type RunningOperator } from "../support/operator.ts";
import { planIn, reportFor, terminated } from "../support/probes.ts";

let plane: ControlPlane & AsyncDisposable;
let operator: RunningOperator;

beforeAll(async () => {
  plane = await startHouse();
  operator = await startOperator(plane);
}, 180_000);

afterAll(async () => {
  await operator?.[Symbol.asyncDispose]();
  await plane?.stop();
});

afterEach(() => removeDeployments(plane), 60_000);

const NAME = "assistant";

async function served(): Promise<string> {
  const namespace = await furnishedNamespace(plane);
  await put(plane, lmd(NAME).namespace(namespace).manifest());
  await untilReason(plane, namespace, NAME, "Serving");
  const policy = await findChild(plane, NETWORK_POLICIES, namespace, NAME);
  await nextSecond(policy?.metadata.creationTimestamp);
  return namespace;
}

/** Of two objects made in the same second nobody knows which was first: the API server's times are whole seconds. */
const nextSecond = (time = ""): Promise<unknown> => eventually(() => Date.now() >= Date.parse(time) + 1000);

const cronJobOf = (namespace: string): Promise<Live<CronJob>> => eventually(async () => (await findChild(plane, CRON_JOBS, namespace, NAME)) ?? false);

interface Template { spec: { nodeName?: string; containers: { image?: string }[] } }

interface JobOptions {
  /** Changes the template, as whoever creates a Job can. */
  readonly change?: (template: Template) => void;
  /** The simulated kubelet lets the pod end at once, without a word. Without one, nothing happens to it. */
  readonly kubelet?: boolean;
}

/** What `kubectl create job --from=cronjob/assistant-probe` sends. */
async function createJob(namespace: string, job: string, { change = () => {}, kubelet = false }: JobOptions = {}): Promise<void> {
  const cronJob = await cronJobOf(namespace);
  const { spec, metadata } = structuredClone(cronJob.spec?.jobTemplate) as NonNullable<CronJob["spec"]>["jobTemplate"] & { spec: { template: Template } };
  if (!kubelet) spec.template.spec.nodeName = "without-kubelet";
  change(spec.template);
  const owner = { apiVersion: "batch/v1", kind: "CronJob", name: cronJob.metadata.name, uid: cronJob.metadata.uid };
  await rawCall(plane, "POST", collectionPath(JOBS, namespace), {
    body: { apiVersion: "batch/v1", kind: "Job", metadata: { name: job, labels: metadata?.labels, annotations: { "cronjob.kubernetes.io/instantiate": "manual" }, ownerReferences: [owner] }, spec },
  });
}

const podOfJob = (namespace: string, job: string): Promise<Live<KubeObject>> => eventually(async () => {
  const { items } = await rawCall<{ items: Live<KubeObject>[] }>(plane, "GET", `${collectionPath(PODS, namespace)}?labelSelector=batch.kubernetes.io/job-name=${job}`);
  return items[0] ?? false;
}, { timeoutMs: 30_000 });

/** The pod ends with what the probe saw, as the kubelet reports it. */
async function ends(namespace: string, job: string, over: (report: ProbeReport) => Partial<ProbeReport> = () => ({})): Promise<void> {
  const pod = await podOfJob(namespace, job);
  const report = reportFor(planIn(await cronJobOf(namespace)));
  const state = { terminated: terminated({ ...report, ...over(report) }, new Date().toISOString().replace(/\.\d+Z/, "Z")) };
  await mergePatch(plane, `${objectPath(PODS, pod.metadata)}/status`, {
    status: { phase: state.terminated.exitCode === 0 ? "Succeeded" : "Failed", containerStatuses: [{ name: "probe", image: "registry.example/hoheit:test", imageID: "", ready: false, restartCount: 0, state }] },
  });
}

const reached = (report: ProbeReport): Partial<ProbeReport> => ({ targets: report.targets.map((one) => (one.name === "metadata" ? { ...one, outcome: "Reached" as const } : one)) });

async function sealedIs(namespace: string, status: string, reason: string): Promise<Live<LanguageModelDeployment>> {
  return eventually(async () => {
    const live = await deploymentNamed(plane, namespace, NAME);
    const condition = conditionOf(live, "EgressSealed");
    if (live === undefined || condition?.status !== status || condition.reason !== reason) throw new Error(`EgressSealed is ${condition?.status} ${condition?.reason}: ${condition?.message}`);
    return live;
  }, { timeoutMs: 30_000 });
}

const policyOf = (name: string, spec: object): KubeObject & { spec: object } => ({ apiVersion: "networking.k8s.io/v1", kind: "NetworkPolicy", metadata: { name }, spec });
const EVERYTHING = { podSelector: {}, policyTypes: ["Egress"], egress: [{}] };

describe("the result of a probe", () => {
  it("makes EgressSealed True, is in the status, and stays when the Job is gone", async () => {
    const namespace = await served();
    await sealedIs(namespace, "Unknown", "NotProbed");
    await createJob(namespace, "now");
    await ends(namespace, "now");
    const { status } = await sealedIs(namespace, "True", "ProbeSealed");
    expect(status?.probe).toMatchObject({ result: "Sealed", families: [{ family: "IPv4", result: "Sealed" }, { family: "IPv6", result: "Sealed" }] });
    expect(status?.probe?.checks).toHaveLength(4 + 4 + 1 + 2);
    // Events are written behind the status.
    await eventually(async () => expect(await eventsIn(plane, namespace)).toContainEqual(expect.stringContaining("ProbeSealed: The probe of")));
    await rawCall(plane, "DELETE", `${objectPath(JOBS, { namespace, name: "now" })}?propagationPolicy=Background`);
    await eventually(async () => expect(await find(plane, JOBS, namespace, "now")).toBeUndefined());
    await consistently(() => sealedIs(namespace, "True", "ProbeSealed").then(() => undefined), { forMs: 1500, everyMs: 300 });
  });

  it("makes it False when something was reached, says what, and True again by a later one", async () => {
    const namespace = await served();
    await createJob(namespace, "open");
    await ends(namespace, "open", reached);
    const live = await sealedIs(namespace, "False", "ProbeReached");
    expect(conditionOf(live, "EgressSealed")?.message).toContain("metadata (TCP 169.254.169.254:80)");
    expect(conditionOf(live, "Ready")).toMatchObject({ status: "True", reason: "Serving" });
    // Events are written behind the status.
    await eventually(async () => expect(await eventsIn(plane, namespace)).toContainEqual(expect.stringContaining("ProbeReached: The probe of")));
    await nextSecond(live.status?.probe?.endTime);
    await createJob(namespace, "closed");
    await ends(namespace, "closed");
    await sealedIs(namespace, "True", "ProbeSealed");
  });

  it("is inconclusive when the container left nothing", async () => {
    const namespace = await served();
    await createJob(namespace, "mute", { kubelet: true });
    await sealedIs(namespace, "Unknown", "ProbeInconclusive");
  });

  it("of a pod that runs something else is not believed", async () => {
    const namespace = await served();
    await createJob(namespace, "liar", { change: (template) => { Object.assign(template.spec.containers[0] ?? {}, { image: "registry.example/liar" }); } });
    await ends(namespace, "liar");
    await consistently(() => sealedIs(namespace, "Unknown", "NotProbed").then(() => undefined), { forMs: 1500, everyMs: 300 });
  });

  it("does not count for a policy that was made anew after it", async () => {
    const namespace = await served();
    await createJob(namespace, "before");
    await ends(namespace, "before");
    const { status } = await sealedIs(namespace, "True", "ProbeSealed");
    await nextSecond(status?.probe?.startTime);
    await rawCall(plane, "DELETE", objectPath(NETWORK_POLICIES, { namespace, name: NAME }));
    await sealedIs(namespace, "Unknown", "ProbeOutdated");
  });
});

describe("a NetworkPolicy of somebody else", () => {
  it("that lets the pods out makes EgressSealed False at once and by name, and True again when it is gone", async () => {
    const namespace = await served();
    await createJob(namespace, "now");
    await ends(namespace, "now");
    await sealedIs(namespace, "True", "ProbeSealed");
    await rawCall(plane, "POST", collectionPath(NETWORK_POLICIES, namespace), { body: policyOf("wide-open", EVERYTHING) });
    const live = await sealedIs(namespace, "False", "OtherPolicyAllowsEgress");
    expect(conditionOf(live, "EgressSealed")?.message).toContain("NetworkPolicy wide-open selects the pods and lets them out (spec.egress[0])");
    await mergePatch(plane, objectPath(NETWORK_POLICIES, { namespace, name: "wide-open" }), { spec: { podSelector: { matchLabels: { app: "another" } } } });
    await sealedIs(namespace, "True", "ProbeSealed");
    await mergePatch(plane, objectPath(NETWORK_POLICIES, { namespace, name: "wide-open" }), { spec: { podSelector: { matchLabels: { app: null }, matchExpressions: [{ key: "hoheit.dev/deployment", operator: "In", values: ["x", NAME] }] } } });
    await sealedIs(namespace, "False", "OtherPolicyAllowsEgress");
    await rawCall(plane, "DELETE", objectPath(NETWORK_POLICIES, { namespace, name: "wide-open" }));
    await sealedIs(namespace, "True", "ProbeSealed");
  });

  it("that holds for probes alone makes what they see worth nothing", async () => {
    const namespace = await served();
    await rawCall(plane, "POST", collectionPath(NETWORK_POLICIES, namespace), { body: policyOf("probes-only", { podSelector: { matchLabels: { "hoheit.dev/role": "Probe" } }, policyTypes: ["Egress"] }) });
    await sealedIs(namespace, "Unknown", "ProbeNotRepresentative");
  });
});

describe("the CronJob", () => {
  it("is suspended while nothing runs", async () => {
    const namespace = await served();
    expect((await cronJobOf(namespace)).spec).toMatchObject({ suspend: false, timeZone: "Etc/UTC", concurrencyPolicy: "Forbid" });
    await put(plane, lmd(NAME).namespace(namespace).replicas(0).manifest());
    await untilReason(plane, namespace, NAME, "ScaledToZero");
    await eventually(async () => expect((await cronJobOf(namespace)).spec?.suspend).toBe(true));
    await sealedIs(namespace, "Unknown", "NothingRuns");
  });

  it("makes pods that are no backend of the Service, are under the seal, and outlive no teardown", async () => {
    const namespace = await served();
    await createJob(namespace, "now", { kubelet: true });
    const pod = await podOfJob(namespace, "now");
    expect(pod.metadata.labels).toMatchObject({ "hoheit.dev/deployment": NAME, "hoheit.dev/role": "Probe", "app.kubernetes.io/name": "vllm" });
    const { items } = await rawCall<{ items: { endpoints: { targetRef?: { name: string } }[] | null }[] }>(plane, "GET", `/apis/discovery.k8s.io/v1/namespaces/${namespace}/endpointslices`);
    expect(items.flatMap(({ endpoints }) => (endpoints ?? []).map(({ targetRef }) => targetRef?.name))).not.toContain(pod.metadata.name);
    await mergePatch(plane, objectPath(PODS, pod.metadata), { metadata: { finalizers: ["test.example/hold"] } });
    await remove(plane, lmd(NAME).namespace(namespace).manifest());
    await eventually(async () => expect((await deploymentNamed(plane, namespace, NAME))?.status?.waitingFor).toContain(pod.metadata.name), { timeoutMs: 30_000 });
    expect(await find(plane, NETWORK_POLICIES, namespace, NAME)).toBeDefined();
    await mergePatch(plane, objectPath(PODS, pod.metadata), { metadata: { finalizers: null } });
    await eventually(async () => expect(await find(plane, NETWORK_POLICIES, namespace, NAME)).toBeUndefined(), { timeoutMs: 30_000 });
  });
});
