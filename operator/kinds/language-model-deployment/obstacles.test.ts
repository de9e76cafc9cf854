import { describe, expect, it } from "vitest";
import { ApiError, TransportError } from "../../kube/errors.ts";
import { SERVICES } from "../../kube/resources.ts";
import { obstacleOf, refusalOf } from "./obstacles.ts";

const answer = (code: number, message = "words"): ApiError => new ApiError("apply services a/b", { code, reason: "Reason", message });

describe("refusalOf", () => {
  it.each([400, 403, 404, 422])("shows the API server's words for a refusal that somebody can mend: %d", (code) => {
    expect(refusalOf(answer(code))).toMatchObject({ reason: "ApplyFailed", stalled: false, message: expect.stringContaining("words") });
  });

  it("shows an admission webhook that cannot be reached", () => {
    expect(refusalOf(answer(500, 'Internal error occurred: failed calling webhook "policy.example": connection refused')).reason).toBe("ApplyFailed");
  });

  it.each([answer(409), answer(429), answer(500), answer(503), new TransportError("apply services a/b", "broken"), new TypeError("bug")])("throws on what passes by itself: %s", (error) => {
    expect(() => refusalOf(error)).toThrow(error);
  });
});

describe("obstacleOf", () => {
  const blocked = (by: "foreign" | "predecessor" | "leaving") => ({ resource: SERVICES, name: "a", by });

  it("puts what a person must do before what passes by itself", () => {
    expect(obstacleOf([blocked("leaving"), blocked("foreign")])).toMatchObject({ reason: "ForeignObject", stalled: true });
    expect(obstacleOf([blocked("predecessor")])).toMatchObject({ reason: "WaitingForGarbageCollection", stalled: false });
    expect(obstacleOf([])).toBeUndefined();
  });
});
