/** When a proof is out of date: a word about everything in the caches that rules consist of. */
import { NAMESPACES, NETWORK_POLICIES } from "../../../kube/resources.ts";
import { isLater } from "../../../kube/store.ts";
import type { Live } from "../../../lib/k8s-types.ts";
import type { Context } from "../../../runtime/kind.ts";
import { sovereigntyPolicy } from "../schema.ts";

/**
 * Two stamps are equal only if no NetworkPolicy, no Namespace and no spec of a SovereigntyPolicy has come, gone or changed in
 * between: resourceVersions of a resource are points on one time line (KEP-5504), and what goes makes the number smaller.
 */
export function stampOf({ cache }: Pick<Context, "cache">): string {
  const policies = cache(sovereigntyPolicy.resource).list().map(wordOf).toSorted();
  return [position(cache(NETWORK_POLICIES).list()), position(cache(NAMESPACES).list()), ...policies].join(" ");
}

/** Whether these policies, as they are written now, were there when a proof of that stamp was begun. */
export function isAbout(stamp: string, policies: readonly Live[]): boolean {
  const words = new Set(stamp.split(" "));
  return policies.every((policy) => words.has(wordOf(policy)));
}

const wordOf = ({ metadata: { uid, generation } }: Live): string => `${uid}.${generation}`;

/** How many there are and the latest of their versions. */
function position(objects: readonly Live[]): string {
  let latest = "0";
  for (const { metadata: { resourceVersion } } of objects) if (isLater(resourceVersion, latest)) latest = resourceVersion;
  return `${objects.length}@${latest}`;
}
