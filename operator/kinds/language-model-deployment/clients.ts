/** Which clients get in, and what is said of those that no SovereigntyPolicy holds. Pure. */
import type { WantedCondition } from "../../runtime/status.ts";
import { approvedClients, type ApprovalInput } from "./approval.ts";
import { CLIENTS_GOVERNED, type Reason, type Violation } from "./conditions.ts";
import type { LanguageModelDeployment } from "./schema.ts";

/** What the SovereigntyPolicies of the cluster mean for a deployment. */
export interface Governing {
  /** What becomes of what they do not select; the strictest counts. */
  readonly ungoverned: "Refuse" | "Report";
  /** Namespaces, of the deployment and its clients, that none of them selects. */
  readonly outside: ReadonlySet<string>;
}

export interface ClientsInput extends ApprovalInput {
  /** Undefined where the cluster has no SovereigntyPolicy: then nobody asked for any of this. */
  readonly governing: Governing | undefined;
}

type Clients = LanguageModelDeployment["spec"]["clients"];

/** Clients whose activity is approved, and that do not run where Hoheit is told to refuse them. The others' door stays shut. */
export const admittedClients = (input: ClientsInput): Clients => approvedClients(input).filter(({ namespace }) => input.governing?.ungoverned !== "Refuse" || !input.governing.outside.has(namespace));

const isOutside = ({ deployment, governing }: ClientsInput): boolean => governing?.outside.has(deployment.metadata.namespace ?? "") === true;

/** Whether a SovereigntyPolicy selects the deployment's namespace. */
export const isGoverned = (input: ClientsInput): boolean => input.governing !== undefined && !isOutside(input);

/** Why nothing new may start, or undefined if it may. */
export function governanceViolation(input: ClientsInput): Violation | undefined {
  if (!isOutside(input) || input.governing?.ungoverned !== "Refuse") return undefined;
  return { reason: "NotGoverned", stalled: true, message: `No SovereigntyPolicy selects namespace ${input.deployment.metadata.namespace}, and one says ungoverned: Refuse: nothing new starts; running pods stay. Label the namespace as a policy asks (kubectl get svp -o yaml), or deploy in one that is governed.` };
}

export function clientsCondition(input: ClientsInput): WantedCondition {
  const say = (status: WantedCondition["status"], reason: Reason, message: string): WantedCondition => ({ type: CLIENTS_GOVERNED, status, reason, message });
  const { deployment, governing } = input;
  if (governing === undefined) return say("Unknown", "NoPolicy", "There is no SovereigntyPolicy in this cluster.");
  if (isOutside(input)) return say("False", "NotGoverned", `No SovereigntyPolicy selects namespace ${deployment.metadata.namespace}: clients in governed namespaces get no way to this deployment.`);
  const outside = deployment.spec.clients.filter(({ namespace }) => governing.outside.has(namespace));
  if (outside.length === 0) return say("True", "AllGoverned", "Policies select the namespaces of the deployment and of all its clients.");
  const named = outside.map(({ name, namespace }) => `${name} (namespace ${namespace})`).join(", ");
  const so = governing.ungoverned === "Refuse" ? "They are not let in (ungoverned: Refuse)." : "They are let in (ungoverned: Report), and what they are told may leave the house.";
  return say("False", "ClientsNotGoverned", `No SovereigntyPolicy holds clients ${named}. ${so} Label their namespaces as a policy asks.`);
}
