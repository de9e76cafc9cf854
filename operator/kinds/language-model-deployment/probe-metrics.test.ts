import { expect, it } from "vitest";
import { lmd } from "../../../test/support/makers.ts";
import { Metrics } from "../../runtime/metrics.ts";
import { watchProbes } from "./probe-metrics.ts";

const probed = (name: string, result: string, endTime: string) => lmd(name).status({ probe: { result, endTime, startTime: endTime, of: "0123456789abcdef", families: [], checks: [] } });

it("counts deployments by result, and tells how long ago the oldest is of those that should run", async () => {
  const all = [
    probed("a", "Sealed", "2026-11-23T10:00:00Z"), probed("b", "Sealed", "2026-11-23T09:00:00Z"), probed("c", "Reached", "2026-11-23T11:00:00Z"),
    probed("idle", "Inconclusive", "2026-11-01T00:00:00Z").replicas(0), lmd("new"),
  ].map((one) => one.live());
  const metrics = new Metrics({ version: "0" });
  watchProbes(metrics, () => all);
  const lines = (await metrics.text()).split("\n").filter((line) => line.startsWith("hoheit_probe"));
  metrics.close();
  expect(lines).toEqual([
    'hoheit_probe_results{result="Sealed"} 2', 'hoheit_probe_results{result="Reached"} 1', 'hoheit_probe_results{result="Inconclusive"} 1', 'hoheit_probe_results{result="None"} 1',
    `hoheit_probe_oldest_timestamp_seconds ${Date.parse("2026-11-23T09:00:00Z") / 1000}`,
  ]);
});
