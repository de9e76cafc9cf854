/**
 * A workload that makes the operator do every kind of write, and a run of it in which the operator is killed at the
 * k-th of them. What a run leaves behind is data, so that it can be compared with a run in which nobody was killed.
 *
 *   furnished ─▶ serving (two replicas: all seven children) ─▶ changed (one replica, another argument) ─▶ gone
 */
import type { KubeApi } from "../../operator/kube/api.ts";
import { PODS, type Resource } from "../../operator/kube/resources.ts";
import { collectionPath } from "../../operator/kube/url.ts";
import type { Deployment, KubeObject, Live } from "../../operator/lib/k8s-types.ts";
import { LEADER_LEASE } from "../../operator/lib/names.ts";
import { languageModelDeployment } from "../../operator/kinds/language-model-deployment/schema.ts";
import { auditLog, consistently, eventually, IDENTITIES, rawCall, WRITE_VERBS, type ControlPlane, type Reachable } from "./control-plane.ts";
import { untilSynced } from "./crash-house.ts";
import { firstDifference, masked } from "./crash-mask.ts";
import { fault, type Fault, type FaultProxy, type Match, type Seen } from "./fault-proxy.ts";
import { CHILDREN, conditionOf, furnishedNamespace, KINDS, nameOfChild, put, remove } from "./house.ts";
import { connect, type Connected } from "./kube-client.ts";
import { lmd } from "./makers.ts";
import { startOperator, type RunningOperator } from "./operator.ts";

const STAGES = ["furnished", "serving", "changed", "gone"] as const;
type Stage = (typeof STAGES)[number];
const NAME = "assistant";
/** How long the operator must write nothing at the end of the stage in which its predecessor was killed. */
const QUIET_MS = 300;

/** Where the operator is killed. */
export interface Crash {
  /** Counted from 1: writes into the run's namespace, Events not counted. */
  readonly k: number;
  /** The write never reaches the API server, or it is carried out and its answer lost. */
  readonly position: "before" | "after";
  /** Who goes on: a process started then, or a standby that has watched all along. */
  readonly successor: "cold" | "warm";
}

/** What a run left behind. */
export interface Run {
  /** Masked objects at the end of each stage. */
  readonly states: Readonly<Partial<Record<Stage, unknown>>>;
  /** Writes that the API server carried out, status writes not counted: `patch deployments 201`, sorted. */
  readonly effects: readonly string[];
  /** Every write as it arrived. */
  readonly writes: readonly string[];
  /** Resources of writes that were under way when their sender died: carried out or not, and the audit log cannot tell. */
  readonly cutOff: readonly string[];
  /** The write at which the operator was killed; undefined if there were fewer writes than k. */
  readonly killedAt: string | undefined;
  /** What must never be, in words. */
  readonly complaints: readonly string[];
}

/** Whether a request is the operator's write about an object of this namespace. */
const writeIn = (namespace: string): Match => ({ isWrite, path }) => isWrite && path.includes(`/namespaces/${namespace}/`) && !path.endsWith("/events");

/** `.../namespaces/NAMESPACE/PLURAL/NAME[/SUBRESOURCE]` */
const pathFrom = ({ path }: Seen): string[] => path.slice(path.indexOf("/namespaces/")).split("/").slice(3);
const pluralOf = (seen: Seen): string => pathFrom(seen)[0] ?? "";

const nameOf = (seen: Seen): string => {
  const [plural = "", , subresource] = pathFrom(seen);
  const verb = seen.query.has("force") ? "APPLY" : seen.method;
  return `${verb} ${plural}${subresource === undefined ? "" : `/${subresource}`}`;
};

/** Runs the workload, one run at a time, with operators that reach the API server through one proxy. */
export class CrashCampaign implements AsyncDisposable {
  private readonly plane: ControlPlane;
  private readonly proxy: FaultProxy;
  /** One connection for all that is looked at: a new one for every look costs more than the workload. */
  private readonly eyes: Connected;
  private leader: RunningOperator | undefined;
  private readonly everyone: RunningOperator[] = [];

  constructor(plane: ControlPlane, proxy: FaultProxy) {
    this.plane = plane;
    this.proxy = proxy;
    this.eyes = connect(plane, plane);
  }

  /**
   * One run. `reference`: the states that each stage has to end in; without it each stage ends when it is served. A
   * stage that does not end in time is a complaint and ends the run.
   */
  async run(crash?: Crash, reference?: Run): Promise<Run> {
    this.leader ??= await this.start();
    const victim = this.leader;
    const standby = crash?.successor === "warm" ? await this.start() : undefined;
    const namespace = await furnishedNamespace(this.plane);
    const from = this.proxy.requests.length;
    const writes = (): Seen[] => this.proxy.requests.slice(from).filter(writeIn(namespace));
    const killing: Killing = { victim, standby };
    const rule = crash && this.proxy.when(writeIn(namespace), faultFor(crash, (write) => {
      victim.kill("SIGKILL");
      killing.at = nameOf(write);
      killing.successor = this.succeed(victim, standby);
    }), { skip: crash.k - 1, times: 1 });
    const { states, complaints } = await this.stages(namespace, { writes, killing, reference });
    rule?.remove();
    complaints.push(...(await this.inherit(killing)), ...twice(writes()), ...unsealed(writes()));
    const cutOff = writes().filter(({ forwarded, status }) => forwarded && status === undefined).map(pluralOf);
    return { states, effects: await this.effects(namespace), writes: writes().map(nameOf), cutOff, killedAt: killing.at, complaints };
  }

  /** After a run that did not end: nothing of it may touch the next one. */
  async clear(): Promise<void> {
    await this.endAll();
    this.leader = await this.start();
    const all = await rawCall<{ items: KubeObject[] }>(this.plane, "GET", collectionPath(languageModelDeployment.resource));
    for (const { metadata } of all.items) await remove(this.plane, { apiVersion: "", kind: "LanguageModelDeployment", metadata });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.endAll();
    this.eyes[Symbol.dispose]();
  }

  /** Lines at level error and above that any operator logged, and everything that is not a log line. */
  get outcries(): string[] {
    return this.everyone.flatMap(({ output }) => output).filter((line) => !line.startsWith("{") || (JSON.parse(line) as { level?: unknown }).level === "error");
  }

  /** The workload from stage to stage, until one does not end. */
  private async stages(namespace: string, { writes, killing, reference }: { writes: () => Seen[]; killing: Killing; reference: Run | undefined }): Promise<{ states: Partial<Record<Stage, unknown>>; complaints: string[] }> {
    const states: Partial<Record<Stage, unknown>> = {};
    const complaints: string[] = [];
    try {
      for (const stage of STAGES) {
        const wasKilled = killing.at !== undefined;
        await begin(this.plane, namespace, stage);
        states[stage] = await this.ended(namespace, stage, reference?.states[stage]);
        if (killing.at !== undefined && !wasKilled) complaints.push(...(await restless(writes)));
      }
    } catch (error) {
      complaints.push((error as Error).message);
    }
    return { states, complaints };
  }

  /** Who leads now is the victim of the next run. */
  private async inherit({ victim, standby, successor }: Killing): Promise<string[]> {
    if (successor === undefined) await standby?.[Symbol.asyncDispose]();
    this.leader = successor === undefined ? victim : await successor;
    const { exitCode } = this.leader.process;
    return exitCode === null ? [] : [`the operator ended by itself with code ${exitCode}`];
  }

  private async endAll(): Promise<void> {
    await Promise.all(this.everyone.map((one) => one[Symbol.asyncDispose]()));
    this.leader = undefined;
  }

  private async start(): Promise<RunningOperator> {
    const operator = await startOperator(this.plane, { through: this.proxy });
    this.everyone.push(operator);
    await untilSynced(operator);
    return operator;
  }

  /** Gives the Lease back in the name of the dead, so that nobody has to wait until it runs out. */
  private async succeed(dead: RunningOperator, standby: RunningOperator | undefined): Promise<RunningOperator> {
    await dead.ended;
    await rawCall(this.plane, "PATCH", `/apis/coordination.k8s.io/v1/namespaces/hoheit-system/leases/${LEADER_LEASE}`, {
      body: { spec: { holderIdentity: "" } }, contentType: "application/merge-patch+json",
    });
    return standby ?? this.start();
  }

  /** Waits until a stage has ended as the reference did, and returns the state. */
  private ended(namespace: string, stage: Stage, wanted: unknown): Promise<unknown> {
    return eventually(async () => {
      const state = await stateOf(this.eyes.client, namespace);
      if (wanted === undefined) return isOver(state, stage) && masked(state, namespace);
      const difference = firstDifference(wanted, masked(state, namespace));
      if (difference !== undefined) throw new Error(`stage ${stage} does not end like the undisturbed run: ${difference}`);
      return masked(state, namespace);
    }, { timeoutMs: wanted === undefined ? 60_000 : 20_000 });
  }

  private async effects(namespace: string): Promise<string[]> {
    const entries = await auditLog(this.plane, { user: IDENTITIES[0]?.user ?? "", namespace, verbs: WRITE_VERBS });
    return entries
      .filter(({ objectRef, responseStatus }) => objectRef?.resource !== "events" && objectRef?.subresource === undefined && (responseStatus?.code ?? 500) < 300)
      .map(({ verb, objectRef, responseStatus }) => `${verb} ${objectRef?.resource} ${responseStatus?.code}`)
      .toSorted();
  }
}

interface Killing {
  readonly victim: RunningOperator;
  readonly standby: RunningOperator | undefined;
  /** The write at which it was killed. */
  at?: string;
  successor?: Promise<RunningOperator>;
}

function faultFor({ position }: Crash, kill: (write: Seen) => void): Fault {
  return position === "before" ? fault.instead(kill) : fault.loseAnswer(kill);
}

const manifest = (namespace: string): KubeObject => lmd(NAME).namespace(namespace).replicas(2).manifest();

async function begin(plane: Reachable, namespace: string, stage: Stage): Promise<void> {
  if (stage === "serving") await put(plane, manifest(namespace));
  if (stage === "changed") await put(plane, lmd(NAME).namespace(namespace).replicas(1).args("--max-num-seqs=8").manifest());
  if (stage === "gone") await remove(plane, manifest(namespace));
}

/** Everything in the namespace that a user would look at. */
export interface State {
  readonly own: readonly Live[];
  readonly children: readonly Live[];
  readonly replicaSets: readonly Live[];
  readonly pods: readonly Live[];
}

const REPLICA_SETS: Resource = { group: "apps", version: "v1", plural: "replicasets", kind: "ReplicaSet", namespaced: true };

async function stateOf(api: KubeApi, namespace: string): Promise<State> {
  const list = async (resource: Resource): Promise<Live[]> => (await api.list(resource, { namespace })).items;
  const [own, children, replicaSets, pods] = await Promise.all([
    Promise.all(KINDS.map(({ resource }) => list(resource as unknown as Resource))),
    Promise.all(CHILDREN.map((resource) => api.get(resource, { namespace, name: nameOfChild(resource, NAME) }))),
    list(REPLICA_SETS), list(PODS as unknown as Resource),
  ]);
  return { own: own.flat(), children: children.filter((child) => child !== undefined), replicaSets, pods };
}

/** Whether a stage has come to rest; the reference run needs to know it without a reference. */
function isOver({ own, children, pods }: State, stage: Stage): boolean {
  // A model learns of its approval after it is Ready.
  const judged = (object: Live): boolean => conditionOf(object as never, "Ready")?.status === "True" && conditionOf(object as never, "Approved")?.status !== "False";
  const settled = own.every((object) => judged(object) && statusOf(object).observedGeneration === object.metadata.generation);
  const wanted = { furnished: [3, 0, 0], serving: [4, 7, 2], changed: [4, 6, 1], gone: [3, 0, 0] }[stage];
  const deployment = children.find(({ kind }) => kind === "Deployment") as Deployment | undefined;
  const rolledOut = deployment === undefined || deployment.status?.conditions?.some(({ reason }) => reason === "NewReplicaSetAvailable") === true;
  return settled && rolledOut && String(wanted) === String([own.length, children.length, pods.length]);
}

const statusOf = (object: object): { observedGeneration?: number } => (object as { status?: { observedGeneration?: number } }).status ?? {};

/** Writes that came although everything was as wished. */
async function restless(writes: () => Seen[]): Promise<string[]> {
  const before = writes().length;
  await consistently(() => undefined, { forMs: QUIET_MS, everyMs: QUIET_MS / 3 });
  return writes().slice(before).map((write) => `at rest it wrote ${nameOf(write)} ${write.body}`);
}

/** Status writes that said what the one before them had said. */
function twice(writes: readonly Seen[]): string[] {
  const last = new Map<string, string>();
  return writes.filter(({ path, forwarded, status }) => path.endsWith("/status") && forwarded && (status ?? 200) === 200).flatMap(({ path, body }) => {
    const said = JSON.stringify((JSON.parse(body) as { status: unknown }).status);
    const again = last.get(path) === said;
    last.set(path, said);
    return again ? [`the same status was written twice: ${path} ${said}`] : [];
  });
}

/** A pod could have been without its seal: the Deployment was sent before the policy, or the policy let go of before the Deployment. */
function unsealed(writes: readonly Seen[]): string[] {
  const order = writes.filter(({ forwarded }) => forwarded).map(nameOf);
  const first = (name: string): number => (order.includes(name) ? order.indexOf(name) : Infinity);
  return [["APPLY networkpolicies", "APPLY deployments"], ["DELETE deployments", "PATCH networkpolicies"]].flatMap(([earlier = "", later = ""]) =>
    (first(later) < first(earlier) ? [`${later} came before ${earlier}: ${order.join(", ")}`] : []));
}

/** What a run did otherwise than the reference; empty when nothing. Stages have been compared already. */
export function deviations(reference: Run, run: Run): string[] {
  const missing = without(reference.effects, run.effects)
    .filter((effect) => !run.cutOff.includes(effect.split(" ")[1] ?? "")).map((effect) => `did not: ${effect}`);
  const extra = without(run.effects, reference.effects).map((effect) => `did once more than the undisturbed run: ${effect}`);
  return [...run.complaints, ...missing, ...extra];
}

/** Multiset difference. */
function without(all: readonly string[], some: readonly string[]): string[] {
  const left = [...some];
  return all.filter((one) => {
    const at = left.indexOf(one);
    if (at >= 0) left.splice(at, 1);
    return at < 0;
  });
}
