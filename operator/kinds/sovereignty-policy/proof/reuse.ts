/**
 * A snapshot with the objects of the one before wherever nothing about them has changed: the prover goes on from what it
 * found of the very same objects (sovereignty/prover/memo.ts), and what is read anew is never the very same.
 */
import { isDeepStrictEqual } from "node:util";
import type { Raw, Snapshot, Workload } from "../../../sovereignty/snapshot.ts";

const LISTS = ["namespaces", "networkPolicies", "clusterNetworkPolicies", "services", "endpointSlices"] as const;

export function reuse(before: Snapshot | undefined, snapshot: Snapshot): Snapshot {
  if (before === undefined) return snapshot;
  const lists = LISTS.map((list) => [list, sameWhereSame(before[list], snapshot[list], OBJECTS)] as const);
  return { ...snapshot, ...Object.fromEntries(lists), workloads: sameWhereSame(before.workloads, snapshot.workloads, WORKLOADS) };
}

const uidOf = ({ metadata: { uid } }: Raw): string => uid ?? "";

/** What has no version was written by a person and may be anything. */
const isSameVersion = (a: Raw, b: Raw): boolean => a.metadata.resourceVersion !== undefined && a.metadata.resourceVersion === b.metadata.resourceVersion;

interface Comparison<T> {
  keyOf(object: T): string;
  isSame(a: T, b: T): boolean;
}

const OBJECTS: Comparison<Raw> = { keyOf: uidOf, isSame: isSameVersion };
const WORKLOADS: Comparison<Workload> = { keyOf: ({ id }) => id, isSame: isDeepStrictEqual };

function sameWhereSame<T>(before: readonly T[], now: readonly T[], { keyOf, isSame }: Comparison<T>): T[] {
  const known = new Map(before.map((object) => [keyOf(object), object]));
  return now.map((object) => {
    const old = known.get(keyOf(object));
    return old !== undefined && isSame(old, object) ? old : object;
  });
}
