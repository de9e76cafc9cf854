/** What the builders are given: what was decided about a namespace. Nothing here was read from a cluster by them. */
import type { Policy } from "../../../sovereignty/policy.ts";

/** One entry of `spec.clients` of a deployment, whose pods run in the namespace. */
export interface ModelClient {
  /** `namespace/deployment/entry`. Unique. */
  readonly entry: string;
  /** Which pods of the namespace; `matchLabels`. */
  readonly podSelector: Readonly<Record<string, string>>;
  /** Where the model is served. */
  readonly deployment: { readonly namespace: string; readonly name: string };
}

export interface BuildInput {
  readonly namespace: string;
  /** The intersection of all policies that select the namespace. */
  readonly policy: Pick<Policy, "destinations" | "inCluster">;
  readonly clients: readonly ModelClient[];
  /** Addresses of the cluster's name servers, as pods are told them. */
  readonly nameServers: readonly string[];
}
