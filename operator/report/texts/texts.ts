/**
 * Everything that the report says, as one type: a language that lacks a text, or a word of a closed list, does not compile.
 * Messages of the prover and of Kubernetes are free texts that name objects; they stay English and are marked so.
 */
import type { Profile, Role } from "../../sovereignty/policy.ts";
import type { Result } from "../../sovereignty/probe/verdict.ts";
import type { AddressClass } from "../../sovereignty/addresses/classes.ts";
import type { Assumption, Finding, Missing, PodTraffic, Residual } from "../../sovereignty/prover/result.ts";
import type { Verdict } from "../../sovereignty/verdict.ts";
import type { ConditionStatus } from "../data.ts";

export const LANGUAGES = ["de", "en"] as const;
export type Language = (typeof LANGUAGES)[number];

/** A word, and a sentence that explains it. */
export interface Term {
  readonly word: string;
  readonly means: string;
}

export interface Texts {
  readonly language: Language;
  /** A point in time, to the second, in UTC. */
  readonly at: (milliseconds: number) => string;
  /** The name of a country by its ISO 3166-1 code; the code where it is none. */
  readonly country: (code: string) => string;
  /** Several words as one part of a sentence. */
  readonly list: (words: readonly string[]) => string;

  readonly terms: Terms;
  readonly frame: FrameTexts;
  readonly overview: OverviewTexts;
  readonly namespace: NamespaceTexts;
  readonly subject: SubjectTexts;
  readonly changes: ChangesTexts;
}

/** Words for the closed lists. */
export interface Terms {
  readonly verdicts: Readonly<Record<Verdict, Term>>;
  readonly roles: Readonly<Record<Role, Term>>;
  readonly profiles: Readonly<Record<Profile, string>>;
  readonly foreignControl: Readonly<Record<"Refuse" | "Report", string>>;
  readonly directions: Readonly<Record<"Ingress" | "Egress", string>>;
  readonly addressClasses: Readonly<Record<AddressClass, string>>;
  readonly missing: Readonly<Record<Missing["kind"], Term>>;
  readonly findings: Readonly<Record<Finding["kind"], Term>>;
  /** Why a pod may be spoken to. */
  readonly pods: Readonly<Record<PodTraffic["as"], string>>;
  readonly assumptions: Readonly<Record<Assumption, string>>;
  readonly residuals: Readonly<Record<Residual, string>>;
  readonly guard: Readonly<Record<ConditionStatus, string>>;
  readonly sealed: Readonly<Record<ConditionStatus, string>>;
  readonly probes: Readonly<Record<Result, string>>;
}

/** What stands around every page. */
export interface FrameTexts {
  readonly product: string;
  readonly skip: string;
  readonly navigation: string;
  readonly overview: string;
  readonly changes: string;
  /** Link to the same page in the other language, in that language. */
  readonly otherLanguage: string;
  readonly madeBy: (version: string) => string;
  readonly disclaimer: string;
  readonly asJson: string;
  readonly complete: string;
  readonly asOf: string;
  readonly root: string;
  readonly previousRoot: string;
  readonly nothingYet: Term;
  readonly notFound: Term;
  readonly backToOverview: string;
}

export interface OverviewTexts {
  readonly title: string;
  readonly claims: Readonly<Record<Verdict, string>>;
  readonly nothingGoverned: string;
  /** With PROVED, followed by the exceptions. */
  readonly claimAt: (time: string) => string;
  readonly exceptDestinations: (count: number) => string;
  readonly exceptResiduals: string;
  readonly exceptPeers: (count: number) => string;
  readonly exceptUngoverned: (count: number) => string;
  /** On what the claim depends. */
  readonly provided: string;
  readonly declared: string;
  readonly counts: (subjects: number, namespaces: number) => string;
  readonly namespaces: Term;
  readonly columns: { readonly namespace: string; readonly verdict: string; readonly policy: string; readonly workloads: string; readonly future: string };
  readonly noPolicy: string;
  readonly open: Term;
  /** What a workload may reach: address, protocol and port, and class of the address stand between. */
  readonly leak: readonly [string, string, string, string];
  readonly more: (count: number) => string;
  readonly ungoverned: Term;
  /** What was seen and does not fit a house from which nothing gets out: with how many model servers or policies, with which destinations. */
  readonly seen: { readonly word: string; readonly reached: (count: number) => string; readonly unguarded: (count: number) => string; readonly older: (count: number) => string; readonly elsewhere: (destinations: string) => string };
  readonly guard: Term;
  readonly noGuard: string;
  /** What the guard of a policy would refuse today, and how many of it are not named. */
  readonly older: Term & { readonly count: (policy: string, objects: number) => string; readonly more: (count: number) => string };
  readonly guardColumns: { readonly policy: string; readonly state: string; readonly reason: string };
  readonly probes: Term;
  readonly noProbes: string;
  readonly probeColumns: { readonly deployment: string; readonly state: string; readonly last: string; readonly reason: string };
  readonly neverProbed: string;
  /** What was reached follows. */
  readonly reached: string;
  readonly assumptions: Term;
  readonly residuals: Term;
  readonly glossary: string;
  readonly words: readonly Term[];
}

export interface NamespaceTexts {
  readonly title: (name: string) => string;
  readonly claims: Readonly<Record<Verdict, string>>;
  readonly ungoverned: string;
  readonly policy: string;
  readonly policyNamed: (name: string) => string;
  readonly destinations: Term;
  readonly noDestinations: string;
  readonly destinationColumns: {
    readonly name: string; readonly purpose: string; readonly place: string; readonly operator: string; readonly addresses: string; readonly ports: string; readonly roles: string;
  };
  /** What data sets say of where a destination is; addresses follow the last two. */
  readonly places: { readonly inside: string; readonly outside: string; readonly undetermined: string };
  /** Who can compel the operator of a destination. */
  readonly controlledFrom: (country: string) => string;
  readonly certification: (reference: string) => string;
  readonly peers: Term;
  readonly noPeers: string;
  readonly peerColumns: { readonly name: string; readonly namespace: string; readonly pods: string; readonly direction: string; readonly ports: string; readonly roles: string };
  readonly workloads: string;
  readonly noWorkloads: string;
  readonly workloadsCaption: (count: number) => string;
  readonly workloadColumns: { readonly workload: string; readonly role: string; readonly verdict: string };
  readonly labelSpace: Term;
  readonly findings: Term;
  readonly findingColumns: { readonly kind: string; readonly object: string; readonly hint: string };
  readonly changes: string;
}

/** About one workload, or any pod of one role. */
export interface SubjectTexts {
  /** Of these roles; of every role without any. */
  readonly anyPod: (roles: readonly string[]) => string;
  readonly role: string;
  readonly isolatedBy: string;
  readonly notIsolated: string;
  /** The subject follows. */
  readonly allowedCaption: string;
  readonly nothingAllowed: string;
  readonly columns: { readonly target: string; readonly addresses: string; readonly ports: string; readonly ground: string };
  readonly runBy: (operator: string, country: string) => string;
  readonly dns: string;
  readonly cluster: string;
  /** Namespaces follow. */
  readonly podsIn: string;
  readonly podsAnywhere: string;
  readonly everyPod: string;
  readonly grounds: { readonly destination: string; readonly dns: string; readonly cluster: string; readonly outside: string; readonly unclear: string };
  readonly counterexample: Term;
  readonly from: string;
  readonly withLabels: string;
  readonly to: string;
  readonly how: string;
  readonly allowedBy: string;
  readonly allowedByNothing: string;
  readonly repair: string;
  readonly missing: string;
  readonly relays: string;
  readonly all: (count: number) => string;
  readonly allPorts: (protocol: string) => string;
  /** Several ports follow. */
  readonly ports: (protocol: string, ports: string) => string;
}

export interface ChangesTexts {
  readonly title: string;
  readonly intro: (since: string) => string;
  readonly none: (since: string) => string;
  readonly caption: string;
  /** Caption of a table of the newest alone, and a link to all. */
  readonly latest: string;
  readonly all: (since: string) => string;
  readonly columns: { readonly time: string; readonly namespace: string; readonly subject: string; readonly from: string; readonly to: string };
  readonly whole: string;
  readonly appeared: string;
  readonly gone: string;
}
