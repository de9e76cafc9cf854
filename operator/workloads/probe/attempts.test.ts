import { createSocket } from "node:dgram";
import { once } from "node:events";
import { createServer, type AddressInfo } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import { systemClock } from "../../lib/clock.ts";
import { ANSWER, lineOf } from "../../runtime/tripwire/wire.ts";
import { tryControl, tryTarget } from "./attempts.ts";
import { dnsQuestion, overTcp } from "./dns.ts";

const limits = { clock: systemClock, timeoutMs: 2_000 };
const cleanUp: (() => void)[] = [];
afterEach(() => {
  for (const one of cleanUp.splice(0)) one();
});

/** Answers every connection's first bytes, or the connection itself, as `answer` says; undefined: says nothing. */
async function tcp(answer: Buffer | string, asked: (bytes: Buffer) => void = () => {}): Promise<number> {
  const server = createServer((socket) => void socket.on("error", () => {}).on("data", asked).end(answer));
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  cleanUp.push(() => server.close());
  return (server.address() as AddressInfo).port;
}

async function udp(answer: Buffer): Promise<{ port: number; heard: Buffer[] }> {
  const socket = createSocket("udp4");
  const heard: Buffer[] = [];
  socket.on("message", (message, { port, address }) => {
    heard.push(message);
    socket.send(answer, port, address);
  });
  socket.bind(0, "127.0.0.1");
  await once(socket, "listening");
  cleanUp.push(() => socket.close());
  return { port: socket.address().port, heard };
}

const at = (name: string, port: number, protocol: "TCP" | "UDP") => ({ name, address: "127.0.0.1", port, protocol });
const resolved = (): Buffer => {
  const message = dnsQuestion("example.com");
  message.writeUInt16BE(0x8180, 2);
  message.writeUInt16BE(1, 6);
  return message;
};

describe("a control", () => {
  const line = (listening: boolean): string => lineOf({ instance: "a", listening, alive: listening, address: "127.0.0.1" });

  it.each([[line(true), "Answered"], [line(false), "NotListening"], ["HTTP/1.1 400\n", "NotListening"], ["", "NotListening"]] as const)("that says %j over TCP is %s", async (answer, outcome) => {
    expect((await tryControl(at("control", await tcp(answer), "TCP"), limits)).outcome).toBe(outcome);
  });

  it.each([[ANSWER, "Answered"], [Buffer.from("something else"), "NotListening"]] as const)("that says %s over UDP is %s", async (answer, outcome) => {
    expect((await tryControl(at("control", (await udp(answer)).port, "UDP"), limits)).outcome).toBe(outcome);
  });

  it.each(["TCP", "UDP"] as const)("at a closed port is Refused over %s", async (protocol) => {
    expect((await tryControl(at("control", 1, protocol), limits)).outcome).toBe("Refused");
  });
});

describe("a target", () => {
  it.each(["TCP", "UDP"] as const)("that answers over %s is Reached", async (protocol) => {
    const port = protocol === "TCP" ? await tcp("") : (await udp(Buffer.from("x"))).port;
    expect(await tryTarget(at("world", port, protocol), "example.com", limits)).toEqual({ ...at("world", port, protocol), outcome: "Reached" });
  });

  it("that is a name server is asked over UDP, and its answer is told", async () => {
    const { port, heard } = await udp(resolved());
    expect(await tryTarget(at("cluster-dns", port, "UDP"), "example.com", limits)).toMatchObject({ outcome: "Reached", note: "Resolved" });
    expect(heard[0]).toEqual(dnsQuestion("example.com"));
  });

  it("that is a name server is asked over TCP, too", async () => {
    const heard: Buffer[] = [];
    const port = await tcp(overTcp(resolved()), (bytes) => void heard.push(bytes));
    expect(await tryTarget(at("cluster-dns", port, "TCP"), "example.com", limits)).toMatchObject({ outcome: "Reached", note: "Resolved" });
    expect(Buffer.concat(heard)).toEqual(overTcp(dnsQuestion("example.com")));
  });

  it("that takes the connection and says nothing of DNS is Reached all the same", async () => {
    expect(await tryTarget(at("cluster-dns", await tcp(""), "TCP"), "example.com", limits)).toEqual({ ...at("cluster-dns", expect.any(Number) as never, "TCP"), outcome: "Reached" });
  });
});
