/** What is different in every run although nothing is different: masked before two runs are compared. */
import type { Live } from "../../operator/lib/k8s-types.ts";
import { APPLIED_HASH } from "../../operator/lib/labels.ts";

/** The hash covers the owner's uid and the namespace; the schedule is moved by a hash of the namespace. */
const NAMES = new Set(["uid", "resourceVersion", "creationTimestamp", "managedFields", "lastTransitionTime", "lastUpdateTime", "clusterIP", "clusterIPs", "pod-template-hash", "schedule", APPLIED_HASH]);
/** Names that the ReplicaSet controller makes up: a hash of the template, then five random characters. */
const GENERATED = /\b([a-z]+)-[a-z0-9]{8,10}(-[a-z0-9]{5})?\b/g;

interface Whole { readonly own: readonly Live[]; readonly children: readonly Live[]; readonly replicaSets: readonly Live[]; readonly pods: readonly Live[] }

/** The same without identities, times and generated names. Of pods and ReplicaSets only what concerns the operator. */
export function masked({ own, children, replicaSets, pods }: Whole, namespace: string): unknown {
  const sizes = replicaSets.map((set) => ({ replicas: (set as { spec?: { replicas?: number } }).spec?.replicas, revision: set.metadata.annotations?.["deployment.kubernetes.io/revision"] }));
  return mask({
    own, children, pods: pods.length,
    replicaSets: sizes.toSorted((a, b) => String(a.revision).localeCompare(String(b.revision))),
  }, namespace);
}

function mask(value: unknown, namespace: string): unknown {
  if (typeof value === "string") return value.replaceAll(namespace, "NAMESPACE").replaceAll(GENERATED, "$1-GENERATED");
  if (Array.isArray(value)) return value.map((item) => mask(item, namespace));
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).filter(([name]) => !NAMES.has(name)).map(([name, member]) => [name, mask(member, namespace)]));
}

/** Path and both values of the first difference; undefined if there is none. */
export function firstDifference(wanted: unknown, found: unknown, path = ""): string | undefined {
  if (Object.is(wanted, found)) return undefined;
  if (typeof wanted !== "object" || typeof found !== "object" || wanted === null || found === null) {
    return `${path}: ${JSON.stringify(found)} instead of ${JSON.stringify(wanted)}`;
  }
  for (const name of new Set([...Object.keys(wanted), ...Object.keys(found)])) {
    const difference = firstDifference((wanted as Record<string, unknown>)[name], (found as Record<string, unknown>)[name], `${path}/${name}`);
    if (difference !== undefined) return difference;
  }
  return undefined;
}
