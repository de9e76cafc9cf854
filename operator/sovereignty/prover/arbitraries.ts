/** Small clusters of every kind, sensible and broken, for tests by properties. */
import fc from "fast-check";
import type { Policy } from "../policy.ts";
import type { Raw, Snapshot, Workload } from "../snapshot.ts";
import { clusterPolicy, destination, networkPolicy, peer, snapshot, sovereignty, workload } from "./testing.ts";

const CIDRS = ["0.0.0.0/0", "::/0", "0.0.0.0/1", "8.8.8.0/24", "8.8.8.8/32", "198.51.100.0/24", "198.51.100.7/32", "2001:db8::/32", "2001:db8::7/128", "10.0.0.0/8", "10.244.1.0/24", "169.254.169.254/32", "127.0.0.0/8"] as const;
const BAD_CIDRS = ["010.0.0.0/8", "8.8.8.8", "10.0.0.1/8", "::ffff:8.8.8.8/128", "x"] as const;
const NAMESPACES = ["a", "b", "c"] as const;
const VALUES = ["x", "y"] as const;
export const ROLE_VALUES = ["Serving", "Fetch", "Application", "Strange"] as const;

const often = <T>(usual: fc.Arbitrary<T>, odd: fc.Arbitrary<T>, weight = 15): fc.Arbitrary<T> => fc.oneof({ arbitrary: usual, weight }, { arbitrary: odd, weight: 1 });

export const podLabels: fc.Arbitrary<Record<string, string>> = fc.record(
  { app: fc.constantFrom(...VALUES), tier: fc.constantFrom(...VALUES), "hoheit.dev/role": fc.constantFrom(...ROLE_VALUES) }, { requiredKeys: [] });

const requirement = fc.oneof(
  fc.record({ key: fc.constantFrom("app", "tier", "hoheit.dev/role"), operator: fc.constantFrom("In", "NotIn"), values: fc.uniqueArray(fc.constantFrom("x", "Fetch", "y"), { minLength: 1, maxLength: 2 }) }),
  fc.record({ key: fc.constantFrom("app", "tier", "pod-template-hash"), operator: fc.constantFrom("Exists", "DoesNotExist") }),
);
const selector: fc.Arbitrary<object> = often<object>(
  fc.oneof(fc.constant({}), fc.record({ matchLabels: podLabels }), fc.record({ matchExpressions: fc.array(requirement, { minLength: 1, maxLength: 2 }) })),
  fc.constantFrom({ matchExpressions: [{ key: "app", operator: "Near" }] }, { matchLabels: { app: "-" } }, { matchFields: {} }));
const namespaceSelector = fc.oneof(fc.constant({}), fc.constantFrom(...NAMESPACES, "kube-system", "gone").map((name) => ({ matchLabels: { "kubernetes.io/metadata.name": name } })), fc.constant({ matchLabels: { team: "t" } }));

const cidr = often<string>(fc.constantFrom(...CIDRS), fc.constantFrom(...BAD_CIDRS));
const block = fc.record({ cidr, except: fc.array(cidr, { maxLength: 1 }) }, { requiredKeys: ["cidr"] });
const v1Peer: fc.Arbitrary<object> = often<object>(
  fc.oneof(fc.record({ ipBlock: block }), fc.record({ podSelector: selector }), fc.record({ namespaceSelector, podSelector: selector })), fc.constantFrom({}, { nodeSelector: {} }));
const port = often<object>(
  fc.record({ protocol: fc.constantFrom("TCP", "UDP", "SCTP"), port: fc.constantFrom<unknown>(53, 443, 8446, "http") }, { requiredKeys: [] }), fc.constantFrom({ port: 400, endPort: 500 }, { port: 9, endPort: 1 }, { protocol: "ICMP" }));
const v1Rule = fc.record({ to: fc.array(v1Peer, { maxLength: 2 }), ports: fc.array(port, { maxLength: 2 }) }, { requiredKeys: [] });
const v1Spec = fc.record(
  { podSelector: fc.oneof(fc.constant({}), selector), policyTypes: fc.constantFrom(["Egress"], ["Egress"], ["Ingress"], ["Ingress", "Egress"]), egress: fc.array(v1Rule, { maxLength: 2 }) }, { requiredKeys: ["podSelector"] });

const clusterPeer = often<object>(
  fc.oneof(fc.record({ networks: fc.uniqueArray(cidr, { minLength: 1, maxLength: 2 }) }), fc.constant({ networks: ["0.0.0.0/0", "::/0"] }), fc.record({ namespaces: namespaceSelector }), fc.record({ pods: fc.record({ namespaceSelector, podSelector: selector }) })),
  fc.constantFrom<object>({ domainNames: ["example.org"] }, { nodes: {} }, {}));
const protocols = fc.uniqueArray(fc.constantFrom({ tcp: { destinationPort: { number: 443 } } }, { udp: { destinationPort: { range: { start: 1, end: 100 } } } }, { destinationNamedPort: "http" }), { minLength: 1 });
const clusterRule = fc.record({ action: fc.constantFrom("Accept", "Deny", "Deny", "Pass"), to: fc.array(clusterPeer, { minLength: 1, maxLength: 2 }), protocols }, { requiredKeys: ["action", "to"] });
const clusterSpec = fc.record({
  tier: fc.constantFrom("Admin", "Admin", "Baseline"), priority: fc.constantFrom(1, 2, 3), egress: fc.array(clusterRule, { maxLength: 3 }),
  subject: fc.oneof(fc.record({ namespaces: namespaceSelector }), fc.record({ pods: fc.record({ namespaceSelector, podSelector: selector }) })),
});

export const networkPolicies: fc.Arbitrary<Raw[]> = fc.array(fc.record({ where: fc.constantFrom(...NAMESPACES), spec: v1Spec }), { maxLength: 5 })
  .map((all) => all.map(({ where, spec }, i) => networkPolicy(`${where}/p${i}`, spec)));
const clusterNetworkPolicies: fc.Arbitrary<Raw[]> = fc.oneof(fc.constant<Raw[]>([]), fc.array(clusterSpec, { maxLength: 3 }).map((all) => all.map((spec, i) => clusterPolicy(`c${i}`, spec))));
const workloads: fc.Arbitrary<Workload[]> = fc.array(fc.record({ where: fc.constantFrom(...NAMESPACES), labels: podLabels, onNode: often(fc.constant(false), fc.constant(true)) }), { minLength: 1, maxLength: 5 })
  .map((all) => all.map(({ where, labels, onNode }, i) => workload(`${where}/Pod/w${i}`, labels, { containers: [], ...(onNode && { hostNetwork: true }) })));
const policy: fc.Arbitrary<Policy> = fc.record({ cidrs: fc.uniqueArray(fc.constantFrom(...CIDRS), { maxLength: 3 }), wide: fc.boolean(), named: fc.boolean() }).map(({ cidrs, wide, named }) => sovereignty({
  destinations: [destination("d", { cidrs, roles: ["Fetch", "Application"], ports: wide ? (["TCP", "UDP", "SCTP"] as const).map((protocol) => ({ protocol, port: 1, endPort: 65_535 })) : [{ protocol: "TCP", port: 443 }] })],
  inCluster: named ? [peer("p", "c", { app: "x" })] : [],
}));

export const clusters: fc.Arbitrary<Snapshot> = fc.record({
  governed: fc.constantFrom(["a"], ["a", "b"], ["a", "b", "c"]), policy, workloads, networkPolicies, clusterNetworkPolicies,
  cluster: fc.constantFrom({ pods: ["10.244.0.0/16"], services: ["10.96.0.0/12"], nodes: ["192.0.2.0/24"] }, { pods: [], services: [], nodes: [] }),
  unreadable: often(fc.constant<string[]>([]), fc.constant<string[]>(["NetworkPolicy in namespace b: forbidden"])),
}).map((parts) => snapshot({ ...parts, namespaces: [{ apiVersion: "v1", kind: "Namespace", metadata: { name: "a", labels: { team: "t" } } }, { apiVersion: "v1", kind: "Namespace", metadata: { name: "b" } }] }));
