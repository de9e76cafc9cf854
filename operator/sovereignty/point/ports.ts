/** Ports and protocols of both kinds of policy, for one packet. */
import { PROTOCOLS, type Protocol } from "../policy.ts";
import { all, any, doubt, type Match } from "./match.ts";
import { hasNamedPort, type End } from "./party.ts";
import { isAbsent, isDoubt, isPort, listOf, membersOf } from "./shape.ts";

export interface Target {
  readonly end: End;
  readonly protocol: Protocol;
  readonly port: number;
}

/** `ports` of a NetworkPolicy rule: none means every port of every protocol. */
export function portsMatch(ports: unknown, target: Target, path: string): Match {
  const list = listOf(ports, path);
  if (isDoubt(list)) return list;
  return list.length === 0 || any(list.map((port, at) => portMatches(port, target, `${path}[${at}]`)));
}

function portMatches(given: unknown, target: Target, path: string): Match {
  const members = membersOf(given, path, ["protocol", "port", "endPort"]);
  if (isDoubt(members)) return members;
  const { port, endPort } = members;
  const protocol = isAbsent(members["protocol"]) ? "TCP" : members["protocol"];
  if (!PROTOCOLS.includes(protocol as Protocol)) return doubt(`${path}.protocol ${JSON.stringify(protocol)} is not known here`);
  return all([protocol === target.protocol, numberMatches({ port, endPort }, target, path)]);
}

function numberMatches({ port, endPort }: { port: unknown; endPort: unknown }, target: Target, path: string): Match {
  if (isAbsent(port)) return isAbsent(endPort) || doubt(`${path}.endPort has no port to begin at`);
  if (typeof port === "string") return isAbsent(endPort) ? nameMatches(port, target, path) : doubt(`${path}.endPort does not go with a named port`);
  if (!isPort(port)) return doubt(`${path}.port ${JSON.stringify(port)} is no port`);
  if (isAbsent(endPort)) return port === target.port;
  if (!isPort(endPort) || endPort < port) return doubt(`${path}.endPort ${JSON.stringify(endPort)} ends no range that begins at ${port}`);
  return port <= target.port && target.port <= endPort;
}

/** IANA service names (RFC 6335), as the API server wants them: with a letter, so that none reads as a number. */
function nameMatches(name: string, { end, protocol, port }: Target, path: string): Match {
  if (!/^(?=.*[a-z])[a-z0-9]([a-z0-9-]{0,13}[a-z0-9])?$/.test(name) || name.includes("--")) return doubt(`${path}.port ${JSON.stringify(name)} is no name of a port`);
  return hasNamedPort(end, name, { protocol, port });
}

/** `protocols` of a ClusterNetworkPolicy rule: not there means every packet. */
export function protocolsMatch(protocols: unknown, target: Target, path: string): Match {
  if (isAbsent(protocols)) return true;
  const list = listOf(protocols, path);
  if (isDoubt(list)) return list;
  if (list.length === 0) return doubt(`${path} is empty: the API wants one at least`);
  return any(list.map((one, at) => protocolMatches(one, target, `${path}[${at}]`)));
}

const MEMBER_OF: Readonly<Record<Protocol, string>> = { TCP: "tcp", UDP: "udp", SCTP: "sctp" };

function protocolMatches(given: unknown, target: Target, path: string): Match {
  const members = membersOf(given, path, [...Object.values(MEMBER_OF), "destinationNamedPort"]);
  if (isDoubt(members)) return members;
  const present = Object.keys(members).filter((key) => !isAbsent(members[key]));
  const [kind] = present;
  if (kind === undefined || present.length > 1) return doubt(`${path} must have exactly one member`);
  if (kind === "destinationNamedPort") return namedDestination(members[kind], target, `${path}.${kind}`);
  return all([kind === MEMBER_OF[target.protocol], destinationPort(members[kind], target, `${path}.${kind}`)]);
}

/** The API refuses named ports beside peers that have none; an address that may be a pod's leaves it open. */
function namedDestination(name: unknown, { end, protocol, port }: Target, path: string): Match {
  if (typeof name !== "string") return doubt(`${path} is no string`);
  return hasNamedPort(end, name, { protocol, port });
}

function destinationPort(given: unknown, { port }: Target, path: string): Match {
  const members = membersOf(given, path, ["destinationPort"]);
  if (isDoubt(members)) return members;
  const chosen = membersOf(members["destinationPort"], `${path}.destinationPort`, ["number", "range"]);
  if (isDoubt(chosen)) return chosen;
  const { number, range } = chosen;
  if (isAbsent(number) === isAbsent(range)) return doubt(`${path}.destinationPort needs either number or range`);
  if (isAbsent(number)) return isInRange(range, port, `${path}.destinationPort.range`);
  return isPort(number) ? number === port : doubt(`${path}.destinationPort.number is no port`);
}

function isInRange(range: unknown, port: number, path: string): Match {
  const limits = membersOf(range, path, ["start", "end"]);
  if (isDoubt(limits)) return limits;
  const { start, end } = limits;
  if (!isPort(start) || !isPort(end) || start >= end) return doubt(`${path} is no range of ports`);
  return start <= port && port <= end;
}
