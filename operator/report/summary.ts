/** What the pages, and their form as JSON, count and pick from a proof. */
import { ROLE } from "../lib/labels.ts";
import type { Destination, InClusterPeer, Role } from "../sovereignty/policy.ts";
import { EEA } from "../sovereignty/jurisdiction/countries.ts";
import type { PlaceOf } from "../sovereignty/datasets/places.ts";
import type { NamespaceProof, Proof, SubjectProof } from "../sovereignty/prover/result.ts";
import { VERDICTS, type Flip, type Verdict } from "../sovereignty/verdict.ts";
import type { ReportData } from "./data.ts";

/** A namespace in one line. */
export interface Summary {
  readonly namespace: string;
  readonly policy?: string;
  readonly verdict: Verdict;
  /** How many workloads have each verdict. */
  readonly workloads: Readonly<Record<Verdict, number>>;
  /** The worst verdict of any pod that could be started there; absent where nothing governs. */
  readonly labelSpace?: Verdict;
}

/** How many have each verdict. */
export function counted(all: readonly { readonly verdict: Verdict }[]): Record<Verdict, number> {
  const count = (of: Verdict): number => all.filter(({ verdict }) => verdict === of).length;
  return { UNGOVERNED: count("UNGOVERNED"), REFUTED: count("REFUTED"), UNDETERMINED: count("UNDETERMINED"), PROVED: count("PROVED") };
}

export function summaryOf({ namespace, policy, verdict, workloads, labelSpace }: NamespaceProof): Summary {
  const [worst] = badNewsFirst(labelSpace);
  return {
    namespace, ...(policy !== undefined && { policy }), verdict,
    workloads: counted(workloads),
    ...(worst !== undefined && { labelSpace: worst.verdict }),
  };
}

/** Stable: what has the same verdict stays in its order. */
export const badNewsFirst = <T extends { readonly verdict: Verdict }>(all: readonly T[]): T[] => all.toSorted((a, b) => VERDICTS.indexOf(a.verdict) - VERDICTS.indexOf(b.verdict));

export const governed = ({ namespaces }: Proof): NamespaceProof[] => namespaces.filter(({ policy }) => policy !== undefined);
export const ungoverned = ({ namespaces }: Proof): NamespaceProof[] => namespaces.filter(({ policy }) => policy === undefined);

/** Changes that say something: what comes and goes where nothing governs does so all day. */
export function flipsToTell({ changes, proof }: ReportData): Flip[] {
  const free = new Set(ungoverned(proof).map(({ namespace }) => namespace));
  const isNothing = (verdict: Verdict | undefined): boolean => verdict === undefined || verdict === "UNGOVERNED";
  return changes.flips.filter(({ namespace, workload, from, to }) => workload === undefined || !free.has(namespace) || !isNothing(from) || !isNothing(to));
}

/** What has to be said first, bad news first: the verdict as a whole, and whatever else of `subjects` is not proved. PROVED stands alone. */
export function toSay(verdict: Verdict, subjects: readonly { readonly verdict: Verdict }[]): readonly [Verdict, ...Verdict[]] {
  const [worst, ...others] = VERDICTS.filter((each) => each !== "PROVED" && [verdict, ...subjects.map((one) => one.verdict)].includes(each));
  return worst === undefined ? ["PROVED"] : [worst, ...others];
}

/** One workload, or any pod of these roles, of which the same was found. */
export interface Subject extends SubjectProof {
  readonly roles: readonly Role[];
}

export const workloadsOf = ({ workloads }: NamespaceProof): Subject[] => workloads.map((one) => ({ ...one, roles: [one.role] }));

/** Any pod that could be started. What is the same for several roles is told once: of the last, Application, which nobody is kept from taking. */
export const futurePodsOf = ({ labelSpace }: NamespaceProof): Subject[] => togetherBy(labelSpace, allButRole);

function togetherBy(labelSpace: readonly SubjectProof[], key: (one: SubjectProof) => string): Subject[] {
  const told = new Map<string, Subject>();
  for (const one of labelSpace) {
    const found = key(one);
    told.set(found, { ...one, roles: [...(told.get(found)?.roles ?? []), one.role] });
  }
  return [...told.values()];
}

/** What was found, but for the role and its label. */
function allButRole({ counterexample, ...found }: SubjectProof): string {
  return JSON.stringify({ ...found, role: undefined, ...(counterexample !== undefined && { counterexample: { ...counterexample, labels: { ...counterexample.labels, [ROLE]: undefined } } }) });
}

/** Why it is not proved. */
const reason = ({ verdict, counterexample, missing }: SubjectProof): string => JSON.stringify([verdict, counterexample?.packet, missing]);

/** Workloads and future pods alike that are not proved; roles for the same reason are one. */
export const notProved = (namespace: NamespaceProof): Subject[] => badNewsFirst([...workloadsOf(namespace), ...togetherBy(namespace.labelSpace, reason)].filter(({ verdict }) => verdict !== "PROVED"));

/** A document of more takes seconds to write, in which the operator would do nothing else. */
const MOST_IN_ONE_DOCUMENT = 1_000;

/** Whether everything may be put into one document. */
export const fitsOneDocument = ({ namespaces }: Proof): boolean => namespaces.reduce((sum, { workloads, labelSpace }) => sum + workloads.length + labelSpace.length, 0) <= MOST_IN_ONE_DOCUMENT;

/** What any policy in force allows although it is in a third country, or its operator is from one. By name, each once. */
export function thirdCountryDestinations({ policies }: ReportData): Destination[] {
  const third = [...policies.values()].flatMap(({ destinations }) => destinations).filter(isThird);
  return [...new Map(third.map((one) => [JSON.stringify([one.name, one.country, one.operator]), one])).values()].toSorted((a, b) => (a.name < b.name ? -1 : 1));
}

/** Declared destinations of which the data sets agree that they are elsewhere: their names, each once. */
export const elsewhere = (places: Iterable<readonly PlaceOf[]>): string[] =>
  [...new Set([...places].flat().filter(({ outside }) => outside.length > 0).map(({ destination }) => destination))].toSorted();

const isThird = ({ country, operator }: Destination): boolean => [country, operator.country, operator.controlledFrom].some((code) => !EEA.has(code));

/** Pods that nobody governs and that governed pods may speak to all the same. By namespace and name, each once. */
export function namedPeers({ policies }: ReportData): InClusterPeer[] {
  const peers = [...policies.values()].flatMap(({ inCluster }) => inCluster).filter(({ direction }) => direction === "Egress");
  return [...new Map(peers.map((one) => [`${one.namespace}/${one.name}`, one])).values()];
}
