/** How the runtime drives SovereigntyPolicies: what they read, and which of them have to look again when it changes. */
import type { CacheSpec } from "../../kube/cache.ts";
import { NAMESPACES } from "../../kube/resources.ts";
import type { Live, Namespace, ObjectMeta, ObjectRef } from "../../lib/k8s-types.ts";
import type { Context, Controller, Read } from "../../runtime/kind.ts";
import { admissionPolicies, admissionPolicyBindings, languageModelDeployments, namespaces, networkPolicies, sovereigntyPolicies } from "../caches.ts";
import { takes } from "../governed-namespace/governance.ts";
import { ENFORCED, GUARDED, PROBED, PROVED, READY } from "./conditions.ts";
import type { Options } from "./observe.ts";
import { rules } from "./rbac.ts";
import { reconcile } from "./reconcile.ts";
import { sovereigntyPolicy } from "./schema.ts";
import { whoAmI } from "./whoami.ts";

type Lookup = Pick<Context, "cache">;

const { resource } = sovereigntyPolicy;

const everyPolicy = ({ cache }: Lookup): ObjectMeta[] => cache(resource).list().map(({ metadata }) => metadata);

const policiesOf = (namespace: Live<Namespace> | undefined, { cache }: Lookup): ObjectRef[] =>
  (namespace === undefined ? [] : cache(resource).list().filter((policy) => takes(policy, namespace)).map(({ metadata }) => metadata));

const reads: readonly Read[] = [
  // They share the guard, and hold namespaces together.
  { cache: sovereigntyPolicies, wakes: (_policy, caches) => everyPolicy(caches) },
  { cache: namespaces, wakes: (namespace, caches) => policiesOf(namespace as Live<Namespace>, caches) },
  {
    cache: networkPolicies,
    // Ours are what the policy applies; any may be what is proved or refuted.
    wakes: ({ metadata: { namespace = "" } }, caches) => policiesOf(caches.cache(NAMESPACES).get(namespace), caches),
  },
  // One that goes waits for the API servers to forget its bindings, not for the bindings.
  ...[admissionPolicies as CacheSpec, admissionPolicyBindings as CacheSpec].map((cache): Read => ({ cache, wakes: (_object, caches) => everyPolicy(caches).filter((one) => one.deletionTimestamp === undefined) })),
  // Their status moves all the time: they are looked at from time to time (ending.ts).
  { cache: languageModelDeployments, wakes: () => [] },
];

export function sovereigntyPolicyController(options: Options): Controller {
  // The same for as long as the process lives.
  let user: string | undefined;
  return {
    name: resource.kind,
    owns: sovereigntyPolicies,
    reads,
    rules,
    conditions: [READY, "Reconciling", "Stalled", ENFORCED, GUARDED, PROVED, PROBED],
    async reconcile(ref, context) {
      user ??= await whoAmI(context.api);
      return reconcile(ref, context, { ...options, user });
    },
  };
}
