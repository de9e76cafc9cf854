/** What Prometheus is told of probes: no names, so alerts ask how many, and `kubectl get lmd` says which. */
import type { Metrics, Sample } from "../../runtime/metrics.ts";
import type { LanguageModelDeployment } from "./schema.ts";

const RESULTS = ["Sealed", "Reached", "Inconclusive", "None"] as const;

/** Adds the gauges; `list` is the cache of deployments. */
export function watchProbes(metrics: Pick<Metrics, "watchGauge">, list: () => readonly LanguageModelDeployment[]): void {
  metrics.watchGauge(
    { name: "hoheit_probe_results", help: "Deployments by the result of their last probe; None: none has been believed yet.", labels: ["result"] },
    () => resultsOf(list()),
  );
  metrics.watchGauge(
    { name: "hoheit_probe_oldest_timestamp_seconds", help: "When the last probe ended of the deployment whose last probe is longest ago; 0 without any.", labels: [] },
    () => oldestOf(list()),
  );
}

const resultsOf = (all: readonly LanguageModelDeployment[]): Sample[] =>
  RESULTS.map((result) => ({ labels: { result }, value: all.filter(({ status }) => (status?.probe?.result ?? "None") === result).length }));

/** Deployments that nothing runs of are not probed and do not count. */
function oldestOf(all: readonly LanguageModelDeployment[]): Sample[] {
  const times = all.filter(({ spec }) => spec.replicas > 0).flatMap(({ status }) => (status?.probe === undefined ? [] : [Date.parse(status.probe.endTime)]));
  return times.length === 0 ? [] : [{ labels: {}, value: Math.min(...times) / 1000 }];
}
