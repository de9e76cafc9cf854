/** What pods try, and what is said of it: by the point evaluator, and by the list of connections. */
import { BlockList, isIPv6 } from "node:net";
import { familyOf } from "../../../operator/lib/addresses.ts";
import { decide, type Answer } from "../../../operator/sovereignty/point/decide.ts";
import { connections, type End } from "../../../operator/sovereignty/prover/connections.ts";
import type { Snapshot } from "../../../operator/sovereignty/snapshot.ts";
import type { Packet } from "../../../operator/sovereignty/verdict.ts";
import type { Agent } from "../../support/node/agents.ts";
import { OUTSIDE } from "../../support/node/network.ts";
import { addressesOf } from "../../support/node/pods.ts";
import { PORTS } from "./places.ts";

/** A packet, and from where to where it is sent. */
export interface Trial {
  readonly agent: Agent;
  readonly address: string;
  readonly packet: Packet & { readonly protocol: "TCP" | "UDP" };
}

export interface Said extends Answer {
  /** Whether it is among the connections that are said to be allowed: by the receiver's name, or by an address at either end. */
  readonly isListed: boolean;
  /** Whether it is there by the receiver's name, or goes to an address: then nothing else has to let it through. */
  readonly isCertain: boolean;
}

const PROTOCOLS = ["TCP", "UDP"] as const;
const WORLD: readonly string[] = [OUTSIDE.v4, OUTSIDE.v6];

export const idOf = ({ pod: { metadata } }: Agent): string => `${metadata.namespace}/Pod/${metadata.name}`;

/** To the world, to the neighbour in the namespace and to the pods that follow; by every family, protocol and port. */
export function trialsOf(agents: readonly Agent[]): Trial[] {
  return agents.flatMap((agent, at) => {
    const peers = [1, 2, 3, 4].map((step) => agents[(at + step) % agents.length]).filter((one) => one !== undefined);
    const ends = [...WORLD.map((address) => ({ address, end: { address } })), ...peers.flatMap((peer) => addressesOf(peer.pod).map((address) => ({ address, end: { to: idOf(peer) } })))];
    return ends.flatMap(({ address, end }) => PORTS.flatMap((port) => PROTOCOLS.map((protocol) => ({ agent, address, packet: { from: idOf(agent), family: familyOf(address), protocol, port, ...end } }))));
  });
}

/** Whether each got through. */
export async function tryAll(trials: readonly Trial[]): Promise<ReadonlyMap<Trial, boolean>> {
  const results = await Promise.all([...Map.groupBy(trials, ({ agent }) => agent)].map(async ([agent, own]) => {
    const outcomes = await agent.attempt(own.map(({ address, packet: { port, protocol } }) => ({ name: "", address, port, protocol })));
    return own.map((trial, at) => [trial, outcomes[at] === "Reached"] as const);
  }));
  return new Map(results.flat());
}

export function judge(snapshot: Snapshot, trials: readonly Trial[]): ReadonlyMap<Trial, Said> {
  const listed = listedIn(snapshot, new Set(trials.flatMap(({ address, agent }) => [address, ...addressesOf(agent.pod)])));
  return new Map(trials.map((trial) => {
    const { packet: { from, to, protocol, port }, address, agent } = trial;
    const has = (sender: string, receiver: string): boolean => listed.has(keyOf({ sender, receiver, protocol, port }));
    const isCertain = has(from, to ?? address);
    const isListed = isCertain || has(from, address) || (to !== undefined && addressesOf(agent.pod).some((one) => has(one, to)));
    return [trial, { ...decide(snapshot, trial.packet), isCertain, isListed }];
  }));
}

const keyOf = ({ sender, receiver, protocol, port }: { sender: string; receiver: string; protocol: string; port: number }): string => [sender, receiver, protocol, port].join(" ");

/** Every packet between workloads and these addresses that the list of connections allows, of those that are tried. */
function listedIn(snapshot: Snapshot, addresses: ReadonlySet<string>): ReadonlySet<string> {
  return new Set(connections(snapshot).flatMap(({ from, to, ports }) => {
    const tried = PORTS.flatMap((port) => PROTOCOLS.filter((protocol) => ports.some((range) => range.protocol === protocol && range.port <= port && port <= range.endPort)).map((protocol) => ({ protocol, port })));
    return namesOf(from, addresses).flatMap((sender) => namesOf(to, addresses).flatMap((receiver) => tried.map((one) => keyOf({ sender, receiver, ...one }))));
  }));
}

/** Workloads, or those of the addresses that the ranges hold. */
function namesOf(end: End, addresses: ReadonlySet<string>): readonly string[] {
  if ("workloads" in end) return end.workloads;
  const ranges = { ipv4: new BlockList(), ipv6: new BlockList() };
  for (const cidr of end.addresses) {
    const [network = "", length] = cidr.split("/");
    ranges[familyIn(network)].addSubnet(network, Number(length), familyIn(network));
  }
  return [...addresses].filter((address) => ranges[familyIn(address)].check(address, familyIn(address)));
}

const familyIn = (address: string): "ipv4" | "ipv6" => (isIPv6(address) ? "ipv6" : "ipv4");
