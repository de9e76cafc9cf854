/** One packet from the view of one pod, and what a tier of policies says to it. */
import type { RuleReference } from "../verdict.ts";
import { doubt, type Match } from "./match.ts";
import type { End, PodEnd } from "./party.ts";
import type { Target } from "./ports.ts";
import { isDoubt } from "./shape.ts";

export interface View {
  readonly direction: "egress" | "ingress";
  /** Whose policies are asked. */
  readonly pod: PodEnd;
  readonly peer: End;
  /** Where the packet goes: for egress the peer, for ingress the pod. */
  readonly target: Target;
}

/** What may become of the packet; `Next`: this tier does not decide, the next one is asked. */
export type Action = "Accept" | "Deny" | "Next";

/** Every action that a tier may come to, for each way in which doubts may turn out. */
export interface Outcome {
  readonly actions: ReadonlySet<Action>;
  /** What decided, or may have. */
  readonly rules: readonly RuleReference[];
  readonly doubts: readonly string[];
}

/** What the doubts among these matches hang on. */
export const doubtsIn = (matches: readonly Match[]): string[] => matches.filter(isDoubt).map((one) => one.doubt);

/** The member of the rule in which the peers stand. */
export const peersMember = ({ direction }: View): "to" | "from" => (direction === "egress" ? "to" : "from");

/** Doubt about a named port or selector where the other end is an address that some pod may have. */
export const mayBePod = ({ peer }: View, path: string): Match => (peer.kind === "address" && peer.mayBePod ? doubt(`${path} may select a pod with this address`) : false);
