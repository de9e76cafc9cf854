/** How a pass over a policy asks for proofs, and what it tells of them. */
import { expect, it } from "vitest";
import { PolicyHouse, POLICIES } from "../../../test/support/fake-policy-house.ts";
import { svp } from "../../../test/support/makers.ts";
import type { Flip } from "../../sovereignty/verdict.ts";
import { NO_PROOFS, type Kept, type Proofs } from "./proof/proofs.ts";
import { stampOf } from "./proof/stamp.ts";

const FLIP: Flip = { time: "2026-11-25T12:00:00Z", namespace: "ui", from: "REFUTED", to: "PROVED" };
const KEPT: Kept = { evidence: { root: "sha256:2", asOf: "2026-11-25T12:00:00Z", content: "" }, flips: [FLIP] };
const proofs: Proofs = {
  ...NO_PROOFS,
  ask: async (lookup) => ({
    askAgainMs: 2_000,
    proved: { stamp: stampOf(lookup), proof: { namespaces: [{ namespace: "ui", policy: "land", verdict: "PROVED", workloads: [], labelSpace: [], findings: [] }] } },
  }) as unknown as Awaited<ReturnType<Proofs["ask"]>>,
  keep: () => Promise.resolve(KEPT),
};

it("says what is proved and where the evidence is, tells once what flipped, and comes again for the next proof", async () => {
  const house = new PolicyHouse(proofs);
  house.cluster.put(POLICIES, svp().live());
  await house.namespace("ui");
  for (let pass = 0; pass < 2; pass += 1) await house.reconcile();
  expect([house.says("Proved"), house.policy().status?.evidence]).toEqual(["True AllProved", { root: "sha256:2", provedTime: "2026-11-25T12:00:00Z" }]);
  expect(house.notes.filter((note) => note.includes("Proved") || note.includes("Verdict"))).toEqual(["Normal AllProved", "Normal VerdictChanged"]);
  expect(await house.reconcile()).toEqual({ kind: "done", recheckAfterMs: 2_000 });
});
