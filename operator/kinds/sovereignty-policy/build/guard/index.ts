/**
 * The guard: what the API server refuses, so that what the operator enforces cannot be undone by who may write in a governed
 * namespace. One file for each concern; each becomes a ValidatingAdmissionPolicy with a SovereigntyPolicy as its parameter,
 * where it needs one, and bindings that say where it holds. testdata/guard shows the results as YAML.
 *
 * Three rules run through all of it. Whatever cannot be judged is refused. An update that leaves alone what a concern is
 * about passes, so that old objects can be cleared away. And an object with the label `hoheit.dev/guard-probe` is judged
 * without any excuse, so that the operator, which is excused from some rules, can see for itself that they hold (probe.ts).
 */
import type { ValidatingAdmissionPolicy, ValidatingAdmissionPolicyBinding } from "../../../../lib/k8s-types.ts";
import { byKey } from "../../../../lib/order.ts";
import { buildAdmissionPolicy, buildBindings, type Concern, type GuardedPolicy } from "./concern.ts";
import { connections } from "./connections.ts";
import { foreignPolicies } from "./foreign-policies.ts";
import { images } from "./images.ts";
import { madeByHoheit, roles } from "./made-by-hoheit.ts";
import { namespaceAnnotations, namespaceLabels } from "./namespaces.ts";
import { networkPolicies } from "./network-policies.ts";
import { nodes } from "./nodes.ts";
import { pods } from "./pods.ts";
import { policies as sovereigntyPolicies } from "./policies.ts";
import { seal } from "./seal.ts";
import { secondNetworks } from "./second-networks.ts";
import { services } from "./services.ts";

export interface GuardInput {
  readonly policies: readonly GuardedPolicy[];
  /** Namespaces that are never governed, whatever their labels. */
  readonly exempt: readonly string[];
  readonly operator: {
    /** Its account as the API server names it, `system:serviceaccount:NAMESPACE:NAME`. */
    readonly user: string;
    /** The image that it runs from, and gates and probes with it. */
    readonly image: string;
  };
}

/** In the order in which they are applied: a binding without its policy is not in force. */
export interface Guard {
  readonly admissionPolicies: readonly ValidatingAdmissionPolicy[];
  readonly bindings: readonly ValidatingAdmissionPolicyBinding[];
}

const concerns = ({ user, image }: GuardInput["operator"]): readonly Concern[] => [
  namespaceAnnotations(user), namespaceLabels, sovereigntyPolicies, madeByHoheit(user), roles(user),
  seal, networkPolicies(user), pods, secondNetworks, images(image), nodes, services, connections, foreignPolicies,
];

/** Empty where no policy has a guard. */
export function buildGuard({ policies, exempt, operator }: GuardInput): Guard {
  const all = concerns(operator);
  const sorted = policies.toSorted(byKey(({ metadata }) => metadata.name));
  const bindings = all.flatMap((concern) => buildBindings(concern, sorted, exempt));
  return { admissionPolicies: bindings.length === 0 ? [] : all.map(buildAdmissionPolicy), bindings };
}
