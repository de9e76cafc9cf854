/** The two ends of a packet, as rules see them: a pod with its labels and ports, or an address. */
import type { Family } from "../../lib/addresses.ts";
import type { Snapshot, Workload } from "../snapshot.ts";
import { contains, covers, overlap, parseNetwork, universe, type Address, type Network } from "./address.ts";
import { doubt, not, type Match } from "./match.ts";
import type { Labelled } from "./selector.ts";
import { isAbsent, isDoubt, type Members } from "./shape.ts";

export interface PodEnd extends Labelled {
  readonly kind: "pod";
  readonly namespace: string;
  readonly namespaceLabels: Labelled;
  readonly spec: Members;
  /** Whether it has the node's network: policies for pods then say nothing about it. */
  readonly hostNetwork: Match;
  /** Where its address will be; nobody knows it before the pod runs. */
  readonly ranges: readonly Network[];
}

export interface AddressEnd {
  readonly kind: "address";
  readonly address: Address;
  /** Whether some pod (behind a Service or not) or some node may have this address. */
  readonly mayBePod: boolean;
  readonly mayBeNode: boolean;
}

export type End = PodEnd | AddressEnd;

/** Set by the API server on every namespace (KEP-2161), so that manifests need not say it. */
const NAMESPACE_NAME = "kubernetes.io/metadata.name";

/** Labels that controllers and admission add to pods of a template: nobody knows their values before. */
const ADDED_TO_PODS = /^(pod-template-hash|controller-revision-hash|pod-template-generation|job-name|controller-uid|statefulset\.kubernetes\.io\/.*|apps\.kubernetes\.io\/pod-index|batch\.kubernetes\.io\/.*|topology\.kubernetes\.io\/.*)$/;

export function podEnd(snapshot: Snapshot, { id, namespace, labels, podSpec }: Workload, family: Family): PodEnd {
  const hostNetwork = hostNetworkOf(podSpec["hostNetwork"]);
  const { nodes, pods } = snapshot.cluster;
  return {
    kind: "pod", namespace, labels, hostNetwork, spec: podSpec,
    // What stands for a kind of pods (label-space.ts) has every label that tells it from others.
    isUnknown: (key) => !id.endsWith("/*") && ADDED_TO_PODS.test(key),
    namespaceLabels: labelsOfNamespace(snapshot, namespace),
    ranges: rangesOf(hostNetwork === true ? nodes : pods, family),
  };
}

/** Whether policies hold pods of this workload: none holds the node's network. */
export const isHeldByPolicies = ({ podSpec }: Workload): Match => not(hostNetworkOf(podSpec["hostNetwork"]));

function hostNetworkOf(value: unknown): Match {
  if (isAbsent(value)) return false;
  return typeof value === "boolean" ? value : doubt("hostNetwork is neither true nor false");
}

function labelsOfNamespace({ namespaces }: Snapshot, name: string): Labelled {
  const found = namespaces.find(({ metadata }) => metadata.name === name);
  return { labels: { ...found?.metadata.labels, [NAMESPACE_NAME]: name }, isUnknown: () => found === undefined };
}

/** Where nothing is said, or something that nobody can read, it may be anywhere. */
function rangesOf(cidrs: readonly string[], family: Family): readonly Network[] {
  const parsed = cidrs.map((cidr) => parseNetwork(cidr, "cluster"));
  const known = parsed.filter((range): range is Network => !isDoubt(range) && range.address.family === family);
  return known.length === 0 || parsed.some(isDoubt) ? [universe(family)] : known;
}

export function addressEnd({ cluster }: Snapshot, address: Address): AddressEnd {
  const mayBe = (cidrs: readonly string[]): boolean => cidrs.map((cidr) => parseNetwork(cidr, "cluster")).some((range) => isDoubt(range) || contains(range, address));
  return { kind: "address", address, mayBePod: mayBe([...cluster.pods, ...cluster.services]), mayBeNode: mayBe(cluster.nodes) };
}

/** Whether this network takes the end. */
export function isInNetwork(network: Network, end: End): Match {
  if (end.kind === "address") return contains(network, end.address);
  if (end.ranges.every((range) => covers(network, range))) return true;
  return end.ranges.some((range) => overlap(network, range)) ? doubt("which address the pod will have is not known") : false;
}

/** Whether a pod listens for this name at this port. Outside, a named port is a port of nobody. */
export function hasNamedPort(end: End, name: string, at: { readonly protocol: string; readonly port: number }): Match {
  if (end.kind === "address") return end.mayBePod ? doubt(`whether a pod at this address calls a port ${name} is not known`) : false;
  const { containers, initContainers } = end.spec;
  const running = [...objectsIn(containers), ...objectsIn(initContainers).filter(({ restartPolicy }) => restartPolicy === "Always")];
  const ports = running.flatMap((container) => objectsIn(container["ports"]));
  return ports.some((port) => port["name"] === name && port["containerPort"] === at.port && (port["protocol"] ?? "TCP") === at.protocol);
}

/** A list of containers or ports that is none names nothing. */
const objectsIn = (list: unknown): readonly Members[] => (Array.isArray(list) ? list.filter((one): one is Members => typeof one === "object" && one !== null) : []);
