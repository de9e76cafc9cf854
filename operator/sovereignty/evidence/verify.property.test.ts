/** Whatever is proved of whatever cluster, the point evaluator finds nothing wrong with it; and whatever is edited, it is found. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { spoiledSnapshot, toySnapshot } from "../../../test/support/toy-universe.ts";
import { clusters } from "../prover/arbitraries.ts";
import { prove } from "../prover/prove.ts";
import type { Snapshot } from "../snapshot.ts";
import { deny, destination, ipBlock, networkPolicy, peer, snapshot as snapshotOf, sovereignty, workload } from "../prover/testing.ts";
import { buildEvidence, digestOf, rootOf, type Evidence } from "./evidence.ts";
import { EvidenceError } from "./files.ts";
import { verifyEvidence } from "./verify.ts";

const AS_OF = "2026-11-25T10:00:00Z";
const evidenceOf = (snapshot: Snapshot): Evidence => buildEvidence(snapshot, prove(snapshot), { asOf: AS_OF });

describe("evidence", () => {
  test.each([["sensible", toySnapshot], ["spoiled", spoiledSnapshot], ["odd", clusters]])("of %s clusters fits what it was made of", (_, arbitrary) => {
    fc.assert(fc.property(arbitrary, (snapshot) => {
      expect(verifyEvidence(evidenceOf(snapshot), snapshot).problems).toEqual([]);
    }), { numRuns: 40 });
  }, 600_000);

  test("that somebody wrote is judged or refused, whatever stands in it and though its hashes are right", () => {
    const policy = sovereignty({ destinations: [destination("mirror", { cidrs: ["198.51.100.7/32"], roles: ["Application"] })], inCluster: [peer("idp", "keycloak", { app: "keycloak" })] });
    const world = snapshotOf({ policy, networkPolicies: [deny("a"), networkPolicy("a/leak", { podSelector: {}, policyTypes: ["Egress"], egress: [{ to: [ipBlock("8.8.8.0/24")] }] })], workloads: [workload("a/Pod/a"), workload("c/Pod/c")] });
    const evidence = evidenceOf(world);
    const junk = fc.constantFrom<unknown>(null, "", "x", 0, -1, true, [], {}, [null], "010.0.0.0/8", "PROVED", "Serving", "a/*");
    const seen = { refused: 0, found: 0, harmless: 0 };
    fc.assert(fc.property(fc.nat(), junk, (at, value) => {
      const edited = withJunk(evidence, at, value);
      try {
        seen[verifyEvidence(edited, world).problems.length > 0 ? "found" : "harmless"] += 1;
      } catch (error) {
        expect(error).toBeInstanceOf(EvidenceError);
        seen.refused += 1;
      }
    }), { numRuns: 600 });
    expect(Math.min(seen.refused, seen.found, seen.harmless)).toBeGreaterThan(0);
  }, 600_000);
});

/** Puts a value in some place within facts or a bundle, and makes all hashes anew. */
function withJunk(evidence: Evidence, at: number, value: unknown): Evidence {
  const { facts, bundles, ...rest } = JSON.parse(JSON.stringify(evidence)) as Evidence;
  const places: { of: Record<string, unknown>; key: string }[] = [];
  const walk = (of: object): void => {
    for (const [key, member] of Object.entries(of)) {
      if (key !== "sha256") places.push({ of: of as Record<string, unknown>, key });
      if (typeof member === "object" && member !== null) walk(member);
    }
  };
  for (const part of [facts, ...bundles]) walk(part);
  const place = places[at % places.length];
  if (place !== undefined) place.of[place.key] = value;
  const edited = { ...rest, facts, bundles: bundles.map((bundle) => ({ ...bundle, sha256: digestOf(bundle) })) };
  return { ...edited, root: rootOf(edited) };
}
