/**
 * Keeps what was last proved of the cluster, and proves anew when something moved, but not all the time: a burst of changes
 * is one proof, and proving takes at most a fifth of the time. Nothing here is lost with a restart: the first
 * who asks has everything proved again.
 *
 *   asked ──▶ nothing yet ─────────────▶ read, prove
 *         ├─▶ just failed ─────────────▶ why, once more
 *         ├─▶ same stamp, young ───────▶ the last one
 *         ├─▶ other stamp, too soon ───▶ the last one, and when to ask again
 *         └─▶ otherwise ───────────────▶ read, prove
 *
 * The stamp says what the caches know of the rules (stamp.ts). Pods are in no cache: that is why a proof gets old.
 */
import type { Clock } from "../../../lib/clock.ts";
import type { Proof } from "../../../sovereignty/prover/result.ts";
import type { Snapshot } from "../../../sovereignty/snapshot.ts";

export interface Proved {
  readonly snapshot: Snapshot;
  readonly proof: Proof;
  /** When the snapshot was begun to be read, milliseconds since 1970. */
  readonly at: number;
  /** What the caches knew then. */
  readonly stamp: string;
  /** They are numbered as they are made: a wall clock may go back. */
  readonly number: number;
}

export interface Answer {
  readonly proved: Proved;
  /** When asking again may bring something newer, in milliseconds from now. */
  readonly askAgainMs: number;
}

interface Parts {
  readonly clock: Clock;
  /** Reads the cluster. Rejects where there is no answer; what may not be read is named in the snapshot. */
  readonly read: () => Promise<Snapshot>;
  /** Returns the snapshot, too: with the objects of the one before where they are the same. */
  readonly prove: (snapshot: Snapshot) => Promise<Pick<Proved, "snapshot" | "proof">>;
}

/** Changes that come within this time are one change. */
const SHORTEST_PAUSE_MS = 2_000;
/** Pods come and go without anybody saying so; what may be reached by any pod is proved whatever they are. */
export const LONGEST_AGE_MS = 300_000;
/** For each second that a proof took, the next one waits so many. */
const PAUSE_PER_PROOF = 4;
/** What failed is tried again after so long: a thousand deployments ask, and a cluster that does not answer has enough to do. */
export const RETRY_MS = 10_000;

interface Failed {
  readonly error: unknown;
  /** Monotonic. */
  readonly end: number;
}

interface Kept {
  readonly proved: Proved;
  /** Monotonic. */
  readonly end: number;
  /** How long reading and proving took. */
  readonly durationMs: number;
}

export class ProofKeeper {
  readonly #parts: Parts;
  #kept: Kept | undefined;
  #failed: Failed | undefined;
  #number = 0;
  #running: Promise<Kept> | undefined;

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  /** What was last proved, if anything was. */
  get last(): (Proved & Pick<Kept, "durationMs" | "end">) | undefined {
    return this.#kept && { ...this.#kept.proved, durationMs: this.#kept.durationMs, end: this.#kept.end };
  }

  /**
   * What is proved of the cluster as far as `stamp` knows it. Those who ask while it is being proved get the same answer.
   * Rejects if the cluster has to be read and cannot be: what was proved before is forgotten, for nobody knows whether it holds.
   */
  async ask(stamp: string): Promise<Answer> {
    const kept = this.#kept;
    if (kept === undefined) return this.#answer(await this.#proveAnew(stamp), stamp);
    const age = this.#parts.clock.monotonic() - kept.end;
    const isDue = kept.proved.stamp === stamp ? age >= LONGEST_AGE_MS : age >= pauseAfter(kept);
    return this.#answer(isDue ? await this.#proveAnew(stamp) : kept, stamp);
  }

  #answer(kept: Kept, stamp: string): Answer {
    const wait = kept.proved.stamp === stamp ? LONGEST_AGE_MS : pauseAfter(kept);
    return { proved: kept.proved, askAgainMs: Math.max(1, kept.end + wait - this.#parts.clock.monotonic()) };
  }

  /** One at a time: the second who asks waits for the first. */
  async #proveAnew(stamp: string): Promise<Kept> {
    if (this.#failed !== undefined && this.#parts.clock.monotonic() - this.#failed.end < RETRY_MS) throw this.#failed.error;
    this.#running ??= this.#run(stamp).finally(() => (this.#running = undefined));
    return this.#running;
  }

  async #run(stamp: string): Promise<Kept> {
    const { clock, read, prove } = this.#parts;
    const at = clock.now();
    const begin = clock.monotonic();
    try {
      const { snapshot, proof } = await prove(await read());
      const end = clock.monotonic();
      this.#number += 1;
      [this.#kept, this.#failed] = [{ proved: { snapshot, proof, at, stamp, number: this.#number }, end, durationMs: end - begin }, undefined];
      return this.#kept;
    } catch (error) {
      [this.#kept, this.#failed] = [undefined, { error, end: clock.monotonic() }];
      throw error;
    }
  }
}

const pauseAfter = ({ durationMs }: Kept): number => Math.min(LONGEST_AGE_MS, Math.max(SHORTEST_PAUSE_MS, PAUSE_PER_PROOF * durationMs));
