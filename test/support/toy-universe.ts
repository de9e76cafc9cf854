/**
 * A universe so small that every packet in it can be tried: eight addresses of either family in one block, four of pods, one
 * for each that is outside of both, a few ports, and pods with two labels of two values. Every CIDR, port and label of a
 * generated policy is one of these, so that a packet of the universe stands for every packet that there is.
 */
import fc from "fast-check";
import { PROTOCOLS, ROLES, type Policy, type Protocol, type Role } from "../../operator/sovereignty/policy.ts";
import type { Raw, Snapshot, Workload } from "../../operator/sovereignty/snapshot.ts";
import { clusterNetworkPolicy, namespace, networkPolicy, snapshotOf, sovereigntyPolicy, workload } from "./snapshots.ts";

const POD_RANGES = ["10.244.0.0/30", "fd00:244::/126"];
const SERVICE_RANGES = ["10.96.0.0/31"];
const NODE_RANGES = ["192.0.2.1/32"];

/** Around the corners of everything that can be said: blocks, and the ends of both families. */
export const ADDRESSES = [
  ...Array.from({ length: 8 }, (_, at) => `203.0.113.${at}`), "203.0.112.255", "203.0.113.8", "0.0.0.0", "255.255.255.255", "10.244.0.0", "10.244.0.3", "10.244.0.4", "10.96.0.1", "192.0.2.1", "169.254.169.254",
  ...Array.from({ length: 8 }, (_, at) => `2001:db8::${at}`), "2001:db8::8", "2001:db7:ffff:ffff:ffff:ffff:ffff:ffff", "::", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "fd00:244::1", "fd00:244::4", "::ffff:203.0.113.1",
];
export const PORTS = [1, 2, 3, 4, 65_535];

const BLOCKS = ["203.0.113.0/29", "203.0.113.0/30", "203.0.113.4/30", "203.0.113.2/31", "203.0.113.6/31", "203.0.113.1/32", "203.0.113.7/32", "2001:db8::/125", "2001:db8::/126", "2001:db8::4/126", "2001:db8::2/127", "2001:db8::7/128", "2001:DB8::1/128"];
const WIDE = ["0.0.0.0/0", "::/0", "0.0.0.0/1", "128.0.0.0/1", "8000::/1", ...POD_RANGES, "10.244.0.0/31", ...SERVICE_RANGES, ...NODE_RANGES, "169.254.169.254/32"];
const cidr = fc.oneof({ arbitrary: fc.constantFrom(...BLOCKS), weight: 3 }, { arbitrary: fc.constantFrom(...WIDE), weight: 1 });
/** What may be taken out of some blocks. */
const HOLES: Readonly<Record<string, readonly string[]>> = {
  "203.0.113.0/29": ["203.0.113.0/30", "203.0.113.2/31", "203.0.113.1/32", "203.0.113.7/32"], "203.0.113.4/30": ["203.0.113.6/31", "203.0.113.7/32"], "0.0.0.0/0": ["203.0.113.0/30", "10.244.0.0/30", "128.0.0.0/1"],
  "::/0": ["2001:db8::/125", "8000::/1", "fd00:244::/126"], "2001:db8::/125": ["2001:db8::4/126", "2001:db8::7/128"],
};
const holed = fc.tuple(fc.constantFrom(...Object.keys(HOLES)), fc.nat(7)).map(([block, mask]) => ({ cidr: block, except: (HOLES[block] ?? []).filter((_, at) => (mask & (1 << at)) > 0) }));

const labelKey = fc.constantFrom("a", "b");
const labelValue = fc.constantFrom("0", "1");
const labels = fc.dictionary(labelKey, labelValue, { maxKeys: 2 });
const expression = fc.oneof(
  fc.record({ key: labelKey, operator: fc.constantFrom("In", "NotIn"), values: fc.uniqueArray(labelValue, { minLength: 1, maxLength: 2 }) }), fc.record({ key: labelKey, operator: fc.constantFrom("Exists", "DoesNotExist") }),
);
const selector = fc.oneof(fc.constant({}), fc.record({ matchLabels: labels }), fc.record({ matchLabels: labels, matchExpressions: fc.array(expression, { maxLength: 2 }) }, { requiredKeys: [] }));

const few = <T>(item: fc.Arbitrary<T>, maxLength = 2): fc.Arbitrary<T[]> => fc.array(item, { maxLength });
const some = <T>(item: fc.Arbitrary<T>, maxLength = 2): fc.Arbitrary<T[]> => fc.array(item, { minLength: 1, maxLength });
const sometimes = <T>(item: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> => fc.option(item, { nil: undefined, freq: 3 });

const protocol = fc.constantFrom(...PROTOCOLS);
const toyPort = fc.integer({ min: 1, max: 3 });
const v1Port = fc.oneof(
  { arbitrary: fc.record({ protocol, port: toyPort }, { requiredKeys: [] }), weight: 5 },
  { arbitrary: fc.tuple(protocol, toyPort, fc.constantFrom(3, 65_535)).map(([name, port, endPort]) => ({ protocol: name, port, endPort })), weight: 3 },
  { arbitrary: fc.constantFrom<object>({ port: "web" }, { port: "dns", protocol: "UDP" }), weight: 2 },
);
const v1Peer = fc.oneof(
  { arbitrary: fc.record({ ipBlock: fc.oneof(cidr.map((block) => ({ cidr: block })), holed) }), weight: 6 },
  { arbitrary: fc.record({ podSelector: selector, namespaceSelector: selector }, { requiredKeys: ["podSelector"] }), weight: 2 }, { arbitrary: fc.record({ namespaceSelector: selector }), weight: 1 },
);
const rule = (peers: "to" | "from"): fc.Arbitrary<unknown> => fc.record({ [peers]: fc.oneof({ arbitrary: some(v1Peer, 3), weight: 8 }, { arbitrary: fc.constantFrom([], undefined), weight: 1 }), ports: sometimes(few(v1Port)) });
const types = fc.oneof({ arbitrary: fc.constantFrom(["Egress"], ["Ingress", "Egress"]), weight: 7 }, { arbitrary: fc.constantFrom(undefined, [], ["Ingress"]), weight: 2 });

/** A NetworkPolicy, mostly of `town`. */
export const v1Policy: fc.Arbitrary<Raw> = fc.record({
  inside: fc.constantFrom("town", "town", "town", "shop"), name: fc.integer({ min: 0, max: 999_999 }),
  spec: fc.record({ podSelector: selector, policyTypes: types, egress: sometimes(few(rule("to"))), ingress: sometimes(few(rule("from"), 1)) }),
}).map(({ inside, name, spec }) => networkPolicy(`${inside}/p${name}`, spec));

const cnpPort = fc.oneof(
  { arbitrary: fc.tuple(fc.constantFrom("tcp", "udp", "sctp"), toyPort).map(([name, number]) => ({ [name]: { destinationPort: { number } } })), weight: 5 },
  { arbitrary: fc.tuple(fc.constantFrom("tcp", "udp"), toyPort).map(([name, start]) => ({ [name]: { destinationPort: { range: { start, end: start + 1 } } } })), weight: 2 },
  { arbitrary: fc.constant({ destinationNamedPort: "web" }), weight: 1 },
);
const cnpPods = fc.oneof(fc.record({ namespaces: selector }), fc.record({ pods: fc.record({ podSelector: selector, namespaceSelector: selector }, { requiredKeys: ["podSelector"] }) }));
const cnpPeer = fc.oneof(
  { arbitrary: fc.record({ networks: some(cidr) }), weight: 5 }, { arbitrary: cnpPods, weight: 2 }, { arbitrary: fc.constant({ nodes: {} }), weight: 1 },
);
const cnpPolicy: fc.Arbitrary<Raw> = fc.record({
  name: fc.integer({ min: 0, max: 999_999 }),
  spec: fc.record({
    tier: fc.constantFrom("Admin", "Admin", "Baseline"), priority: fc.constantFrom(0, 1, 2), subject: cnpPods,
    egress: few(fc.record({ action: fc.constantFrom("Accept", "Deny", "Pass"), to: some(cnpPeer), protocols: sometimes(some(cnpPort)) }), 3),
  }),
}).map(({ name, spec }) => clusterNetworkPolicy(`c${name}`, spec));

const roles = fc.uniqueArray(fc.constantFrom<Role>(...ROLES), { minLength: 1, maxLength: 3 });
const declaredPort = fc.record({ protocol: fc.constantFrom<Protocol>(...PROTOCOLS), port: toyPort, endPort: fc.constantFrom(undefined, 3, 65_535) });
const declaredCidr = fc.constantFrom("203.0.113.0/29", "203.0.113.0/30", "203.0.113.2/31", "2001:db8::/125", "2001:db8::4/126", "10.244.0.0/30", "10.96.0.1/32");

export const declared: fc.Arbitrary<Policy> = fc.record({
  destinations: few(fc.record({
    name: fc.constantFrom("x", "y"), cidrs: fc.array(declaredCidr, { minLength: 1, maxLength: 3 }), ports: fc.array(declaredPort, { minLength: 1, maxLength: 2 }), country: fc.constant("DE"), purpose: fc.constant("test"),
    operator: fc.constant({ name: "A", country: "DE", controlledFrom: "DE" }), roles,
  }), 3),
  inCluster: few(fc.record({ name: fc.constant("peer"), namespace: fc.constant("shop"), podSelector: fc.record({ matchLabels: fc.constantFrom({ a: "0" }, { b: "1" }) }), direction: fc.constantFrom<"Egress" | "Ingress">("Egress", "Ingress"), ports: few(declaredPort), roles }), 1),
}).map(sovereigntyPolicy);

const named = { containers: [{ name: "c", ports: [{ name: "web", containerPort: 2 }, { name: "dns", containerPort: 3, protocol: "UDP" }] }] };
const podLabels = fc.record({ a: labelValue, b: labelValue, "hoheit.dev/role": fc.constantFrom(...ROLES) }, { requiredKeys: [] });
const oneWorkload = (id: string): fc.Arbitrary<Workload> => podLabels.map((own) => workload(id, own as Record<string, string>, named));

/** Policies that any API server would take. `town` is governed; `shop` is for some, and for some not even listed. */
export const toySnapshot: fc.Arbitrary<Snapshot> = fc.record({
  networkPolicies: fc.uniqueArray(v1Policy, { maxLength: 4, selector: ({ metadata }) => metadata.name }),
  clusterNetworkPolicies: fc.oneof(fc.constant([]), fc.uniqueArray(cnpPolicy, { maxLength: 3, selector: ({ metadata }) => metadata.name })),
  workloads: fc.tuple(oneWorkload("town/Deployment/one"), oneWorkload("shop/Deployment/web")),
  town: labels, shop: sometimes(labels), policy: declared, isShopGoverned: fc.boolean(),
}).map(({ town, shop, policy, isShopGoverned, ...given }) => snapshotOf({
  ...given,
  // A namespace that is not listed has labels that nobody knows.
  namespaces: [namespace("town", town), ...(shop === undefined ? [] : [namespace("shop", shop)])],
  governed: new Map([["town", policy], ...(isShopGoverned ? [["shop", policy] as const] : [])]),
  cluster: { pods: POD_RANGES, services: SERVICE_RANGES, nodes: NODE_RANGES },
}));

const junk = fc.constantFrom<unknown>(null, "", "x", "010.0.0.0/8", "203.0.113.1/29", "::ffff:203.0.113.0/120", 0, -1, 7, 65_536, true, [], {}, [null], { extra: 1 }, { domainNames: ["x.example"] });
const damage = fc.record({ at: fc.nat(), junk, adds: fc.boolean() });

/** The same with policies that somebody has spoiled in one or two places: no API server would take most of them. */
export const spoiledSnapshot: fc.Arbitrary<Snapshot> = fc.tuple(toySnapshot, some(damage)).map(([snapshot, damages]) => {
  const { networkPolicies, clusterNetworkPolicies } = structuredClone({ networkPolicies: snapshot.networkPolicies, clusterNetworkPolicies: snapshot.clusterNetworkPolicies });
  for (const one of damages) spoil([...networkPolicies, ...clusterNetworkPolicies].map((policy) => policy as Raw & { spec: object }), one);
  return { ...snapshot, networkPolicies, clusterNetworkPolicies };
});

/** Puts junk in the place of some member of some spec, or beside it. */
function spoil(policies: readonly { spec: object }[], { at, junk: value, adds }: { at: number; junk: unknown; adds: boolean }): void {
  const places: { of: Record<string, unknown>; key: string }[] = [];
  const walk = (of: object): void => {
    for (const [key, member] of Object.entries(of)) {
      places.push({ of: of as Record<string, unknown>, key });
      if (typeof member === "object" && member !== null) walk(member);
    }
  };
  for (const { spec } of policies) walk(spec);
  const place = places[at % Math.max(places.length, 1)];
  if (place === undefined) return;
  const isList = Array.isArray(place.of);
  place.of[adds && !isList ? "extra" : place.key] = value;
}
