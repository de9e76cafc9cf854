/** Ports of all protocols on one line of numbers, so that sets of them are interval sets. Port 0 is on no wire and leaves the gap between protocols. */
import { setOf, type Interval, type IntervalSet } from "../addresses/intervals.ts";
import { PROTOCOLS, type Protocol } from "../policy.ts";
import type { PortRange } from "./result.ts";

const LAST_PORT = 65_535;
const WIDTH = BigInt(LAST_PORT + 1);

export const portAt = (protocol: Protocol, port: number): bigint => BigInt(PROTOCOLS.indexOf(protocol)) * WIDTH + BigInt(port);

const between = (protocol: Protocol, port: number, endPort: number): Interval => ({ first: portAt(protocol, port), last: portAt(protocol, endPort) });

export const allPortsOf = (protocol: Protocol): Interval => between(protocol, 1, LAST_PORT);
export const ALL_PORTS: IntervalSet = PROTOCOLS.map(allPortsOf);

/** What a list of ports allows, as policies and destinations write it. */
export const portsOf = (ports: readonly { readonly protocol: Protocol; readonly port: number; readonly endPort?: number | undefined }[]): IntervalSet =>
  setOf(ports.map(({ protocol, port, endPort = port }) => between(protocol, port, endPort)));

export function protocolAndPort(at: bigint): { readonly protocol: Protocol; readonly port: number } {
  const protocol = PROTOCOLS[Number(at / WIDTH)];
  if (protocol === undefined) throw new Error(`${at} is no port of any protocol`);
  return { protocol, port: Number(at % WIDTH) };
}

export const toRanges = (ports: IntervalSet): PortRange[] => ports.map(({ first, last }) => ({ ...protocolAndPort(first), endPort: Number(last % WIDTH) }));

export const isPort = (value: unknown): value is number => typeof value === "number" && Number.isInteger(value) && value >= 1 && value <= LAST_PORT;
