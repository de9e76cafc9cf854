/**
 * What the prover returns: plain data that goes into evidence as it is (no bigint, no class, every list sorted), so that the
 * same inputs give the same bytes.
 */
import type { AddressClass } from "../addresses/classes.ts";
import type { Protocol, Role } from "../policy.ts";
import type { Counterexample, RuleReference, Verdict } from "../verdict.ts";

export interface Proof {
  /** The worst of the governed namespaces; UNGOVERNED where nothing is governed. */
  readonly verdict: Verdict;
  /** By name: every governed namespace, and every other one that has workloads. */
  readonly namespaces: readonly NamespaceProof[];
  /** What the proof takes for granted, and what it says nothing about. */
  readonly assumptions: readonly Assumption[];
  readonly residuals: readonly Residual[];
}

export interface NamespaceProof {
  readonly namespace: string;
  /** Name of the policy in force; absent where none selects the namespace. */
  readonly policy?: string;
  /** The worst of its workloads and of its label space. */
  readonly verdict: Verdict;
  /** By id. */
  readonly workloads: readonly SubjectProof[];
  /** Any pod that could ever appear there, role by role in the order of ROLES: ids are `namespace/*`. Empty where nothing governs. */
  readonly labelSpace: readonly SubjectProof[];
  /** Ways round that no NetworkPolicy sees. They change no verdict. */
  readonly findings: readonly Finding[];
}

export interface SubjectProof {
  /** Id of a workload, or `namespace/*`. */
  readonly id: string;
  readonly role: Role;
  readonly verdict: Verdict;
  /** What isolates it for egress: objects as a whole. Empty where nothing surely does. */
  readonly isolatedBy: readonly RuleReference[];
  /** Everything that it may reach, rules that could not be understood counted as if they let everything through. Absent for UNGOVERNED. */
  readonly allowed?: Allowed;
  /** With REFUTED, always; `allowedBy` are all rules that let the packet through. */
  readonly counterexample?: Escape;
  /** With REFUTED: the smallest set of rules whose removal leaves no such packet. Empty where a rule is missing instead. */
  readonly removals?: readonly RuleReference[];
  /** What stands against PROVED and is no packet. Never empty with UNDETERMINED; with UNGOVERNED it says why. */
  readonly missing: readonly Missing[];
}

export interface Escape extends Counterexample {
  /** What the address is. Packets to pods are never counterexamples: see `Relay`. */
  readonly addressClass: AddressClass;
  /** For a label space: labels of a pod from which the packet gets out. */
  readonly labels?: Readonly<Record<string, string>>;
}

/** What a subject may reach, each part of it in one class only. */
export interface Allowed {
  /** Addresses of declared destinations, by name; an address of several destinations is named under each. */
  readonly destinations: readonly { readonly name: string; readonly traffic: readonly AddressTraffic[] }[];
  /** Addresses of the cluster's name servers (role Application alone). */
  readonly dns: readonly AddressTraffic[];
  /** Other addresses within the cluster's ranges: any pod, Service or node. */
  readonly cluster: readonly AddressTraffic[];
  /** All other addresses, by class. With REFUTED never empty. Loopback never leaves the pod and is left out. */
  readonly outside: readonly { readonly class: AddressClass; readonly traffic: readonly AddressTraffic[] }[];
  readonly pods: readonly PodTraffic[];
}

/** Every one of these ports at every one of these addresses. */
export interface AddressTraffic {
  /** The fewest canonical CIDRs, IPv4 first. */
  readonly addresses: readonly string[];
  readonly ports: readonly PortRange[];
}

/** Both ends included. */
export interface PortRange {
  readonly protocol: Protocol;
  readonly port: number;
  readonly endPort: number;
}

/** Every one of these ports of every pod of these namespaces that the selector takes. */
export interface PodTraffic {
  /** Sorted; `*` alone for every namespace. */
  readonly namespaces: readonly string[];
  /** As `kubectl get pods -l` reads it; empty for every pod. */
  readonly selector: string;
  readonly ports: readonly PortRange[];
  /** Why it is no way out. `Governed`: if the peer is proved itself. `Relay`: there is no reason. */
  readonly as: "Governed" | "InClusterPeer" | "Operator" | "DNS" | "Relay";
}

/**
 *   Unreadable    an input could not be read
 *   UnknownKind   a kind of policy that nobody here understands is present
 *   Unclear       a rule that is unparsable, ambiguous or of a later API
 *   ClusterRange  an address that may be any pod, Service or node
 *   Relay         a pod that is not governed, or not proved itself: it could pass on what it is told
 *   Combination   pods of a label space that only several rules together hold, or let out
 *   HostNetwork   it uses the node's network: no NetworkPolicy holds it
 *   NoPolicy      no SovereigntyPolicy selects its namespace
 */
export const MISSING_KINDS = ["Unreadable", "UnknownKind", "Unclear", "ClusterRange", "Relay", "Combination", "HostNetwork", "NoPolicy"] as const;

export interface Missing {
  readonly kind: (typeof MISSING_KINDS)[number];
  /** One sentence that names the object and, where one can do something, the remedy. */
  readonly message: string;
  /** With `Unclear`: where it stands. */
  readonly at?: RuleReference;
  /** With `Relay`: ids of workloads, or `namespace/*`, sorted, the first of them only. */
  readonly relays?: readonly string[];
}

export const FINDING_KINDS = ["ExternalName", "ExternalIPs", "OutsideEndpoints", "NodePort", "LoadBalancer", "Unclear"] as const;

/** A Service or EndpointSlice that leads traffic round the rules, or past them. */
export interface Finding {
  readonly kind: (typeof FINDING_KINDS)[number];
  /** `Service` or `EndpointSlice`. */
  readonly at: RuleReference;
  readonly message: string;
}

/** What is taken for granted: who relies on the proof has to see to it, or to trust whoever does. */
export const ASSUMPTIONS = {
  "rules-enforced": "The network plugin does what the rules say, for both address families.",
  "role-labels-guarded": "A label hoheit.dev/role is only on pods that Hoheit made for this role.",
  "host-network-refused": "No pod of a governed namespace uses its node's network but those that are named here.",
  "namespaces-as-listed": "No namespace appears, and none changes its labels, without the proof being made again.",
} as const;
export type Assumption = keyof typeof ASSUMPTIONS;

/** What no rule decides: ways out that stay open even where everything is PROVED. */
export const RESIDUALS = {
  "icmp": "NetworkPolicies say nothing about ICMP and other protocols besides TCP, UDP and SCTP; what happens to them is the network plugin's choice.",
  "dns-forwarding": "Where a pod may ask the cluster's name server, and that server asks others, names that the pod makes up carry data out.",
  "startup-window": "Until the network plugin has put the rules of a new pod in force, the pod may connect anywhere; seconds have been seen.",
  "established-connections": "A connection that was open before a rule changed may live on.",
  "service-dnat": "Whether an address rule sees a Service's address or that of the pod behind it is the network plugin's choice.",
  "same-node": "A pod may always be reachable from its own node, and some network plugins let a pod reach its own node.",
  "link-local-ipv6": "Pods that share a link may reach each other by IPv6 link-local addresses past all rules.",
  "second-network": "Networks beside the pod's own, which an annotation may attach, obey no NetworkPolicy.",
  "shared-address": "What stands behind a declared address may serve others, or pass on what it is told.",
} as const;
export type Residual = keyof typeof RESIDUALS;
