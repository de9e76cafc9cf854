/**
 * A municipal data centre as the prover sees it, made up: governed namespaces of ten applications each, with NetworkPolicies of
 * which many are alike and no two the same. Every tenth namespace has a way out, and nobody depends on it; all else is proved.
 */
import { NAMESPACE_NAME, ROLE } from "../../operator/lib/labels.ts";
import type { Destination, Policy } from "../../operator/sovereignty/policy.ts";
import type { Raw, Snapshot, Workload } from "../../operator/sovereignty/snapshot.ts";

export interface Size {
  readonly namespaces: number;
  /** In each namespace, at most 20. */
  readonly policies: number;
  /** In each namespace. */
  readonly pods: number;
}

const APPLICATIONS = ["intake", "permits", "taxes", "archive", "search", "mail", "forms", "chat", "reports", "portal"] as const;
const TIERS = ["web", "api", "data"] as const;
/** Namespaces whose numbers begin alike ask each other, the later one last. */
const GROUP = 10;

const nameOf = (i: number): string => `office-${String(i).padStart(4, "0")}`;

/** Objects as an API server sends them, of which none shares anything with another; all namespaces have the same policy in force. */
export function syntheticCluster({ namespaces, policies, pods }: Size): Snapshot {
  const read = <T>(make: (i: number) => T): T[] => Array.from({ length: namespaces }, (_, i) => JSON.parse(JSON.stringify(make(i))) as T);
  return {
    namespaces: [...read((i) => object("v1", "Namespace", { name: nameOf(i), labels: { department: `d${i % 8}`, [NAMESPACE_NAME]: nameOf(i) } })), ...["kube-system", "monitoring"].map((name) => object("v1", "Namespace", { name }))],
    workloads: read((i) => Array.from({ length: pods }, (_, pod) => workloadOf(i, pod))).flat(),
    networkPolicies: read((i) => policiesOf(i).slice(0, policies)).flat(),
    clusterNetworkPolicies: [],
    services: [object("v1", "Service", { name: "kube-dns", namespace: "kube-system" }, { clusterIP: "10.96.0.10", ports: [{ port: 53, protocol: "UDP" }] })],
    endpointSlices: [],
    governed: new Map(Array.from({ length: namespaces }, (_, i) => [nameOf(i), POLICY])),
    cluster: { pods: ["10.244.0.0/16", "fd00:10:244::/56"], services: ["10.96.0.0/12", "fd00:10:96::/112"], nodes: ["192.168.10.0/24"] },
    operatorNamespace: "hoheit-system",
    unreadable: [],
    unknownPolicyKinds: [],
  };
}

/** The snapshot with one policy of one namespace changed: its partners move to another network. */
export function withOneChange(snapshot: Snapshot, i: number): Snapshot {
  const changed = JSON.parse(JSON.stringify(policiesOf(i)[PARTNERS]).replaceAll(partner(i), `20.200.${i & 255}`)) as Raw;
  const isOld = ({ metadata }: Raw): boolean => metadata.namespace === changed.metadata.namespace && metadata.name === changed.metadata.name;
  return { ...snapshot, networkPolicies: snapshot.networkPolicies.map((one) => (isOld(one) ? changed : one)) };
}

function object(apiVersion: string, kind: string, metadata: Raw["metadata"], spec?: unknown): Raw {
  const uid = `${kind}-${metadata.namespace ?? ""}-${metadata.name}`;
  return { apiVersion, kind, metadata: { ...metadata, uid, resourceVersion: "1" }, ...(spec !== undefined && { spec }) };
}

function workloadOf(i: number, pod: number): Workload {
  const application = pod % APPLICATIONS.length;
  const app = APPLICATIONS[application] ?? "";
  return {
    id: `${nameOf(i)}/Pod/${app}-${Math.floor(pod / APPLICATIONS.length)}`, namespace: nameOf(i),
    labels: { app, tier: TIERS[application % TIERS.length] ?? "", "app.kubernetes.io/instance": `${app}-${nameOf(i)}` },
    podSpec: { containers: [{ name: app, image: `registry.example/${app}@sha256:${"0".repeat(64)}`, ports: [{ name: "http", containerPort: 8080 }] }] },
  };
}

/** 20.0.0.0/8 and 2a02:100::/32, a network of either for each namespace. */
const partner = (i: number): string => `20.${i >> 8}.${i & 255}`;
const partner6 = (i: number): string => `2a02:100:${i.toString(16)}`;

const tcp = (port: number, endPort?: number): object => ({ protocol: "TCP", port, ...(endPort !== undefined && { endPort }) });
const block = (cidr: string, except?: readonly string[]): object => ({ ipBlock: { cidr, ...(except !== undefined && { except }) } });
const pods = (app: string): object => ({ podSelector: { matchLabels: { app } } });
const podsIn = (namespace: string, labels: object): object => ({ namespaceSelector: { matchLabels: { [NAMESPACE_NAME]: namespace } }, podSelector: { matchLabels: labels } });

const PARTNERS = 13;

/** Default deny, names, scraping, one for each application, and then what tenants add. */
function policiesOf(i: number): Raw[] {
  const of = (name: string, spec: object): Raw => object("networking.k8s.io/v1", "NetworkPolicy", { name, namespace: nameOf(i) }, spec);
  const egressOf = (name: string, podSelector: object, ...egress: object[]): Raw => of(name, { podSelector, policyTypes: ["Egress"], egress });
  const hasWayOut = i % GROUP === 0;
  // Whoever writes policies for Application pods leaves Hoheit's own out, or the policies are for any pod that could appear.
  const notRole = hasWayOut ? [] : [{ key: ROLE, operator: "DoesNotExist" }];
  const every = { matchExpressions: notRole };
  const app = (name: string): object => ({ matchLabels: { app: name }, ...every });
  return [
    of("deny", { podSelector: {}, policyTypes: ["Ingress", "Egress"] }),
    egressOf("names", every, { to: [podsIn("kube-system", { "k8s-app": "kube-dns" })], ports: [{ protocol: "UDP", port: 53 }, tcp(53)] }),
    of("scraping", { podSelector: every, policyTypes: ["Ingress"], ingress: [{ from: [podsIn("monitoring", { app: "prometheus" })], ports: [{ protocol: "TCP", port: "metrics" }] }] }),
    ...APPLICATIONS.map((name, at) => of(name, {
      podSelector: app(name), policyTypes: ["Ingress", "Egress"],
      ingress: APPLICATIONS.slice(0, at).slice(-1).map((one) => ({ from: [pods(one)], ports: [tcp(8080)] })),
      egress: APPLICATIONS.slice(at + 1, at + 2).map((one) => ({ to: [pods(one)], ports: [tcp(8080), { protocol: "TCP", port: "http" }] })),
    })),
    egressOf("partners", app("permits"), { to: [block(`${partner(i)}.0/24`), block(`${partner6(i)}::/48`)], ports: [tcp(443)] }),
    egressOf("registers", app("taxes"), { to: [8, 16, 24, 32, 40, 48].map((host) => block(`${partner(i)}.${host}/32`)), ports: [tcp(443), tcp(8443)] }),
    egressOf("mail", app("mail"), { to: [block(`${partner(i)}.128/25`, [`${partner(i)}.192/27`, `${partner(i)}.240/28`])], ports: [tcp(25, 587)] }),
    of("visitors", { podSelector: app("portal"), policyTypes: ["Ingress"], ingress: [{ from: [block("10.0.0.0/8", ["10.244.0.0/16", "10.96.0.0/12"]), block("fd12::/16")], ports: [tcp(8443)] }] }),
    egressOf("maps", { matchExpressions: [...notRole, { key: "tier", operator: "In", values: ["web", "api"] }, { key: "app", operator: "NotIn", values: ["mail", "chat"] }] }, { to: [block(`${partner6(i)}:1::/64`, [`${partner6(i)}:1::/96`])], ports: [tcp(443)] }),
    egressOf("next", app("portal"), ...(i % GROUP === GROUP - 1 ? [] : [{ to: [podsIn(nameOf(i + 1), { app: "permits" })], ports: [tcp(8080)] }])),
    hasWayOut
      ? egressOf("open", app("intake"), { to: [block("0.0.0.0/0", ["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16"]), block("::/0", ["fc00::/7"])], ports: [tcp(443)] })
      : egressOf("traces", app("intake"), { to: [podsIn("monitoring", { app: "collector" })], ports: [tcp(4317, 4318)] }),
  ];
}

const destination = (name: string, cidrs: readonly string[], ports: readonly (readonly [number, number?])[], roles: Destination["roles"] = ["Application"]): Destination => ({
  name, cidrs, ports: ports.map(([port, endPort]) => ({ port, ...(endPort !== undefined && { endPort }), protocol: "TCP" })),
  country: "DE", operator: { name: "Registerverbund", country: "DE", controlledFrom: "DE" }, purpose: "figures", roles,
});

const POLICY: Policy = {
  name: "house",
  jurisdictions: { profile: "EEA", foreignControl: "Refuse" },
  destinations: [
    destination("partners", ["20.0.0.0/8", "2a02:100::/32"], [[443], [8443], [25, 587]]),
    ...Array.from({ length: 8 }, (_, i) => destination(`register-${i}`, [`193.${i}.64.0/24`, `193.${i}.80.128/25`, `2a02:20${i}::/48`], [[443], [636]])),
    destination("mirror", ["194.0.5.0/24", "2a02:300::/48"], [[443]], ["Fetch"]),
  ],
  inCluster: [
    { name: "traces", namespace: "monitoring", podSelector: { matchLabels: { app: "collector" } }, direction: "Egress", ports: [{ port: 4317, endPort: 4318, protocol: "TCP" }], roles: ["Application"] },
    { name: "scraping", namespace: "monitoring", podSelector: { matchLabels: { app: "prometheus" } }, direction: "Ingress", ports: [], roles: ["Application"] },
  ],
};
