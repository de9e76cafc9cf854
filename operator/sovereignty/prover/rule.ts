/**
 * Rules as the prover reasons about them. Whatever was not understood is kept as two answers: what surely holds and what
 * possibly holds. A proof counts what is possibly let through and surely denied, a refutation the other way round.
 */
import { ALL_ADDRESSES } from "../addresses/cidr.ts";
import { NOTHING, type IntervalSet } from "../addresses/intervals.ts";
import type { Protocol } from "../policy.ts";
import type { RuleReference } from "../verdict.ts";
import { ALL_PORTS } from "./ports.ts";
import { EVERY, type Selector } from "./selector.ts";

/** The smaller set and the larger one. */
export interface Bounds {
  readonly surely: IntervalSet;
  readonly possibly: IntervalSet;
}

export const exactly = (set: IntervalSet): Bounds => ({ surely: set, possibly: set });

/** Something unclear, where it stands. */
export interface Problem {
  readonly at: RuleReference;
  /** Goes on where the path ends. */
  readonly message: string;
}

export type Action = "Accept" | "Deny" | "Pass" | "Unknown";

export interface PodPeer {
  /** Absent for the policy's own namespace. */
  readonly namespaces?: Selector;
  readonly pods: Selector;
  /** Whether it is certain that these are the pods. */
  readonly isSure: boolean;
}

export interface PortName {
  readonly name: string;
  /** Absent where any protocol is meant. */
  readonly protocol?: Protocol;
}

/** Which ports a rule is about. */
export type RulePorts = Pick<Rule, "addressPorts" | "podPorts" | "portNames">;

/** One peer of one rule, the smallest thing that can be taken out of a policy. */
export interface Rule {
  readonly at: RuleReference;
  /** A rule of a NetworkPolicy accepts. */
  readonly action: Action;
  readonly addresses: Bounds;
  readonly addressPorts: Bounds;
  /** Absent where it means addresses alone. */
  readonly pods?: PodPeer;
  /** Named ports included: a name may stand for any port of its protocol. */
  readonly podPorts: Bounds;
  /** The names among them. */
  readonly portNames: readonly PortName[];
  readonly problems: readonly Problem[];
}

const ANYTHING: Pick<Rule, "addresses" | "pods"> & RulePorts = {
  addresses: { surely: NOTHING, possibly: ALL_ADDRESSES },
  addressPorts: { surely: NOTHING, possibly: ALL_PORTS },
  pods: { namespaces: EVERY, pods: EVERY, isSure: false },
  podPorts: { surely: NOTHING, possibly: ALL_PORTS },
  portNames: [],
};

/** A rule of which nothing is known but that it is there. */
export const unclearRule = (at: RuleReference, action: Action, problem: Problem): Rule => ({ at, action, ...ANYTHING, problems: [problem] });

/** What a policy says of one direction. */
export interface Direction {
  /** Whether it is certain that the policy is about this direction. */
  readonly isSure: boolean;
  /** Whether it is about it only because it has rules for it: without them it isolates nobody. */
  readonly isImplied: boolean;
  readonly rules: readonly Rule[];
}

/** A NetworkPolicy. */
export interface Policy {
  /** The object as a whole. */
  readonly at: RuleReference;
  readonly namespace: string;
  readonly subject: Selector;
  /** Whether it is certain that the subject is meant, and that the policy is in force as it was read. */
  readonly isSure: boolean;
  readonly egress?: Direction;
  readonly ingress?: Direction;
  /** What makes the policy itself unclear, not one of its rules. */
  readonly problems: readonly Problem[];
}

/** A ClusterNetworkPolicy. */
export interface ClusterPolicy {
  readonly at: RuleReference;
  /** Unknown: it may be of either tier. */
  readonly tier: "Admin" | "Baseline" | "Unknown";
  readonly priority: number;
  readonly namespaces: Selector;
  readonly pods: Selector;
  readonly isSure: boolean;
  readonly egress: readonly Rule[];
  readonly ingress: readonly Rule[];
  readonly problems: readonly Problem[];
}
