/**
 * What was there before the guard: the API server refuses what comes, not what is. These are the rules of build/guard once
 * more, for objects that exist; test/support/guard-cases.ts holds both to the same answers.
 *
 * Pure: objects in, findings out. Nothing is changed: what runs is somebody's, and stopping it is a decision.
 */
import type { KubeObject } from "../../../lib/k8s-types.ts";
import { byKey } from "../../../lib/order.ts";
import type { SovereigntyPolicy } from "../schema.ts";
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

/** @param objects all of the kinds that the guard judges, of namespaces that the policy selects; of other kinds nothing is said */
export function preexisting(objects: readonly Existing[], policy: Judged): readonly Finding[] {
  const judges = [networkPolicyFindings(policy), podFindings(policy), roleFindings(objects), serviceFindings(objects)];
  return objects
    .flatMap((object) => judges.flatMap((judge) => judge(object).map(([concern, field]) => ({ concern, object: nameOf(object), field }))))
    .toSorted(byKey(({ object, field }) => `${object} ${field}`));
}

/** Concern and field, for one object. */
export type Judge = (object: Existing) => readonly (readonly [concern: string, field: string])[];

const nameOf = ({ kind, metadata }: Existing): string => `${kind} ${metadata.namespace ?? ""}/${metadata.name}`;
