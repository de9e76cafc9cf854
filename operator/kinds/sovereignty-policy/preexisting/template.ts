/** The pod that an object is about: itself, or the template of what it makes. */
import type { ObjectMeta, PodSpec } from "../../../lib/k8s-types.ts";
import type { Existing } from "./index.ts";

export interface Template {
  readonly metadata: Partial<ObjectMeta>;
  readonly spec: PodSpec;
  /** Where it is in the object: `` or `spec.template.`. */
  readonly at: string;
}

interface Shaped { readonly metadata?: Partial<ObjectMeta>; readonly spec?: PodSpec }
interface Making { readonly template?: Shaped; readonly jobTemplate?: { readonly spec?: { readonly template?: Shaped } } }

const MAKERS: ReadonlySet<string> = new Set(["DaemonSet", "Deployment", "Job", "ReplicaSet", "ReplicationController", "StatefulSet"]);

/** Undefined for an object that is about no pod. */
export function templateOf(object: Existing): Template | undefined {
  const spec = object["spec"] as Making | undefined;
  if (object.kind === "Pod") return shaped({ metadata: object.metadata, spec: object["spec"] as PodSpec }, "");
  if (object.kind === "PodTemplate") return shaped(object["template"] as Shaped | undefined, "template.");
  if (object.kind === "CronJob") return shaped(spec?.jobTemplate?.spec?.template, "spec.jobTemplate.spec.template.");
  return MAKERS.has(object.kind) ? shaped(spec?.template, "spec.template.") : undefined;
}

const shaped = (pod: Shaped | undefined, at: string): Template | undefined => (pod?.spec === undefined ? undefined : { metadata: pod.metadata ?? {}, spec: pod.spec, at });
