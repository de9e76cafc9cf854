/**
 * A SovereigntyPolicy as the pure cores see it: the shape of its spec (kinds/sovereignty-policy/schema.ts parses into it),
 * without anything of Kubernetes around it. One name for each closed list of words, so that schema, prover and guard agree.
 */

/** What a pod may reach depends on its role alone; `Application` is every pod that Hoheit did not make. */
export const ROLES = ["Serving", "Fetch", "Purge", "Probe", "Gateway", "Application"] as const;
export type Role = (typeof ROLES)[number];

export const PROFILES = ["DE", "EU", "EEA", "EEAWithAdequacy"] as const;
export type Profile = (typeof PROFILES)[number];

export const PROTOCOLS = ["TCP", "UDP", "SCTP"] as const;
export type Protocol = (typeof PROTOCOLS)[number];

/** Who runs what stands behind an address. Countries as ISO 3166-1 alpha-2. */
export interface Operator {
  readonly name: string;
  /** Where it is established. */
  readonly country: string;
  /** Who can compel it: the country of whoever controls the operator. */
  readonly controlledFrom: string;
  /** Reference of a certification under which a transfer is lawful although the country is third (EU-US DPF), by name. */
  readonly certification?: string | undefined;
}

/** One group of outside addresses that pods of some roles may reach. */
export interface Destination {
  readonly name: string;
  /** Canonical CIDRs of both families. */
  readonly cidrs: readonly string[];
  readonly ports: readonly { readonly port: number; readonly endPort?: number | undefined; readonly protocol: Protocol }[];
  /** Where the addresses are. */
  readonly country: string;
  readonly operator: Operator;
  readonly purpose: string;
  readonly roles: readonly Role[];
}

/** Pods outside of the governed namespaces that governed pods may talk to, by name of their namespace: never any namespace. */
export interface InClusterPeer {
  readonly name: string;
  readonly namespace: string;
  readonly podSelector: { readonly matchLabels: Readonly<Record<string, string>> };
  /** Seen from the governed pod. */
  readonly direction: "Ingress" | "Egress";
  readonly ports: readonly { readonly port: number; readonly endPort?: number | undefined; readonly protocol: Protocol }[];
  readonly roles: readonly Role[];
}

/** The part of a policy that says who may talk to whom. */
export interface Policy {
  readonly name: string;
  readonly jurisdictions: { readonly profile: Profile; readonly foreignControl: "Refuse" | "Report" };
  readonly destinations: readonly Destination[];
  readonly inCluster: readonly InClusterPeer[];
}
