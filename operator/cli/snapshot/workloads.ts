/** What runs pods, among objects of any kind: whatever has a pod template, and pods themselves. */
import { byKey } from "../../lib/order.ts";
import type { Raw, Workload } from "../../sovereignty/snapshot.ts";

type Members = Readonly<Record<string, unknown>>;

/** What controllers add to the labels of their pods, and what no template says. */
const ADDED = /^(pod-template-hash|controller-revision-hash|pod-template-generation|job-name|controller-uid|statefulset\.kubernetes\.io\/.*|apps\.kubernetes\.io\/pod-index|batch\.kubernetes\.io\/.*|topology\.kubernetes\.io\/.*)$/;

/** Who makes comes before what is made: CronJob, Job, Pod; Deployment, ReplicaSet, Pod. */
const ORDER: readonly ((kind: string) => boolean)[] = [(kind) => !["ReplicaSet", "Job", "Pod"].includes(kind), (kind) => kind === "ReplicaSet" || kind === "Job", (kind) => kind === "Pod"];

/**
 * Every workload once. A pod or a Job that some other object made is left out where a template says the same of it; otherwise
 * it is a workload of its own, for it runs, whatever the template has become since.
 */
export function workloadsOf(objects: readonly Raw[]): Workload[] {
  const all = objects.filter((object) => !hasEnded(object)).flatMap((object) => workloadOf(object) ?? []);
  const told: Workload[] = [];
  for (const isNext of ORDER) {
    const known = new Set(told.map(meaningOf));
    const next = all.filter(({ kind, isMade, workload }) => isNext(kind) && !(isMade && known.has(meaningOf(workload))));
    told.push(...next.map(({ workload }) => workload));
  }
  return told.toSorted(byKey(({ id }) => id));
}

/** What a rule can see of it. */
const meaningOf = ({ namespace, labels, podSpec }: Workload): string =>
  JSON.stringify([namespace, Object.entries(labels).toSorted(byKey(([key]) => key)), podSpec["hostNetwork"] === true, portsOf(podSpec["containers"])]);

const portsOf = (containers: unknown): unknown => (Array.isArray(containers) ? (containers as (Members | null)[]).map((container) => container?.["ports"] ?? []) : []);

const hasEnded = ({ kind, status }: Raw): boolean => kind === "Pod" && ["Succeeded", "Failed"].includes(String((status as Members | undefined)?.["phase"]));

function workloadOf(object: Raw): { readonly workload: Workload; readonly kind: string; readonly isMade: boolean } | undefined {
  const template = templateOf(object);
  const podSpec = memberOf(template, "spec");
  if (template === undefined || !Array.isArray(podSpec?.["containers"])) return undefined;
  const { namespace = "default", name, ownerReferences = [] } = object.metadata;
  const isMade = ownerReferences.some(({ controller }) => controller === true);
  const labels = Object.entries(memberOf(memberOf(template, "metadata"), "labels") ?? {}).filter(([key]) => !isMade || !ADDED.test(key));
  return { workload: { id: `${namespace}/${object.kind}/${name}`, namespace, labels: Object.fromEntries(labels) as Record<string, string>, podSpec: podSpec ?? {} }, kind: object.kind, isMade };
}

/** The pod itself, `spec.template`, or that of the Jobs of a CronJob. */
function templateOf(object: Raw): Members | undefined {
  if (object.kind === "Pod") return object;
  const spec = memberOf(object, "spec");
  return memberOf(spec, "template") ?? memberOf(memberOf(memberOf(spec, "jobTemplate"), "spec"), "template");
}

function memberOf(of: Members | undefined, key: string): Members | undefined {
  const value = of?.[key];
  return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Members) : undefined;
}
