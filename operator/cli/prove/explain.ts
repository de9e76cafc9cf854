/** Why a workload got its verdict: which policies hold it, what it may reach, and which rules let it. */
import { parseCidr, formatAddress } from "../../sovereignty/addresses/cidr.ts";
import { familyOf } from "../../lib/addresses.ts";
import { isClusterSubjectOf } from "../../sovereignty/point/cluster-network-policy.ts";
import { decideForSome } from "../../sovereignty/point/decide.ts";
import { podsOf } from "../../sovereignty/point/label-space.ts";
import { isSubjectOf } from "../../sovereignty/point/network-policy.ts";
import { podEnd } from "../../sovereignty/point/party.ts";
import type { AddressTraffic, Allowed, PodTraffic, PortRange, SubjectProof } from "../../sovereignty/prover/result.ts";
import type { Raw, Snapshot, Workload } from "../../sovereignty/snapshot.ts";
import type { RuleReference } from "../../sovereignty/verdict.ts";
import { textOf } from "./text.ts";

export function explainerOf(snapshot: Snapshot): (subject: SubjectProof) => string[] {
  return (subject) => {
    const { allowed, id, role } = subject;
    const namespace = id.slice(0, id.indexOf("/"));
    const pods = id.endsWith("/*") ? podsOf(snapshot, { namespace, role }) : snapshot.workloads.filter((one) => one.id === id);
    const own = { ...snapshot, networkPolicies: snapshot.networkPolicies.filter(({ metadata }) => metadata.namespace === namespace) };
    return [...(id.endsWith("/*") ? [] : [`role        ${role}`]), ...layerLines(subject, own, pods ?? []), ...(allowed === undefined ? [] : allowedLines(allowed, ruleFinder(own, pods), snapshot, namespace))];
  };
}

/** Every policy that takes some of the pods, in the order in which they are asked. */
function layerLines({ isolatedBy }: SubjectProof, snapshot: Snapshot, pods: readonly Workload[]): string[] {
  const ends = pods.map((pod) => podEnd(snapshot, pod, "IPv4"));
  const taken = (policies: readonly Raw[], takes: typeof isSubjectOf): string[] =>
    policies.filter((policy) => ends.some((end) => takes(policy, end) !== false)).map(({ metadata: { namespace, name } }) => (namespace === undefined ? name : `${namespace}/${name}`)).toSorted();
  const line = (what: string, names: readonly string[]): string[] => (names.length === 0 ? [] : [`${what}${names.join(", ")}`]);
  return [
    ...line("cluster     ClusterNetworkPolicy ", taken(snapshot.clusterNetworkPolicies, isClusterSubjectOf)),
    ...line("policies    NetworkPolicy ", taken(snapshot.networkPolicies, isSubjectOf)),
    `isolated by ${isolatedBy.length === 0 ? "nothing, surely" : isolatedBy.map(textOf).join(", ")}`,
  ];
}

/** Which rules let a packet to an address through; none where nothing isolates. */
type RuleFinder = (line: AddressTraffic) => readonly RuleReference[];

/** By the first packet of each; --packet tells of any other. */
function ruleFinder(snapshot: Snapshot, pods: readonly Workload[] | undefined): RuleFinder {
  return ({ addresses: [cidr = ""], ports: [range] }) => {
    const parsed = parseCidr(cidr);
    if (parsed.kind !== "Exact" || range === undefined) return [];
    const address = formatAddress(parsed.range.first);
    const packet = { from: "", family: familyOf(address), address, protocol: range.protocol, port: range.port };
    return decideForSome(snapshot, packet, pods).rules;
  };
}

function allowedLines({ destinations, dns, cluster, outside, pods }: Allowed, rulesFor: RuleFinder, { governed }: Snapshot, namespace: string): string[] {
  const told = (what: string, traffic: readonly AddressTraffic[]): string[] => traffic.map((line) => `may reach   ${line.addresses.join(", ")} ${portsText(line.ports)}: ${what}${by(rulesFor(line))}`);
  const behind = (name: string): string => {
    const found = governed.get(namespace)?.destinations.find((one) => one.name === name);
    return found === undefined ? name : `destination ${name} (${found.purpose}), in ${found.country}, run by ${found.operator.name}, ${found.operator.country}, controlled from ${found.operator.controlledFrom}`;
  };
  const lines = [
    ...destinations.flatMap(({ name, traffic }) => told(behind(name), traffic)),
    ...told("name servers of the cluster", dns),
    ...told("any pod, Service or node may be behind it", cluster),
    ...outsideLines(outside, rulesFor),
    ...pods.map((one) => `may reach   ${podsText(one)} ${portsText(one.ports)}: ${GROUNDS[one.as]}`),
  ];
  return lines.length === 0 ? ["may reach   nothing"] : lines;
}

/** One line for all that the same rules let through at the same ports, with the first range of each class. */
function outsideLines(outside: Allowed["outside"], rulesFor: RuleFinder): string[] {
  const parts = outside.flatMap(({ class: name, traffic }) => traffic.map(({ addresses, ports }) => ({ range: `${rangesText(addresses)} (${name})`, rest: `${portsText(ports)}: no policy allows it${by(rulesFor({ addresses, ports }))}` })));
  return [...Map.groupBy(parts, ({ rest }) => rest)].map(([rest, same]) => `may reach   ${same.map(({ range }) => range).join(", ")} ${rest}`);
}

const rangesText = ([first = "", ...more]: readonly string[]): string => (more.length === 0 ? first : `${first} and ${more.length} more`);

const by = (rules: readonly RuleReference[]): string => (rules.length === 0 ? "" : `, by ${rules.map(textOf).join(", ")}`);

const GROUNDS: Readonly<Record<PodTraffic["as"], string>> = {
  Governed: "governed, and proved themselves where this is PROVED", InClusterPeer: "named by the policy (inCluster)", Operator: "the operator's control port", DNS: "name servers of the cluster", Relay: "nothing governs them",
};

const podsText = ({ namespaces, selector }: PodTraffic): string =>
  `pods${selector === "" ? "" : ` with ${selector}`} in ${namespaces.length === 1 && namespaces[0] === "*" ? "every namespace" : namespaces.join(", ")}`;

/** `TCP 443, UDP 5-9` */
export const portsText = (ports: readonly PortRange[]): string =>
  ports.map(({ protocol, port, endPort }) => `${protocol} ${isEvery(port, endPort) ? "every port" : rangeText(port, endPort)}`).join(", ");
const isEvery = (port: number, endPort: number): boolean => port === 1 && endPort === 65_535;
const rangeText = (port: number, endPort: number): string => (port === endPort ? `${port}` : `${port}-${endPort}`);
