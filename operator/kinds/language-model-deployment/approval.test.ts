import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { ModelApproval } from "../model-approval/schema.ts";
import { approvalViolation, approvedClients, mustStop, nextExpiryMs, type ApprovalInput } from "./approval.ts";
import type { LanguageModelDeployment } from "./schema.ts";

const NOW = Date.parse("2026-11-22T12:00:00Z");
const A = `sha256:${"a".repeat(64)}`;
const B = `sha256:${"b".repeat(64)}`;

const approval = (digest: string, activity: string, hours: number, onExpiry: "KeepRunning" | "ScaleToZero" = "KeepRunning"): ModelApproval => ({
  apiVersion: "hoheit.dev/v1alpha1",
  kind: "ModelApproval",
  metadata: { name: `${activity}-${hours}`, namespace: "n" },
  spec: { manifestDigest: digest, activityRef: { name: activity }, decisionReference: "KI-1", expiryTime: new Date(NOW + hours * 3_600_000).toISOString(), onExpiry },
});

const input = (over: Partial<ApprovalInput> & { clients?: string[] } = {}): ApprovalInput => ({
  deployment: {
    spec: { clients: (over.clients ?? ["text"]).map((activity) => ({ name: `c-${activity}`, namespace: "x", podSelector: { matchLabels: { a: "b" } }, activityRef: { name: activity } })) },
  } as unknown as LanguageModelDeployment,
  approvals: [],
  digest: A,
  runningDigest: undefined,
  denials: [],
  now: NOW,
  ...over,
});

describe("approval of a deployment", () => {
  it("lets a start happen when the bytes are approved for the client's activity", () => {
    expect(approvalViolation(input({ approvals: [approval(A, "text", 1)] }))).toBeUndefined();
  });

  it("refuses a start with an approval of other bytes", () => {
    expect(approvalViolation(input({ approvals: [approval(B, "text", 1)] }))?.reason).toBe("NotApproved");
  });

  it("refuses a start with an approval for another activity, and names the activity", () => {
    expect(approvalViolation(input({ approvals: [approval(A, "chatbot", 1)] }))).toMatchObject({ reason: "NotApproved", message: expect.stringContaining("activity text") });
  });

  it("asks for one approval of each activity that clients declare", () => {
    const both = { clients: ["text", "chatbot"], approvals: [approval(A, "text", 1)] };
    expect(approvalViolation(input(both))?.message).toContain("activity chatbot");
    expect(approvalViolation(input({ ...both, approvals: [...both.approvals, approval(A, "chatbot", 1)] }))).toBeUndefined();
  });

  it("takes any approval of the bytes when no client is declared", () => {
    expect(approvalViolation(input({ clients: [], approvals: [approval(A, "whatever", 1)] }))).toBeUndefined();
    expect(approvalViolation(input({ clients: [] }))?.reason).toBe("NotApproved");
  });

  it("does not take the end of one activity for the end of another, when no client is declared", () => {
    const approvals = [approval(A, "chatbot", -2, "KeepRunning"), approval(A, "text", -1, "ScaleToZero")];
    expect(mustStop(input({ clients: [], runningDigest: A, approvals }))).toBe(false);
    expect(mustStop(input({ clients: [], runningDigest: A, approvals: approvals.slice(1) }))).toBe(true);
  });

  it("counts the approval that lasts longest", () => {
    expect(approvalViolation(input({ approvals: [approval(A, "text", -5), approval(A, "text", 1)] }))).toBeUndefined();
  });

  it("keeps running what was approved until it expired, when the approval says so", () => {
    const expired = input({ runningDigest: A, approvals: [approval(A, "text", -1, "KeepRunning")] });
    expect(approvalViolation(expired)?.reason).toBe("ApprovalExpired");
    expect(mustStop(expired)).toBe(false);
    expect(approvedClients(expired)).toHaveLength(1);
  });

  it("stops what expired with ScaleToZero", () => {
    const expired = input({ runningDigest: A, approvals: [approval(A, "text", -1, "ScaleToZero")] });
    expect(mustStop(expired)).toBe(true);
    expect(approvedClients(expired)).toHaveLength(0);
  });

  it("says of an expired approval what really becomes of the pods", () => {
    const expired = approval(A, "text", -1, "ScaleToZero");
    expect(approvalViolation(input({ runningDigest: A, approvals: [expired] }))?.message).toContain("it is scaled to zero");
    const other = input({ clients: ["text", "chatbot"], runningDigest: A, approvals: [expired, approval(A, "chatbot", 1)] });
    expect(mustStop(other)).toBe(false);
    expect(approvalViolation(other)?.message).toContain("running pods stay");
  });

  it("stops what was revoked", () => {
    const revoked = input({ runningDigest: A });
    expect(mustStop(revoked)).toBe(true);
    expect(approvalViolation(revoked)?.reason).toBe("ApprovalRevoked");
  });

  it("ends where a policy denies the origin of the running bytes, as it would at its time", () => {
    const denials = [{ reason: "Denied", field: "originCountry", country: "CN", policies: ["land"] }] as const;
    const kept = input({ denials, runningDigest: A, approvals: [approval(A, "text", 1, "KeepRunning")] });
    expect([mustStop(kept), approvedClients(kept).length]).toEqual([false, 1]);
    const ended = input({ denials, runningDigest: A, approvals: [approval(A, "text", 1, "ScaleToZero")] });
    expect([mustStop(ended), approvedClients(ended).length]).toEqual([true, 0]);
    // It is in force all the same, and revoked by nobody.
    expect(approvalViolation(ended)).toBeUndefined();
    expect(approvalViolation({ ...ended, deployment: input({ clients: ["text", "chatbot"] }).deployment })?.reason).toBe("NotApproved");
  });

  it("holds for running bytes that are not those of the model whose origin is denied", () => {
    const denials = [{ reason: "Denied", field: "originCountry", country: "CN", policies: ["land"] }] as const;
    const other = input({ denials, digest: B, runningDigest: A, approvals: [approval(A, "text", 1, "ScaleToZero")] });
    expect([mustStop(other), approvedClients(other).length]).toEqual([false, 1]);
  });

  it("keeps the old weights running while the new ones are not approved", () => {
    const changed = input({ digest: B, runningDigest: A, approvals: [approval(A, "text", 1)] });
    expect(approvalViolation(changed)?.reason).toBe("NotApproved");
    expect(mustStop(changed)).toBe(false);
  });

  it("shuts the door to a client whose activity is not approved while others are served", () => {
    const mixed = input({ clients: ["text", "chatbot"], runningDigest: A, approvals: [approval(A, "text", 1)] });
    expect(mustStop(mixed)).toBe(false);
    expect(approvedClients(mixed).map(({ name }) => name)).toEqual(["c-text"]);
  });

  it("looks again when the first approval in use runs out", () => {
    expect(nextExpiryMs(input({ approvals: [approval(A, "text", 3), approval(B, "text", 1)] }))).toBe(3 * 3_600_000);
    expect(nextExpiryMs(input())).toBeUndefined();
  });

  it("never serves longer by having fewer approvals", () => {
    const approvals = fc.array(fc.tuple(fc.constantFrom(A, B), fc.constantFrom("text", "chatbot"), fc.integer({ min: -3, max: 3 }).filter((h) => h !== 0), fc.constantFrom("KeepRunning" as const, "ScaleToZero" as const)), { maxLength: 6 });
    fc.assert(fc.property(approvals, fc.nat(), fc.subarray(["text", "chatbot"]), (list, pick, clients) => {
      const all = list.map(([digest, activity, hours, onExpiry]) => approval(digest, activity, hours, onExpiry));
      // A later approval of the same bytes and activity supersedes an earlier one, so one of a kind is what may be taken away.
      const unique = [...new Map(all.map((one) => [`${one.spec.manifestDigest} ${one.spec.activityRef.name}`, one])).values()];
      const fewer = unique.filter((_, index) => index !== pick % Math.max(1, unique.length));
      const withAll = input({ clients, runningDigest: A, approvals: unique });
      const withFewer = input({ clients, runningDigest: A, approvals: fewer });
      if (mustStop(withAll)) expect(mustStop(withFewer)).toBe(true);
      if (approvalViolation(withAll) !== undefined) expect(approvalViolation(withFewer)).toBeDefined();
      expect(approvedClients(withFewer).length).toBeLessThanOrEqual(approvedClients(withAll).length);
    }), { numRuns: 3000 });
  });
});
