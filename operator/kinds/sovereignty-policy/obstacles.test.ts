import { describe, expect, it } from "vitest";
import { svp } from "../../../test/support/makers.ts";
import { ApiError, TransportError } from "../../kube/errors.ts";
import { VALIDATING_ADMISSION_POLICIES } from "../../kube/resources.ts";
import type { Blocked } from "../../runtime/execute.ts";
import type { NamespaceState } from "../governed-namespace/state.ts";
import { clusterObstacles, deletionHeld, heldAlone, obstaclesOf, refusalOf } from "./obstacles.ts";

const state = (namespace: string, policies: string[], reason: NamespaceState["reason"] = "Sealed"): NamespaceState => ({ namespace, policies, reason, message: "" });
const policy = (clusterNetworkPolicy: string) => svp().spec({ enforcement: { clusterNetworkPolicy } }).live();

describe("a name that is taken", () => {
  const blocked = (by: Blocked["by"], name: string): Blocked => ({ resource: VALIDATING_ADMISSION_POLICIES, name, by });

  it("by somebody else is a person's to free, and comes before one that frees itself", () => {
    expect(obstaclesOf([blocked("leaving", "a"), blocked("foreign", "b")])).toEqual([{ reason: "ForeignObject", stalled: true, message: expect.stringMatching(/^ValidatingAdmissionPolicy b exists and is not Hoheit's: .* Delete it\.$/) }]);
    expect(obstaclesOf([blocked("leaving", "a")])).toEqual([{ reason: "WaitingForGarbageCollection", stalled: false, message: expect.stringContaining("ValidatingAdmissionPolicy a is still being deleted") }]);
    expect(obstaclesOf([])).toEqual([]);
  });
});

it("what the API server refuses is said in its words, and all else is thrown on", () => {
  const error = (code: number, reason: string): ApiError => new ApiError("apply", { code, reason, message: "too much" });
  expect(refusalOf(error(403, "Forbidden"))).toMatchObject([{ reason: "ApplyFailed", stalled: false, message: expect.stringContaining("too much") }]);
  for (const other of [error(500, "InternalError"), error(409, "Conflict"), new TransportError("apply", "reset"), new Error("bug")]) expect(() => refusalOf(other)).toThrow(other);
});

describe("an API that not every cluster serves", () => {
  const tooLarge = [["land", "town"]];

  it("is missed only where it is required", () => {
    expect(clusterObstacles(policy("Require"), { tooLarge: [] }, undefined)).toMatchObject([{ reason: "ClusterNetworkPolicyMissing", stalled: true }]);
    for (const [one, served] of [["Auto", undefined], ["Require", []], ["Off", undefined]] as const) expect(clusterObstacles(policy(one), { tooLarge: [] }, served)).toEqual([]);
  });

  it("holds no object beyond its bounds; where it is not served, nobody misses it", () => {
    expect(clusterObstacles(policy("Auto"), { tooLarge }, [])).toMatchObject([{ reason: "ClusterNetworkPolicyTooLarge", stalled: true, message: expect.stringMatching(/^What land and town allow does not fit/) }]);
    expect(clusterObstacles(policy("Auto"), { tooLarge }, undefined)).toEqual([]);
  });
});

describe("a deletion", () => {
  const names = (count: number): string[] => Array.from({ length: count }, (_, at) => `n${at}`);

  it("is held by namespaces that no other policy holds, those that are never governed left out", () => {
    expect(heldAlone([state("a", ["land"]), state("b", ["land", "town"]), state("kube-system", ["land"], "Exempt"), state("c", ["land"], "NotApplied")])).toEqual(["a", "c"]);
  });

  it("says which and how to give them up, five at most by name", () => {
    const held = (alone: string[]): string => deletionHeld(svp().deleting().live(), alone)[0]?.message ?? "";
    expect(held(names(5))).toContain("namespaces n0, n1, n2, n3, n4.");
    expect(held(names(6))).toContain("namespaces n0, n1, n2, n3, n4 and 1 more.");
    expect(held(["a"])).toContain("kubectl label namespaces -l hoheit.dev/governed=true hoheit.dev/governed-");
    expect([deletionHeld(svp().live(), ["a"]), deletionHeld(svp().deleting().live(), [])]).toEqual([[], []]);
  });
});
