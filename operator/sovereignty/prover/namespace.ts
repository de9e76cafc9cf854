/** Everything that can be said of one namespace from its own objects alone; what depends on others comes later (relays.ts). */
import { byKey } from "../../lib/order.ts";
import { ROLES, type Policy as SovereigntyPolicy, type Role } from "../policy.ts";
import type { Raw, Workload } from "../snapshot.ts";
import { findDetours } from "./detours.ts";
import { examineAnyPod, type AnyPodFindings } from "./label-space.ts";
import { remembering } from "./remembering.ts";
import { reckoned } from "./most.ts";
import { compileNetworkPolicy } from "./network-policy.ts";
import type { Permitted } from "./permitted.ts";
import type { Finding } from "./result.ts";
import type { Policy } from "./rule.ts";
import { anyPodOf, isOnNodeNetwork, podOf, roleOf, selectionOf, unsureSelections } from "./selection.ts";
import { match, textOfSelector, type Labelled, type Selector } from "./selector.ts";
import { examiner, type Findings, type Subject } from "./subject.ts";
import type { World } from "./world.ts";

/** All objects of a namespace that a proof reads. */
export interface NamespaceInputs {
  readonly namespace: string;
  /** What governs it; absent where nothing does. */
  readonly policy: SovereigntyPolicy | undefined;
  readonly workloads: readonly Workload[];
  readonly networkPolicies: readonly Raw[];
  readonly services: readonly Raw[];
  readonly endpointSlices: readonly Raw[];
}

/** A workload, or any pod of a role. */
export interface Examined {
  readonly id: string;
  readonly role: Role;
  /** What other pods' rules see of it. */
  readonly pod: Labelled;
  /** Absent where no rule holds it. Pods that are held alike share one. */
  readonly findings?: AnyPodFindings;
}

/** What the pods of today say depends on those of today, what is said of any pod on any pod. */
export type Kind = "workloads" | "labelSpace";

export interface LocalProof {
  readonly inputs: NamespaceInputs;
  /** By id. */
  readonly workloads: readonly Examined[];
  /** In the order of ROLES; empty where nothing governs. */
  readonly labelSpace: readonly Examined[];
  readonly detours: readonly Finding[];
  /** Governed namespaces to whose pods some of these may talk. */
  readonly dependsOn: ReadonlySet<string>;
  /** Those of them that are not proved, whatever others are. */
  readonly unproved: readonly Examined[];
  /** Those that a selector takes, or may take. */
  taken(kind: Kind, selector: Selector): readonly Examined[];
}

export function examineNamespace(inputs: NamespaceInputs, world: World): LocalProof {
  const workloads = inputs.workloads.toSorted(byKey(({ id }) => id));
  if (inputs.policy === undefined) return localProof(inputs, workloads.map((one) => ({ id: one.id, role: roleOf(one.labels), pod: podOf(one) })), []);
  const { namespace, policy } = inputs;
  const governed = {
    namespace, policies: reckoned(inputs.networkPolicies.map(compileNetworkPolicy)).toSorted(byKey(({ at }) => at.object)), permitted: (role: Role) => world.permitted(policy, role), examine: examiner(world),
  };
  const labelSpace = ROLES.map((role) => ({ id: `${namespace}/*`, role, pod: anyPodOf(role), findings: examineAnyPod({ ...governed, role, permitted: governed.permitted(role) }, world) }));
  const alike = remembering((workload: Workload) => examineWorkload(workload, governed, world), (workload) => `${isOnNodeNetwork(workload)} ${JSON.stringify(workload.labels)}`);
  return { ...localProof(inputs, workloads.map((workload) => ({ id: workload.id, ...alike(workload) })), labelSpace), detours: findDetours(inputs.services, inputs.endpointSlices, world) };
}

function localProof(inputs: NamespaceInputs, workloads: readonly Examined[], labelSpace: readonly Examined[]): LocalProof {
  const all = [...workloads, ...labelSpace];
  return { inputs, workloads, labelSpace, detours: [], dependsOn: dependenciesOf(all), unproved: all.filter((one) => !isProvedAlone(one)), taken: takenOf({ workloads, labelSpace }) };
}

function takenOf(all: Pick<LocalProof, Kind>): LocalProof["taken"] {
  const taken = remembering((kind: Kind) => remembering((selector: Selector) => all[kind].filter(({ pod }) => match(selector, pod) !== "No"), textOfSelector));
  return (kind, selector) => taken(kind)(selector);
}

const isProvedAlone = ({ findings }: Examined): boolean => findings !== undefined && findings.repair === undefined && findings.missing.length === 0;

function dependenciesOf(all: readonly Examined[]): Set<string> {
  const findings = new Set(all.flatMap((one) => one.findings ?? []));
  return new Set([...findings].flatMap(({ dependencies }) => dependencies.flatMap(({ namespaces }) => namespaces)));
}

interface Governed {
  readonly namespace: string;
  /** By name. */
  readonly policies: readonly Policy[];
  permitted(role: Role): Permitted;
  examine(subject: Subject): Findings;
}

function examineWorkload(workload: Workload, { namespace, policies, permitted, examine }: Governed, world: World): Omit<Examined, "id"> {
  const [role, pod] = [roleOf(workload.labels), podOf(workload)];
  if (isOnNodeNetwork(workload)) return { role, pod };
  const selection = selectionOf(pod, namespace, policies, world);
  return { role, pod, findings: examine({ namespace, selection, permitted: permitted(role), unsure: unsureSelections(selection) }) };
}
