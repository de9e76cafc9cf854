/**
 * What a proof says. The order of verdicts is the order of bad news: one REFUTED workload makes a namespace REFUTED.
 *
 *   UNGOVERNED    nothing holds it: no policy selects its namespace, or it uses the node's network
 *   REFUTED       there is a packet that the rules let through and that no policy allows: it is named
 *   UNDETERMINED  something could not be read, understood or decided: it is named
 *   PROVED        every packet that the rules let through goes where a policy allows
 */
import type { Family } from "../lib/addresses.ts";
import type { Protocol } from "./policy.ts";

export const VERDICTS = ["UNGOVERNED", "REFUTED", "UNDETERMINED", "PROVED"] as const;
export type Verdict = (typeof VERDICTS)[number];

/** One packet, concrete enough to be tried. */
export interface Packet {
  /** Id of a workload, or `namespace/*` for a pod with any labels. */
  readonly from: string;
  readonly family: Family;
  /** An address in canonical spelling; a pod has none that is known before it runs, then the id of its workload is in `to`. */
  readonly address?: string | undefined;
  readonly to?: string | undefined;
  readonly protocol: Protocol;
  readonly port: number;
}

/** `TCP 8.8.8.8:443`, `TCP [2001:db8::7]:443`: as people try it. */
export function packetText({ protocol, address, to, port }: Pick<Packet, "protocol" | "address" | "to" | "port">): string {
  const host = address?.includes(":") === true ? `[${address}]` : (address ?? to ?? "");
  return `${protocol} ${host}:${port}`;
}

/** Where in the inputs something stands: `assistant/open-webui egress[0].to[1]`, for people and programs alike. */
export interface RuleReference {
  /** `NetworkPolicy` or `ClusterNetworkPolicy`. */
  readonly kind: string;
  /** `namespace/name`, or the name of a cluster-scoped object. */
  readonly object: string;
  /** `spec.egress[0].to[1]`. Empty for the object as a whole. */
  readonly path: string;
}

/** A packet that should not get out and does. */
export interface Counterexample {
  readonly packet: Packet;
  /** What lets it through; empty where nothing isolates the workload. */
  readonly allowedBy: readonly RuleReference[];
  /** The smallest change that stops it, in one sentence. */
  readonly repair: string;
}

/** A verdict that became another one. */
export interface Flip {
  /** Of the evidence that says so, RFC 3339. */
  readonly time: string;
  readonly namespace: string;
  /** Id of a workload; absent for the namespace as a whole. */
  readonly workload?: string;
  /** Absent for what appeared. */
  readonly from?: Verdict;
  /** Absent for what is gone. */
  readonly to?: Verdict;
}
