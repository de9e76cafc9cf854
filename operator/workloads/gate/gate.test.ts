import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { fakeClock, settle } from "../../../test/support/fake-clock.ts";
import type { AttemptOutcome } from "../../runtime/reach/attempt.ts";
import type { Word } from "../../runtime/tripwire/wire.ts";
import { waitForSeal, type GateOptions, type Verdict } from "./gate.ts";
import { lookOnce, type World } from "./round.ts";

const SERVICE4 = "10.96.0.84";
const SERVICE6 = "fd00:96::84";
const REPLICA4 = "10.244.0.7";
const REPLICA6 = "fd00:244::7";
const SERVICE = [SERVICE4, SERVICE6];

/** What a gate meets, changed by tests as time goes on. */
interface Scene {
  own: readonly string[];
  word: Partial<Word> | undefined;
  /** Outcome of touching the forbidden port, by address. */
  touched: (address: string) => AttemptOutcome;
}

const replicaOf = (address: string): string => (address.includes(":") ? REPLICA6 : REPLICA4);
const sealed = (): Scene => ({ own: ["10.244.0.9", "fd00:244::9"], word: {}, touched: () => "Refused" });

function worldOf(scene: Scene): World & { asked: string[]; touches: string[] } {
  const [asked, touches]: [string[], string[]] = [[], []];
  return {
    asked, touches,
    own: () => scene.own,
    ask: async (address) => {
      asked.push(address);
      return scene.word && { instance: "one", listening: true, alive: true, address: replicaOf(address), ...scene.word };
    },
    touch: async (address) => {
      touches.push(address);
      return { outcome: scene.touched(address), ms: 1 };
    },
  };
}

const look = (scene: Scene, tripwire: readonly string[] = SERVICE) => lookOnce(tripwire, worldOf(scene));

describe("one look", () => {
  it("is sealed when the tripwire answers and its forbidden port does not, in every family, at the Service and at the replica", async () => {
    const world = worldOf(sealed());
    expect(await lookOnce(SERVICE, world)).toEqual({ finding: "Sealed", outcomes: { IPv4: "Refused", IPv6: "Refused" } });
    expect(world.touches.toSorted()).toEqual([REPLICA4, SERVICE4, REPLICA6, SERVICE6].toSorted());
    expect(world.asked.toSorted()).toEqual([REPLICA4, SERVICE4, REPLICA6, SERVICE6].toSorted());
  });

  it.each(SERVICE.flatMap((address) => [address, replicaOf(address)]))("is open when %s is reached, whatever else is not", async (open) => {
    expect(await look({ ...sealed(), touched: (address) => (address === open ? "Reached" : "TimedOut") })).toMatchObject({ finding: "Open", family: open.includes(":") ? "IPv6" : "IPv4" });
  });

  it("knows nothing while the tripwire does not answer, or says that it does not listen", async () => {
    expect(await look({ ...sealed(), word: undefined })).toMatchObject({ finding: "NoTripwire" });
    expect(await look({ ...sealed(), word: { listening: false } })).toMatchObject({ finding: "NoTripwire" });
  });

  it.each<[string, Word | undefined]>([
    ["is gone", undefined],
    ["listens no more", { instance: "one", listening: false, alive: false, address: REPLICA4 }],
    ["is another one by now", { instance: "two", listening: true, alive: true, address: REPLICA4 }],
  ])("knows nothing when the replica that answered %s after the forbidden port was tried: it may have been dead already", async (_what, after) => {
    const scene = { ...sealed(), own: ["10.244.0.9"] };
    const world = worldOf(scene);
    const ask = world.ask.bind(world);
    expect(await lookOnce(SERVICE, { ...world, ask: (address) => (address === REPLICA4 ? Promise.resolve(after) : ask(address)) })).toMatchObject({ finding: "NoTripwire" });
  });

  it("knows nothing when the replica began to listen only after the forbidden port was tried", async () => {
    const world = worldOf({ ...sealed(), own: ["10.244.0.9"] });
    const ask = world.ask.bind(world);
    const late = async (address: string) => {
      const word = await ask(address);
      return word && { ...word, listening: address === REPLICA4 };
    };
    expect(await lookOnce(SERVICE, { ...world, ask: late })).toMatchObject({ finding: "NoTripwire" });
  });

  it("does not take an attempt that could not be made for a seal", async () => {
    expect(await look({ ...sealed(), touched: (address) => (address === REPLICA6 ? "Failed" : "Refused") })).toMatchObject({ finding: "Failed", family: "IPv6" });
  });

  it("wants an address of the tripwire in every family of the pod, and no other", async () => {
    expect(await look(sealed(), [SERVICE4])).toMatchObject({ finding: "Unaddressed", family: "IPv6" });
    expect(await look({ ...sealed(), own: ["10.244.0.9"] }, [SERVICE4])).toMatchObject({ finding: "Sealed" });
    expect(await look({ ...sealed(), own: ["10.244.0.9"] })).toEqual({ finding: "Sealed", outcomes: { IPv4: "Refused" } });
    expect(await look({ ...sealed(), own: [] })).toMatchObject({ finding: "Offline" });
  });
});

/** Runs a gate through scenes, each for some milliseconds, then in the last one until it ends. */
async function through(scenes: readonly (readonly [Scene, number])[], over: Partial<GateOptions> = {}): Promise<Verdict> {
  const clock = fakeClock();
  const scene = { ...(scenes[0]?.[0] ?? sealed()) };
  let verdict: Verdict | undefined;
  void waitForSeal({ tripwire: SERVICE, timeoutMs: 20_000, clock, world: worldOf(scene), signal: new AbortController().signal, ...over }).then((end) => (verdict = end));
  for (const [next, ms] of scenes) {
    Object.assign(scene, next);
    await clock.run(ms);
  }
  for (let i = 0; verdict === undefined && i < 50; i += 1) await clock.run(1_000);
  await settle();
  if (verdict === undefined) throw new Error("the gate did not end");
  return verdict;
}

describe("the gate", () => {
  it("passes after half a second of sealed looks, and says how long it was open before", async () => {
    const open = { ...sealed(), touched: (): AttemptOutcome => "Reached" };
    const verdict = await through([[open, 950], [sealed(), 10_000]]);
    expect(verdict).toMatchObject({ hoheit: "gate", result: "Sealed", openRounds: 10, lastOpenMs: 900, outcomes: { IPv4: "Refused", IPv6: "Refused" } });
    expect(verdict.waitedMs).toBeGreaterThanOrEqual(1_500);
    expect(verdict.waitedMs).toBeLessThanOrEqual(1_600);
  });

  it("does not pass a cluster that enforces nothing, and says in the end that it is open", async () => {
    expect(await through([[{ ...sealed(), touched: () => "Reached" }, 0]])).toMatchObject({ result: "Open", waitedMs: 20_000, openRounds: 201 });
  });

  it("does not pass without a tripwire, however long it waits", async () => {
    expect(await through([[{ ...sealed(), word: undefined }, 0]])).toMatchObject({ result: "NoTripwire", openRounds: 0 });
  });

  it("says at once when the tripwire lacks a family: waiting brings none", async () => {
    expect(await through([[sealed(), 0]], { tripwire: [SERVICE4] })).toMatchObject({ result: "Unaddressed", family: "IPv6", rounds: 1 });
  });

  it("begins to count anew when one look shows the forbidden port, and when a family comes", async () => {
    const flicker: (readonly [Scene, number])[] = Array.from({ length: 20 }, (_, i) => [i % 5 === 4 ? { ...sealed(), touched: (): AttemptOutcome => "Reached" } : sealed(), 100] as const);
    expect((await through([...flicker, [sealed(), 2_000]])).waitedMs).toBeGreaterThanOrEqual(2_400);
    expect((await through([[{ ...sealed(), own: ["10.244.0.9"] }, 450], [sealed(), 2_000]])).waitedMs).toBeGreaterThanOrEqual(950);
  });

  it("does not call it sealed when the time is over before it was long enough", async () => {
    expect((await through([[{ ...sealed(), word: undefined }, 19_850], [sealed(), 1_000]])).result).not.toBe("Sealed");
  });

  it("stops when the pod is being stopped, and has not passed", async () => {
    const stop = new AbortController();
    const clock = fakeClock();
    const ended = waitForSeal({ tripwire: SERVICE, timeoutMs: 20_000, clock, world: worldOf({ ...sealed(), word: undefined }), signal: stop.signal });
    await clock.run(1_000);
    stop.abort();
    expect(await ended).toMatchObject({ result: "Stopped" });
    expect(clock.pending).toBe(0);
  });

  it("never passes unless its last three looks were sealed and met a tripwire that was up", async () => {
    const outcome = fc.constantFrom<AttemptOutcome>("Reached", "Refused", "TimedOut", "Unreachable", "Failed");
    const word = fc.constantFrom<Partial<Word> | undefined>({}, {}, {}, { listening: false }, undefined);
    const step = fc.record({ v4: outcome, v6: outcome, word, own: fc.constantFrom<readonly string[]>(["10.0.0.9"], ["fd00::9"], ["10.0.0.9", "fd00::9"], []) });
    // Mostly as sealed as can be, so that many runs pass.
    const calm = fc.record({ v4: fc.constant<AttemptOutcome>("Refused"), v6: fc.constant<AttemptOutcome>("TimedOut"), word: fc.constant<Partial<Word> | undefined>({}), own: fc.constant<readonly string[]>(["10.0.0.9", "fd00::9"]) });
    let passed = 0;
    await fc.assert(fc.asyncProperty(fc.array(fc.oneof({ weight: 1, arbitrary: step }, { weight: 4, arbitrary: calm }), { minLength: 1, maxLength: 40 }), async (steps) => {
      const clock = fakeClock();
      const good: boolean[] = [];
      let at = -1;
      const now = () => steps[Math.min(at, steps.length - 1)]!;
      const world: World = {
        own: () => {
          at += 1;
          const { v4, v6, word: said, own } = now();
          const fine = (address: string): boolean => !["Reached", "Failed"].includes(address.includes(":") ? v6 : v4);
          good.push(own.length > 0 && said !== undefined && said.listening !== false && own.every(fine));
          return own;
        },
        ask: async (address) => now().word && { instance: "one", listening: true, alive: true, address: replicaOf(address), ...now().word },
        touch: async (address) => ({ outcome: address.includes(":") ? now().v6 : now().v4, ms: 0 }),
      };
      const ended = waitForSeal({ tripwire: SERVICE, timeoutMs: 4_000, clock, world, signal: new AbortController().signal });
      await clock.run(6_000);
      const { result, rounds } = await ended;
      expect(rounds).toBe(good.length);
      if (result !== "Sealed") return;
      passed += 1;
      expect(good.slice(-3)).toEqual([true, true, true]);
      expect(good.length).toBeGreaterThanOrEqual(6);
      expect(good.slice(-6)).not.toContain(false);
    }), { numRuns: 200 });
    expect(passed).toBeGreaterThan(20);
  });
});
