import { expect, test } from "vitest";
import { AnswerReader, nextAttempt, retryAfter } from "./attempt.ts";
import { Broken } from "./session.ts";

const state = { idempotent: false, attempt: 0, random: () => 1, leftMs: 60_000 };

test("Retry-After is read as seconds or as a date, and nonsense is no Retry-After", () => {
  expect(retryAfter("3")).toBe(3_000);
  expect(retryAfter(new Date(Date.now() + 5_000).toUTCString())).toBeGreaterThan(3_000);
  expect(retryAfter("Thu, 01 Jan 1970 00:00:00 GMT")).toBe(0);
  expect([retryAfter(undefined), retryAfter("soon"), retryAfter("99999999999")]).toEqual([undefined, undefined, undefined]);
});

test("only 429, and 5xx that say when, have another attempt", () => {
  const next = (code: number, retryAfterMs?: number): number | undefined => nextAttempt({ code, json: {}, ...(retryAfterMs !== undefined && { retryAfterMs }) }, state);
  expect([next(200), next(404), next(409), next(500), next(503)]).toEqual([undefined, undefined, undefined, undefined, undefined]);
  expect([next(429), next(429, 3_000), next(503, 3_000)]).toEqual([2_000, 6_000, 6_000]);
});

test("no wait goes beyond the deadline", () => {
  expect(nextAttempt({ code: 429, json: {}, retryAfterMs: 3_000 }, { ...state, leftMs: 6_000 })).toBeUndefined();
});

test("a broken write is repeated only if it surely was not carried out, a broken read always, an untrusted server never", () => {
  const lost = new Broken("lost", { unsent: false });
  const unsent = new Broken("refused", { unsent: true });
  expect(nextAttempt(lost, state)).toBeUndefined();
  expect(nextAttempt(lost, { ...state, idempotent: true })).toBe(25);
  expect(nextAttempt(unsent, state)).toBe(25);
  expect(nextAttempt(unsent, { ...state, attempt: 50 })).toBe(2_000);
  expect(nextAttempt(new Broken("certificate", { unsent: true, untrusted: true }), state)).toBeUndefined();
  expect(nextAttempt(new Error("fenced"), { ...state, idempotent: true })).toBeUndefined();
});

test("a cut answer is broken without quoting it; a refusal that is not JSON is still a refusal", () => {
  const read = (code: number, body: string): AnswerReader => {
    const reader = new AnswerReader("get", 100);
    reader.head(code, {});
    reader.chunk(Buffer.from(body));
    return reader;
  };
  expect(() => read(200, '{"data":"secret').answer()).toThrow(/^the answer \(200, 15 bytes\) is not complete JSON$/);
  expect(read(502, "<html>").answer()).toEqual({ code: 502, json: undefined });
});
