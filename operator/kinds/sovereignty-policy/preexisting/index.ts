/**
 * What was there before the guard: the API server refuses what comes, not what is. These are the rules of build/guard once
 * more, for objects that exist; test/support/guard-cases.ts holds both to the same answers.
 *
 * Pure: objects in, findings out. Nothing is changed: what runs is somebody's, and stopping it is a decision.
 */
import type { KubeObject } from "../../../lib/k8s-types.ts";
import { byKey } from "../../../lib/order.ts";
import type { SovereigntyPolicy } from "../schema.ts";
import { hasEnded } from "./ended.ts";
import { networkPolicyFindings } from "./network-policies.ts";
import { podFindings } from "./pods.ts";
import { roleFindings } from "./roles.ts";
import { serviceFindings } from "./services.ts";

/** One thing that the guard would refuse today. */
export interface Finding {
  /** Name of the concern: `pods` for the admission policy pods.hoheit.dev. */
  readonly concern: string;
  /** `Pod assistant/chat`. */
  readonly object: string;
  /** Where in it: `spec.hostNetwork`. */
  readonly field: string;
}

/** The policy, and which of its destinations keep to its jurisdictions. */
export interface Judged {
  readonly spec: Pick<SovereigntyPolicy["spec"], "namespaceSelector" | "destinations" | "inCluster" | "images" | "nodes">;
  readonly inForce: readonly string[];
  /** Image that the operator runs from. */
  readonly ownImage: string;
}

export type Existing = KubeObject & Readonly<Record<string, unknown>>;

/**
 * What was made by something of which the same is said is left out: who mends a Deployment mends its pods.
 *
 * @param objects all of the kinds that the guard judges, of namespaces that the policy selects; of other kinds nothing is said
 */
export function preexisting(objects: readonly Existing[], policy: Judged): readonly Finding[] {
  const judges = [networkPolicyFindings(policy), podFindings(policy), roleFindings(objects), serviceFindings(objects)];
  const judged = objects.filter((object) => !hasEnded(object)).map((object) => ({ object, found: judges.flatMap((judge) => judge(object)) })).filter(({ found }) => found.length > 0);
  const isCovered = coveredBy(judged);
  return judged
    .flatMap(({ object, found }) => found.filter(([concern]) => !isCovered(object, concern)).map(([concern, field]) => ({ concern, object: nameOf(object), field })))
    .toSorted(byKey(({ object, field }) => `${object} ${field}`));
}

/** Concern and field, for one object. */
export type Found = readonly (readonly [concern: string, field: string])[];

/** Whether the same is said of what made an object, or of what made that, up to something that nothing of the kind made: what is its own maker hides nothing. */
function coveredBy(judged: readonly { readonly object: Existing; readonly found: Found }[]): (object: Existing, concern: string) => boolean {
  const byUid = new Map(judged.map(({ object, found }) => [object.metadata.uid, { object, concerns: new Set(found.map(([concern]) => concern)) }]));
  const makersOf = ({ metadata: { ownerReferences = [] } }: Existing, concern: string): Existing[] =>
    ownerReferences.filter(({ controller }) => controller === true).flatMap(({ uid }) => byUid.get(uid) ?? []).filter(({ concerns }) => concerns.has(concern)).map(({ object }) => object);
  const endsInRoot = (object: Existing, concern: string, depth: number): boolean => {
    const makers = makersOf(object, concern);
    return makers.length === 0 ? depth > 0 : depth < MOST_MAKERS && makers.some((maker) => endsInRoot(maker, concern, depth + 1));
  };
  return (object, concern) => endsInRoot(object, concern, 0);
}

/** CronJob, Job, pod; Deployment, ReplicaSet, pod. */
const MOST_MAKERS = 4;

export type Judge = (object: Existing) => Found;

const nameOf = ({ kind, metadata }: Existing): string => `${kind} ${metadata.namespace ?? ""}/${metadata.name}`;
