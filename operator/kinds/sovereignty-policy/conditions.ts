/**
 * Condition types and reasons of a SovereigntyPolicy. Each reason says when it holds; an event's reason is the reason of the
 * condition that changed.
 */

export const READY = "Ready";
/** Every namespace that the policy selects has what it must have. */
export const ENFORCED = "Enforced";
/** The API server was seen to refuse what opens a way out, and nothing is there from before that does. */
export const GUARDED = "Guarded";
/** No rule of anybody lets anything out that the policy does not allow. */
export const PROVED = "Proved";
/** Packets were tried. */
export const PROBED = "Probed";

export type Reason =
  // Ready=True
  | "InForce"
  /** It is, and there is something that people should know. */
  | "InForceWithFindings"
  // Ready=False, a person has to act
  /** A destination violates the jurisdictions: it is not put in force, all others are. */
  | "DestinationRefused"
  /** Policy Require, and the cluster does not serve the API. */
  | "ClusterNetworkPolicyMissing"
  /** There are more policies and peers than an object of that API can hold. */
  | "ClusterNetworkPolicyTooLarge"
  /** An object of the cluster has a name that Hoheit needs, and is not Hoheit's. */
  | "ForeignObject"
  /** The policy is deleted, and namespaces would be left without any. */
  | "DeletionHeld"
  // Ready=False, it goes on by itself
  /** The API server refused an object. */
  | "ApplyFailed"
  /** One of ours is still being deleted. */
  | "WaitingForGarbageCollection"
  /** Some namespace does not have what it must have. */
  | "NotEnforced"
  /** The guard has not been seen to refuse what it must. */
  | "NotGuarded"
  // Enforced
  | "NamespacesEnforced"
  /** The policy selects none. */
  | "NoNamespaces"
  // Guarded, beside what guard/probe.ts says
  | "GuardOff"
  | "AuditOnly"
  /** There is no namespace in which the guard could be tried. */
  | "NothingGuarded"
  /** The guard refuses what comes, and there is something from before that it would refuse. */
  | "PreexistingObjects"
  /** It refuses what comes, and the operator may not look at all that was there before. */
  | "SurveyIncomplete"
  // Probed; Proved has those of proof/proved.ts
  | "ProbesSealed"
  | "ProbeReached"
  | "ProbesMissing"
  | "NothingToProbe";

/** Why the policy is not in force as it is written. */
export interface Violation {
  readonly reason: Reason;
  /** Only a person can go on. */
  readonly stalled: boolean;
  readonly message: string;
}
