/**
 * Reads what the guard judges, of one namespace after the other, so that a large cluster is never held at once. Most of it is
 * somebody else's and in no cache; that is why this is done now and then (../surveying.ts) and not at every pass.
 */
import type { KubeApi } from "../../../kube/api.ts";
import { ApiError, isNotFound } from "../../../kube/errors.ts";
import {
  CRON_JOBS, DAEMON_SETS, DEPLOYMENTS, ENDPOINT_SLICES, ENDPOINTS, JOBS, NETWORK_POLICIES, PODS, POD_TEMPLATES, REPLICA_SETS, REPLICATION_CONTROLLERS, resourceName, SERVICES, STATEFUL_SETS, type Resource,
} from "../../../kube/resources.ts";
import type { Rule } from "../../../runtime/kind.ts";
import { isJudged } from "./annotations.ts";
import { preexisting, type Existing, type Finding, type Judged } from "./index.ts";

const SURVEYED: readonly Resource[] = [
  PODS, DEPLOYMENTS, REPLICA_SETS, STATEFUL_SETS, DAEMON_SETS, JOBS, CRON_JOBS, REPLICATION_CONTROLLERS, POD_TEMPLATES, SERVICES, ENDPOINTS, ENDPOINT_SLICES, NETWORK_POLICIES,
];

export const surveyRules: readonly Rule[] = [...Map.groupBy(SURVEYED, ({ group }) => group)].map(([group, all]) => ({ apiGroups: [group], resources: all.map(({ plural }) => plural), verbs: ["list"] }));

/** What a survey found. */
export interface Survey {
  /** Objects that the guard would refuse today. */
  readonly objects: number;
  /** The first of them, with what is wrong: `Deployment chat/web: spec.template.spec.hostNetwork`. */
  readonly first: readonly string[];
  /** What may not be read: `daemonsets.apps`. */
  readonly unread: readonly string[];
}

/** So many are named; the rest is counted. */
const NAMED = 20;
/** Longest name of one, in characters: an object may have very many fields. */
const LONGEST = 512;

/** @throws TransportError, and ApiError for what is no refusal: then nothing was seen */
export async function survey(api: Pick<KubeApi, "scan">, namespaces: readonly string[], policy: Judged): Promise<Survey> {
  const unread = new Set<string>();
  const first: string[] = [];
  let objects = 0;
  for (const namespace of namespaces) {
    const found = byObject(preexisting(await objectsIn(api, namespace, unread), policy));
    objects += found.length;
    first.push(...found.slice(0, NAMED - first.length));
  }
  return { objects, first, unread: [...unread].toSorted() };
}

async function objectsIn(api: Pick<KubeApi, "scan">, namespace: string, unread: Set<string>): Promise<Existing[]> {
  const lists = await Promise.all(SURVEYED.map(async (of) => {
    const found: Existing[] = [];
    try {
      await api.scan(of, { namespace }, (object) => found.push(slim(object as unknown as Existing)));
    } catch (error) {
      // A cluster may have done away with an old kind.
      if (isNotFound(error)) return [];
      if (!(error instanceof ApiError) || error.code !== 403) throw error;
      unread.add(resourceName(of));
    }
    return found;
  }));
  return lists.flat();
}

/** Without what nobody judges: of a tenant's annotations, up to 256 KiB in each object, those that do something. */
function slim({ metadata, ...content }: Existing): Existing {
  const { annotations = {}, managedFields: _, ...kept } = metadata as Existing["metadata"] & { readonly managedFields?: unknown };
  return { ...content, metadata: { ...kept, annotations: Object.fromEntries(Object.entries(annotations).filter(([key]) => isJudged(key))) } };
}

const byObject = (findings: readonly Finding[]): string[] =>
  [...Map.groupBy(findings, ({ object }) => object)].map(([object, all]) => `${object}: ${all.map(({ field }) => field).join(", ")}`.slice(0, LONGEST));
