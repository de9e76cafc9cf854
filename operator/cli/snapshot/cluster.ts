/**
 * Reads a cluster with whatever may be read. What may not be read is named, so that nothing that depends on it is proved;
 * kinds of policy that others brought along are found by asking which kinds there are.
 */
import type { KubeApi } from "../../kube/api.ts";
import { ApiError, isGone, isNotFound } from "../../kube/errors.ts";
import {
  apiVersionOf, CLUSTER_NETWORK_POLICIES, CRON_JOBS, DAEMON_SETS, DEPLOYMENTS, ENDPOINT_SLICES, JOBS, NAMESPACES, NETWORK_POLICIES, NODES, PODS, SERVICES, STATEFUL_SETS, type Resource,
} from "../../kube/resources.ts";
import type { Transport } from "../../kube/transport.ts";
import { parse } from "../../kinds/define.ts";
import { sovereigntyPolicy, type SovereigntyPolicy } from "../../kinds/sovereignty-policy/schema.ts";
import type { Raw, Snapshot } from "../../sovereignty/snapshot.ts";
import { assemble, isUnknownPolicy, type Surroundings } from "./assemble.ts";

function resource(apiVersion: string, plural: string, kind: string, namespaced: boolean): Resource {
  const [group = "", version = ""] = apiVersion.split("/");
  return { group, version, plural, kind, namespaced };
}

const READ: readonly Resource[] = [
  NAMESPACES, NETWORK_POLICIES, SERVICES, NODES, PODS, DEPLOYMENTS, CRON_JOBS, JOBS, STATEFUL_SETS, DAEMON_SETS, ENDPOINT_SLICES, CLUSTER_NETWORK_POLICIES,
  resource("networking.k8s.io/v1", "servicecidrs", "ServiceCIDR", false),
];

export interface ClusterAccess {
  readonly api: Pick<KubeApi, "scan">;
  readonly transport: Pick<Transport, "call">;
}

interface ReadObjects {
  readonly objects: readonly Raw[];
  /** One sentence without a full stop for each kind that was refused. */
  readonly unreadable: readonly string[];
}

/** @throws TransportError where there is no answer at all, ApiError for anything but a refusal */
export async function snapshotOfCluster({ api, transport }: ClusterAccess, surroundings: Surroundings): Promise<Snapshot> {
  const [known, ours, foreign] = await Promise.all([Promise.all(READ.map((one) => readAll(api, one))), readAll(api, sovereigntyPolicy.resource), foreignPolicies({ api, transport })]);
  const { policies, unreadable } = parsed(ours.objects);
  const all = [...known, foreign];
  return assemble({
    objects: all.flatMap(({ objects }) => objects), policies, unreadable: [...all, ours].flatMap((one) => one.unreadable).concat(unreadable),
  }, surroundings);
}

/** A kind that is not served has no objects. */
async function readAll(api: ClusterAccess["api"], of: Resource, tries = 2): Promise<ReadObjects> {
  const objects: Raw[] = [];
  try {
    await api.scan(of, {}, (object) => objects.push(slim(object as unknown as Raw)));
    return { objects, unreadable: [] };
  } catch (error) {
    // A page had expired: what was read is of no one moment.
    if (isGone(error) && tries > 1) return readAll(api, of, tries - 1);
    if (isNotFound(error)) return { objects: [], unreadable: [] };
    if (isRefusal(error)) return { objects: [], unreadable: [`${of.kind}: ${error.reason}`] };
    throw error;
  }
}

/** No rule goes by annotations or by who wrote a field, and a tenant may write 256 KiB of them into each of ten thousand objects. */
function slim({ metadata, ...content }: Raw): Raw {
  const { annotations: _, managedFields: __, ...kept } = metadata as Raw["metadata"] & { readonly managedFields?: unknown };
  return { ...content, metadata: kept };
}

const isRefusal = (error: unknown): error is ApiError => error instanceof ApiError && (error.code === 401 || error.code === 403);

/** A policy that does not parse may allow less than all others: what it selects is not known. */
function parsed(objects: readonly Raw[]): { policies: SovereigntyPolicy[]; unreadable: string[] } {
  const results = objects.map((object) => ({ name: object.metadata.name, result: parse(sovereigntyPolicy, object as Parameters<typeof parse>[1]) }));
  return {
    policies: results.flatMap(({ result }) => (result.ok ? [result.value] : [])),
    unreadable: results.filter(({ result }) => !result.ok).map(({ name }) => `SovereigntyPolicy ${name}: it is not of this version`),
  };
}

/** Objects of every kind that enforces policy and is not understood here. A kind of which there is no object does nothing. */
async function foreignPolicies({ api, transport }: ClusterAccess): Promise<ReadObjects> {
  const { groups = [] } = (await ask(transport, "/apis", [])) as { groups?: { versions: { groupVersion: string }[] }[] };
  const served = await Promise.all(groups.flatMap(({ versions }) => versions).map(({ groupVersion }) => kindsOf(transport, groupVersion)));
  const byKind = Map.groupBy(served.flatMap(({ kinds }) => kinds), ({ group, kind }) => `${group} ${kind}`);
  const isUnknown = (versions: readonly Resource[]): boolean => versions.every((of) => isUnknownPolicy({ apiVersion: apiVersionOf(of), kind: of.kind }));
  const read = await Promise.all([...byKind.values()].filter(isUnknown).flatMap(([first]) => (first === undefined ? [] : [readAll(api, first)])));
  return { objects: read.flatMap(({ objects }) => objects), unreadable: [...served, ...read].flatMap(({ unreadable }) => unreadable) };
}

/** Of aggregated APIs these hold nothing that a network plugin would enforce; they are down more often than others. */
const METRICS = /(^|\.)metrics\.k8s\.io\//;

/** Of an aggregated API whose server is down nobody knows what it has: policies of Calico are served like this. One that is gone by now has nothing. */
async function kindsOf(transport: ClusterAccess["transport"], groupVersion: string): Promise<{ readonly kinds: readonly Resource[]; readonly unreadable: readonly string[] }> {
  const answer = (await ask(transport, `/apis/${groupVersion}`, [404, 503])) as 404 | 503 | { resources?: { name: string; kind: string; namespaced: boolean; verbs: string[] }[] };
  if (typeof answer === "number") return { kinds: [], unreadable: answer === 404 || METRICS.test(groupVersion) ? [] : [`whatever the API ${groupVersion} has: its server does not answer`] };
  const { resources = [] } = answer;
  return { kinds: resources.filter(({ name, verbs }) => !name.includes("/") && verbs.includes("list")).map(({ name, kind, namespaced }) => resource(groupVersion, name, kind, namespaced)), unreadable: [] };
}

/** What is there, or which of the `expected` codes was the answer. */
async function ask(transport: ClusterAccess["transport"], path: string, expected: readonly number[]): Promise<unknown> {
  const answer = await transport.call({ what: `get ${path}`, method: "GET", path, idempotent: true });
  if (answer.code < 300) return answer.json;
  if (expected.includes(answer.code)) return answer.code;
  throw new ApiError(`get ${path}`, { code: answer.code, reason: "Discovery", message: "the API server does not say which kinds there are" });
}
