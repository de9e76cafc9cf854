import fc from "fast-check";
import { describe, expect, it, test } from "vitest";
import { clusters } from "../prover/arbitraries.ts";
import { prove } from "../prover/prove.ts";
import { deny, snapshot, workload } from "../prover/testing.ts";
import type { Snapshot } from "../snapshot.ts";
import { buildEvidence, type Evidence } from "./evidence.ts";
import { evidenceIn, filesOf, type EvidenceFile } from "./files.ts";
import { verifyEvidence } from "./verify.ts";

const evidenceOf = (of: Snapshot): Evidence => buildEvidence(of, prove(of), { asOf: "2026-11-25T10:00:00Z" });
const WORLD = snapshot({ governed: ["a", "b"], networkPolicies: [deny("a"), deny("b")], workloads: [workload("a/Pod/ü"), workload("b/Pod/b")] });
const FILES = filesOf(evidenceOf(WORLD));

describe("evidence in files", () => {
  it("is a root, and a file for each namespace", () => {
    expect(FILES.map(({ path }) => path)).toEqual(["root.json", "namespaces/a.json", "namespaces/b.json"]);
    expect(FILES.every(({ text }) => text.endsWith("}\n") && text.indexOf("\n") === text.length - 1)).toBe(true);
    expect(FILES[0]?.text).not.toContain("labelSpace");
  });

  it("is what it was, whatever order files come in", () => {
    fc.assert(fc.property(clusters, (cluster) => {
      const evidence = evidenceOf(cluster);
      expect(evidenceIn(filesOf(evidence).toReversed())).toEqual(JSON.parse(JSON.stringify(evidence)));
    }), { numRuns: 30 });
  });

  test.each<[string, readonly EvidenceFile[], string]>([
    ["without a root", FILES.slice(1), "root.json: there is no such file"], ["without a namespace", FILES.slice(0, 2), "namespaces/b.json: there is no such file"],
    ["with a namespace too many", [...FILES, { path: "namespaces/c.json", text: "{}\n" }], "namespaces/c.json: root.json names no such namespace"],
    ["that is no JSON", [{ path: "root.json", text: "{" }], "root.json: it is not JSON"], ["that is null", [{ path: "root.json", text: "null\n" }], "root.json: it is not one line of canonical JSON"],
    ["in another spelling", FILES.map(({ path, text }) => ({ path, text: JSON.stringify(JSON.parse(text), null, 1) })), "root.json: it is not one line of canonical JSON: it was edited"],
    ["with a bundle that the root does not name", FILES.map(({ path, text }, i) => ({ path, text: i === 0 ? text.replace(/"sha256":"sha256:./, '"sha256":"sha256:x') : text })), "is not the one that the root names"],
    ["with bundles that are none", [{ path: "root.json", text: '{"bundles":[null]}\n' }], "namespaces/undefined.json: there is no such file"],
  ])("is none %s", (_, files, message) => {
    expect(() => evidenceIn(files)).toThrow(message);
  });
});

/** The problems that somebody finds who has the files and the objects. */
function problemsOf(files: readonly EvidenceFile[]): readonly unknown[] {
  try {
    return verifyEvidence(evidenceIn(files), WORLD).problems;
  } catch (error) {
    return [error];
  }
}

test("every edited byte is found", () => {
  expect(problemsOf(FILES)).toEqual([]);
  const edit = fc.record({ file: fc.nat(FILES.length - 1), at: fc.nat(), byte: fc.integer({ min: 1, max: 255 }) });
  let parsed = 0;
  fc.assert(fc.property(edit, ({ file, at, byte }) => {
    const edited = FILES.map(({ path, text }, i) => {
      const bytes = Buffer.from(text);
      const place = at % bytes.length;
      if (i === file) bytes[place] = (bytes[place] ?? 0) ^ byte;
      return { path, text: bytes.toString("utf8") };
    });
    const problems = problemsOf(edited);
    expect(problems).not.toEqual([]);
    if (!(problems[0] instanceof Error)) parsed += 1;
  }), { numRuns: 2000 });
  // Most bytes are in strings, where almost any other byte is as good for a parser: without hashes a half would not be found.
  expect(parsed).toBeGreaterThan(200);
}, 120_000);
