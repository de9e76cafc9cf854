/**
 * Leader election by a Lease, and the fence that follows from it.
 *
 *            lease free, or its holder silent for a lease        not renewed in time, or taken away
 *   standby ---------------------------------------------> leading --------------------------------> lost
 *      |                                                      |
 *      +------------------------ stop ------------------------+---------------------------------> stopped
 *
 * Safety rests on durations, each measured on one machine: who leads writes nothing once `renewDeadlineMs` have passed
 * since the START of its last successful renewal; who waits takes over no earlier than `leaseMs` after it SAW the lease
 * change last, which is after that start. Wall clocks are only written for people to read, never compared. A lost
 * leader never leads again in this process: what it remembers may be stale.
 *
 * One thing can break this: deleting the Lease by hand just when a replica starts that has never seen a holder.
 */
import { randomUUID } from "node:crypto";
import type { KubeApi } from "../kube/api.ts";
import { ApiError, FencedError, isConflict, isNotFound } from "../kube/errors.ts";
import { apiVersionOf, LEASES } from "../kube/resources.ts";
import type { Clock } from "../lib/clock.ts";
import { canonicalJson } from "../lib/hash.ts";
import { keyOf, type Lease, type Live } from "../lib/k8s-types.ts";
import type { Rule } from "./kind.ts";
import type { Logger } from "./log.ts";
import { microTime } from "./micro-time.ts";

/** In milliseconds. */
export interface LeaseTimes {
  /** How long a silent holder is believed. Whole seconds, because the Lease says it in seconds. */
  readonly leaseMs: number;
  /** How long a leader writes after the start of its last renewal. Less than `leaseMs`: the difference covers what is on the wire. */
  readonly renewDeadlineMs: number;
  /** Between renewals, and up to a fifth more. */
  readonly retryMs: number;
  /** Between looks of a standby, and up to a fifth more: the lag of a take-over. */
  readonly pollMs: number;
}

/** client-go's times; a standby looks more often, so that a take-over ends within 17 s of a kill and 3 s of a SIGTERM. */
export const DEFAULT_LEASE_TIMES: LeaseTimes = { leaseMs: 15_000, renewDeadlineMs: 10_000, retryMs: 2_000, pollMs: 1_000 };

/** What the election needs, in the operator's own namespace. */
export const ELECTION_RULES: readonly Rule[] = [{ apiGroups: ["coordination.k8s.io"], resources: ["leases"], verbs: ["create", "get", "patch"] }];

/** Giving back is a courtesy: a stop does not wait long for it. */
const LONGEST_RELEASE_CALL_MS = 2_000;

export interface ElectorOptions {
  /** Must not be fenced by this elector: it could never write its first Lease. */
  readonly api: KubeApi;
  readonly clock: Clock;
  readonly log: Logger;
  readonly lease: { readonly namespace: string; readonly name: string };
  /** Different for every process that ever ran, see `uniqueIdentity`. */
  readonly identity: string;
  readonly times?: LeaseTimes;
  /** A number in [0, 1) for jitter. */
  readonly random?: () => number;
  /** This replica leads from now on; called at most once. */
  onGained(): void;
  /** This replica leads no more and the fence is closed; called at most once, and not for a stop that was asked for. */
  onLost(why: string): void;
}

type Phase = "standby" | "leading" | "lost" | "stopped";

/** A Lease as this replica saw it last. */
interface Sighting {
  readonly spec: NonNullable<Lease["spec"]>;
  readonly text: string;
  readonly seenAt: number;
}

/** Names a process for ever: a pod that is restarted in place keeps its name and is another process. */
export function uniqueIdentity(hostName: string): string {
  return `${hostName}_${randomUUID()}`;
}

export class Elector {
  private readonly options: ElectorOptions;
  private readonly times: LeaseTimes;
  private phase: Phase = "standby";
  private sighting: Sighting | undefined;
  /** The Lease as we wrote it last, while it is or may be ours. */
  private held: Live<Lease> | undefined;
  /** A write of ours may have made us holder, whether or not we got its answer. */
  private mayHold = false;
  /** Monotonic start of the last renewal that succeeded. */
  private renewedAt = -Infinity;
  private troubled = false;

  /** Throws a RangeError if the times do not keep two leaders apart. */
  constructor(options: ElectorOptions) {
    this.options = options;
    this.times = checked(options.times ?? DEFAULT_LEASE_TIMES);
  }

  /** Whether a write may leave now. */
  get leading(): boolean {
    return this.phase === "leading" && this.leftMs() > 0;
  }

  /** Goes before every attempt of every write; throws FencedError unless this replica surely leads. */
  readonly fence = (call: string): void => {
    if (!this.leading) throw new FencedError(call);
  };

  /**
   * Stands by, leads, and ends when leadership is lost or `signal` aborts; never rejects. Before aborting, end the work
   * that writes: the fence closes at once and the Lease is given back, so that the next leader need not wait.
   */
  async run(signal: AbortSignal): Promise<void> {
    // Not only when the loop comes round: a renewal may be under way.
    const close = (): void => void (this.phase = "stopped");
    signal.addEventListener("abort", close, { once: true });
    const lost = (await this.campaign(signal)) ? await this.lead(signal) : undefined;
    signal.removeEventListener("abort", close);
    if (!signal.aborted && lost !== undefined) return this.lose(lost);
    this.phase = "stopped";
    if (this.mayHold) await this.release();
  }

  // --- standby

  /** True when the Lease is ours, false when asked to stop. */
  private async campaign(signal: AbortSignal): Promise<boolean> {
    while (!signal.aborted) {
      const waitMs = await this.tried("leader election: cannot reach the lease", () => this.tryToTake(signal), this.jittered(this.times.pollMs), signal);
      if (waitMs === undefined) return !signal.aborted;
      await this.pause(waitMs, signal);
    }
    return false;
  }

  /** Undefined when taken, else milliseconds until the next try. */
  private async tryToTake(signal: AbortSignal): Promise<number | undefined> {
    const live = await this.read(signal);
    this.see(live);
    const freeInMs = this.freeInMs();
    if (freeInMs > 0) return Math.min(freeInMs, this.jittered(this.times.pollMs));
    if (signal.aborted) return 0;
    try {
      await this.write(live, this.claim(live));
      return undefined;
    } catch (error) {
      if (isConflict(error) || isNotFound(error)) return this.jittered(this.times.pollMs);
      throw error;
    }
  }

  /** Our claim on the Lease; one whose answer was lost on its way keeps its time and number. */
  private claim(live: Live<Lease> | undefined): NonNullable<Lease["spec"]> {
    const now = microTime(this.options.clock.now());
    const mine = live?.spec?.holderIdentity === this.options.identity;
    return {
      holderIdentity: this.options.identity,
      leaseDurationSeconds: this.times.leaseMs / 1000,
      acquireTime: mine ? live.spec?.acquireTime ?? now : now,
      renewTime: now,
      leaseTransitions: mine ? live.spec?.leaseTransitions ?? 0 : this.nextTransitions(),
    };
  }

  private see(live: Live<Lease> | undefined): void {
    const before = this.sighting;
    const spec = live === undefined ? before?.spec : live.spec ?? {};
    if (spec === undefined) return;
    const text = canonicalJson({ spec, uid: live?.metadata.uid });
    if (before?.text === text) return;
    this.sighting = { spec, text, seenAt: this.options.clock.monotonic() };
    if (before?.spec.holderIdentity !== spec.holderIdentity) this.options.log.info({ ...this.about(), holder: spec.holderIdentity }, "the leader lease has another holder");
  }

  /** 0 if the Lease may be taken. One that vanished is believed as long as one that fell silent: its holder may not know yet. */
  private freeInMs(): number {
    const holder = this.sighting?.spec.holderIdentity;
    if (this.sighting === undefined || !holder || holder === this.options.identity) return 0;
    const seconds = this.sighting.spec.leaseDurationSeconds;
    const leaseMs = seconds === undefined ? this.times.leaseMs : seconds * 1000;
    return this.sighting.seenAt + leaseMs - this.options.clock.monotonic();
  }

  private nextTransitions(): number {
    return this.sighting === undefined ? 0 : (this.sighting.spec.leaseTransitions ?? 0) + 1;
  }

  // --- leading

  private lead(signal: AbortSignal): Promise<string | undefined> {
    this.phase = "leading";
    this.options.log.info(this.about(), "this replica leads");
    this.options.onGained();
    return this.defend(signal);
  }

  /** Why leadership is lost; undefined when asked to stop. */
  private async defend(signal: AbortSignal): Promise<string | undefined> {
    for (;;) {
      await this.pause(Math.min(this.jittered(this.times.retryMs), this.leftMs()), signal);
      if (signal.aborted) return undefined;
      // Looked at before renewing, too: a process that was stopped may still find the Lease in its name.
      if (this.leftMs() <= 0) return `not renewed for ${this.times.renewDeadlineMs} ms`;
      const taken = await this.tried("leader election: the lease could not be renewed", () => this.renew(signal), undefined, signal);
      if (taken !== undefined) return taken;
    }
  }

  /** Why leadership is lost, if it is. */
  private async renew(signal: AbortSignal): Promise<string | undefined> {
    try {
      await this.write(this.held, { renewTime: microTime(this.options.clock.now()) });
      return undefined;
    } catch (error) {
      if (!isConflict(error) && !isNotFound(error)) throw error;
    }
    const live = await this.read(signal);
    const holder = live?.spec?.holderIdentity;
    if (live !== undefined && holder !== this.options.identity) return holder ? `the lease was taken by ${holder}` : "the lease was taken away";
    // Deleted, or written by someone who left us the holder: as it was.
    await this.write(live, { ...this.held?.spec, renewTime: microTime(this.options.clock.now()) });
    return undefined;
  }

  private lose(why: string): void {
    this.phase = "lost";
    this.options.log.error({ ...this.about(), why }, "leadership is lost");
    this.options.onLost(why);
  }

  // --- the lease

  private read(signal?: AbortSignal): Promise<Live<Lease> | undefined> {
    return this.options.api.get(LEASES, this.options.lease, { deadlineMs: this.callMs(), ...(signal && { signal }) });
  }

  /** Writes only on what was read or written last. Not ended by a stop: whether we hold the Lease must be known. */
  private async write(last: Live<Lease> | undefined, spec: Lease["spec"]): Promise<void> {
    const { api, clock, lease } = this.options;
    const startedAt = clock.monotonic();
    const options = { deadlineMs: this.callMs() };
    const preconditions = last && { uid: last.metadata.uid, resourceVersion: last.metadata.resourceVersion };
    const heldBefore = this.mayHold;
    this.mayHold = true;
    try {
      this.held = last === undefined
        ? await api.create(LEASES, { apiVersion: apiVersionOf(LEASES), kind: "Lease", metadata: { ...lease }, spec: { ...spec } }, options)
        : await api.mergePatch(LEASES, lease, { spec }, { ...options, ...preconditions });
      this.renewedAt = startedAt;
    } catch (error) {
      // A refusal is certain; anything else, a time-out of the server included, may have been carried out.
      if (error instanceof ApiError && error.code < 500) this.mayHold = heldBefore;
      throw error;
    }
  }

  /** As client-go does it: no holder, and a lease of a second for those who look at the duration first. */
  private async release(): Promise<void> {
    const now = microTime(this.options.clock.now());
    const spec = { holderIdentity: "", leaseDurationSeconds: 1, renewTime: now, acquireTime: now };
    try {
      const live = await this.read();
      if (live?.spec?.holderIdentity !== this.options.identity) return;
      await this.write(live, spec);
      this.options.log.info(this.about(), "the leader lease is given back");
    } catch (error) {
      this.options.log.warn({ ...this.about(), err: error }, "the leader lease could not be given back; it runs out by itself");
    }
  }

  // --- small things

  private leftMs(): number {
    return this.renewedAt + this.times.renewDeadlineMs - this.options.clock.monotonic();
  }

  /** Short enough that a call on a dead connection leaves time for another. */
  private callMs(): number {
    const half = this.times.renewDeadlineMs / 2;
    if (this.phase === "stopped") return Math.min(half, LONGEST_RELEASE_CALL_MS);
    return this.phase === "leading" ? Math.max(1, Math.min(half, this.leftMs())) : half;
  }

  private jittered(ms: number): number {
    return ms * (1 + 0.2 * (this.options.random ?? Math.random)());
  }

  private about(): object {
    return { lease: keyOf(this.options.lease), identity: this.options.identity };
  }

  /** Runs `step`; a failure is logged, the first of a row as a warning, and gives `otherwise`. */
  private async tried<T>(what: string, step: () => Promise<T>, otherwise: T, signal: AbortSignal): Promise<T> {
    try {
      const result = await step();
      this.troubled = false;
      return result;
    } catch (error) {
      if (!signal.aborted) this.options.log[this.troubled ? "debug" : "warn"]({ ...this.about(), err: error }, what);
      this.troubled = true;
      return otherwise;
    }
  }

  private pause(ms: number, signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const end = (): void => {
        cancel();
        signal.removeEventListener("abort", end);
        resolve();
      };
      const cancel = this.options.clock.after(ms, end);
      if (signal.aborted) end();
      else signal.addEventListener("abort", end, { once: true });
    });
  }
}

function checked(times: LeaseTimes): LeaseTimes {
  const { leaseMs, renewDeadlineMs, retryMs, pollMs } = times;
  if (leaseMs < 1000 || leaseMs % 1000 !== 0) throw new RangeError(`lease duration: ${leaseMs} ms is not a whole number of seconds`);
  if (!(renewDeadlineMs < leaseMs)) throw new RangeError(`renew deadline: ${renewDeadlineMs} ms must be shorter than the lease, ${leaseMs} ms`);
  if (!(retryMs * 1.2 < renewDeadlineMs)) throw new RangeError(`retry period: 1.2 times ${retryMs} ms must be shorter than the renew deadline, ${renewDeadlineMs} ms`);
  if (!(retryMs > 0 && pollMs > 0)) throw new RangeError("retry and poll period must be more than 0");
  return times;
}
