/**
 * What a policy declares, for one packet: may a pod of this role send it? The operator's control port and, for applications,
 * the cluster's name servers go without saying.
 */
import { isDeepStrictEqual } from "node:util";
import { OPERATOR_LABELS, ROLE } from "../../lib/labels.ts";
import { CONTROL_PORT } from "../../lib/names.ts";
import { ROLES, type Policy, type Role } from "../policy.ts";
import type { Snapshot, Workload } from "../snapshot.ts";
import type { Packet } from "../verdict.ts";
import { contains, parseAddress, parseNetwork } from "./address.ts";
import { isDoubt, type Members } from "./shape.ts";

const DNS_PORT = 53;
/** Where the cluster's name servers run; who may run pods there may do anything anyway. */
const DNS_NAMESPACE = "kube-system";

/** By its label; whatever has none of ours is an application. */
export function roleOf({ labels }: Pick<Workload, "labels">): Role {
  const named = ROLES.find((role) => role === labels[ROLE]);
  return named ?? "Application";
}

/** Whether the packet goes to an outside address, or to a name server, that the policy lets pods of this role reach. */
export function declaresAddress(snapshot: Snapshot, policy: Policy, role: Role, packet: Omit<Packet, "from">): boolean {
  const address = parseAddress(packet.address ?? "");
  if (address === undefined) return false;
  const isIn = (cidr: string): boolean => {
    const network = parseNetwork(cidr, "");
    return !isDoubt(network) && contains(network, address);
  };
  if (role === "Application" && isAskedForNames(packet) && nameServers(snapshot).some((one) => isDeepStrictEqual(parseAddress(one), address))) return true;
  return policy.destinations.some(({ cidrs, ports, roles }) => roles.includes(role) && hasPort(ports, packet) && cidrs.some(isIn));
}

/** Whether the packet goes to pods outside of the governed namespaces that the policy, or the seal itself, names. */
export function declaresPod({ operatorNamespace }: Snapshot, policy: Policy, role: Role, { packet, to }: { packet: Omit<Packet, "from">; to: Workload }): boolean {
  const isOne = (namespace: string, labels: Readonly<Record<string, string>>): boolean => to.namespace === namespace && Object.entries(labels).every(([key, value]) => Object.hasOwn(to.labels, key) && to.labels[key] === value);
  if (isOne(operatorNamespace, OPERATOR_LABELS) && packet.port === CONTROL_PORT && packet.protocol !== "SCTP") return true;
  if (role === "Application" && isAskedForNames(packet) && to.namespace === DNS_NAMESPACE) return true;
  return policy.inCluster.some(({ direction, namespace, podSelector, ports, roles }) =>
    direction === "Egress" && roles.includes(role) && isOne(namespace, podSelector.matchLabels) && (ports.length === 0 || hasPort(ports, packet)));
}

const hasPort = (ports: Policy["destinations"][number]["ports"], packet: Omit<Packet, "from">): boolean =>
  ports.some(({ protocol, port, endPort = port }) => protocol === packet.protocol && port <= packet.port && packet.port <= endPort);

const isAskedForNames = ({ port, protocol }: Omit<Packet, "from">): boolean => port === DNS_PORT && protocol !== "SCTP";

/** As pods are told them: Services of kube-system that answer at the port for names, and what the snapshot says beside. */
function nameServers({ services, nameServers: told = [] }: Snapshot): string[] {
  const specs = services.filter(({ metadata }) => metadata.namespace === DNS_NAMESPACE).map((service) => (service["spec"] ?? {}) as Members);
  const answering = specs.filter(({ ports }) => Array.isArray(ports) && ports.some((one) => (one as Members | null)?.["port"] === DNS_PORT));
  const addresses = answering.flatMap(({ clusterIP, clusterIPs }) => [clusterIP, ...(Array.isArray(clusterIPs) ? (clusterIPs as unknown[]) : [])]);
  return [...told, ...addresses.filter((one) => typeof one === "string")];
}
