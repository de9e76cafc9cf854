/**
 * networking.k8s.io/v1 NetworkPolicies as rules (API reference; defaults as the API server fills them in). What it would refuse
 * may still be there: written before a validation existed and kept by ratcheting, or in a folder of manifests.
 */
import { ALL_ADDRESSES, parseCidr } from "../addresses/cidr.ts";
import { difference, isSubset, NOTHING, setOf, union, unionOf, type IntervalSet } from "../addresses/intervals.ts";
import { PROTOCOLS, type Protocol } from "../policy.ts";
import type { Raw } from "../snapshot.ts";
import type { RuleReference } from "../verdict.ts";
import { ALL_PORTS, allPortsOf, isPort, portsOf } from "./ports.ts";
import { listOf, membersOf, textOf, Unclear, type Members } from "./reading.ts";
import { exactly, unclearRule, type PodPeer, type Policy, type PortName, type Problem, type Rule, type RulePorts } from "./rule.ts";
import { EVERY, parseSelector } from "./selector.ts";

const KIND = "NetworkPolicy";

export function compileNetworkPolicy(raw: Raw): Policy {
  const { name, namespace = "" } = raw.metadata;
  const at: RuleReference = { kind: KIND, object: `${namespace}/${name}`, path: "" };
  try {
    const spec = membersOf(raw["spec"] ?? {}, "spec", ["podSelector", "policyTypes", "egress", "ingress"]);
    return { at, namespace, subject: parseSelector(spec["podSelector"], "spec.podSelector"), isSure: true, ...directionsOf(spec, at), problems: [] };
  } catch (error) {
    return unclearPolicy(at, namespace, problemOf(error, at));
  }
}

/** Of what nobody can read, everything may be true: that it selects every pod, and lets it go anywhere. */
export function unclearPolicy(at: RuleReference, namespace: string, problem: Problem): Policy {
  const anything = { isSure: false, isImplied: false, rules: [unclearRule(at, "Accept", problem)] };
  return { at, namespace, subject: EVERY, isSure: false, egress: anything, ingress: anything, problems: [problem] };
}

/** Throws whatever is no `Unclear`: that is a bug. */
export function problemOf(error: unknown, { kind, object }: RuleReference): Problem {
  if (!(error instanceof Unclear)) throw error;
  return { at: { kind, object, path: error.path }, message: error.message };
}

function directionsOf(spec: Members, at: RuleReference): Pick<Policy, "egress" | "ingress"> {
  const types = listOf(spec["policyTypes"] ?? [], "spec.policyTypes");
  const unknown = types.findIndex((type) => type !== "Egress" && type !== "Ingress");
  if (unknown >= 0) throw new Unclear(`spec.policyTypes[${unknown}]`, `is ${JSON.stringify(types[unknown])}, which is no type of policy`);
  const egress = rulesIn(spec["egress"], { ...at, path: "spec.egress" }, "to");
  const ingress = rulesIn(spec["ingress"], { ...at, path: "spec.ingress" }, "from");
  // Where no type is named it is ingress always and egress if there is a rule for it (as the API server's defaults).
  const isImplied = types.length === 0;
  return {
    ...((isImplied ? egress.length > 0 : types.includes("Egress")) && { egress: { isSure: true, isImplied, rules: egress } }),
    ...((isImplied || types.includes("Ingress")) && { ingress: { isSure: true, isImplied: false, rules: ingress } }),
  };
}

const rulesIn = (raw: unknown, at: RuleReference, peers: "to" | "from"): Rule[] =>
  listOf(raw ?? [], at.path).flatMap((rule, i) => rulesOf(rule, { ...at, path: `${at.path}[${i}]` }, peers));

function rulesOf(raw: unknown, at: RuleReference, peers: "to" | "from"): Rule[] {
  try {
    const rule = membersOf(raw, at.path, [peers, "ports"]);
    const ports = portsIn(listOf(rule["ports"] ?? [], `${at.path}.ports`), `${at.path}.ports`);
    const list = listOf(rule[peers] ?? [], `${at.path}.${peers}`);
    // No peers are all peers, inside and outside: the classic leak.
    if (list.length === 0) return [{ at, action: "Accept", addresses: exactly(ALL_ADDRESSES), pods: EVERY_POD, ...ports, problems: [] }];
    return list.map((peer, i) => ruleOf(peer, { ...at, path: `${at.path}.${peers}[${i}]` }, ports));
  } catch (error) {
    return [unclearRule(at, "Accept", problemOf(error, at))];
  }
}

const EVERY_POD: PodPeer = { namespaces: EVERY, pods: EVERY, isSure: true };

function ruleOf(raw: unknown, at: RuleReference, ports: RulePorts): Rule {
  try {
    return { at, action: "Accept", ...peerOf(raw, at.path), ...ports, problems: [] };
  } catch (error) {
    return unclearRule(at, "Accept", problemOf(error, at));
  }
}

function peerOf(raw: unknown, path: string): Pick<Rule, "addresses" | "pods"> {
  const { ipBlock, namespaceSelector, podSelector } = membersOf(raw, path, ["ipBlock", "namespaceSelector", "podSelector"]);
  if (ipBlock !== undefined) {
    if (namespaceSelector !== undefined || podSelector !== undefined) throw new Unclear(path, "has a selector beside ipBlock");
    return { addresses: exactly(addressesOf(ipBlock, `${path}.ipBlock`)) };
  }
  if (namespaceSelector === undefined && podSelector === undefined) throw new Unclear(path, "names nobody");
  const namespaces = namespaceSelector === undefined ? {} : { namespaces: parseSelector(namespaceSelector, `${path}.namespaceSelector`) };
  return { addresses: exactly(NOTHING), pods: { ...namespaces, pods: parseSelector(podSelector, `${path}.podSelector`), isSure: true } };
}

/** An exception has to lie within the block and to leave something of it, as the API server demands (`ValidateIPBlock`). */
function addressesOf(raw: unknown, path: string): IntervalSet {
  const { cidr, except } = membersOf(raw, path, ["cidr", "except"]);
  const block = addressesIn(cidr, `${path}.cidr`);
  const exceptions = listOf(except ?? [], `${path}.except`).map((one, i) => {
    const set = addressesIn(one, `${path}.except[${i}]`);
    if (!isSubset(set, block) || isSubset(block, set)) throw new Unclear(`${path}.except[${i}]`, `is ${JSON.stringify(one)}, which is not a part of ${JSON.stringify(cidr)}`);
    return set;
  });
  return difference(block, unionOf(exceptions));
}

/** Addresses of a CIDR that has one reading. */
export function addressesIn(raw: unknown, path: string): IntervalSet {
  const text = textOf(raw, path);
  const parsed = parseCidr(text);
  if (parsed.kind !== "Exact") throw new Unclear(path, `is ${JSON.stringify(text)}: it ${parsed.why}`);
  return [parsed.range];
}

/** No ports are all ports of all protocols. A port by name is one of pods alone: no address outside has names for its ports. */
function portsIn(list: readonly unknown[], path: string): RulePorts {
  if (list.length === 0) return EVERY_PORT;
  const ports = list.map((one, i) => portOf(one, `${path}[${i}]`));
  const numbered = unionOf(ports.map(({ numbers }) => numbers));
  const portNames = ports.flatMap(({ named }) => (named === undefined ? [] : [named]));
  const anyOfThese = setOf(portNames.map(({ protocol }) => allPortsOf(protocol)));
  return { addressPorts: exactly(numbered), podPorts: { surely: numbered, possibly: union(numbered, anyOfThese) }, portNames };
}

export const EVERY_PORT: RulePorts = { addressPorts: exactly(ALL_PORTS), podPorts: exactly(ALL_PORTS), portNames: [] };

interface Ports {
  readonly numbers: IntervalSet;
  readonly named?: Required<PortName>;
}

function portOf(raw: unknown, path: string): Ports {
  const { protocol = "TCP", port, endPort } = membersOf(raw, path, ["protocol", "port", "endPort"]);
  if (!isProtocol(protocol)) throw new Unclear(`${path}.protocol`, `is ${JSON.stringify(protocol)}, which is none of ${PROTOCOLS.join(", ")}`);
  if (endPort !== undefined) return { numbers: rangeOf(protocol, port, endPort, path) };
  if (port === undefined) return { numbers: setOf([allPortsOf(protocol)]) };
  if (typeof port === "string" && isPortName(port)) return { numbers: NOTHING, named: { protocol, name: port } };
  if (!isPort(port)) throw new Unclear(`${path}.port`, `is ${JSON.stringify(port)}, which is neither a port nor its name`);
  return { numbers: portsOf([{ protocol, port }]) };
}

function rangeOf(protocol: Protocol, port: unknown, endPort: unknown, path: string): IntervalSet {
  if (!isPort(port) || !isPort(endPort) || endPort < port) throw new Unclear(`${path}.endPort`, `is ${JSON.stringify(endPort)}, which ends no range of ports`);
  return portsOf([{ protocol, port, endPort }]);
}

const isProtocol = (value: unknown): value is Protocol => PROTOCOLS.some((one) => one === value);

/** An IANA service name (RFC 6335, 5.1), as `ports[].name` of a container may be: a letter in it, so no number in quotes. */
export const isPortName = (name: string): boolean => /^(?=.{1,15}$)(?=.*[a-z])[a-z0-9]+(-[a-z0-9]+)*$/.test(name);
