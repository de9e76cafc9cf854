/** Proving, and writing it down, without keeping the operator from anything else: leases are renewed and health is answered in between. */
import { setImmediate } from "node:timers/promises";
import { createMemo } from "../../../sovereignty/prover/memo.ts";
import { proveStepByStep } from "../../../sovereignty/prover/prove.ts";
import type { Proof } from "../../../sovereignty/prover/result.ts";
import type { Snapshot } from "../../../sovereignty/snapshot.ts";
import { reuse } from "./reuse.ts";

/** Longest time for which nothing else gets a turn, in milliseconds. */
const LONGEST_STEP_MS = 20;

/** What the steps return in the end. */
export async function inTurns<T>(steps: Iterator<undefined, T>, monotonic: () => number): Promise<T> {
  for (let begin = monotonic(); ;) {
    const { done, value } = steps.next();
    if (done === true) return value;
    if (monotonic() - begin < LONGEST_STEP_MS) continue;
    await setImmediate();
    begin = monotonic();
  }
}

/** A prover that goes on from its last proof. One proof at a time. */
export function proverInTurns(monotonic: () => number): (snapshot: Snapshot) => Promise<{ readonly snapshot: Snapshot; readonly proof: Proof }> {
  const memo = createMemo();
  let before: Snapshot | undefined;
  return async (read) => {
    const snapshot = reuse(before, read);
    before = snapshot;
    return { snapshot, proof: await inTurns(proveStepByStep(snapshot, memo), monotonic) };
  };
}
