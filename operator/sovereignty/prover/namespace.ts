/** Everything that can be said of one namespace from its own objects alone; what depends on others comes later (relays.ts). */
import { byKey } from "../../lib/order.ts";
import { ROLES, type Policy as SovereigntyPolicy, type Role } from "../policy.ts";
import type { Raw, Workload } from "../snapshot.ts";
import { findDetours } from "./detours.ts";
import { examineAnyPod, type AnyPodFindings } from "./label-space.ts";
import { remembering } from "./memo.ts";
import { compileNetworkPolicy } from "./network-policy.ts";
import { permittedFor, type Permitted } from "./permitted.ts";
import type { Finding } from "./result.ts";
import type { Policy } from "./rule.ts";
import { anyPodOf, isOnNodeNetwork, podOf, roleOf, selectionOf, unsureSelections } from "./selection.ts";
import type { Labelled } from "./selector.ts";
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

export interface LocalProof {
  readonly inputs: NamespaceInputs;
  /** By id. */
  readonly workloads: readonly Examined[];
  /** In the order of ROLES; empty where nothing governs. */
  readonly labelSpace: readonly Examined[];
  readonly detours: readonly Finding[];
  /** Governed namespaces to whose pods some of these may talk. */
  readonly dependsOn: ReadonlySet<string>;
}

export function examineNamespace(inputs: NamespaceInputs, world: World): LocalProof {
  const { namespace, policy, workloads } = inputs;
  const sorted = workloads.toSorted(byKey(({ id }) => id));
  if (policy === undefined) return { inputs, workloads: sorted.map((one) => ({ id: one.id, role: roleOf(one.labels), pod: podOf(one) })), labelSpace: [], detours: [], dependsOn: new Set() };
  const policies = inputs.networkPolicies.map(compileNetworkPolicy).toSorted(byKey(({ at }) => at.object));
  const permitted = remembering((role: Role) => permittedFor(role, policy, world));
  const examineWorkload = workloadExaminer({ namespace, policies, permitted }, world);
  const examined = sorted.map(examineWorkload);
  const labelSpace = ROLES.map((role): Examined => ({ id: `${namespace}/*`, role, pod: anyPodOf(role), findings: examineAnyPod({ namespace, role, permitted: permitted(role), policies }, world) }));
  return { inputs, workloads: examined, labelSpace, detours: findDetours(inputs.services, inputs.endpointSlices, world), dependsOn: dependenciesOf([...examined, ...labelSpace]) };
}

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
