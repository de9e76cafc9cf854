/**
 * The tripwire: what sealed pods try to reach. Every replica of the operator, standby or not, listens on two ports.
 *
 *   control    let through by the seal. Says which process answers, and whether it was listening on the other a moment ago.
 *   forbidden  let through by nothing. Whoever gets a connection here is not sealed.
 *
 * A pod counts as sealed when the forbidden port is out of reach while the control port answers. So a tripwire that is
 * dead or hidden must never look like a seal: once a second every listener is tried from inside, by every own address
 * (self-test.ts), and another replica from outside (peers.ts). `listening` is told only while the last try is young and
 * found nothing wrong.
 */
import { randomUUID } from "node:crypto";
import { globalAddresses } from "../../lib/addresses.ts";
import type { Clock } from "../../lib/clock.ts";
import type { Check } from "../health.ts";
import type { Address } from "../http.ts";
import type { Logger } from "../log.ts";
import { openListeners, type Listener, type Port, type Protocol } from "./listeners.ts";
import { hiddenBehind, type Peers } from "./peers.ts";
import { tryAll } from "./self-test.ts";

/** Pause between two tries. */
const EVERY_MS = 1_000;
/** A try that is older says nothing any more: two may fail to come, as when the process is short of time. */
const YOUNG_MS = 3_500;
/** How long a replica that was found hidden is remembered: behind the Service one meets oneself as often as others. */
const HIDDEN_MS = 30_000;

export interface TripwireOptions {
  readonly control: Address;
  readonly tripwire: Address;
  readonly clock: Clock;
  readonly log: Logger;
  onContact(port: Port, protocol: Protocol): void;
  readonly peers: Peers;
  /** Own addresses, for tests. */
  readonly addresses?: () => readonly string[];
}

export interface Tripwire {
  /** Fails while this process does not reach itself: its pod is taken from behind the Service. */
  readonly check: Check;
  readonly listeners: readonly Listener[];
  /** What the control port says. */
  listening(): boolean;
  close(): Promise<void>;
}

/** Rejects with the system's error (EADDRINUSE, EACCES, ...) if a port cannot be had. Resolves after the first self-test. */
export async function startTripwire(options: TripwireOptions): Promise<Tripwire> {
  const { clock, log, peers, addresses = globalAddresses } = options;
  const instance = randomUUID();
  const found = new Findings(clock, log);
  let own: ReadonlySet<string> = new Set();
  const state = (): { alive: boolean; listening: boolean } => ({ alive: found.alive, listening: found.alive && !found.hidden });
  const listeners = await openListeners({ control: options.control, tripwire: options.tripwire, instance, state, isOwn: (address) => own.has(address), onContact: options.onContact });
  const testSelf = async (): Promise<void> => {
    const test = await tryAll(listeners, addresses(), clock, (tried) => (own = tried));
    found.self(test);
  };
  const testPeers = async (): Promise<void> => {
    const hidden = await Promise.all(peers.service().map((address) => hiddenBehind(address, instance, peers)));
    found.peers(hidden.find((problem) => problem !== undefined));
  };
  await testSelf();
  const stops = [repeat(testSelf, clock), repeat(testPeers, clock)];
  return {
    listeners,
    listening: () => state().listening,
    check: { name: "tripwire", problem: () => found.problem },
    async close() {
      for (const stop of stops) stop();
      await Promise.all(listeners.map((listener) => listener.close()));
    },
  };
}

/** What the last tries found, and when. Says in the log what changed. */
class Findings {
  private wrong: string | undefined = "has not been tried yet";
  private triedAt = -Infinity;
  private hiddenAt = -Infinity;
  private readonly clock: Clock;
  private readonly log: Logger;

  constructor(clock: Clock, log: Logger) {
    this.clock = clock;
    this.log = log;
  }

  self(problem: string | undefined): void {
    if (problem !== this.wrong && problem !== undefined) this.log.error({ problem }, "the tripwire does not listen: no pod starts until it does");
    if (problem !== this.wrong && problem === undefined) this.log.info({}, "the tripwire listens");
    this.wrong = problem;
    this.triedAt = this.clock.monotonic();
  }

  peers(problem: string | undefined): void {
    if (problem === undefined) return;
    if (!this.hidden) this.log.error({ problem }, "the tripwire is hidden: no pod starts until it can be reached");
    this.hiddenAt = this.clock.monotonic();
  }

  get problem(): string | undefined {
    if (this.wrong !== undefined) return this.wrong;
    return this.clock.monotonic() - this.triedAt > YOUNG_MS ? "has not been tried for some seconds" : undefined;
  }

  get alive(): boolean {
    return this.problem === undefined;
  }

  get hidden(): boolean {
    return this.clock.monotonic() - this.hiddenAt <= HIDDEN_MS;
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
