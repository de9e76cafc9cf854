/**
 * The tripwire: what sealed pods try to reach. Every replica of the operator, standby or not, listens on two ports.
 *
 *   control    let through by the seal. Says which process answers, and whether it was listening on the other a moment ago.
 *   forbidden  let through by nothing. Whoever gets a connection here is not sealed.
 *
 * A pod counts as sealed when the forbidden port is out of reach while the control port answers. So a tripwire that is
 * dead must never look like a seal: once a second every listener is tried from inside, by every own address, and `listening`
 * is told only while the last try of all of them is young and succeeded.
 */
import { randomUUID } from "node:crypto";
import { isIPv6 } from "node:net";
import { familyOf, globalAddresses } from "../../lib/addresses.ts";
import type { Clock } from "../../lib/clock.ts";
import type { Address, Check } from "../health.ts";
import type { Logger } from "../log.ts";
import { attemptTcp } from "../reach/tcp.ts";
import { attemptUdp } from "../reach/udp.ts";
import { openListeners, type Listener, type Port, type Protocol } from "./listeners.ts";
import { QUESTION } from "./wire.ts";

/** Pause between two self-tests. */
const EVERY_MS = 1_000;
/** Limit of one attempt of a self-test. */
const TEST_MS = 1_000;
/** A self-test that is older says nothing any more: two may fail to come, as when the process is short of time. */
const YOUNG_MS = 3_500;

export interface TripwireOptions {
  readonly control: Address;
  readonly tripwire: Address;
  readonly clock: Clock;
  readonly log: Logger;
  onContact(port: Port, protocol: Protocol): void;
  /** Own addresses, for tests. */
  readonly addresses?: () => readonly string[];
}

export interface Tripwire {
  readonly check: Check;
  /** Whether all of it was reached by itself within the last seconds. */
  listening(): boolean;
  readonly listeners: readonly Listener[];
  close(): Promise<void>;
}

/** Rejects with the system's error (EADDRINUSE, EACCES, ...) if a port cannot be had. Resolves after the first self-test. */
export async function startTripwire(options: TripwireOptions): Promise<Tripwire> {
  const { clock, addresses = globalAddresses } = options;
  const state = new SelfTest(clock);
  const own = (): readonly string[] => addresses();
  const listeners = await openListeners({
    control: options.control, tripwire: options.tripwire, instance: randomUUID(), onContact: options.onContact,
    listening: () => state.holds(), isOwn: (address) => state.addresses.has(address),
  });
  const test = async (): Promise<void> => {
    const problem = await problemOf(listeners, own(), state, clock);
    if (problem !== state.problem) options.log[problem === undefined ? "info" : "error"]({ problem }, problem === undefined ? "the tripwire listens" : "the tripwire does not listen");
    state.ended(problem);
  };
  await test();
  const stop = repeat(test, clock);
  return {
    listeners,
    listening: () => state.holds(),
    check: { name: "tripwire", problem: () => (state.holds() ? undefined : (state.problem ?? "has not been tried for some seconds")) },
    async close() {
      stop();
      await Promise.all(listeners.map((listener) => listener.close()));
    },
  };
}

/** What the last self-test found, and when. */
class SelfTest {
  problem: string | undefined = "has not been tried yet";
  /** Where the attempts of the last test came from. */
  addresses: ReadonlySet<string> = new Set();
  private at = -Infinity;
  private readonly clock: Clock;

  constructor(clock: Clock) {
    this.clock = clock;
  }

  ended(problem: string | undefined): void {
    this.problem = problem;
    this.at = this.clock.monotonic();
  }

  holds(): boolean {
    return this.problem === undefined && this.clock.monotonic() - this.at <= YOUNG_MS;
  }
}

/** One after the other, never two at a time. */
function repeat(work: () => Promise<void>, clock: Clock): () => void {
  let stopped = false;
  let cancel = (): void => {};
  const turn = async (): Promise<void> => {
    await work();
    wait();
  };
  const wait = (): void => {
    if (!stopped) cancel = clock.after(EVERY_MS, () => void turn());
  };
  wait();
  return () => {
    stopped = true;
    cancel();
  };
}

/** Undefined if every listener is reached by every address at which it listens. */
async function problemOf(listeners: readonly Listener[], own: readonly string[], state: SelfTest, clock: Clock): Promise<string | undefined> {
  const closed = listeners.find((listener) => !listener.isOpen());
  if (closed !== undefined) return `the ${closed.port} port (${closed.protocol}) was closed`;
  const tries = listeners.flatMap((listener) => addressesOf(listener, own).map((address) => ({ listener, address })));
  state.addresses = new Set(tries.map(({ address }) => address));
  const problems = await Promise.all(tries.map((one) => tryOne(one, clock)));
  return problems.find((problem) => problem !== undefined);
}

async function tryOne({ listener: { port, protocol, number }, address }: { listener: Listener; address: string }, clock: Clock): Promise<string | undefined> {
  const target = { address, port: number };
  const { outcome, errno } = protocol === "TCP"
    ? await attemptTcp(target, { timeoutMs: TEST_MS, clock })
    : await attemptUdp(target, { timeoutMs: TEST_MS, clock, payload: QUESTION });
  return outcome === "Reached" ? undefined : `the ${port} port (${protocol}, ${familyOf(address)}) does not answer itself: ${outcome}${errno === undefined ? "" : ` ${errno}`}`;
}

/** A listener at one address is tried there; one at a wildcard, by one own address of each family that it takes. */
function addressesOf({ address }: Listener, own: readonly string[]): readonly string[] {
  if (address !== "::" && address !== "0.0.0.0") return [address];
  const [v4, v6] = [own.find((one) => !isIPv6(one)), own.find((one) => isIPv6(one))];
  const all = [v4, ...(address === "::" ? [v6] : [])].filter((one) => one !== undefined);
  return all.length > 0 ? all : [address === "::" ? "::1" : "127.0.0.1"];
}
