/**
 * How a governed namespace fares: an ordered list of questions; the first that is answered is what is wrong. A Namespace
 * has no status of ours, so this is computed for whoever asks: the controller, the SovereigntyPolicy, the metrics.
 */
import { NAMESPACES } from "../../kube/resources.ts";
import type { Live, Namespace, NetworkPolicy } from "../../lib/k8s-types.ts";
import { SEALED } from "../../lib/labels.ts";
import { DEFAULT_DENY } from "../../lib/names.ts";
import { buildChildren, buildDefaultDeny, type Children } from "./build/index.ts";
import { observe, type Lookup, type Observed, type Options } from "./observe.ts";
import { isInForce, isOurs, type Scene } from "./scene.ts";

/** Also the reasons of Events about the Namespace. */
export const REASONS = [
  /** Everything is in force; pods may start. */
  "Sealed",
  /** A policy selects a namespace of Kubernetes or of the operator: it is not put in force there. */
  "Exempt",
  /** A policy that selects it does not parse: what is there stays as it is. */
  "PolicyUnreadable",
  /** An object that is not ours has the name of one of our policies; it is left alone. */
  "ForeignObject",
  /** A policy is not, or not as it should be, in the cluster; it is being put right. */
  "NotApplied",
  /** Everything is in force; the mark that lets pods start is not there yet. */
  "NotMarked",
] as const;
type Reason = (typeof REASONS)[number];

export interface NamespaceState {
  readonly namespace: string;
  /** Names of the SovereigntyPolicies that select it, in order. */
  readonly policies: readonly string[];
  readonly reason: Reason;
  /** What is wrong and what to do, in one or two sentences; empty for Sealed. */
  readonly message: string;
}

/** What the namespace shall have; while a policy cannot be read, nothing but the default deny is known. */
export function childrenOf({ namespace: { metadata: { name } }, governance, clients, nameServers }: Observed): Children {
  const policy = governance?.policy;
  if (policy === undefined) return { defaultDeny: buildDefaultDeny({ namespace: name }), openings: [] };
  return buildChildren({ namespace: name, policy, clients, nameServers });
}

/** State of one namespace; undefined if no policy selects it or it is being deleted. */
export function stateOf(namespace: Live<Namespace>, lookup: Lookup, options: Options): NamespaceState | undefined {
  if (namespace.metadata.deletionTimestamp !== undefined) return undefined;
  const observed = observe(namespace, lookup, options);
  return observed.governance && judge(observed, childrenOf(observed));
}

/** States of all namespaces that a policy selects. */
export const statesOf = (lookup: Lookup, options: Options): NamespaceState[] =>
  lookup.cache(NAMESPACES).list().flatMap((namespace) => stateOf(namespace, lookup, options) ?? []);

interface Answer {
  readonly reason: Reason;
  readonly message: string;
}
type Question = (observed: Observed, children: Children) => Answer | undefined;

/** The list is the specification. */
const questions: readonly Question[] = [mayBeGoverned, policiesAreReadable, namesAreFree, policiesAreInForce, isMarked];

export function judge(observed: Observed, children: Children): NamespaceState {
  const answer = questions.map((question) => question(observed, children)).find((one) => one !== undefined);
  return { namespace: observed.namespace.metadata.name, policies: observed.governance?.policies ?? [], ...(answer ?? { reason: "Sealed", message: "" }) };
}

const list = (names: readonly string[]): string => names.join(", ");

function mayBeGoverned({ namespace: { metadata: { name } }, governance, isExempt }: Observed): Answer | undefined {
  if (!isExempt) return undefined;
  return { reason: "Exempt", message: `Namespace ${name} keeps the cluster or Hoheit itself running: SovereigntyPolicy ${list(governance?.policies ?? [])} selects it and is not put in force there. Take the label off.` };
}

function policiesAreReadable({ governance }: Observed): Answer | undefined {
  if (governance === undefined || governance.unreadable.length === 0) return undefined;
  return { reason: "PolicyUnreadable", message: `SovereigntyPolicy ${list(governance.unreadable)} cannot be read: what the namespace has stays as it is. Its condition Ready says where.` };
}

const wanted = ({ defaultDeny, openings }: Children): readonly NetworkPolicy[] => [defaultDeny, ...openings];

function namesAreFree(observed: Observed, children: Children): Answer | undefined {
  const taken = wanted(children).map(({ metadata: { name } }) => observed.networkPolicies.get(name)).filter((live) => live !== undefined && !isOurs(live, observed)).map((live) => live?.metadata.name ?? "");
  if (taken.length === 0) return undefined;
  const so = taken.includes(DEFAULT_DENY) ? "No pod can start" : "What it should let through is not let through";
  return { reason: "ForeignObject", message: `NetworkPolicy ${list(taken)} exists and is not Hoheit's: it is left alone. ${so}. Delete it.` };
}

function policiesAreInForce(observed: Observed, children: Children): Answer | undefined {
  const missing = wanted(children).filter((one) => !isInForce(one, observed)).map(({ metadata }) => metadata.name);
  return missing.length === 0 ? undefined : { reason: "NotApplied", message: `NetworkPolicy ${list(missing)} is not in the cluster as it should be; Events of the Namespace say why if it lasts.` };
}

function isMarked({ namespace }: Scene): Answer | undefined {
  if (namespace.metadata.annotations?.[SEALED] !== undefined) return undefined;
  return { reason: "NotMarked", message: `The annotation ${SEALED} is not there yet: no pod can start.` };
}
