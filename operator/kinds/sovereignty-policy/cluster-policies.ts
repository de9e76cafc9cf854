/**
 * ClusterNetworkPolicies, which no cache holds: a cluster that does not serve them would keep the operator waiting for their
 * first list for ever. They are read at every pass instead, which tells as well whether somebody has installed them by now.
 */
import type { Cache } from "../../kube/cache.ts";
import { isNotFound } from "../../kube/errors.ts";
import { CLUSTER_NETWORK_POLICIES, resourceName, type Resource } from "../../kube/resources.ts";
import { keyOf, type KubeObject, type Live } from "../../lib/k8s-types.ts";
import { HOHEIT, MANAGED_BY } from "../../lib/labels.ts";
import type { Context } from "../../runtime/kind.ts";
import type { ClusterPolicies } from "./plan.ts";

/** Ours; undefined if the cluster does not serve that API. */
export async function readClusterPolicies({ api }: Pick<Context, "api">): Promise<ClusterPolicies> {
  try {
    return (await api.list(CLUSTER_NETWORK_POLICIES, { labelSelector: `${MANAGED_BY}=${HOHEIT}` })).items;
  } catch (error) {
    if (isNotFound(error)) return undefined;
    throw error;
  }
}

/** The context of a pass in which ClusterNetworkPolicies are known as they were read. */
export function knowing(clusterPolicies: ClusterPolicies, context: Context): Context {
  const known = new Map((clusterPolicies ?? []).map((live) => [keyOf(live.metadata), live as Live]));
  const read: Pick<Cache, "get" | "observe"> = { get: (key) => known.get(key), observe: (object) => void known.set(keyOf(object.metadata), object) };
  const cache = <T extends KubeObject>(of: Resource<T>): Cache<T> => (resourceName(of) === resourceName(CLUSTER_NETWORK_POLICIES) ? (read as Cache as unknown as Cache<T>) : context.cache(of));
  return { ...context, cache };
}
