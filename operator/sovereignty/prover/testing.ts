/** Makers of small snapshots for tests of the prover. */
import type { Destination, InClusterPeer, Policy } from "../policy.ts";
import type { Raw, Snapshot, Workload } from "../snapshot.ts";

export type Rule = Readonly<Record<string, unknown>>;

const object = (apiVersion: string, kind: string, id: string, rest: object): Raw => {
  const [first = "", name] = id.split("/");
  return { apiVersion, kind, metadata: name === undefined ? { name: first } : { name, namespace: first }, ...rest };
};

/** `id` is `namespace/name` in all of these. */
export const networkPolicy = (id: string, spec: object): Raw => object("networking.k8s.io/v1", "NetworkPolicy", id, { spec });
export const clusterPolicy = (name: string, spec: object): Raw => object("policy.networking.k8s.io/v1alpha2", "ClusterNetworkPolicy", name, { spec });
export const service = (id: string, spec: object): Raw => object("v1", "Service", id, { spec });
export const slice = (id: string, addresses: readonly string[], addressType = "IPv4"): Raw => object("discovery.k8s.io/v1", "EndpointSlice", id, { addressType, endpoints: [{ addresses }] });

export const namespace = (name: string, labels: Record<string, string> = {}): Raw => ({ apiVersion: "v1", kind: "Namespace", metadata: { name, labels } });

/** Isolates every pod of a namespace. */
export const deny = (name: string): Raw => networkPolicy(`${name}/deny`, { podSelector: {}, policyTypes: ["Ingress", "Egress"], ingress: [], egress: [] });

export const ipBlock = (cidr: string, except?: readonly string[]): Rule => ({ ipBlock: { cidr, ...(except !== undefined && { except }) } });
export const toNamespace = (name: string, labels: Readonly<Record<string, string>> = {}): Rule => ({ namespaceSelector: { matchLabels: { "kubernetes.io/metadata.name": name } }, podSelector: { matchLabels: labels } });

/** `id` is `namespace/Kind/name`. */
export const workload = (id: string, labels: Readonly<Record<string, string>> = {}, podSpec: Rule = { containers: [] }): Workload => ({ id, namespace: id.slice(0, id.indexOf("/")), labels, podSpec });

export const destination = (name: string, over: Partial<Destination> = {}): Destination => ({
  name, cidrs: [], ports: [{ port: 443, protocol: "TCP" }], country: "DE", operator: { name: "IT-Verbund", country: "DE", controlledFrom: "DE" }, purpose: "tests", roles: [], ...over,
});

export const peer = (name: string, where: string, matchLabels: Readonly<Record<string, string>>, over: Partial<InClusterPeer> = {}): InClusterPeer =>
  ({ name, namespace: where, podSelector: { matchLabels }, direction: "Egress", ports: [], roles: ["Application"], ...over });

export const sovereignty = (over: Partial<Policy> = {}): Policy => ({ name: "land", jurisdictions: { profile: "EEA", foreignControl: "Refuse" }, destinations: [], inCluster: [], ...over });

/** Namespace `a`, governed, with one workload, in a cluster of which no address is known. */
export function snapshot({ governed = ["a"], policy = sovereignty(), ...over }: Partial<Omit<Snapshot, "governed">> & { readonly governed?: readonly string[]; readonly policy?: Policy }): Snapshot {
  return {
    namespaces: [...new Set([...governed, "hoheit-system"])].map((name) => namespace(name)),
    workloads: [workload("a/Deployment/app", { app: "app" })],
    networkPolicies: [],
    clusterNetworkPolicies: [],
    services: [],
    endpointSlices: [],
    governed: new Map(governed.map((name) => [name, policy])),
    cluster: { pods: [], services: [], nodes: [] },
    operatorNamespace: "hoheit-system",
    unreadable: [],
    unknownPolicyKinds: [],
    ...over,
  };
}
