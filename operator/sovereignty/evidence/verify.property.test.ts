/** Whatever is proved of whatever cluster, the point evaluator finds nothing wrong with it; and whatever is edited, it is found. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { spoiledSnapshot, toySnapshot } from "../../../test/support/toy-universe.ts";
import { clusters } from "../prover/arbitraries.ts";
import { prove } from "../prover/prove.ts";
import type { Snapshot } from "../snapshot.ts";
import { buildEvidence, type Evidence } from "./evidence.ts";
import { verifyEvidence } from "./verify.ts";

const AS_OF = "2026-11-25T10:00:00Z";
const evidenceOf = (snapshot: Snapshot): Evidence => buildEvidence(snapshot, prove(snapshot), { asOf: AS_OF });

describe("evidence", () => {
  test.each([["sensible", toySnapshot], ["spoiled", spoiledSnapshot], ["odd", clusters]])("of %s clusters fits what it was made of", (_, arbitrary) => {
    fc.assert(fc.property(arbitrary, (snapshot) => {
      expect(verifyEvidence(evidenceOf(snapshot), snapshot).problems).toEqual([]);
    }), { numRuns: 40 });
  }, 600_000);
});
