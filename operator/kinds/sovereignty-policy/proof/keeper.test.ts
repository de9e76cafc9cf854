import { describe, expect, it } from "vitest";
import { fakeClock, settle } from "../../../../test/support/fake-clock.ts";
import type { Proof } from "../../../sovereignty/prover/result.ts";
import type { Snapshot } from "../../../sovereignty/snapshot.ts";
import { LONGEST_AGE_MS, ProofKeeper } from "./keeper.ts";

const PROOF = { verdict: "PROVED", namespaces: [], assumptions: [], residuals: [] } as Proof;

/** A keeper whose every proof takes `ms`, and how often it has read. */
function keeperOf({ ms = 100, fail = (): boolean => false } = {}) {
  const clock = fakeClock();
  const seen = { reads: 0 };
  const read = async (): Promise<Snapshot> => {
    seen.reads += 1;
    await settle();
    if (fail()) throw new Error("no answer");
    clock.advance(ms);
    return {} as Snapshot;
  };
  return { clock, seen, keeper: new ProofKeeper({ clock, read, prove: (snapshot) => Promise.resolve({ snapshot, proof: PROOF }) }) };
}

describe("the keeper of the last proof", () => {
  it("proves for the first who asks, and once for all who ask meanwhile", async () => {
    const { keeper, seen } = keeperOf();
    const answers = await Promise.all([keeper.ask("a"), keeper.ask("a"), keeper.ask("b")]);
    expect(seen.reads).toBe(1);
    expect(answers.map(({ proved }) => proved.proof)).toEqual([PROOF, PROOF, PROOF]);
  });

  it("says of when what is proved is: of when reading began", async () => {
    const { clock, keeper } = keeperOf({ ms: 60_000 });
    const now = clock.now();
    expect((await keeper.ask("a")).proved.at).toBe(now);
    expect(keeper.last).toMatchObject({ at: now, end: clock.monotonic(), durationMs: 60_000 });
  });

  it("gives the last proof while nothing has moved, until it is old", async () => {
    const { clock, keeper, seen } = keeperOf();
    const { askAgainMs } = await keeper.ask("a");
    expect(askAgainMs).toBe(LONGEST_AGE_MS);
    clock.advance(LONGEST_AGE_MS - 1);
    await keeper.ask("a");
    expect(seen.reads).toBe(1);
    clock.advance(1);
    await keeper.ask("a");
    expect(seen.reads).toBe(2);
  });

  it("makes one proof of a burst of changes, and says when to ask again", async () => {
    const { clock, keeper, seen } = keeperOf();
    await keeper.ask("a");
    for (const stamp of ["b", "c", "d"]) expect((await keeper.ask(stamp)).askAgainMs).toBe(2_000);
    expect(seen.reads).toBe(1);
    clock.advance(2_000);
    expect((await keeper.ask("d")).proved.stamp).toBe("d");
    expect(seen.reads).toBe(2);
  });

  it("spends no more than a fifth of the time on proofs that take long", async () => {
    const { clock, keeper, seen } = keeperOf({ ms: 1_000 });
    await keeper.ask("a");
    clock.advance(3_999);
    await keeper.ask("b");
    expect(seen.reads).toBe(1);
    clock.advance(1);
    await keeper.ask("b");
    expect(seen.reads).toBe(2);
  });

  it("proves what has moved after five minutes, however long a proof takes", async () => {
    const { clock, keeper, seen } = keeperOf({ ms: 600_000 });
    await keeper.ask("a");
    clock.advance(LONGEST_AGE_MS - 1);
    expect((await keeper.ask("b")).askAgainMs).toBe(1);
    expect(seen.reads).toBe(1);
    clock.advance(1);
    await keeper.ask("b");
    expect(seen.reads).toBe(2);
  });

  it("forgets what it had proved when something moved and cannot be read", async () => {
    let down = false;
    const { clock, keeper } = keeperOf({ fail: () => down });
    await keeper.ask("a");
    down = true;
    clock.advance(2_000);
    await expect(keeper.ask("b")).rejects.toThrow("no answer");
    expect(keeper.last).toBeUndefined();
  });

  it("fails while nothing can be read, and does not ask a cluster that does not answer all the time", async () => {
    let down = true;
    const { clock, keeper, seen } = keeperOf({ fail: () => down });
    await expect(keeper.ask("a")).rejects.toThrow("no answer");
    down = false;
    clock.advance(9_999);
    await expect(keeper.ask("b")).rejects.toThrow("no answer");
    expect(seen.reads).toBe(1);
    clock.advance(1);
    expect((await keeper.ask("b")).proved.proof).toBe(PROOF);
    expect(seen.reads).toBe(2);
  });
});
