/** Everything that can be said of one namespace from its own objects alone; what depends on others comes later (relays.ts). */
import { byKey } from "../../lib/order.ts";
import { ROLES, type Policy as SovereigntyPolicy, type Role } from "../policy.ts";
import type { Raw, Workload } from "../snapshot.ts";
import { findDetours } from "./detours.ts";
import { examineAnyPod, type AnyPodFindings } from "./label-space.ts";
import { remembering } from "./remembering.ts";
import { compileNetworkPolicy } from "./network-policy.ts";
import { permittedFor, type Permitted } from "./permitted.ts";
import type { Finding } from "./result.ts";
import type { Policy } from "./rule.ts";
import { anyPodOf, isOnNodeNetwork, podOf, roleOf, selectionOf, unsureSelections } from "./selection.ts";
import { match, textOfSelector, type Labelled, type Selector } from "./selector.ts";
import { examine, type Findings } from "./subject.ts";
import type { Selection } from "./evaluate.ts";
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
  const policies = inputs.networkPolicies.map(compileNetworkPolicy).toSorted(byKey(({ at }) => at.object));
  const permitted = remembering((role: Role) => permittedFor(role, policy, world));
  const labelSpace = ROLES.map((role) => ({ id: `${namespace}/*`, role, pod: anyPodOf(role), findings: examineAnyPod({ namespace, role, permitted: permitted(role), policies }, world) }));
  return { ...localProof(inputs, workloads.map(workloadExaminer({ namespace, policies, permitted }, world)), labelSpace), detours: findDetours(inputs.services, inputs.endpointSlices, world) };
}

function localProof(inputs: NamespaceInputs, workloads: readonly Examined[], labelSpace: readonly Examined[]): LocalProof {
  const all = [...workloads, ...labelSpace];
  return { inputs, workloads, labelSpace, detours: [], dependsOn: dependenciesOf(all), unproved: all.filter((one) => !isProvedAlone(one)), taken: takenOf({ workloads, labelSpace }) };
}

function takenOf(all: Pick<LocalProof, Kind>): LocalProof["taken"] {
  const known = new Map<string, readonly Examined[]>();
  return (kind, selector) => {
    const key = `${kind} ${textOfSelector(selector)}`;
    const taken = known.get(key) ?? all[kind].filter(({ pod }) => match(selector, pod) !== "No");
    known.set(key, taken);
    return taken;
  };
}

const isProvedAlone = ({ findings }: Examined): boolean => findings !== undefined && findings.repair === undefined && findings.missing.length === 0;

function dependenciesOf(all: readonly Examined[]): Set<string> {
  const findings = new Set(all.flatMap((one) => one.findings ?? []));
  return new Set([...findings].flatMap(({ dependencies }) => dependencies.flatMap(({ namespaces }) => namespaces)));
}

interface Governed {
  readonly namespace: string;
  readonly policies: readonly Policy[];
  permitted(role: Role): Permitted;
}

/** Examines each way of being held once: most pods of a namespace are held by the same policies. */
function workloadExaminer({ namespace, policies, permitted }: Governed, world: World): (workload: Workload) => Examined {
  const byHold = new Map<string, Findings>();
  const numbers = new Map<object, number>([...policies, ...world.admin, ...world.baseline].map((policy, i) => [policy, i]));
  return (workload) => {
    const [role, pod] = [roleOf(workload.labels), podOf(workload)];
    if (isOnNodeNetwork(workload)) return { id: workload.id, role, pod };
    const selection = selectionOf(pod, namespace, policies, world);
    const hold = `${role} ${keyOf(selection, numbers)}`;
    const findings = byHold.get(hold) ?? examine({ namespace, selection, permitted: permitted(role), unsure: unsureSelections(selection) }, world);
    byHold.set(hold, findings);
    return { id: workload.id, role, pod, findings };
  };
}

const keyOf = ({ policies, admin, baseline }: Selection, numbers: ReadonlyMap<object, number>): string =>
  [...policies, ...admin, ...baseline].map(({ policy, match }) => `${numbers.get(policy)}${match}`).join(" ");
