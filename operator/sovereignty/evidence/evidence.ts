/**
 * Evidence: what was proved of a cluster at one moment, from which objects, so that somebody else can re-check it without
 * the cluster. One bundle for each namespace, because a bundle lists every object that it rests on; one root over all of
 * them, which fits wherever a hash does.
 *
 *   root = sha256 over { kind, version, facts, bundles: [{ namespace, sha256 }, ...] }
 *   sha256 of a bundle = sha256 over the bundle without it
 *
 * All hashes are over canonical JSON (RFC 8785 for the values that are used here).
 */
import { isDeepStrictEqual } from "node:util";
import type { PlaceOf } from "../datasets/places.ts";
import { byKey } from "../../lib/order.ts";
import { finish } from "../../lib/steps.ts";
import { VERSION } from "../../lib/version.ts";
import { PROTOCOLS, type Policy } from "../policy.ts";
import type { Assumption, NamespaceProof, Proof, Residual } from "../prover/result.ts";
import type { Snapshot } from "../snapshot.ts";
import type { Verdict } from "../verdict.ts";
import { sha256 } from "./digest.ts";
import { clusterInputs, inputsByNamespace, type Input } from "./inputs.ts";

export const EVIDENCE_KIND = "EgressEvidence";
/** Of the format: another number means that this program does not read it. */
export const EVIDENCE_VERSION = "1";

export interface Evidence {
  readonly kind: typeof EVIDENCE_KIND;
  readonly version: typeof EVIDENCE_VERSION;
  readonly facts: Facts;
  /** By namespace. */
  readonly bundles: readonly Bundle[];
  readonly root: string;
}

/** Evidence without what its bundles say: small enough for one object, and enough to tell whether a bundle belongs to it. */
export interface RootList extends Omit<Evidence, "bundles"> {
  readonly bundles: readonly Pick<Bundle, "namespace" | "sha256">[];
}

/** What holds for the snapshot as a whole. */
export interface Facts {
  /** When it was read, RFC 3339 in UTC. */
  readonly asOf: string;
  readonly engine: { readonly name: "hoheit"; readonly version: string; readonly semantics: string };
  /** About what is proved: all addresses of both families, these protocols. */
  readonly claim: { readonly families: readonly string[]; readonly protocols: readonly string[] };
  readonly verdict: Verdict;
  readonly cluster: Snapshot["cluster"];
  readonly nameServers: readonly string[];
  readonly operatorNamespace: string;
  readonly unreadable: readonly string[];
  readonly unknownPolicyKinds: readonly string[];
  /** Objects that concern every namespace. */
  readonly inputs: readonly Input[];
  readonly dataSets: readonly DataSetReference[];
  readonly assumptions: readonly Assumption[];
  readonly residuals: readonly Residual[];
  /** What the guard and the probe showed, as the caller says. */
  readonly guard?: unknown;
  readonly probes?: unknown;
  /** Root of the evidence before this one. */
  readonly previous?: string;
}

export interface DataSetReference {
  readonly name: string;
  readonly date: string;
  readonly sha256: string;
}

export interface Bundle {
  readonly namespace: string;
  /** What all policies that select the namespace allow; absent where none does. */
  readonly policy?: Policy;
  /** Every object that the proof of this namespace rests on, beside those in `facts`. */
  readonly inputs: readonly Input[];
  readonly proof: NamespaceProof;
  /** Where declared destinations are, where there are data sets. */
  readonly places?: readonly PlaceOf[];
  readonly sha256: string;
}

/** What an evidence says beside snapshot and proof. */
export interface Circumstances extends Pick<Facts, "asOf" | "guard" | "probes" | "previous"> {
  readonly dataSets?: readonly DataSetReference[];
  /** By namespace. */
  readonly places?: ReadonlyMap<string, readonly PlaceOf[]>;
}

const SEMANTICS = "networking.k8s.io/v1 policy.networking.k8s.io/v1alpha2";

export const buildEvidence = (snapshot: Snapshot, proof: Proof, circumstances: Circumstances): Evidence => finish(buildEvidenceStepByStep(snapshot, proof, circumstances));

/** The same, with a pause after each namespace for whoever has other things to do. */
export function* buildEvidenceStepByStep(snapshot: Snapshot, proof: Proof, circumstances: Circumstances): Generator<undefined, Evidence> {
  const inputs = inputsByNamespace(snapshot);
  const bundles: Bundle[] = [];
  for (const one of proof.namespaces.toSorted(byKey(({ namespace }) => namespace))) {
    bundles.push(bundleOf(one, { policy: snapshot.governed.get(one.namespace), inputs: inputs.get(one.namespace) ?? [], places: circumstances.places?.get(one.namespace) }));
    yield;
  }
  const content = { kind: EVIDENCE_KIND, version: EVIDENCE_VERSION, facts: factsOf(snapshot, proof, circumstances), bundles } as const;
  return { ...content, root: rootOf(content) };
}

export const rootOf = ({ kind, version, facts, bundles }: Omit<Evidence, "root">): string => sha256({ kind, version, facts, bundles: bundles.map(named) });

export const rootListOf = (evidence: Evidence): RootList => ({ ...evidence, bundles: evidence.bundles.map(named) });

const named = ({ namespace, sha256: digest }: Bundle): RootList["bundles"][number] => ({ namespace, sha256: digest });

export function digestOf(bundle: Bundle): string {
  const { sha256: _, ...content } = bundle;
  return sha256(content);
}

interface BundleParts {
  readonly policy: Policy | undefined;
  readonly inputs: readonly Input[];
  readonly places: readonly PlaceOf[] | undefined;
}

/** What was made of a proof last time: a prover with a memo gives the same object where nothing changed. */
const MADE = new WeakMap<NamespaceProof, { readonly parts: BundleParts; readonly bundle: Bundle }>();

function bundleOf(proof: NamespaceProof, parts: BundleParts): Bundle {
  const made = MADE.get(proof);
  if (made !== undefined && isDeepStrictEqual(made.parts, parts)) return made.bundle;
  const { policy, inputs, places } = parts;
  const content = { namespace: proof.namespace, ...(policy !== undefined && { policy }), inputs, proof, ...(places !== undefined && { places }) };
  const bundle: Bundle = { ...content, sha256: sha256(content) };
  MADE.set(proof, { parts, bundle });
  return bundle;
}

function factsOf(snapshot: Snapshot, { verdict, assumptions, residuals }: Proof, circumstances: Circumstances): Facts {
  const { cluster, nameServers = [], operatorNamespace, unreadable, unknownPolicyKinds } = snapshot;
  const { dataSets = [], places: _, ...given } = circumstances;
  return {
    ...given,
    engine: { name: "hoheit", version: VERSION, semantics: SEMANTICS },
    claim: { families: ["IPv4", "IPv6"], protocols: [...PROTOCOLS] },
    verdict, operatorNamespace, assumptions, residuals,
    cluster: { pods: cluster.pods.toSorted(), services: cluster.services.toSorted(), nodes: cluster.nodes.toSorted() },
    nameServers: nameServers.toSorted(), unreadable: unreadable.toSorted(), unknownPolicyKinds: unknownPolicyKinds.toSorted(),
    inputs: clusterInputs(snapshot),
    dataSets: dataSets.map(({ name, date, sha256: digest }) => ({ name, date, sha256: digest })).toSorted(byKey(({ name }) => name)),
  };
}
