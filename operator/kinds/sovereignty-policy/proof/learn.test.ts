import { describe, expect, it } from "vitest";
import { lmd, svp } from "../../../../test/support/makers.ts";
import type { NamespaceProof } from "../../../sovereignty/prover/result.ts";
import type { NamespaceState } from "../../governed-namespace/state.ts";
import type { Observed } from "../observe.ts";
import { learn } from "./learn.ts";
import { NO_PROOFS, type Kept, type Proofs } from "./proofs.ts";

const context = {} as Parameters<typeof learn>[1];
const proofOf = (namespace: string): NamespaceProof => ({ namespace, policy: "p", verdict: "PROVED", workloads: [], labelSpace: [], findings: [] });
const flip = (namespace: string) => ({ time: "2026-11-25T12:00:00Z", namespace, from: "PROVED", to: "REFUTED" }) as const;
const kept: Kept = { evidence: { root: "sha256:2", asOf: "2026-11-25T12:00:00Z", content: "" }, flips: [flip("a"), flip("elsewhere")] };
const answer = { proved: { proof: { verdict: "PROVED", namespaces: [proofOf("a"), proofOf("elsewhere")], assumptions: [], residuals: [] } }, askAgainMs: 2_000 } as unknown as NonNullable<Awaited<ReturnType<Proofs["ask"]>>>;
const state = (namespace: string, reason: NamespaceState["reason"] = "Sealed"): NamespaceState => ({ namespace, reason, message: "", policies: ["p"] });

const observed = (over: Partial<Observed> = {}): Observed => {
  const policy = svp("p").live();
  return { policy, policies: [policy, svp("q").spec({ evidence: { keep: 70 } }).live()], states: [state("a"), state("kube-system", "Exempt")], allDeployments: [], ...over } as unknown as Observed;
};
const proving = (over: Partial<Proofs> = {}): Proofs => ({ ...NO_PROOFS, ask: () => Promise.resolve(answer), keep: () => Promise.resolve(kept), ...over });

describe("what a pass learns", () => {
  it("is what was proved of the namespaces that the policy governs, and what flipped there", async () => {
    expect(await learn(observed(), context, proving())).toEqual({ governed: ["a"], proofs: [proofOf("a")], evidence: kept.evidence, flips: [flip("a")], failure: undefined, askAgainMs: 2_000 });
  });

  it("is no news when the status names that evidence already", async () => {
    const policy = svp("p").status({ evidence: { root: "sha256:2" } }).live();
    expect(await learn(observed({ policy }), context, proving())).toMatchObject({ flips: [], evidence: kept.evidence });
  });

  it("is nothing where nobody proves", async () => {
    expect(await learn(observed(), context, NO_PROOFS)).toMatchObject({ proofs: undefined, failure: undefined, askAgainMs: Infinity });
  });

  it("is why there is no proof when the cluster cannot be read, and that is tried again", async () => {
    expect(await learn(observed(), context, proving({ ask: () => Promise.reject(new Error("connection refused.")) }))).toMatchObject({ proofs: undefined, failure: "The cluster cannot be read: connection refused.", askAgainMs: 10_000 });
  });

  it("keeps the verdict where evidence cannot be kept, and says so", async () => {
    expect(await learn(observed(), context, proving({ keep: () => Promise.reject(new Error("configmaps is forbidden")) })))
      .toMatchObject({ proofs: [proofOf("a")], evidence: undefined, failure: "Evidence of it cannot be kept: configmaps is forbidden.", askAgainMs: 2_000 });
  });

  it("keeps as many as the policy asks that asks for the most, with what guard and probes showed", async () => {
    const asked: unknown[] = [];
    const guarded = svp("p").status({ conditions: [{ type: "Guarded", status: "True", reason: "GuardRefuses", message: "It does.", lastTransitionTime: "2026-11-25T10:00:00Z", observedGeneration: 1 }] }).live();
    const probe = { result: "Sealed", endTime: "2026-11-25T11:00:00Z" };
    const deployment = { ...lmd("m").live(), status: { probe } };
    await learn(observed({ policies: [guarded, ...observed().policies.slice(1)] as Observed["policies"], allDeployments: [deployment, lmd("never").live()] as unknown as Observed["allDeployments"] }), context,
      proving({ keep: (_proved, circumstances, most) => (asked.push(circumstances, most), Promise.resolve(kept)) }));
    expect(asked).toEqual([{
      guard: [{ policy: "p", status: "True", reason: "GuardRefuses" }, { policy: "q", status: "Unknown", reason: "NotProbed" }],
      probes: [{ namespace: "assistant", name: "m", ...probe }],
    }, 70]);
  });
});
