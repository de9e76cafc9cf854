/**
 * The world outside, as a process in its own network namespace: canaries that log every hit with source and time, a
 * resolver with a zone of its own, and a witness who tells the tests what was seen. Run by `inWorld` (network.ts).
 *
 * The witness answers after everything that had arrived when it was asked: connections are accepted in the order in which
 * they came, and its answer takes one turn more than theirs.
 */
import { execFile } from "node:child_process";
import { createSocket } from "node:dgram";
import { appendFileSync } from "node:fs";
import { createServer as createHttpServer } from "node:http";
import { createServer, type Socket } from "node:net";
import { promisify } from "node:util";
import { answerQuestion, questionOf } from "./dns.ts";
import type { Hit, WireCount } from "./hits.ts";
import { CANARY_PORTS, OUTSIDE, RESOLVER, WITNESS } from "./network.ts";

const IPPROTO_TCP = 6;
const run = promisify(execFile);
const hits: Hit[] = [];

function log(hit: Omit<Hit, "time">, logFile: string): void {
  const whole = { time: Date.now(), ...hit };
  hits.push(whole);
  appendFileSync(logFile, `${JSON.stringify(whole)}\n`);
}

const plain = (address: string | undefined): string => (address ?? "").replace(/^::ffff:/, "");

/** One listener on all addresses: the connection says to which it came. */
function listenTcp(port: number, logFile: string): void {
  createServer((socket) => {
    log({ protocol: "TCP", source: plain(socket.remoteAddress), target: plain(socket.localAddress), port }, logFile);
    socket.on("error", () => undefined).end("outside\n");
    socket.resume();
  }).listen({ port, host: "::", backlog: 1024 });
}

/** One socket for each address: a datagram does not say to which it came. */
function listenUdp(address: string, port: number, logFile: string): void {
  const socket = createSocket(address.includes(":") ? "udp6" : "udp4");
  socket.on("message", (_message, from) => {
    log({ protocol: "UDP", source: plain(from.address), target: address, port }, logFile);
    socket.send("outside\n", from.port, from.address);
  });
  socket.bind(port, address);
}

function resolver(address: string, logFile: string): void {
  const socket = createSocket(address.includes(":") ? "udp6" : "udp4");
  socket.on("message", (message, from) => {
    const name = questionOf(message)?.name ?? "?";
    log({ protocol: "UDP", source: plain(from.address), target: address, port: 53, name }, logFile);
    const answer = answerQuestion(message);
    if (answer) socket.send(answer, from.port, from.address);
  });
  socket.bind(53, address);
  createServer((connection) => { resolveTcp(connection, address, logFile); }).listen(53, address);
}

/** Over TCP each message follows its length in two bytes. One question for each connection is enough. */
function resolveTcp(connection: Socket, address: string, logFile: string): void {
  let received = Buffer.alloc(0);
  connection.on("error", () => undefined).on("data", (chunk) => {
    received = Buffer.concat([received, chunk]);
    if (received.length < 2 || received.length < 2 + received.readUInt16BE()) return;
    const message = received.subarray(2);
    log({ protocol: "TCP", source: plain(connection.remoteAddress), target: address, port: 53, name: questionOf(message)?.name ?? "?" }, logFile);
    const answer = answerQuestion(message) ?? Buffer.alloc(0);
    const length = Buffer.alloc(2);
    length.writeUInt16BE(answer.length);
    connection.end(Buffer.concat([length, answer]));
  });
}

interface ListedSet { nftables: { set?: { elem?: { elem: { val: { concat: [string, string, number, number] }; counter: { packets: number } } }[] } }[] }

async function wire(): Promise<WireCount[]> {
  const sets = await Promise.all(["v4", "v6"].map(async (name) => JSON.parse((await run("nft", ["-n", "-j", "list", "set", "inet", "wire", name])).stdout) as ListedSet));
  return sets.flatMap(({ nftables }) => nftables.flatMap(({ set }) => set?.elem ?? [])).map(({ elem }) => {
    const [source, target, protocol, port] = elem.val.concat;
    return { source, target, protocol: protocol === IPPROTO_TCP ? "TCP" : "UDP", port, packets: elem.counter.packets };
  });
}

function witness(): void {
  createHttpServer((request, response) => {
    const tell = async (): Promise<void> => {
      const answer = request.url === "/wire" ? await wire() : hits.slice(Number(new URL(request.url ?? "/", "http://w").searchParams.get("from") ?? 0));
      response.end(JSON.stringify(answer));
    };
    setImmediate(() => { tell().catch((error: unknown) => { response.writeHead(500).end(String(error)); }); });
  }).listen(WITNESS.port, WITNESS.host);
}

if (import.meta.main) {
  const [logFile = ""] = process.argv.slice(2);
  for (const port of CANARY_PORTS) {
    listenTcp(port, logFile);
    for (const address of Object.values(OUTSIDE)) listenUdp(address, port, logFile);
  }
  for (const address of [RESOLVER.v4, RESOLVER.v6]) resolver(address, logFile);
  witness();
}
