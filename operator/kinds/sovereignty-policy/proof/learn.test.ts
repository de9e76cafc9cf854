import { describe, expect, it } from "vitest";
import { lmd, svp } from "../../../../test/support/makers.ts";
import { dataSetOf } from "../../../sovereignty/datasets/compact.ts";
import type { NamespaceProof } from "../../../sovereignty/prover/result.ts";
import type { NamespaceState } from "../../governed-namespace/state.ts";
import type { Observed } from "../observe.ts";
import { learn } from "./learn.ts";
import { NO_DATA_SETS, type DataSets } from "./data-sets.ts";
import { NO_PROOFS, type Kept, type Proofs } from "./proofs.ts";

const context = {} as Parameters<typeof learn>[1];
const proofOf = (namespace: string): NamespaceProof => ({ namespace, policy: "p", verdict: "PROVED", workloads: [], labelSpace: [], findings: [] });
const flip = (namespace: string) => ({ time: "2026-11-25T12:00:00Z", namespace, from: "PROVED", to: "REFUTED" }) as const;
const kept: Kept = { evidence: { root: "sha256:2", asOf: "2026-11-25T12:00:00Z", content: "" }, flips: [flip("a"), flip("elsewhere")] };
const answer = { proved: { stamp: "0@0 0@0 uid-of-p.1 uid-of-q.1", proof: { verdict: "PROVED", namespaces: [proofOf("a"), proofOf("elsewhere")], assumptions: [], residuals: [] } }, askAgainMs: 2_000 } as unknown as NonNullable<Awaited<ReturnType<Proofs["ask"]>>>;
const state = (namespace: string, reason: NamespaceState["reason"] = "Sealed"): NamespaceState => ({ namespace, reason, message: "", policies: ["p"] });

const observed = (over: Partial<Observed> = {}): Observed => {
  const policy = svp("p").live();
  return { policy, policies: [policy, svp("q").spec({ evidence: { keep: 70 } }).live()], states: [state("a"), state("kube-system", "Exempt")], allDeployments: [], now: Date.parse("2026-11-25T12:00:00Z"), ...over } as unknown as Observed;
};
const proving = (over: Partial<Proofs> = {}): Parameters<typeof learn>[2] => ({ proofs: { ...NO_PROOFS, ask: () => Promise.resolve(answer), keep: () => Promise.resolve(kept), ...over }, dataSets: NO_DATA_SETS });

describe("what a pass learns", () => {
  it("is what was proved of the namespaces that the policy governs, and what flipped there", async () => {
    expect(await learn(observed(), context, proving())).toEqual({ governed: ["a"], proofs: [proofOf("a")], evidence: kept.evidence, flips: [flip("a")], findings: [], failure: undefined, askAgainMs: 2_000 });
  });

  it.each([
    ["changed", { generation: 2 }],
    ["is another one of that name", { uid: "uid-other" }],
  ])("is nothing of a proof from before a policy %s that governs these namespaces", async (_what, over) => {
    const [p, q] = ["p", "q"].map((name) => svp(name).live());
    const changed = { ...q!, metadata: { ...q!.metadata, ...over } };
    const both = { ...state("a"), policies: ["p", "q"] };
    expect(await learn(observed({ policies: [p!, changed], states: [both] }), context, proving())).toMatchObject({
      proofs: undefined, evidence: undefined, failure: "Nothing has been proved since the policies changed that govern these namespaces.", askAgainMs: 2_000,
    });
    expect(await learn(observed({ policies: [p!, changed] }), context, proving()), "it governs others").toMatchObject({ proofs: [proofOf("a")], failure: undefined });
  });

  it("is no news when the status names that evidence already", async () => {
    const policy = svp("p").status({ evidence: { root: "sha256:2" } }).live();
    expect(await learn(observed({ policy }), context, proving())).toMatchObject({ flips: [], evidence: kept.evidence });
  });

  it("is nothing where nobody proves", async () => {
    expect(await learn(observed(), context, { proofs: NO_PROOFS, dataSets: NO_DATA_SETS })).toMatchObject({ proofs: undefined, failure: undefined, askAgainMs: Infinity });
  });

  it("is why there is no proof when the cluster cannot be read, and that is tried again", async () => {
    expect(await learn(observed(), context, proving({ ask: () => Promise.reject(new Error("connection refused.")) }))).toMatchObject({ proofs: undefined, failure: "The cluster cannot be read: connection refused.", askAgainMs: 10_000 });
  });

  it("keeps the verdict where evidence cannot be kept, and says so", async () => {
    expect(await learn(observed(), context, proving({ keep: () => Promise.reject(new Error("configmaps is forbidden")) })))
      .toMatchObject({ proofs: [proofOf("a")], evidence: undefined, failure: "Evidence of it cannot be kept: configmaps is forbidden.", askAgainMs: 2_000 });
  });

  it("goes on where data sets cannot be read, and looks again soon where one is missing", async () => {
    const { proofs } = proving({ ask: () => Promise.resolve({ ...answer, askAgainMs: 300_000 }) });
    const failing: DataSets = { of: () => Promise.reject(new Error("no answer")) };
    expect(await learn(observed(), context, { proofs, dataSets: failing })).toMatchObject({ proofs: [proofOf("a")], findings: ["spec.dataSets: no answer."], failure: "Evidence of it cannot be kept: no answer.", askAgainMs: 10_000 });
    const missing: DataSets = { of: () => Promise.resolve([{ name: "rir", reading: { problem: "it is not there" } }]) };
    expect(await learn(observed(), context, { proofs, dataSets: missing })).toMatchObject({ evidence: kept.evidence, findings: ["spec.dataSets[rir]: it is not there.", expect.any(String)], askAgainMs: 10_000 });
  });

  it("keeps as many as the policy asks that asks for the most, with what guard and probes showed and the data sets that any policy names", async () => {
    const asked: unknown[] = [];
    const guarded = svp("p").status({ conditions: [{ type: "Guarded", status: "True", reason: "GuardRefuses", message: "It does.", lastTransitionTime: "2026-11-25T10:00:00Z", observedGeneration: 1 }] }).live();
    const probe = { result: "Sealed", endTime: "2026-11-25T11:00:00Z" };
    const deployment = { ...lmd("m").live(), status: { probe } };
    const set = dataSetOf({ name: "rir", date: "2026-11-20", entries: [] });
    const { proofs } = proving({ keep: (_proved, given, most) => (asked.push(given, most), Promise.resolve(kept)) });
    const dataSets: DataSets = { of: ({ spec }) => Promise.resolve(spec.evidence.keep === 70 ? [{ name: "a", reading: { set } }, { name: "b", reading: { problem: "is not there" } }] : []) };
    await learn(observed({ policies: [guarded, ...observed().policies.slice(1)] as Observed["policies"], allDeployments: [deployment, lmd("never").live()] as unknown as Observed["allDeployments"] }), context, { proofs, dataSets });
    expect(asked).toEqual([{
      guard: [{ policy: "p", status: "True", reason: "GuardRefuses" }, { policy: "q", status: "Unknown", reason: "NotProbed" }],
      probes: [{ namespace: "assistant", name: "m", ...probe }],
      dataSets: [set], today: "2026-11-25",
    }, 70]);
  });
});
