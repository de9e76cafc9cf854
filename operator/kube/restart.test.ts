import { expect, test } from "vitest";
import { ApiError, TransportError } from "./errors.ts";
import { reasonFor, restartDelay } from "./restart.ts";
import { Broken } from "./session.ts";
import { WatchSilent } from "./transport.ts";

const refused = (code: number): ApiError => new ApiError("watch", { code, reason: "R", message: "m" });
const broken = (unsent: boolean): TransportError => new TransportError("watch", "w", { cause: new Broken("b", { unsent }) });

test.each([
  [undefined, "end"], [refused(410), "gone"], [refused(429), "throttled"], [refused(403), "refused"], [refused(500), "refused"],
  [new WatchSilent("watch", "w"), "silence"], [broken(true), "unreachable"], [broken(false), "broken"], [new TransportError("watch", "w"), "broken"],
])("%s is counted as %s", (error, reason) => {
  expect(reasonFor(error)).toBe(reason);
});

test("what is neither an answer nor a broken connection is a bug, not a reason to try again", () => {
  expect(reasonFor(new TypeError("x is undefined"))).toBeUndefined();
});

test("after progress a clean end, a 410 and a silence wait for nothing; without progress they back off", () => {
  for (const reason of ["end", "gone", "silence"] as const) {
    expect(restartDelay({ reason, failures: 0, random: () => 1 })).toBe(0);
    expect(restartDelay({ reason, failures: 1, random: () => 1 })).toBe(1_600);
  }
});

test("failures back off from 0.8 s to 30 s, with jitter down to a half", () => {
  const delays = [0, 1, 2, 3, 4, 5, 6, 50].map((failures) => restartDelay({ reason: "broken", failures, random: () => 1 }));
  expect(delays).toEqual([800, 1_600, 3_200, 6_400, 12_800, 25_600, 30_000, 30_000]);
  expect(restartDelay({ reason: "broken", failures: 0, random: () => 0 })).toBe(400);
});

test("a server that cannot be reached is looked for every five seconds at the least", () => {
  expect(restartDelay({ reason: "unreachable", failures: 50, random: () => 1 })).toBe(5_000);
});

test("a Retry-After is never undercut", () => {
  expect(restartDelay({ reason: "throttled", failures: 0, retryAfterMs: 10_000, random: () => 0 })).toBe(10_000);
  expect(restartDelay({ reason: "throttled", failures: 0, retryAfterMs: 10_000, random: () => 0.5 })).toBe(15_000);
});
