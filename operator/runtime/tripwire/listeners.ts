/**
 * The four listeners: TCP and UDP on the control port and on the forbidden port. Everybody in the cluster may reach
 * them, sealed pods the first pair, so they take nothing in: no byte is read from a connection, a datagram is compared
 * and dropped, and every connection ends after its answer.
 */
import { createSocket, type Socket as Datagrams } from "node:dgram";
import { once } from "node:events";
import { createServer, type AddressInfo, type Server, type Socket } from "node:net";
import { withoutMapping } from "../../lib/addresses.ts";
import type { Address } from "../http.ts";
import { ANSWER, lineOf, QUESTION, type Word } from "./wire.ts";

export type Port = "control" | "tripwire";
export type Protocol = "TCP" | "UDP";

/** Connections at a time on one port; more are dropped at once. */
const MOST_CONNECTIONS = 512;
/** A client that does not take its answer is cut off. */
const LONGEST_MS = 1_000;
/** Connections that the kernel holds for us while the loop is busy. */
const BACKLOG = 1_024;

export interface ListenerOptions {
  readonly control: Address;
  readonly tripwire: Address;
  readonly instance: string;
  /** What this process says of itself. */
  state(): Pick<Word, "listening" | "alive">;
  /** Whether this is an address of this process: its own attempts are not counted. */
  isOwn(address: string): boolean;
  /** Somebody other than this process came. */
  onContact(port: Port, protocol: Protocol): void;
}

export interface Listener {
  readonly port: Port;
  readonly protocol: Protocol;
  readonly address: string;
  readonly number: number;
  isOpen(): boolean;
  close(): Promise<void>;
}

/** Rejects with the system's error if one cannot be had; then none is left open. */
export async function openListeners(options: ListenerOptions): Promise<readonly Listener[]> {
  const opened = await Promise.allSettled([
    openTcp("control", options.control, options), openTcp("tripwire", options.tripwire, options),
    openUdp("control", options.control, options), openUdp("tripwire", options.tripwire, options),
  ]);
  const failed = opened.find((one) => one.status === "rejected");
  const listeners = opened.flatMap((one) => (one.status === "fulfilled" ? [one.value] : []));
  if (failed === undefined) return listeners;
  await Promise.all(listeners.map((one) => one.close()));
  throw failed.reason;
}

/** Where there is no IPv6 at all, its wildcard cannot be listened at. */
const withoutIpv6 = (error: unknown): boolean => ["EAFNOSUPPORT", "EADDRNOTAVAIL"].includes((error as NodeJS.ErrnoException).code ?? "");

async function openTcp(port: Port, { host, port: number }: Address, options: ListenerOptions): Promise<Listener> {
  const open = new Set<Socket>();
  const server = createServer({ pauseOnConnect: true }, (socket) => {
    open.add(socket);
    socket.once("close", () => open.delete(socket)).on("error", () => socket.destroy());
    receive(socket, port, options);
  });
  server.maxConnections = MOST_CONNECTIONS;
  const bound = await listenTcp(server, host, number).catch((error: unknown) => (host === "::" && withoutIpv6(error) ? listenTcp(server, "0.0.0.0", number) : Promise.reject(error as Error)));
  server.on("error", () => server.close());
  const close = async (): Promise<void> => {
    for (const socket of open) socket.destroy();
    if (server.listening) await new Promise<void>((resolve) => void server.close(() => resolve()));
  };
  return { port, protocol: "TCP", address: bound.address, number: bound.port, isOpen: () => server.listening, close };
}

async function listenTcp(server: Server, host: string, port: number): Promise<AddressInfo> {
  const listening = once(server, "listening");
  server.listen({ host, port, backlog: BACKLOG });
  await listening;
  return server.address() as AddressInfo;
}

function receive(socket: Socket, port: Port, { instance, state, isOwn, onContact }: ListenerOptions): void {
  const { localAddress: address, remoteAddress } = socket;
  if (address === undefined || remoteAddress === undefined) return void socket.destroy();
  if (!isOwn(withoutMapping(remoteAddress))) onContact(port, "TCP");
  // Reaching the forbidden port is all there is to it.
  if (port === "tripwire") return void socket.destroy();
  socket.setTimeout(LONGEST_MS, () => socket.destroy());
  socket.end(lineOf({ instance, ...state(), address }), () => socket.destroySoon());
}

async function openUdp(port: Port, { host, port: number }: Address, options: ListenerOptions): Promise<Listener> {
  const socket = await bindUdp(host, number).catch((error: unknown) => (host === "::" && withoutIpv6(error) ? bindUdp("0.0.0.0", number) : Promise.reject(error as Error)));
  let isOpen = true;
  socket.on("message", (message, from) => {
    if (!message.equals(QUESTION)) return;
    if (!options.isOwn(withoutMapping(from.address))) options.onContact(port, "UDP");
    // Whoever asked may be gone; that is not our trouble.
    socket.send(ANSWER, from.port, from.address, () => {});
  });
  socket.on("close", () => (isOpen = false)).on("error", () => socket.close());
  const close = async (): Promise<void> => {
    if (isOpen) await new Promise<void>((resolve) => void socket.close(() => resolve()));
  };
  const bound = socket.address();
  return { port, protocol: "UDP", address: bound.address, number: bound.port, isOpen: () => isOpen, close };
}

async function bindUdp(host: string, port: number): Promise<Datagrams> {
  const socket = createSocket(host.includes(":") ? "udp6" : "udp4");
  try {
    const listening = once(socket, "listening");
    socket.bind({ address: host, port });
    await listening;
    return socket;
  } catch (error) {
    socket.close();
    throw error;
  }
}
