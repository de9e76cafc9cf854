import { createSocket } from "node:dgram";
import { once } from "node:events";
import { createServer, Socket, type AddressInfo, type Server } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import { fakeClock, settle } from "../../../test/support/fake-clock.ts";
import { systemClock } from "../../lib/clock.ts";
import { outcomeOfErrno } from "./attempt.ts";
import { attemptTcp } from "./tcp.ts";
import { attemptUdp } from "./udp.ts";

const cleanUp: (() => void)[] = [];
afterEach(() => {
  for (const one of cleanUp.splice(0)) one();
});

const LONG = { timeoutMs: 10_000, clock: systemClock };

async function server(onConnection: (socket: Socket) => void, host = "127.0.0.1"): Promise<{ address: string; port: number; server: Server }> {
  const made = createServer(onConnection);
  const open = new Set<Socket>();
  made.on("connection", (socket) => open.add(socket));
  made.listen(0, host);
  await once(made, "listening");
  cleanUp.push(() => {
    made.close();
    for (const socket of open) socket.destroy();
  });
  return { address: host, port: (made.address() as AddressInfo).port, server: made };
}

async function udpServer(answer: (message: Buffer) => string | undefined): Promise<{ address: string; port: number; heard: string[] }> {
  const socket = createSocket("udp4");
  const heard: string[] = [];
  socket.on("message", (message, { port, address }) => {
    heard.push(message.toString());
    const text = answer(message);
    if (text !== undefined) socket.send(text, port, address);
  });
  socket.bind(0, "127.0.0.1");
  await once(socket, "listening");
  cleanUp.push(() => socket.close());
  return { address: "127.0.0.1", port: socket.address().port, heard };
}

/** A port at which nobody listens any more. */
async function closedPort(): Promise<number> {
  const { port, server: made } = await server(() => {});
  made.close();
  await once(made, "close");
  return port;
}

describe("a TCP attempt", () => {
  it.each(["127.0.0.1", "::1"])("has reached %s when the connection stands, and sends nothing", async (host) => {
    const bytes = Promise.withResolvers<number>();
    const target = await server((socket) => {
      socket.on("data", () => bytes.reject(new Error("something was sent"))).on("error", () => {}).on("close", () => bytes.resolve(socket.bytesRead));
    }, host);
    expect(await attemptTcp(target, LONG)).toMatchObject({ outcome: "Reached" });
    expect(await bytes.promise).toBe(0);
  });

  it("has reached who resets what was accepted", async () => {
    const target = await server((socket) => socket.resetAndDestroy());
    expect(await attemptTcp(target, { ...LONG, listen: true })).toMatchObject({ outcome: "Reached", answer: "" });
  });

  it("has reached a kernel that takes connections for a program that accepts none, and says so in time", async () => {
    const clock = fakeClock();
    const target = await server(() => {});
    const connected = Promise.withResolvers<Socket>();
    const attempt = attemptTcp(target, {
      timeoutMs: 500, clock, listen: true,
      dial: ({ port, address }) => {
        const socket = new Socket().connect(port, address);
        socket.once("connect", () => connected.resolve(socket));
        return socket;
      },
    });
    await connected.promise;
    await settle();
    clock.advance(500);
    expect(await attempt).toEqual({ outcome: "Reached", answer: "", ms: 500 });
  });

  it("is refused where nobody listens", async () => {
    expect(await attemptTcp({ address: "127.0.0.1", port: await closedPort() }, LONG)).toMatchObject({ outcome: "Refused", errno: "ECONNREFUSED" });
  });

  it("times out when nothing comes, and leaves no socket", async () => {
    const clock = fakeClock();
    const silent = new Socket();
    const attempt = attemptTcp({ address: "192.0.2.1", port: 1 }, { timeoutMs: 1000, clock, dial: () => silent });
    clock.advance(999);
    expect(silent.destroyed).toBe(false);
    clock.advance(1);
    expect(await attempt).toEqual({ outcome: "TimedOut", ms: 1000 });
    expect(silent.destroyed).toBe(true);
    expect(clock.pending).toBe(0);
  });

  it("hears what the other side says first, up to a limit", async () => {
    const target = await server((socket) => void socket.on("error", () => {}).end("x".repeat(5000)));
    const { answer } = await attemptTcp(target, { ...LONG, listen: true });
    expect(answer).toBe("x".repeat(1024));
    const short = await server((socket) => void socket.end("hello"));
    expect(await attemptTcp(short, { ...LONG, listen: true })).toMatchObject({ outcome: "Reached", answer: "hello" });
  });

  it("asks what it is given to ask, and hears the bytes of the answer", async () => {
    const target = await server((socket) => void socket.once("data", (question: Buffer) => void socket.end(Buffer.from([0xff, 0x80, ...question]))));
    expect(await attemptTcp(target, { ...LONG, listen: true, payload: Buffer.from([1, 2]) })).toMatchObject({ outcome: "Reached", answer: "\u00ff\u0080\u0001\u0002" });
  });

  it("looks up no name", async () => {
    expect(await attemptTcp({ address: "localhost", port: 1 }, LONG)).toMatchObject({ outcome: "Failed", errno: "EINVAL" });
  });
});

describe("a UDP attempt", () => {
  const payload = Buffer.from("hello?");

  it("has reached who answers", async () => {
    const target = await udpServer(() => "hello!");
    expect(await attemptUdp(target, { ...LONG, payload })).toMatchObject({ outcome: "Reached", answer: "hello!" });
    expect(target.heard).toEqual(["hello?"]);
  });

  it("is refused where nobody listens", async () => {
    const { port } = await udpServer(() => undefined);
    cleanUp.pop()?.();
    expect(await attemptUdp({ address: "127.0.0.1", port }, { ...LONG, payload })).toMatchObject({ outcome: "Refused", errno: "ECONNREFUSED" });
  });

  it("asks twice and times out when nobody answers", async () => {
    const clock = fakeClock();
    const [first, second] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    const target = await udpServer(() => {
      (target.heard.length === 1 ? first : second).resolve();
      return undefined;
    });
    const attempt = attemptUdp(target, { timeoutMs: 1000, clock, payload });
    await first.promise;
    clock.advance(500);
    await second.promise;
    clock.advance(500);
    expect(await attempt).toEqual({ outcome: "TimedOut", ms: 1000 });
    expect(clock.pending).toBe(0);
  });

  it("looks up no name", async () => {
    expect(await attemptUdp({ address: "localhost", port: 1 }, { ...LONG, payload })).toMatchObject({ outcome: "Failed" });
  });
});

describe("the outcome of an error", () => {
  it.each([
    ["ECONNREFUSED", "Refused"], ["ETIMEDOUT", "TimedOut"], ["EHOSTUNREACH", "Unreachable"], ["ENETUNREACH", "Unreachable"], ["EACCES", "Unreachable"], ["ECONNRESET", "Reached"],
    ["EMFILE", "Failed"], ["EADDRNOTAVAIL", "Failed"], ["EAFNOSUPPORT", "Failed"], ["EWHATEVER", "Failed"],
  ])("%s is %s", (errno, outcome) => {
    expect(outcomeOfErrno(errno)).toBe(outcome);
  });
});
