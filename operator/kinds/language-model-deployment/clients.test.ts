import { describe, expect, it } from "vitest";
import { approval, client, DIGEST, lmd } from "../../../test/support/makers.ts";
import { admittedClients, clientsCondition, governanceViolation, type ClientsInput, type Governing } from "./clients.ts";

const governing = (ungoverned: Governing["ungoverned"], ...outside: string[]): Governing => ({ ungoverned, outside: new Set(outside) });
const input = (given: Governing | undefined, clients = [client("chat-ui"), client("search"), client("unapproved", "other")]): ClientsInput =>
  ({ deployment: lmd("a").clients(...clients).live(), approvals: [approval().live()], digest: DIGEST, runningDigest: undefined, denials: [], governing: given, now: 0 });
const admitted = (given: Governing | undefined): string[] => admittedClients(input(given)).map(({ name }) => name);

describe("clients get in", () => {
  it("if they are approved and, where Hoheit is told to refuse others, governed", () => {
    expect(admitted(undefined)).toEqual(["chat-ui", "search"]);
    expect(admitted(governing("Refuse"))).toEqual(["chat-ui", "search"]);
    expect(admitted(governing("Refuse", "search", "unapproved"))).toEqual(["chat-ui"]);
    expect(admitted(governing("Report", "search", "unapproved"))).toEqual(["chat-ui", "search"]);
  });
});

describe("a deployment that nobody governs", () => {
  it("starts nothing new where Hoheit is told to refuse it, and only there", () => {
    expect(governanceViolation(input(governing("Refuse", "assistant")))).toMatchObject({ reason: "NotGoverned", stalled: true, message: expect.stringContaining("namespace assistant") });
    for (const other of [undefined, governing("Refuse"), governing("Refuse", "chat-ui"), governing("Report", "assistant")]) expect(governanceViolation(input(other))).toBeUndefined();
  });
});

describe("ClientsGoverned", () => {
  it.each([
    ["Unknown", "NoPolicy", undefined, /no SovereigntyPolicy/],
    ["True", "AllGoverned", governing("Refuse"), /all its clients/],
    ["False", "NotGoverned", governing("Report", "assistant", "search"), /namespace assistant/],
    ["False", "ClientsNotGoverned", governing("Refuse", "search", "unapproved"), /search \(namespace search\), unapproved \(namespace unapproved\)\. They are not let in/],
    ["False", "ClientsNotGoverned", governing("Report", "search"), /search \(namespace search\)\. They are let in .* may leave/],
  ] as const)("is %s (%s)", (status, reason, given, message) => {
    expect(clientsCondition(input(given))).toEqual({ type: "ClientsGoverned", status, reason, message: expect.stringMatching(message) });
  });

  it("is True of a deployment without clients", () => {
    expect(clientsCondition(input(governing("Refuse"), [])).status).toBe("True");
  });
});
