/**
 * Packets at the edges of everything that rules name: where a reading of a rule goes wrong, it goes wrong there first. Every
 * CIDR gives its first and last address and the ones beside it, every number that may be a port gives itself and its
 * neighbours; to those of each rule come addresses and ports that are special whatever the rules say.
 */
import { familyOf, type Family } from "../../lib/addresses.ts";
import { PROTOCOLS, type Protocol } from "../policy.ts";
import { parseNetwork, type Network } from "./address.ts";
import { isDoubt, isPort } from "./shape.ts";

/** A packet to an address, from whomever. */
export interface Probe {
  readonly family: Family;
  readonly address: string;
  readonly protocol: Protocol;
  readonly port: number;
}

/** Private, shared, metadata, multicast, translated and plain addresses of both families. Loopback never leaves a pod. */
const SPECIAL = [
  "0.0.0.0", "8.8.8.8", "10.0.0.1", "100.64.0.1", "169.254.0.1", "169.254.169.254", "172.16.0.1", "192.168.0.1", "203.0.113.1", "224.0.0.1", "255.255.255.255",
  "::", "64:ff9b::808:808", "2001:db8::1", "2001:4860:4860::8888", "fc00::1", "fd00:ec2::254", "fe80::1", "ff02::1", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
];
const SPECIAL_PORTS = [1, 53, 443, 65_535];

/**
 * Each once. The edges of a rule are tried with the ports of the same one, and so are special addresses, for a rule may name ports
 * alone; of places (destinations, lists of CIDRs) the edges are. All in whatever shape.
 */
export function* probesAt(rules: readonly unknown[], places: readonly unknown[]): Generator<Probe> {
  const seen = new Set<string>();
  const edges = [...[{}, ...rules].map((rule) => edgesOf(rule, SPECIAL)), ...places.map((place) => edgesOf(place, []))];
  for (const probe of edges.flatMap(probesOf)) {
    const key = `${probe.address} ${probe.port} ${probe.protocol}`;
    if (!seen.has(key)) yield probe;
    seen.add(key);
  }
}

interface Edges {
  readonly addresses: ReadonlySet<string>;
  readonly ports: ReadonlySet<number>;
}

function probesOf({ addresses, ports }: Edges): Probe[] {
  const targets = [...ports].flatMap((port) => PROTOCOLS.map((protocol) => ({ port, protocol })));
  return [...addresses].flatMap((address) => targets.map((target) => ({ family: familyOf(address), address, ...target })));
}

/** Ports of every protocol at the edges of what these name. */
export const portsAt = (parts: readonly unknown[]): number[] => [...new Set([{}, ...parts].flatMap((part) => [...edgesOf(part, []).ports]))];

function edgesOf(part: unknown, others: readonly string[]): Edges {
  const addresses = new Set(others);
  const ports = new Set(SPECIAL_PORTS);
  const walk = (value: unknown): void => {
    if (typeof value === "number") [value - 1, value, value + 1].filter(isPort).forEach((port) => ports.add(port));
    if (typeof value === "string") edgesOfCidr(value).forEach((address) => addresses.add(address));
    if (typeof value === "object" && value !== null) Object.values(value).forEach(walk);
  };
  walk(part);
  return { addresses, ports };
}

/** The first and last address of a CIDR and those beside them; none for what is no CIDR. */
function edgesOfCidr(text: string): string[] {
  const network = text.includes("/") ? parseNetwork(text, "") : { doubt: "" };
  if (isDoubt(network)) return [];
  const bits = network.address.bytes.length * 8;
  const first = network.address.bytes.reduce((value, byte) => (value << 8n) + BigInt(byte), 0n);
  const last = first + (1n << BigInt(bits - network.prefix)) - 1n;
  return [first - 1n, first, last, last + 1n].filter((value) => value >= 0n && value < 1n << BigInt(bits)).map((value) => format(value, network)).filter(leavesThePod);
}

function format(value: bigint, { address }: Network): string {
  const digits = value.toString(16).padStart(address.bytes.length * 2, "0");
  if (address.family === "IPv6") return digits.replaceAll(/(.{4})(?!$)/g, "$1:");
  return [...digits.matchAll(/../g)].map(([byte]) => Number.parseInt(byte, 16)).join(".");
}

const leavesThePod = (address: string): boolean => !/^127\.|^(0000:){7}0001$/.test(address);
