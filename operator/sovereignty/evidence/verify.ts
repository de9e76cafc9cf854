/**
 * Re-checks evidence without a cluster and without the prover: the hashes, the objects it rests on, and what it says of them,
 * by the point evaluator (../point). What this shows is that the evidence fits these objects, and no more: whether they are
 * what the cluster held, only a signature or a root that somebody kept can say.
 */
import { isDeepStrictEqual } from "node:util";
import { canonicalJson } from "../../lib/hash.ts";
import { VERDICTS, type Verdict } from "../verdict.ts";
import type { Snapshot } from "../snapshot.ts";
import { SubjectCheck } from "./check-subjects.ts";
import { digestOf, EVIDENCE_KIND, EVIDENCE_VERSION, rootOf, type Bundle, type Evidence } from "./evidence.ts";
import { EvidenceError } from "./files.ts";
import { clusterInputs, inputsByNamespace, type Input } from "./inputs.ts";
import { evidenceShape } from "./shape.ts";

export interface Problem {
  /** `root`, `facts`, `assistant` (a bundle), `assistant/Deployment/chat` (a workload in it). */
  readonly where: string;
  readonly message: string;
}

export interface Verification {
  /** None: the evidence fits these objects. */
  readonly problems: readonly Problem[];
  readonly root: string;
  readonly verdict: Verdict;
  /** What was done to find them. */
  readonly tried: { readonly bundles: number; readonly objects: number; readonly counterexamples: number; readonly packets: number };
}

/**
 * @param given parsed JSON
 * @param snapshot objects to check against; where pods are and name servers are taken from the evidence
 * @throws EvidenceError for what is no evidence of this version
 */
export function verifyEvidence(given: unknown, snapshot: Snapshot): Verification {
  const evidence = parseEvidence(given);
  const { root, facts: { verdict, inputs }, bundles } = evidence;
  const edited = hashProblems(evidence);
  // Of what was edited it is not worth knowing whether it would be true.
  if (edited.length > 0) return { problems: edited, root, verdict, tried: { bundles: bundles.length, objects: 0, counterexamples: 0, packets: 0 } };
  const world = worldOf(evidence, snapshot);
  const subjects = new SubjectCheck(evidence, world);
  for (const bundle of bundles) subjects.bundle(bundle);
  const problems = [...inputProblems(evidence, world), ...verdictProblems(evidence), ...subjects.problems];
  return { problems, root, verdict, tried: { ...subjects.tried, bundles: bundles.length, objects: bundles.reduce((sum, bundle) => sum + bundle.inputs.length, inputs.length) } };
}

/** What no object says is as the evidence says; what either could not read or understand, nobody has seen. */
function worldOf({ facts: { cluster, nameServers, operatorNamespace, unreadable, unknownPolicyKinds } }: Evidence, snapshot: Snapshot): Snapshot {
  const together = (one: readonly string[], other: readonly string[]): string[] => [...new Set([...one, ...other])].toSorted();
  return {
    ...snapshot, cluster, nameServers, operatorNamespace,
    unreadable: together(unreadable, snapshot.unreadable), unknownPolicyKinds: together(unknownPolicyKinds, snapshot.unknownPolicyKinds),
  };
}

/** @throws EvidenceError for what is no evidence of this version; whether its hashes are right is another question */
export function parseEvidence(given: unknown): Evidence {
  const { kind, version } = (given ?? {}) as Partial<Evidence>;
  if (kind !== EVIDENCE_KIND) throw new EvidenceError(`kind is ${JSON.stringify(kind)}, not ${EVIDENCE_KIND}`);
  if (version !== EVIDENCE_VERSION) throw new EvidenceError(`this hoheit reads evidence of version ${EVIDENCE_VERSION}, not ${JSON.stringify(version)}`);
  const parsed = evidenceShape.safeParse(given);
  if (parsed.success) return given as Evidence;
  const [issue] = parsed.error.issues;
  throw new EvidenceError(`${issue?.path.join(".") ?? ""}: ${issue?.message ?? ""}`);
}

function hashProblems(evidence: Evidence): Problem[] {
  const edited = evidence.bundles.filter((bundle) => digestOf(bundle) !== bundle.sha256).map(({ namespace }) => ({ where: namespace, message: "its content is not what its hash is of: the bundle was edited" }));
  return rootOf(evidence) === evidence.root ? edited : [...edited, { where: "root", message: "the root is not that of these facts and bundles: the evidence was edited" }];
}

function inputProblems({ facts, bundles }: Evidence, snapshot: Snapshot): Problem[] {
  const present = inputsByNamespace(snapshot);
  const named = new Set(bundles.map(({ namespace }) => namespace));
  const missing = [...new Set([...snapshot.governed.keys(), ...snapshot.workloads.map(({ namespace }) => namespace)])].filter((namespace) => !named.has(namespace)).toSorted();
  return [
    ...compareInputs("facts", facts.inputs, clusterInputs(snapshot)),
    ...bundles.flatMap((bundle) => [...compareInputs(bundle.namespace, bundle.inputs, present.get(bundle.namespace) ?? []), ...policyProblems(bundle, snapshot)]),
    ...missing.map((namespace) => ({ where: namespace, message: "the objects have this namespace, the evidence has no bundle for it" })),
  ];
}

function compareInputs(where: string, claimed: readonly Input[], present: readonly Input[]): Problem[] {
  const keyOf = ({ kind, object }: Input): string => `${kind} ${object}`;
  const [before, now] = [new Map(claimed.map((one) => [keyOf(one), one])), new Map(present.map((one) => [keyOf(one), one]))];
  return [
    ...[...before].flatMap(([key, { sha256 }]) => {
      const found = now.get(key);
      if (found === undefined) return [{ where, message: `${key} is in the evidence and not among the objects` }];
      return found.sha256 === sha256 ? [] : [{ where, message: `${key} is not what the evidence rests on` }];
    }),
    ...[...now.keys()].filter((key) => !before.has(key)).map((key) => ({ where, message: `${key} is among the objects and not in the evidence` })),
    ...(before.size === claimed.length ? [] : [{ where, message: "an object is named twice" }]),
  ];
}

function policyProblems({ namespace, policy }: Bundle, { governed }: Snapshot): Problem[] {
  const present = governed.get(namespace);
  const isSame = policy === undefined || present === undefined ? policy === present : canonicalJson(policy) === canonicalJson(present);
  return isSame ? [] : [{ where: namespace, message: "the policy in force by these objects is not the one in the evidence" }];
}

/** A verdict is the worst of what is below it. */
function verdictProblems({ facts, bundles }: Evidence): Problem[] {
  const governed = bundles.filter(({ policy }) => policy !== undefined);
  const wrong = bundles.flatMap(({ namespace, policy, proof }) => {
    const expected = policy === undefined ? "UNGOVERNED" : worst([...proof.workloads, ...proof.labelSpace].map(({ verdict }) => verdict));
    if (proof.namespace !== namespace) return [{ where: namespace, message: `its proof is about ${proof.namespace}` }];
    return proof.verdict === expected ? [] : [{ where: namespace, message: `its verdict is ${proof.verdict}, the worst in it is ${expected}` }];
  });
  const all = worst(governed.map(({ proof }) => proof.verdict));
  return isDeepStrictEqual(facts.verdict, all) ? wrong : [...wrong, { where: "facts", message: `the verdict is ${facts.verdict}, the worst of the governed namespaces is ${all}` }];
}

/** UNGOVERNED where nothing is. */
const worst = (verdicts: readonly Verdict[]): Verdict => VERDICTS.find((verdict) => verdicts.includes(verdict)) ?? "UNGOVERNED";
