/**
 * What a deployment waits for, in the words of whoever makes it wait: the scheduler, the kubelet, the container. Pure.
 *
 * Only classified words reach the API. A server's termination message is left out on purpose: it could carry a prompt. Of
 * the gate's, which knows no prompt, words of ours are made (gate-words.ts). Numbers that tick (restart counts, back-off seconds) are left out too, so that the
 * status is written when something changed and not while it waits.
 */
import type { Deployment, Live, Node, Pod } from "../../lib/k8s-types.ts";
import { GATE } from "./build/gate.ts";
import type { Reason } from "./conditions.ts";
import { gateWords } from "./gate-words.ts";
import type { LanguageModelDeployment } from "./schema.ts";

export interface WaitingFor {
  readonly reason: Reason;
  readonly message: string;
  /** Only a person can change it. */
  readonly stalled: boolean;
}

/** Longest message taken over from another component, in characters. */
const LONGEST = 512;

export interface WaitingInput {
  readonly deployment: LanguageModelDeployment;
  readonly child: Live<Deployment> | undefined;
  readonly pods: readonly Live<Pod>[];
  readonly nodes: readonly Live<Node>[];
}

/** The most telling reason first: a crash says more than a queue. Undefined when every pod that exists is ready. */
export function waitingFor(input: WaitingInput): WaitingFor | undefined {
  const found = input.pods
    .filter((pod) => pod.metadata.deletionTimestamp === undefined)
    .toSorted((a, b) => (a.metadata.name < b.metadata.name ? -1 : 1))
    .flatMap((pod) => podWaitsFor(pod, input) ?? []);
  return ORDER.flatMap((reason) => found.find((one) => one.reason === reason) ?? [])[0] ?? refused(input.child);
}

const ORDER: readonly Reason[] = ["OutOfMemory", "Crashing", "ContainerNotCreated", "ImagePullFailed", "NotSealedYet", "NodeLost", "NoNodeFits", "Unschedulable", "Starting"];

function podWaitsFor(pod: Live<Pod>, input: WaitingInput): WaitingFor | undefined {
  const name = `pod ${pod.metadata.name}`;
  const scheduled = pod.status?.conditions?.find((condition) => condition.type === "PodScheduled");
  if (scheduled?.status === "False") return unscheduled(name, scheduled.message ?? "not scheduled", input);
  return containerWaitsFor(name, pod) ?? lostPod(name, pod) ?? startingPod(name, pod);
}

function unscheduled(pod: string, words: string, input: WaitingInput): WaitingFor {
  const { resource, count } = input.deployment.spec.accelerators;
  const most = mostOnOneNode(input.nodes, resource);
  if (most >= count) return { reason: "Unschedulable", message: `${pod}: ${cut(words)}`, stalled: false };
  const have = most === 0 ? `no node of this cluster offers ${resource}` : `the largest node has ${most}`;
  return { reason: "NoNodeFits", message: `${pod}: ${cut(words)} It asks for ${count} ${resource}; ${have}.`, stalled: false };
}

/** How many of a resource one node offers at most (allocatable). Not which: who may read a deployment may not list nodes. */
const mostOnOneNode = (nodes: readonly Live<Node>[], resource: string): number =>
  Math.max(0, ...nodes.map(({ status }) => Number(status?.allocatable?.[resource] ?? 0)));

/** Words of the kubelet for a container that it cannot start, by what to do about them. */
const KUBELET_REASONS: Readonly<Record<string, Reason>> = {
  ErrImagePull: "ImagePullFailed",
  ImagePullBackOff: "ImagePullFailed",
  InvalidImageName: "ImagePullFailed",
  ErrImageNeverPull: "ImagePullFailed",
  ImageInspectError: "ImagePullFailed",
  RegistryUnavailable: "ImagePullFailed",
  SignatureValidationFailed: "ImagePullFailed",
  CreateContainerConfigError: "ContainerNotCreated",
  CreateContainerError: "ContainerNotCreated",
  RunContainerError: "ContainerNotCreated",
};

type ContainerStatus = NonNullable<NonNullable<Pod["status"]>["containerStatuses"]>[number];

function containerWaitsFor(pod: string, { status }: Live<Pod>): WaitingFor | undefined {
  const containers = [...(status?.initContainerStatuses ?? []), ...(status?.containerStatuses ?? [])].filter(({ ready }) => !ready);
  return containers.flatMap((container) => notStarted(pod, container) ?? (container.name === GATE ? gated(pod, container) : ended(pod, container)) ?? [])[0];
}

/** The kubelet cannot start it. */
function notStarted(pod: string, { name, state, image }: ContainerStatus): WaitingFor | undefined {
  const { reason: word = "", message } = state?.waiting ?? {};
  const reason = KUBELET_REASONS[word];
  if (reason === undefined) return undefined;
  const words = word === "ImagePullBackOff" ? pullError(message ?? "", image) : `${word}: ${message ?? image}`;
  return { reason, message: `${pod}: container ${name}: ${cut(words)}${reason === "ImagePullFailed" ? pullRemedy(name, image) : ""}`, stalled: false };
}

/** The image of the gate is not the user's to choose. */
const pullRemedy = (container: string, image: string): string => (container === GATE
  ? `; image ${image} is Hoheit's own: put it where the nodes can pull it; spec.engine.imagePullSecretRefs are used for it, too.`
  : `; look at spec.engine.image (${image}) and spec.engine.imagePullSecretRefs, and whether the nodes reach the registry.`);

/** While the kubelet backs off it repeats the error of the last pull (kubernetes#127918), which it says in between, too: one text for both. */
function pullError(message: string, image: string): string {
  const last = message.replace(/^Back-off pulling image "[^"]*"(: )?/, "");
  const [word = ""] = last.split(": ", 1);
  return KUBELET_REASONS[word] === undefined ? `ErrImagePull: ${last || image}` : last;
}

/** The gate runs, or has given up and is started again. */
function gated(pod: string, { state, lastState }: ContainerStatus): WaitingFor | undefined {
  const end = state?.terminated ?? lastState?.terminated;
  if (end === undefined && state?.running === undefined) return undefined;
  return { reason: "NotSealedYet", message: `${pod}: ${gateWords(end)}`, stalled: false };
}

/** It was started and ended, now or the last time. */
function ended(pod: string, { name, state, lastState }: ContainerStatus): WaitingFor | undefined {
  const end = state?.terminated ?? lastState?.terminated;
  if (end === undefined || (end.exitCode === 0 && state?.waiting?.reason !== "CrashLoopBackOff")) return undefined;
  if (end.reason === "OOMKilled") {
    return { reason: "OutOfMemory", message: `${pod}: container ${name} was killed (OOMKilled) because it used more memory than its limit; raise spec.resources.memory or lower spec.contextLength.`, stalled: false };
  }
  return { reason: "Crashing", message: `${pod}: container ${name} exited with code ${end.exitCode} and is restarted; kubectl logs shows why.`, stalled: false };
}

/** Its containers were well when the kubelet was heard for the last time; the node controller counts it out. A readiness gate has a reason. */
function lostPod(name: string, { status }: Live<Pod>): WaitingFor | undefined {
  const condition = (wanted: string) => status?.conditions?.find(({ type }) => type === wanted);
  const ready = condition("Ready");
  if (condition("ContainersReady")?.status !== "True" || ready?.status !== "False" || ready.reason === "ReadinessGatesNotReady") return undefined;
  return { reason: "NodeLost", message: `${name}: its node has stopped reporting; the pod counts as not ready until the kubelet there is heard again. kubectl get nodes shows the node.`, stalled: false };
}

function startingPod(name: string, pod: Live<Pod>): WaitingFor | undefined {
  const ready = pod.status?.conditions?.some((condition) => condition.type === "Ready" && condition.status === "True");
  return ready === true ? undefined : { reason: "Starting", message: `${name}: the server is starting and loads its weights.`, stalled: false };
}

/** No pod at all, because Kubernetes refuses to make one: the ReplicaSet controller says why on the Deployment. */
function refused(child: Live<Deployment> | undefined): WaitingFor | undefined {
  const failure = child?.status?.conditions?.find((condition) => condition.type === "ReplicaFailure" && condition.status === "True");
  return failure === undefined ? undefined : { reason: "PodsRefused", message: cut(failure.message ?? failure.reason ?? "pods are refused"), stalled: false };
}

const cut = (text: string): string => (text.length <= LONGEST ? text : `${text.slice(0, LONGEST - 1)}…`);
