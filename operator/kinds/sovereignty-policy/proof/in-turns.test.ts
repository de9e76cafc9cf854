import { setImmediate } from "node:timers/promises";
import { expect, it } from "vitest";
import { deny, snapshot } from "../../../sovereignty/prover/testing.ts";
import type { Raw, Snapshot } from "../../../sovereignty/snapshot.ts";
import { inTurns, proverInTurns } from "./in-turns.ts";

/** How many turns others get during 100 steps that take so many milliseconds each. */
async function turnsDuring(stepMs: number): Promise<number> {
  let [now, turns, isDone] = [0, 0, false];
  function* steps(): Generator<undefined, string> {
    for (let step = 0; step < 100; step += 1) {
      now += stepMs;
      yield;
    }
    return "the end";
  }
  const others = async (): Promise<void> => {
    for (await setImmediate(); !isDone; await setImmediate()) turns += 1;
  };
  const waiting = others();
  expect(await inTurns(steps(), () => now)).toBe("the end");
  isDone = true;
  await waiting;
  return turns;
}

it("lets others have a turn after 20 ms, and does not stop for less", async () => {
  expect(await turnsDuring(0)).toBe(0);
  for (const [stepMs, turns] of [[5, 25], [50, 100]] as const) {
    const seen = await turnsDuring(stepMs);
    expect(seen).toBeGreaterThanOrEqual(turns - 1);
    expect(seen).toBeLessThanOrEqual(turns + 1);
  }
});

it("goes on from the last proof where nothing has changed", async () => {
  const asRead = (object: Raw): Raw => ({ ...object, metadata: { ...object.metadata, uid: `uid-of-${object.metadata.namespace}/${object.metadata.name}`, resourceVersion: "7" } });
  const world = snapshot({ governed: ["a", "b"], networkPolicies: [deny("a"), deny("b")] });
  const read = (): Snapshot => ({ ...world, namespaces: world.namespaces.map(asRead), networkPolicies: world.networkPolicies.map(asRead) });
  const prove = proverInTurns(() => 0);
  const [first, second] = [await prove(read()), await prove(read())];
  expect(second.snapshot.networkPolicies[0]).toBe(first.snapshot.networkPolicies[0]);
  expect(second.proof.namespaces[0]).toBe(first.proof.namespaces[0]);
});
