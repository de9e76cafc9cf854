import { describe, expect, it } from "vitest";
import { fakeClock } from "../../../test/support/fake-clock.ts";
import { decodeReport, encodeReport } from "../../sovereignty/probe/document.ts";
import type { Destination, ProbePlan } from "../../sovereignty/probe/plan.ts";
import type { ControlCheck, TargetCheck } from "../../sovereignty/probe/verdict.ts";
import { probe, type ProbeSurroundings } from "./probe.ts";

const plan: ProbePlan = { of: "0123456789abcdef", tripwire: ["10.96.0.5", "fd00:96::5"], dns: ["10.96.0.10"], dnsName: "example.com", own: [] };

/** A world in which, by the round, each control and target fares as given. */
function world(control: (round: number) => ControlCheck["outcome"], target: (round: number, name: string) => TargetCheck["outcome"]) {
  const clock = fakeClock();
  let round = 1;
  const tried = new Set<string>();
  const surroundings: ProbeSurroundings = {
    clock, apiServer: { host: "10.96.0.1", port: "443" }, addresses: () => ["10.244.0.9", "fd00:244::9"],
    pause: (ms) => {
      clock.advance(ms);
      round += 1;
      return Promise.resolve();
    },
    control: (one: Destination) => Promise.resolve({ ...one, outcome: control(round) }),
    target: (one: Destination) => {
      tried.add(one.name);
      return Promise.resolve({ ...one, outcome: target(round, one.name) });
    },
  };
  return { surroundings, tried };
}

describe("a probe", () => {
  it("ends after one round when all is sealed", async () => {
    const { surroundings, tried } = world(() => "Answered", () => "TimedOut");
    const report = await probe(plan, surroundings);
    expect(report).toMatchObject({ of: plan.of, rounds: 1, settledMs: 0, reachedAtFirst: 0, families: ["IPv4", "IPv6"] });
    expect([...tried]).toEqual(["tripwire", "api-server", "metadata", "cluster-dns"]);
    expect(decodeReport(encodeReport(report))?.result).toBe("Sealed");
  });

  it("waits for rules that are not in force yet, and says how long they took and what they let through", async () => {
    const { surroundings } = world(() => "Answered", (round, name) => (round < 3 && name === "metadata" ? "Reached" : "Refused"));
    const report = await probe(plan, surroundings);
    expect(report).toMatchObject({ rounds: 3, settledMs: 1000, reachedAtFirst: 2 });
    expect(decodeReport(encodeReport(report))?.result).toBe("Sealed");
  });

  it("says so when something is reached to the end", async () => {
    const { surroundings } = world(() => "Answered", (_round, name) => (name === "cluster-dns" ? "Reached" : "TimedOut"));
    const report = await probe(plan, surroundings);
    expect(decodeReport(encodeReport(report))?.result).toBe("Reached");
    expect(report.settledMs).toBeGreaterThanOrEqual(15_000);
  });

  it("is inconclusive while the tripwire does not listen, however silent the rest is", async () => {
    const { surroundings } = world(() => "NotListening", () => "TimedOut");
    expect(decodeReport(encodeReport(await probe(plan, surroundings)))?.result).toBe("Inconclusive");
  });

  it("waits for a control that comes late", async () => {
    const { surroundings } = world((round) => (round < 4 ? "TimedOut" : "Answered"), () => "TimedOut");
    expect(await probe(plan, surroundings)).toMatchObject({ rounds: 4 });
  });

  it("leaves out an API server that it is told by name, and a family that the pod does not have", async () => {
    const { surroundings, tried } = world(() => "Answered", () => "TimedOut");
    const report = await probe(plan, { ...surroundings, apiServer: { host: "kubernetes.default.svc", port: "443" }, addresses: () => ["10.244.0.9"] });
    expect(tried.has("api-server")).toBe(false);
    expect(report.families).toEqual(["IPv4"]);
  });
});
