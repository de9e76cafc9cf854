import { createSocket } from "node:dgram";
import { once } from "node:events";
import { connect } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import { eventually } from "../../../test/support/control-plane.ts";
import { fakeClock, settle, type FakeClock } from "../../../test/support/fake-clock.ts";
import { systemClock } from "../../lib/clock.ts";
import type { Logger } from "../log.ts";
import type { AttemptOutcome } from "../reach/attempt.ts";
import { attemptTcp } from "../reach/tcp.ts";
import { attemptUdp } from "../reach/udp.ts";
import type { Listener, Port, Protocol } from "./listeners.ts";
import { hiddenBehind, type Peers } from "./peers.ts";
import { startTripwire, type Tripwire } from "./tripwire.ts";
import { ANSWER, lineOf, QUESTION, wordOf, type Word } from "./wire.ts";

const silent: Logger = { debug() {}, info() {}, warn() {}, error() {}, child: () => silent };
const open: Tripwire[] = [];
const nobody: Peers = { service: () => [], ask: async () => undefined, touch: async () => ({ outcome: "Reached", ms: 0 }) };
afterEach(async () => {
  await Promise.all(open.splice(0).map((tripwire) => tripwire.close()));
});

const at = (host: string, port = 0) => ({ host, port });

async function start(over: Partial<Parameters<typeof startTripwire>[0]> = {}): Promise<{ tripwire: Tripwire; contacts: string[]; clock: FakeClock }> {
  const contacts: string[] = [];
  const clock = fakeClock();
  const tripwire = await startTripwire({
    control: at("127.0.0.1"), tripwire: at("127.0.0.1"), clock, log: silent, onContact: (port, protocol) => contacts.push(`${port} ${protocol}`), peers: nobody, ...over,
  });
  open.push(tripwire);
  return { tripwire, contacts, clock };
}

const listener = ({ listeners }: Tripwire, port: Port, protocol: Protocol): Listener => {
  const found = listeners.find((one) => one.port === port && one.protocol === protocol);
  if (found === undefined) throw new Error(`no ${protocol} listener on the ${port} port`);
  return found;
};
const LIMIT = { timeoutMs: 5_000, clock: systemClock };
const target = (tripwire: Tripwire, port: Port, protocol: Protocol, address = "127.0.0.1") => ({ address, port: listener(tripwire, port, protocol).number });
const ask = async (tripwire: Tripwire, address?: string) => wordOf((await attemptTcp(target(tripwire, "control", "TCP", address), { ...LIMIT, listen: true })).answer);

describe("the tripwire", () => {
  it("says on the control port which process answers, at which address, and that it listens on the other", async () => {
    const { tripwire } = await start();
    const word = await ask(tripwire);
    expect(word).toMatchObject({ listening: true, address: "127.0.0.1" });
    expect(word?.instance).toMatch(/^[0-9a-f-]{36}$/);
    expect(await ask(tripwire)).toEqual(word);
  });

  it("listens in both families at once", async () => {
    const { tripwire } = await start({ control: at("::"), tripwire: at("::"), addresses: () => [] });
    expect(await ask(tripwire, "127.0.0.1")).toMatchObject({ listening: true, address: "127.0.0.1" });
    expect(await ask(tripwire, "::1")).toMatchObject({ listening: true, address: "::1" });
    for (const address of ["127.0.0.1", "::1"]) {
      expect(await attemptTcp(target(tripwire, "tripwire", "TCP", address), LIMIT)).toMatchObject({ outcome: "Reached" });
      expect(await attemptUdp(target(tripwire, "tripwire", "UDP", address), { ...LIMIT, payload: QUESTION })).toMatchObject({ outcome: "Reached", answer: ANSWER.toString() });
    }
  });

  it("keeps nobody: the forbidden port closes at once, the control port after its line, whatever it is sent", async () => {
    const { tripwire } = await start();
    for (const port of ["control", "tripwire"] as const) {
      const socket = connect(target(tripwire, port, "TCP").port, "127.0.0.1");
      socket.on("error", () => {}).resume();
      socket.write("x".repeat(100_000));
      await once(socket, "close");
    }
    expect(await ask(tripwire)).toMatchObject({ listening: true });
  });

  it("answers its own question only, with no more than it was sent: two tripwires cannot be made to talk for ever", async () => {
    expect(ANSWER.length).toBeLessThanOrEqual(QUESTION.length);
    const { tripwire } = await start();
    const socket = createSocket("udp4");
    const heard: string[] = [];
    socket.on("message", (message) => heard.push(message.toString()));
    for (const text of ["", "x", ANSWER.toString(), `${QUESTION.toString()}?`, QUESTION.toString().slice(1)]) socket.send(text, target(tripwire, "control", "UDP").port, "127.0.0.1");
    socket.send(QUESTION, target(tripwire, "control", "UDP").port, "127.0.0.1");
    await eventually(() => heard.length > 0);
    socket.close();
    expect(heard).toEqual([ANSWER.toString()]);
  });

  it("counts who comes by port and protocol, but not itself", async () => {
    const { tripwire, contacts } = await start({ control: at("127.0.0.1"), tripwire: at("127.0.0.1") });
    expect(contacts).toEqual([]);
    // Loopback addresses are all our own here; another one is somebody else.
    const socket = connect({ port: target(tripwire, "tripwire", "TCP").port, host: "127.0.0.1", localAddress: "127.0.0.9" });
    await once(socket, "connect");
    socket.destroy();
    await eventually(() => contacts.length > 0);
    expect(contacts).toEqual(["tripwire TCP"]);
  });

  it.each([["tripwire", "TCP"], ["tripwire", "UDP"], ["control", "UDP"]] as const)("does not say that it listens once the %s port (%s) is dead, and is not ready", async (port, protocol) => {
    const { tripwire, clock } = await start();
    expect(tripwire.check.problem()).toBeUndefined();
    await listener(tripwire, port, protocol).close();
    clock.advance(1_000);
    await eventually(() => !tripwire.listening());
    expect(tripwire.check.problem()).toBe(`the ${port} port (${protocol}) was closed`);
    expect(await ask(tripwire)).toMatchObject({ listening: false });
  });

  it("does not say that it listens when it has not tried for some seconds: a process that hangs is no witness", async () => {
    const { tripwire, clock } = await start();
    clock.freeze(3_400);
    expect(tripwire.listening()).toBe(true);
    clock.freeze(200);
    expect(tripwire.listening()).toBe(false);
    expect(tripwire.check.problem()).toBe("has not been tried for some seconds");
    clock.advance(0);
    await eventually(() => tripwire.listening());
  });

  it("is tried by every address of its own", async () => {
    // An address that does not work and to which nothing leaves the machine: the loopback has no link-local addresses.
    const { tripwire } = await start({ control: at("::"), tripwire: at("::"), addresses: () => ["127.0.0.1", "fe80::1%lo"] });
    expect(tripwire.listening()).toBe(false);
    expect(tripwire.check.problem()).toMatch(/port \((TCP|UDP), IPv6\) does not answer itself: /);
  });

  it("leaves nothing open when one of its ports cannot be had", async () => {
    const { tripwire } = await start();
    const taken = listener(tripwire, "tripwire", "TCP").number;
    await expect(start({ tripwire: at("127.0.0.1", taken) })).rejects.toMatchObject({ code: "EADDRINUSE" });
  });
});

describe("another replica", () => {
  const other: Word = { instance: "other", listening: true, alive: true, address: "10.244.0.8" };
  const met = (words: (Word | undefined)[], outcome: AttemptOutcome) => ({ ask: async () => words.shift(), touch: async () => ({ outcome, ms: 1 }) });

  it("whose forbidden port is out of reach while it is alive before and after is hidden", async () => {
    for (const outcome of ["Refused", "TimedOut", "Unreachable"] as const) expect(await hiddenBehind("s", "me", met([other, other], outcome))).toContain(outcome);
  });

  it.each<[string, (Word | undefined)[], AttemptOutcome]>([
    ["is reached", [other, other], "Reached"], ["could not be tried", [other, other], "Failed"], ["does not answer", [undefined], "Refused"],
    ["is this one", [{ ...other, instance: "me" }], "Refused"], ["is dead and knows it", [{ ...other, alive: false }], "Refused"],
    ["dies meanwhile", [other, undefined], "Refused"], ["gives way to another", [other, { ...other, instance: "third" }], "Refused"], ["dies and knows it", [other, { ...other, alive: false }], "Refused"],
  ])("is not hidden when it %s", async (_what, words, outcome) => {
    expect(await hiddenBehind("s", "me", met(words, outcome))).toBeUndefined();
  });

  it("is not hidden by one packet that got lost", async () => {
    const outcomes: AttemptOutcome[] = ["TimedOut", "Reached"];
    const once = { ask: async () => other, touch: async () => ({ outcome: outcomes.shift() ?? "Failed", ms: 1 }) };
    expect(await hiddenBehind("s", "me", once)).toBeUndefined();
    expect(outcomes).toEqual([]);
  });

  it("that is hidden keeps this one from saying that it listens, for half a minute, but not from being ready", async () => {
    let outcome: AttemptOutcome = "Refused";
    const peers: Peers = { service: () => ["10.96.0.84"], ask: async () => other, touch: async () => ({ outcome, ms: 1 }) };
    const { tripwire, clock } = await start({ peers });
    expect(tripwire.listening()).toBe(true);
    clock.advance(1_000);
    await eventually(() => !tripwire.listening());
    expect(tripwire.check.problem()).toBeUndefined();
    expect(await ask(tripwire)).toMatchObject({ listening: false, alive: true });
    outcome = "Reached";
    for (let second = 0; second < 29; second += 1) {
      clock.advance(1_000);
      await settle();
    }
    expect(tripwire.listening()).toBe(false);
    await eventually(() => {
      clock.advance(1_000);
      return tripwire.listening();
    });
  });
});

describe("what the control port says", () => {
  const word = { instance: "i", listening: true, alive: true, address: "10.244.0.7" };

  it("is read back as it was said, an IPv4 address without its mapping", () => {
    expect(wordOf(lineOf(word))).toEqual(word);
    expect(wordOf(lineOf({ ...word, address: "::ffff:10.244.0.7" }))).toEqual(word);
  });

  it.each([
    undefined, "", "hello\n", "{}\n", lineOf(word).slice(0, -1), '{"hoheit":"tripwire","listening":"true","tripwire":{"instance":"i","address":"10.0.0.1"}}\n',
    '{"hoheit":"tripwire","listening":true}\n', '{"hoheit":"tripwire","listening":true,"tripwire":{"instance":"","address":"10.0.0.1"}}\n',
    '{"hoheit":"tripwire","listening":true,"tripwire":{"instance":"i","address":"evil.example"}}\n', "null\n", "[]\n",
  ])("is nothing when it is %j", (line) => {
    expect(wordOf(line)).toBeUndefined();
  });
});
