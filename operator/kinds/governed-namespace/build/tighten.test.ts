/** Whoever adds a policy can only tighten: what the objects of a namespace let through, packet by packet, before and after. */
import fc from "fast-check";
import { expect, test } from "vitest";
import type { Policy } from "../../../sovereignty/policy.ts";
import { childrenUnder, packetsThrough, policies, policy } from "./testing.ts";

const packets = (given: readonly Policy[]): Set<string> => packetsThrough(childrenUnder(given).openings);

test("one policy more never lets a packet through that was not let through before", () => {
  let [fewer, same, any] = [0, 0, 0];
  fc.assert(fc.property(policies, policy, (given, more) => {
    fc.pre(!given.some(({ name }) => name === more.name));
    const before = packets(given);
    const after = packets([...given, more]);
    expect([...after].filter((packet) => !before.has(packet))).toEqual([]);
    [fewer, same, any] = [fewer + Number(after.size < before.size), same + Number(after.size === before.size), any + Number(after.size > 0)];
  }), { numRuns: 400 });
  for (const count of [fewer, same, any]) expect(count, "of each kind there were some").toBeGreaterThan(5);
});
