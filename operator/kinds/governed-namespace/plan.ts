/**
 * Desired against observed: which steps, in which order. Pure.
 *
 *   first    what is not there yet: nothing for anybody and, beside it, what pods may; at once, so that pods that run already
 *            lose little of what they may go on with
 *   then     what says something else than it shall: an address that moves to a new entry has its new way by then
 *   then     let go of a default deny that somebody deleted, and make it anew
 *   at last  what is no longer wanted goes, whatever stood in the way of the rest; and the mark that lets pods start
 */
import { NAMESPACES, NETWORK_POLICIES } from "../../kube/resources.ts";
import { shortHash } from "../../lib/hash.ts";
import type { KubeObject, Live, NetworkPolicy } from "../../lib/k8s-types.ts";
import { RELEASE_TIME, SEALED } from "../../lib/labels.ts";
import { byKey } from "../../lib/order.ts";
import { DEFAULT_DENY, SEAL_FINALIZER } from "../../lib/names.ts";
import { controllerReference, type Plan, type Step } from "../../runtime/execute.ts";
import type { Children } from "./build/index.ts";
import type { Observed } from "./observe.ts";
import { isHeld, isInForce, isLeaving, ours, type Scene } from "./scene.ts";

/** Nobody can tell whom its policies mean: it is not cut off because of them, and if it was sealed it does not open. */
const isUnknown = (scene: Observed): boolean => scene.governance?.unreadable.length === scene.governance?.policies.length && ours(scene).length === 0;

const isThere = ({ metadata: { name } }: NetworkPolicy, { networkPolicies }: Scene): boolean => networkPolicies.has(name);

/** What the policies that govern it make of a namespace, as far as nothing has its name yet. */
export function planNew(scene: Observed, { defaultDeny, openings }: Children): Plan {
  if (isUnknown(scene)) return [];
  return [[defaultDeny, ...openings].filter((policy) => !isThere(policy, scene)).map((policy) => apply(policy, scene))];
}

/** What they make of what is there. */
export function planChanges(scene: Observed, { defaultDeny, openings }: Children): Plan {
  if (isUnknown(scene)) return [];
  const { namespace, networkPolicies } = scene;
  const live = networkPolicies.get(DEFAULT_DENY);
  if (live === undefined || !isLeaving(live) || !isHeld(live)) return [[defaultDeny, ...openings].filter((policy) => isThere(policy, scene)).map((policy) => apply(policy, scene))];
  return [
    openings.map((policy) => apply(policy, scene)),
    // Perhaps it was deleted with the namespace, of which the caches need not know yet: then it stays until the pods are gone.
    [{ kind: "confirm", resource: NAMESPACES, live: namespace }, { kind: "rehearse", resource: NETWORK_POLICIES, object: defaultDeny }],
    // While it is away no pod starts; those that run are held by whatever lets them do something.
    mark(scene, { [SEALED]: null }),
    [free(live)],
    [apply(defaultDeny, scene)],
  ];
}

const apply = (policy: NetworkPolicy, { namespace }: Scene): Step => ({ kind: "apply", resource: NETWORK_POLICIES, object: owned(policy, namespace) });
const owned = (child: KubeObject, owner: Live): KubeObject => ({ ...child, metadata: { ...child.metadata, ownerReferences: [controllerReference(owner)] } });
const free = (live: Live): Step => ({ kind: "removeFinalizer", resource: NETWORK_POLICIES, live, finalizer: SEAL_FINALIZER });
const remove = (live: Live): Step => ({ kind: "delete", resource: NETWORK_POLICIES, live, propagation: "Background" });

/** What the policies no longer ask for goes, and pods may start if they are sealed. While a policy cannot be read, what is there stays. */
export function planRest(scene: Observed, children: Children): Plan {
  const wanted = new Set([children.defaultDeny, ...children.openings].map(({ metadata }) => metadata.name));
  const isWanted = ({ metadata: { name } }: Live): boolean => scene.governance?.policy === undefined || wanted.has(name);
  const unwanted = ours(scene).filter((live) => !isWanted(live) && !isLeaving(live));
  const sealed = isInForce(children.defaultDeny, scene);
  return [unwanted.map(remove), mark(scene, { [SEALED]: sealed ? sealOf(ours(scene).filter(isWanted)) : null, [RELEASE_TIME]: null })];
}

/** Tells seals apart: another one for other policies. */
const sealOf = (policies: readonly Live<NetworkPolicy>[]): string =>
  shortHash(policies.toSorted(byKey(({ metadata }) => metadata.name)).map(({ metadata: { name }, spec }) => [name, spec]));

/** Annotations that differ; null takes one off. */
function mark({ namespace }: Scene, wanted: Readonly<Record<string, string | null>>): Step[] {
  const { annotations = {} } = namespace.metadata;
  const annotate = Object.fromEntries(Object.entries(wanted).filter(([key, value]) => (annotations[key] ?? null) !== value));
  return Object.keys(annotate).length === 0 ? [] : [{ kind: "annotate", resource: NAMESPACES, live: namespace, annotations: annotate }];
}

export interface Release {
  readonly plan: Plan;
  /** `begins`: the seal stays for `waitMs`. `waits`: it is still there for so long. `ends`: it comes off. `none`: there is nothing to release. */
  readonly step: "begins" | "waits" | "ends" | "none";
  readonly waitMs: number;
}

/**
 * No policy selects the namespace any more. What it had stays for some time, in which a mistake can be undone; then what
 * lets something through goes first and the default deny last, so that nothing is ever more open than it was and marked as sealed.
 *
 * @param now wall clock, milliseconds since 1970
 */
export function planRelease(scene: Scene, { now, releaseMs }: { readonly now: number; readonly releaseMs: number }): Release {
  const left = ours(scene);
  const unmark = mark(scene, { [SEALED]: null, [RELEASE_TIME]: null });
  if (left.length === 0) return { plan: [unmark], step: "none", waitMs: 0 };
  const due = Date.parse(scene.namespace.metadata.annotations?.[RELEASE_TIME] ?? "");
  // A clock that was set, or somebody's hand: nobody waits for longer than was said.
  if (Number.isNaN(due) || due - now > releaseMs) {
    return { plan: [mark(scene, { [SEALED]: null, [RELEASE_TIME]: new Date(now + releaseMs).toISOString() })], step: "begins", waitMs: releaseMs };
  }
  if (due > now) return { plan: [], step: "waits", waitMs: due - now };
  const deny = left.filter(({ metadata }) => metadata.name === DEFAULT_DENY);
  const openings = left.filter((one) => !deny.includes(one) && !isLeaving(one));
  return { plan: [openings.map(remove), deny.filter(isHeld).map(free), deny.filter((one) => !isLeaving(one)).map(remove), unmark], step: "ends", waitMs: 0 };
}
