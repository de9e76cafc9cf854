import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { fakeClock, settle } from "../../test/support/fake-clock.ts";
import { lmd, svp } from "../../test/support/makers.ts";
import { sovereigntyPolicy } from "../kinds/sovereignty-policy/schema.ts";
import type { History } from "../kinds/sovereignty-policy/proof/history.ts";
import { NO_PROOFS, type Proofs } from "../kinds/sovereignty-policy/proof/proofs.ts";
import type { Logger } from "../runtime/log.ts";
import { gatherReports, type ReportSource } from "./report-source.ts";

const PROOF = { verdict: "PROVED", namespaces: [], assumptions: [], residuals: [] };
const AT = Date.parse("2026-11-25T12:00:00Z");
const HISTORY: History = { since: "2026-11-01T00:00:00Z", flips: [], root: "sha256:2", previousRoot: "sha256:1", places: new Map([["a", []]]) };
const condition = (type: string, status: string, message: string): object => ({ type, status, reason: "Why", message, lastTransitionTime: "2026-11-25T10:00:00Z", observedGeneration: 1 });
const check = (name: string, purpose: string, outcome: string): object => ({ name, purpose, outcome, protocol: "TCP", address: "192.0.2.1", port: 443 });

let source: ReportSource | undefined;
let clock: ReturnType<typeof fakeClock>;
let warnings: string[];
let asked: number;
let failing: boolean;
let history: History | undefined;

const proofs: Proofs = {
  ...NO_PROOFS,
  ask: () => {
    asked += 1;
    if (failing) return Promise.reject(new Error("no answer"));
    return Promise.resolve({ proved: { snapshot: { governed: new Map() }, proof: PROOF, at: AT, stamp: "" }, askAgainMs: 1_000 } as never);
  },
};

const probed = { ...lmd("probed").live(), status: { conditions: [condition("EgressSealed", "False", "It reached something.")], probe: { result: "Reached", endTime: "2026-11-25T11:00:00Z", families: [{ family: "IPv4" }], checks: [check("world", "Target", "Reached"), check("other", "Target", "Refused"), check("tripwire", "Control", "Reached")] } } };
const lists = new Map<unknown, readonly object[]>([[sovereigntyPolicy.resource, [svp("land").status({ conditions: [condition("Guarded", "True", "It refuses.")] }).live(), svp("new").live()]]]);
const lookup = { cache: (of: unknown) => ({ list: () => lists.get(of) ?? [probed, lmd("fresh").live()] }) } as never;

/** There is this policy and no other, until the end of the test. */
function theOnlyPolicy(status: object): Disposable {
  const before = lists.get(sovereigntyPolicy.resource) ?? [];
  lists.set(sovereigntyPolicy.resource, [svp("land").status(status as never).live()]);
  return { [Symbol.dispose]: () => void lists.set(sovereigntyPolicy.resource, before) };
}

const gather = async (): Promise<ReportSource> => {
  source = gatherReports({ clock, log: { warn: (fields: { error: string }) => warnings.push(fields.error) } as unknown as Logger, lookup, proofs, history: () => Promise.resolve(history) });
  await settle();
  return source;
};

beforeEach(() => {
  [clock, warnings, asked, failing, history] = [fakeClock(), [], 0, false, HISTORY];
});
afterEach(() => source?.stop());

describe("what the report shows", () => {
  it("is what was proved, what changed before it, and what guard and probes showed", async () => {
    const { current } = await gather();
    expect(current()).toEqual({
      time: "2026-11-25T12:00:00.000Z", root: "sha256:2", previousRoot: "sha256:1", proof: PROOF, policies: new Map(), places: new Map([["a", []]]), changes: { since: HISTORY.since, flips: [] },
      guards: [{ policy: "land", status: "True", message: "It refuses.", older: { objects: 0, first: [] } }, { policy: "new", status: "Unknown", message: "Nobody has looked yet.", older: { objects: 0, first: [] } }],
      probes: [
        { namespace: "assistant", name: "probed", sealed: "False", message: "It reached something.", last: { time: "2026-11-25T11:00:00Z", result: "Reached", families: ["IPv4"], reached: [{ name: "world", protocol: "TCP", address: "192.0.2.1", port: 443 }] } },
        { namespace: "assistant", name: "fresh", sealed: "Unknown", message: "Nobody has looked yet." },
      ],
    });
  });

  it("has a guard that refuses, and what is older than it", async () => {
    const preexisting = { surveyTime: "2026-11-25T11:00:00Z", of: "1", objects: 21, first: ["Pod chat/agent: spec.hostNetwork"], unread: [] };
    using _ = theOnlyPolicy({ conditions: [{ ...condition("Guarded", "False", "21 objects are older than the guard."), reason: "PreexistingObjects" }], preexisting });
    const { current } = await gather();
    expect(current()?.guards).toEqual([{ policy: "land", status: "True", message: "21 objects are older than the guard.", older: { objects: 21, first: ["Pod chat/agent: spec.hostNetwork"] } }]);
  });

  it("is nothing while no evidence is kept, and is there as soon as the next look finds some", async () => {
    history = undefined;
    const { current } = await gather();
    expect(current()).toBeUndefined();
    history = HISTORY;
    clock.advance(5_000);
    await settle();
    expect(current()?.root).toBe("sha256:2");
  });

  it("reads what is kept only when a policy names other evidence", async () => {
    const { current } = await gather();
    history = { ...HISTORY, root: "sha256:3" };
    clock.advance(30_000);
    await settle();
    expect([asked, current()?.root]).toEqual([2, "sha256:2"]);
    using _ = theOnlyPolicy({ evidence: { root: "sha256:3", time: "2026-11-25T12:00:30Z" } });
    clock.advance(30_000);
    await settle();
    expect(current()?.root).toBe("sha256:3");
  });

  it("stays as it was while nothing can be read, and the log says why", async () => {
    const { current } = await gather();
    failing = true;
    clock.advance(30_000);
    await settle();
    expect(current()?.root).toBe("sha256:2");
    expect(warnings).toEqual(["no answer"]);
  });

  it("is not looked for any more once it is stopped", async () => {
    const { stop } = await gather();
    stop();
    clock.advance(120_000);
    await settle();
    expect(asked).toBe(1);
  });

  it("is not looked for any more if it is stopped while it is gathered", async () => {
    const { stop } = await gather();
    clock.advance(30_000);
    stop();
    await settle();
    clock.advance(120_000);
    await settle();
    expect(asked).toBe(2);
  });
});
