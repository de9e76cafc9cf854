/**
 * Sets of NetworkPolicies, as fast-check makes them: of everything that the API lets say of the few addresses, ports and
 * labels that there are here (places.ts), so that every way of saying it comes before real packets often.
 *
 * Left out is what kube-router 2.10 understands otherwise. It keeps the ranges of a rule in one set, so that an exception of
 * one peer holds for the others as well, and takes named ports from pods that a rule selects and from no others: that is
 * less than the API lets through. The last test of prover.test.ts shows what is more.
 */
import fc from "fast-check";
import { NAMED_PORT, OTHER_PORT } from "../../support/node/governed.ts";
import { OUTSIDE, PODS } from "../../support/node/network.ts";
import { INDEX, NAMESPACES, PORT_NAMES, TEAM } from "./places.ts";

const { v4, v6 } = OUTSIDE;
const blocks = (...cidrs: string[]): object[] => cidrs.map((cidr) => ({ ipBlock: { cidr } }));
const block = fc.constantFrom(
  ...blocks(`${v4}/32`, "203.0.113.8/30", "203.0.113.0/24", "203.0.113.128/25", "128.0.0.0/1", "0.0.0.0/1", "0.0.0.0/0", PODS.v4),
  ...blocks(`${v6}/128`, "2001:db8:cafe::/64", "2001:db8:8000::/33", "2001:db8::/33", "::/1", "8000::/1", "::/0", PODS.v6),
);
const holed = fc.constantFrom(
  { cidr: "0.0.0.0/0", except: ["203.0.113.0/24"] }, { cidr: "0.0.0.0/0", except: ["10.0.0.0/8", "203.0.113.128/25"] }, { cidr: "203.0.113.0/24", except: [`${v4}/32`] },
  { cidr: "::/0", except: ["2001:db8:cafe::/64"] }, { cidr: "::/0", except: ["fd00::/8"] }, { cidr: "2001:db8::/32", except: [`${v6}/128`, "2001:db8::/33"] },
).map((ipBlock) => ({ ipBlock }));

const labels = fc.constantFrom<object[]>({}, { a: "0" }, { a: "1" }, { a: "1", b: "0" });
const requirement = fc.oneof(
  fc.record({ key: fc.constantFrom("a", "b"), operator: fc.constantFrom("In", "NotIn"), values: fc.constantFrom(["0"], ["1"], ["0", "1"]) }),
  fc.record({ key: fc.constantFrom("a", "b"), operator: fc.constantFrom("Exists", "DoesNotExist") }),
);
const podSelector = fc.oneof({ arbitrary: labels.map((matchLabels) => ({ matchLabels })), weight: 3 }, { arbitrary: requirement.map((one) => ({ matchExpressions: [one] })), weight: 1 });
const namespaceSelector = fc.oneof(
  fc.constant({}), fc.constantFrom("0", "1").map((team) => ({ matchLabels: { [TEAM]: team } })), fc.nat(NAMESPACES - 1).map((index) => ({ matchLabels: { [INDEX]: String(index) } })),
);
const pods = fc.oneof({ arbitrary: podSelector.map((one) => ({ podSelector: one })), weight: 2 }, { arbitrary: fc.record({ podSelector, namespaceSelector }), weight: 3 }, { arbitrary: fc.record({ namespaceSelector }), weight: 1 });

const port = fc.oneof<fc.MaybeWeightedArbitrary<object>[]>(
  { arbitrary: fc.record({ protocol: fc.constantFrom("TCP", "UDP", "SCTP"), port: fc.constantFrom(NAMED_PORT, OTHER_PORT) }, { requiredKeys: ["port"] }), weight: 6 },
  { arbitrary: fc.constantFrom({ port: 1, endPort: NAMED_PORT }, { port: NAMED_PORT, endPort: OTHER_PORT }, { protocol: "UDP", port: NAMED_PORT + 1, endPort: OTHER_PORT - 1 }, { protocol: "UDP", port: OTHER_PORT, endPort: 65_535 }), weight: 2 },
  { arbitrary: fc.constantFrom({ protocol: "TCP" }, { protocol: "UDP" }), weight: 1 },
);
const portName = fc.constantFrom({ port: PORT_NAMES.TCP }, { protocol: "UDP", port: PORT_NAMES.UDP });

const sometimes = <T>(item: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> => fc.option(item, { nil: undefined, freq: 3 });
const few = (item: fc.Arbitrary<object>, maxLength: number): fc.Arbitrary<object[]> => fc.array(item, { minLength: 1, maxLength });

const rule = (peers: "to" | "from"): fc.Arbitrary<object> => fc.oneof(
  { arbitrary: fc.record({ [peers]: few(fc.oneof({ arbitrary: block, weight: 3 }, { arbitrary: pods, weight: 2 }), 3), ports: sometimes(few(port, 2)) }), weight: 6 },
  { arbitrary: fc.record({ [peers]: few(holed, 1), ports: sometimes(few(port, 2)) }), weight: 2 },
  { arbitrary: fc.record({ [peers]: few(pods, 2), ports: few(fc.oneof(portName, port), 2) }), weight: 2 },
  { arbitrary: fc.record({ [peers]: fc.constantFrom([], undefined), ports: sometimes(few(port, 2)) }), weight: 1 },
);

const rules = (peers: "to" | "from"): fc.Arbitrary<object[]> => fc.array(rule(peers), { maxLength: 2 });
/** Of the two pods of each namespace one at most. */
const onePod = fc.oneof(fc.constantFrom<object[]>({ a: "0" }, { a: "1" }, { a: "1", b: "0" }).map((matchLabels) => ({ matchLabels })), fc.constantFrom("Exists", "DoesNotExist").map((operator) => ({ matchExpressions: [{ key: "b", operator }] })));

const anySpec = fc.oneof<fc.MaybeWeightedArbitrary<object>[]>(
  { arbitrary: fc.record({ podSelector, policyTypes: fc.constant(["Egress"]), egress: sometimes(rules("to")) }), weight: 3 },
  { arbitrary: fc.record({ podSelector, policyTypes: fc.constant(["Ingress"]), ingress: sometimes(rules("from")) }), weight: 2 },
  { arbitrary: fc.record({ podSelector: onePod, policyTypes: fc.constantFrom(["Ingress", "Egress"], undefined), egress: sometimes(rules("to")), ingress: sometimes(rules("from")) }), weight: 3 },
);

/** One that lets nobody get further than the policy of the governed namespaces does: without such, next to nothing would be proved. */
const tameSpec = fc.record({
  podSelector: onePod, policyTypes: fc.constant(["Ingress", "Egress"]), ingress: rules("from"),
  egress: fc.array(fc.record({ to: fc.constantFrom(...blocks(`${v4}/32`, `${v6}/128`)).map((one) => [one]), ports: fc.constantFrom("TCP", "UDP").map((protocol) => [{ protocol, port: NAMED_PORT }]) }), { maxLength: 2 }),
});

/** `spec` of each policy of one namespace. */
export const policySet: fc.Arbitrary<object[]> = fc.oneof(
  { arbitrary: fc.array(anySpec, { minLength: 2, maxLength: 4 }), weight: 3 }, { arbitrary: fc.array<object>(tameSpec, { minLength: 1, maxLength: 2 }), weight: 1 },
);
