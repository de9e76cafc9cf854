/** Which verdicts became others from one proof to the next. Pure. */
import type { NamespaceProof } from "../../../sovereignty/prover/result.ts";
import type { Flip, Verdict } from "../../../sovereignty/verdict.ts";

/** Verdicts of a namespace: under "" its own, under their ids those of its workloads. */
export type Verdicts = ReadonlyMap<string, Verdict>;

const NONE: Verdicts = new Map();

export const verdictsOf = ({ verdict, workloads }: Pick<NamespaceProof, "verdict" | "workloads">): Verdicts =>
  new Map([["", verdict], ...workloads.map((workload) => [workload.id, workload.verdict] as const)]);

export interface State {
  /** RFC 3339. */
  readonly time: string;
  readonly verdicts: ReadonlyMap<string, Verdicts>;
}

/** By namespace, its own verdict first. Where there was nothing before history begins: there nothing flipped. */
export function flipsBetween(before: State | undefined, { time, verdicts }: State): Flip[] {
  if (before === undefined) return [];
  const namespaces = [...new Set([...before.verdicts.keys(), ...verdicts.keys()])].toSorted();
  return namespaces.flatMap((namespace) => {
    const [was, is] = [before.verdicts.get(namespace) ?? NONE, verdicts.get(namespace) ?? NONE];
    const names = was === is ? [] : [...new Set([...was.keys(), ...is.keys()])].toSorted();
    return names.filter((name) => was.get(name) !== is.get(name)).map((name) => flipOf({ time, namespace, name }, was.get(name), is.get(name)));
  });
}

const flipOf = ({ time, namespace, name }: { time: string; namespace: string; name: string }, from: Verdict | undefined, to: Verdict | undefined): Flip =>
  ({ time, namespace, ...(name !== "" && { workload: name }), ...(from !== undefined && { from }), ...(to !== undefined && { to }) });
