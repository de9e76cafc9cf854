/**
 * The read-only report: who may reach what and why, what changed since, and what no rule decides, for people who audit.
 * Data in, HTML or JSON out, in German and English, without a script; `router.ts` alone knows that there is a network. It
 * tells what was found and judges nothing: no word here says that a law is kept (docs/decisions/0009).
 *
 * This file is what the report is made of: the prover's result, and what the operator knows besides. Times are RFC 3339.
 */
import type { Family } from "../lib/addresses.ts";
import type { PlaceOf } from "../sovereignty/datasets/places.ts";
import type { Policy, Protocol } from "../sovereignty/policy.ts";
import type { Result } from "../sovereignty/probe/verdict.ts";
import type { Proof } from "../sovereignty/prover/result.ts";
import type { Flip } from "../sovereignty/verdict.ts";

export interface ReportData {
  /** The state of the cluster that was proved. */
  readonly time: string;
  /** Hash over the evidence that was kept last, `sha256:...`: of what is shown, or of a moment before it. */
  readonly root: string;
  /** That of the evidence before it. */
  readonly previousRoot?: string;
  readonly proof: Proof;
  /** What is in force in each governed namespace: the intersection of all policies that select it. */
  readonly policies: ReadonlyMap<string, Policy>;
  /** In each of them, where data sets say that declared destinations are. Nothing where there are no data sets. */
  readonly places: ReadonlyMap<string, readonly PlaceOf[]>;
  readonly changes: Changes;
  readonly guards: readonly GuardState[];
  readonly probes: readonly ProbeState[];
}

/** Verdicts that flipped. */
export interface Changes {
  /** Before this, nothing was written down. */
  readonly since: string;
  /** The newest first. */
  readonly flips: readonly Flip[];
}

/** As conditions have it. */
export type ConditionStatus = "True" | "False" | "Unknown";

/** The guard of a SovereigntyPolicy. */
export interface GuardState {
  readonly policy: string;
  /** Whether it was seen to refuse what it must. */
  readonly status: ConditionStatus;
  /** Of condition `Guarded`. */
  readonly message: string;
  /** What it would refuse today and is there from before: how many objects, and the first of them with their fields. */
  readonly older: { readonly objects: number; readonly first: readonly string[] };
}

/** Condition `EgressSealed` and `status.probe` of a LanguageModelDeployment. */
export interface ProbeState {
  readonly namespace: string;
  readonly name: string;
  readonly sealed: ConditionStatus;
  /** Why. */
  readonly message: string;
  /** The last probe that could be believed. */
  readonly last?: {
    readonly time: string;
    readonly result: Result;
    readonly families: readonly Family[];
    readonly reached: readonly { readonly name: string; readonly protocol: Protocol; readonly address: string; readonly port: number }[];
  };
}
