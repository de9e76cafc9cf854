/**
 * The objects that a proof rests on, by hash. Hashed is what a rule can depend on: names, labels and everything beside the
 * metadata, but not the status, nor annotations and what servers write into metadata: the same object applied again has the
 * same hash, and so has what `kubectl get -o yaml` prints.
 */
import { byKey } from "../../lib/order.ts";
import type { Raw, Snapshot, Workload } from "../snapshot.ts";
import { sha256 } from "./digest.ts";

export interface Input {
  /** `networking.k8s.io/v1 NetworkPolicy`; `Workload` for something that runs pods. */
  readonly kind: string;
  /** `namespace/name`, the name of a cluster-scoped object, or the id of a workload. */
  readonly object: string;
  readonly uid?: string;
  readonly resourceVersion?: string;
  readonly sha256: string;
}

/** Of every namespace: what policies for the cluster say, and by which labels namespaces are selected. */
export const clusterInputs = ({ clusterNetworkPolicies, namespaces }: Snapshot): Input[] => inOrder([...clusterNetworkPolicies, ...namespaces].map(ofObject));

/** Of each namespace: its policies, what runs there, and what leads traffic elsewhere. */
export function inputsByNamespace({ networkPolicies, services, endpointSlices, workloads }: Snapshot): Map<string, Input[]> {
  const objects = [...networkPolicies, ...services, ...endpointSlices].map((object) => ({ namespace: object.metadata.namespace ?? "", input: ofObject(object) }));
  const all = [...objects, ...workloads.map((workload) => ({ namespace: workload.namespace, input: ofWorkload(workload) }))];
  return new Map([...Map.groupBy(all, ({ namespace }) => namespace)].map(([namespace, found]) => [namespace, inOrder(found.map(({ input }) => input))]));
}

const inOrder = (inputs: readonly Input[]): Input[] => inputs.toSorted(byKey(({ kind, object }) => `${kind} ${object}`));

/** An object that is the same object as in the snapshot before is not hashed again. */
const KNOWN = new WeakMap<Raw | Workload, Input>();

function once<T extends Raw | Workload>(of: T, make: (of: T) => Input): Input {
  const input = KNOWN.get(of) ?? make(of);
  KNOWN.set(of, input);
  return input;
}

const ofObject = (object: Raw): Input => once(object, hashedObject);
const ofWorkload = (workload: Workload): Input => once(workload, ({ id, namespace, labels, podSpec }) => ({ kind: "Workload", object: id, sha256: sha256({ namespace, labels, podSpec }) }));

function hashedObject(object: Raw): Input {
  const { metadata, status: _, ...content } = object;
  const { namespace, name, labels, uid, resourceVersion } = metadata;
  return {
    kind: `${content.apiVersion} ${content.kind}`, object: namespace === undefined ? name : `${namespace}/${name}`,
    ...(uid !== undefined && { uid }), ...(resourceVersion !== undefined && { resourceVersion }),
    sha256: sha256({ ...content, metadata: { namespace, name, labels: labels ?? {} } }),
  };
}
