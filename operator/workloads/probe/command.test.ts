import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { decodeReport, type ProbeReport } from "../../sovereignty/probe/document.ts";
import { controlsOf, targetsOf, type ProbePlan } from "../../sovereignty/probe/plan.ts";
import { probeCommand } from "./command.ts";

const plan: ProbePlan = { of: "0123456789abcdef", tripwire: ["10.96.0.5"], dns: [], dnsName: "example.com", own: [] };
const report = (over: Partial<ProbeReport>): ProbeReport => ({
  of: plan.of, families: ["IPv4"], rounds: 1, settledMs: 0, reachedAtFirst: 0,
  controls: controlsOf(plan).map((one) => ({ ...one, outcome: "Answered" })), targets: targetsOf(plan, undefined).map((one) => ({ ...one, outcome: "TimedOut" })), ...over,
});

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "probe-"));
});
afterEach(() => rm(folder, { recursive: true }));

it.each([
  [0, report({})], [1, report({ targets: report({}).targets.map((one) => ({ ...one, outcome: "Reached" })) })], [2, report({ controls: [] })],
] as const)("ends with code %d and leaves the document where the kubelet reads it, and on standard output", async (code, seen) => {
  const out = vi.spyOn(process.stdout, "write").mockReturnValue(true);
  const terminationLog = join(folder, "log");
  expect(await probeCommand({ plan, apiServer: undefined, terminationLog }, () => Promise.resolve(seen))).toBe(code);
  const text = await readFile(terminationLog, "utf8");
  expect(decodeReport(text)).toMatchObject(seen);
  expect(out).toHaveBeenCalledWith(`${text}\n`);
});
