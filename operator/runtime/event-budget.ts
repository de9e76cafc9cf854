/** A token bucket for each object, as client-go's spam filter has it: 25 Events at once, then one every five minutes. */
import type { Clock } from "../lib/clock.ts";

const BURST = 25;
const REFILL_MS = 5 * 60_000;
/** Objects remembered; the one that was written about longest ago is forgotten first. */
const MOST_OBJECTS = 4_096;

export class EventBudget {
  private readonly clock: Clock;
  private readonly buckets = new Map<string, { tokens: number; at: number }>();

  constructor(clock: Clock) {
    this.clock = clock;
  }

  /** Whether one more Event may be written about the object, which it then is. */
  spend(uid: string): boolean {
    const at = this.clock.monotonic();
    const { tokens, at: before } = this.buckets.get(uid) ?? { tokens: BURST, at };
    const now = Math.min(BURST, tokens + (at - before) / REFILL_MS);
    const granted = now >= 1;
    this.buckets.delete(uid);
    this.buckets.set(uid, { tokens: granted ? now - 1 : now, at });
    if (this.buckets.size > MOST_OBJECTS) this.buckets.delete(this.buckets.keys().next().value ?? "");
    return granted;
  }
}
