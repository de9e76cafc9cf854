/** The gate with real sockets: a tripwire and forbidden ports on loopback addresses. */
import { createServer, type AddressInfo, type Server } from "node:net";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { systemClock } from "../../lib/clock.ts";
import { startTripwire, type Tripwire } from "../../runtime/tripwire/tripwire.ts";
import type { Ports } from "../../runtime/tripwire/network.ts";
import { gateCommand, type GateCommand } from "./command.ts";

const silent = { debug() {}, info() {}, warn() {}, error() {}, child: () => silent };
const HOST = "127.0.0.1";
let tripwire: Tripwire;
let folder: string;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "hoheit-gate-"));
  tripwire = await startTripwire({ control: { host: HOST, port: 0 }, tripwire: { host: HOST, port: 0 }, clock: systemClock, log: silent, onContact() {}, peers: { service: () => [], ask: async () => undefined, touch: async () => ({ outcome: "Reached", ms: 0 }) } });
});
afterEach(async () => {
  await tripwire.close();
  rmSync(folder, { recursive: true });
});

const numberOf = (port: string): number => tripwire.listeners.find((one) => one.port === port && one.protocol === "TCP")?.number ?? 0;

const ports = (over: Partial<Ports> = {}): Ports => ({ control: numberOf("control"), forbidden: numberOf("tripwire"), ...over });

interface Run {
  readonly code: number;
  readonly out: string;
  readonly err: string;
  /** What stands on standard output, read. */
  readonly said: Record<string, unknown>;
}

async function run(over: Partial<GateCommand> = {}): Promise<Run> {
  let [out, err] = ["", ""];
  const code = await gateCommand({
    tripwire: HOST, timeoutSeconds: 1.5, terminationLog: join(folder, "none"), ports: ports(), own: () => [HOST], ...over,
  }, { out: (line) => (out += line), err: (line) => (err += line) });
  return { code, out, err, said: out === "" ? {} : (JSON.parse(out) as Record<string, unknown>) };
}

/** A port that refuses. */
async function shut(): Promise<number> {
  const server: Server = createServer().listen(0, HOST);
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return port;
}

describe("hoheit gate", () => {
  it("passes when the tripwire answers and the forbidden port does not, and leaves its verdict where the kubelet looks", async () => {
    const terminationLog = join(folder, "log");
    writeFileSync(terminationLog, "");
    const { code, said, out, err } = await run({ ports: ports({ forbidden: await shut() }), terminationLog });
    expect(said).toMatchObject({ hoheit: "gate", result: "Sealed", openRounds: 0, outcomes: { IPv4: "Refused" } });
    expect(code).toBe(0);
    expect(readFileSync(terminationLog, "utf8")).toBe(out);
    expect(err).toBe("");
    expect(said["waitedMs"]).toBeGreaterThanOrEqual(500);
  });

  it("does not pass while the forbidden port is reached", async () => {
    expect(await run()).toMatchObject({ code: 1, said: { result: "Open", family: "IPv4" } });
  });

  it("does not pass when nothing is there at all: a tripwire that is gone is no seal", async () => {
    await tripwire.close();
    expect(await run({ ports: { control: await shut(), forbidden: await shut() } })).toMatchObject({ code: 1, said: { result: "NoTripwire", openRounds: 0 } });
  });

  it("does not pass when only the forbidden listener has died: the control port says so", async () => {
    await tripwire.listeners.find(({ port, protocol }) => port === "tripwire" && protocol === "TCP")?.close();
    // Its next self-test is at most a second away; until then it has been tried a moment ago.
    const { code, said } = await run({ timeoutSeconds: 4, own: () => (tripwire.listening() ? [] : [HOST]) });
    expect({ code, said }).toMatchObject({ code: 1, said: { result: "NoTripwire" } });
  });

  it("does not pass by the words of a program that says something else on the control port", async () => {
    const other = createServer((socket) => socket.on("error", () => {}).end('HTTP/1.1 200 OK\r\n\r\n{"listening":true}\n')).listen(0, HOST);
    await once(other, "listening");
    expect(await run({ ports: { control: (other.address() as AddressInfo).port, forbidden: await shut() } })).toMatchObject({ code: 1, said: { result: "NoTripwire" } });
    other.close();
  });

  it.each([[{ tripwire: "" }, '--tripwire: "" is no address'], [{ tripwire: "10.0.0.1,tripwire.svc" }, '"tripwire.svc" is no address'], [{ timeoutSeconds: Number.NaN }, "--timeout-seconds"]])("refuses %j on standard error: standard output is for verdicts", async (over, words) => {
    const { code, out, err } = await run(over);
    expect({ code, out }).toEqual({ code: 2, out: "" });
    expect(err).toContain(words);
  });
});
