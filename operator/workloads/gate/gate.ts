/**
 * Waits until the pod is seen to be sealed.
 *
 *   look ─▶ Sealed ─▶ three in a row, over half a second at least ─▶ passed
 *    ▲  └─▶ anything else: begin to count again ──┐
 *    └──────────── after a pause ─────────────────┘      given up when the time is over
 *
 * Nothing but three looks at a tripwire that was up lets it pass: no time-out, no error and no answer of anybody else.
 */
import type { Clock } from "../../lib/clock.ts";
import type { Family } from "../../lib/addresses.ts";
import { lookOnce, type Finding, type Round, type World } from "./round.ts";

/** Sealed rounds in a row, and the least time that they span: rules come into force one after the other. */
const WANTED_ROUNDS = 3;
const WANTED_MS = 500;
const PAUSE_MS = 100;

export interface GateOptions {
  /** Addresses of the tripwire's Service. */
  readonly tripwire: readonly string[];
  readonly timeoutMs: number;
  readonly clock: Clock;
  readonly world: World;
  /** Aborts when the pod is being stopped. */
  readonly signal: AbortSignal;
}

/** What a gate has to say at its end; no text of others is in it. */
export interface Verdict {
  readonly hoheit: "gate";
  /** `Sealed` if it let the server start; otherwise what it saw last. */
  readonly result: Finding | "Stopped";
  /** The family that the result is about. */
  readonly family?: Family;
  /** How the forbidden port was out of reach at last. */
  readonly outcomes: Round["outcomes"];
  readonly rounds: number;
  /** Rounds in which the forbidden port was reached, and when it was for the last time: the window that the gate closed. */
  readonly openRounds: number;
  readonly lastOpenMs?: number;
  readonly waitedMs: number;
}

export async function waitForSeal(options: GateOptions): Promise<Verdict> {
  const { clock, timeoutMs, signal } = options;
  const start = clock.monotonic();
  const elapsed = (): number => Math.round(clock.monotonic() - start);
  const tally = new Tally();
  while (!signal.aborted) {
    const begun = elapsed();
    const round = await lookOnce(options.tripwire, options.world);
    tally.add(round, begun, elapsed());
    if (tally.hasPassed || elapsed() >= timeoutMs || round.finding === "Unaddressed") return tally.verdict(elapsed());
    await pause(clock, signal);
  }
  return { ...tally.verdict(elapsed()), result: "Stopped" };
}

class Tally {
  private rounds = 0;
  private openRounds = 0;
  private lastOpenMs: number | undefined;
  private last: Round = { finding: "NoTripwire", outcomes: {} };
  /** Sealed rounds in a row, and when the first of them began. */
  private streak = 0;
  private streakFrom = 0;
  private streakTo = 0;
  private families = "";

  add(round: Round, begun: number, ended: number): void {
    this.rounds += 1;
    this.last = round;
    if (round.finding === "Open") {
      this.openRounds += 1;
      this.lastOpenMs = ended;
    }
    if (round.finding !== "Sealed") {
      this.streak = 0;
      return;
    }
    // A family that came later has been looked at less often.
    const families = Object.keys(round.outcomes).join();
    if (families !== this.families) this.streak = 0;
    this.families = families;
    if (this.streak === 0) this.streakFrom = begun;
    this.streak += 1;
    this.streakTo = ended;
  }

  get hasPassed(): boolean {
    return this.streak >= WANTED_ROUNDS && this.streakTo - this.streakFrom >= WANTED_MS;
  }

  verdict(waitedMs: number): Verdict {
    const { finding, family, outcomes } = this.last;
    // A few sealed rounds at the very end are not enough.
    const result = finding === "Sealed" && !this.hasPassed ? "NoTripwire" : finding;
    return {
      hoheit: "gate", result, ...(family !== undefined && { family }), outcomes, rounds: this.rounds, openRounds: this.openRounds,
      ...(this.lastOpenMs !== undefined && { lastOpenMs: this.lastOpenMs }), waitedMs,
    };
  }
}

function pause(clock: Clock, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const cancel = clock.after(PAUSE_MS, () => resolve());
    signal.addEventListener("abort", () => {
      cancel();
      resolve();
    }, { once: true });
  });
}
