import { expect, it } from "vitest";
import { Metrics } from "../../../runtime/metrics.ts";
import type { NamespaceProof } from "../../../sovereignty/prover/result.ts";
import type { ProofKeeper } from "./keeper.ts";
import { countFlips, watchProofs } from "./metrics.ts";

const workload = (verdict: string): object => ({ id: "x", verdict });
const namespace = (over: object): NamespaceProof => ({ namespace: "a", policy: "p", verdict: "PROVED", labelSpace: [], findings: [], ...over }) as unknown as NamespaceProof;

async function lines(metrics: Metrics, name: string): Promise<string[]> {
  return (await metrics.text()).split("\n").filter((line) => line.startsWith(name));
}

it("tells how many workloads of governed namespaces have which verdict, and how old that is", async () => {
  const metrics = new Metrics({ version: "1" });
  let last: ProofKeeper["last"];
  let policies: string[] = ["p"];
  watchProofs(metrics, { last: () => last }, () => policies);
  expect(await lines(metrics, "hoheit_workloads{")).toEqual([]);
  const free = namespace({ policy: undefined, workloads: [workload("UNGOVERNED")] });
  last = { proof: { namespaces: [namespace({ workloads: [workload("PROVED"), workload("PROVED"), workload("REFUTED")] }), free] }, at: 1_700_000_000_000, durationMs: 250 } as unknown as ProofKeeper["last"];
  expect(await lines(metrics, "hoheit_workloads{")).toEqual(['hoheit_workloads{verdict="UNGOVERNED"} 0', 'hoheit_workloads{verdict="REFUTED"} 1', 'hoheit_workloads{verdict="UNDETERMINED"} 0', 'hoheit_workloads{verdict="PROVED"} 2']);
  expect(await lines(metrics, "hoheit_proof_")).toEqual(["hoheit_proof_timestamp_seconds 1700000000", "hoheit_proof_duration_seconds 0.25"]);
  policies = [];
  expect(await lines(metrics, "hoheit_workloads{"), "nobody is governed any more").toEqual([]);
  expect(await lines(metrics, "hoheit_proof_")).toEqual(["hoheit_proof_timestamp_seconds 0", "hoheit_proof_duration_seconds 0"]);
  metrics.close();
});

it("counts verdicts that changed from the start on", async () => {
  const metrics = new Metrics({ version: "1" });
  const count = countFlips(metrics);
  expect(await lines(metrics, "hoheit_verdict_changes_total{")).toHaveLength(5);
  count([{ time: "", namespace: "a", from: "PROVED", to: "REFUTED" }, { time: "", namespace: "a", workload: "x", from: "PROVED" }]);
  expect(await lines(metrics, "hoheit_verdict_changes_total{")).toEqual(expect.arrayContaining(['hoheit_verdict_changes_total{to="REFUTED"} 1', 'hoheit_verdict_changes_total{to="none"} 1', 'hoheit_verdict_changes_total{to="PROVED"} 0']));
  metrics.close();
});
