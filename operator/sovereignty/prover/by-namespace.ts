/** The objects of a snapshot, namespace by namespace. */
import type { Raw, Snapshot, Workload } from "../snapshot.ts";

/** By name of the namespace, in the order of the snapshot. */
export interface ByNamespace {
  readonly workloads: ReadonlyMap<string, readonly Workload[]>;
  readonly networkPolicies: ReadonlyMap<string, readonly Raw[]>;
  readonly services: ReadonlyMap<string, readonly Raw[]>;
  readonly endpointSlices: ReadonlyMap<string, readonly Raw[]>;
}

export const byNamespace = ({ workloads, networkPolicies, services, endpointSlices }: Snapshot): ByNamespace => ({
  workloads: grouped(workloads, ({ namespace }) => namespace), networkPolicies: grouped(networkPolicies, namespaceOf), services: grouped(services, namespaceOf), endpointSlices: grouped(endpointSlices, namespaceOf),
});

const namespaceOf = ({ metadata }: Raw): string => metadata.namespace ?? "";

/** An API server lists a namespace in one run, which is cut out as it is. */
function grouped<T>(objects: readonly T[], of: (object: T) => string): Map<string, readonly T[]> {
  const groups = new Map<string, T[]>();
  for (let [from, to] = [0, 0]; from < objects.length; from = to) {
    const namespace = of(objects[from] as T);
    for (to = from + 1; to < objects.length && of(objects[to] as T) === namespace;) to++;
    const group = groups.get(namespace);
    if (group === undefined) groups.set(namespace, objects.slice(from, to));
    else for (const object of objects.slice(from, to)) group.push(object);
  }
  return groups;
}
