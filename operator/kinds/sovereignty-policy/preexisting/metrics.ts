/** What Prometheus is told of what is older than the guard: how much; the policies say which. */
import type { Metrics } from "../../../runtime/metrics.ts";
import type { SovereigntyPolicy } from "../schema.ts";

/** Adds the gauge; an object that several policies judge counts once for each. */
export function watchPreexisting(metrics: Pick<Metrics, "watchGauge">, policies: () => readonly Pick<SovereigntyPolicy, "status">[]): void {
  const about = { name: "hoheit_preexisting_objects", help: "Objects in governed namespaces that are older than the guard, which would refuse them today.", labels: [] };
  metrics.watchGauge(about, () => [{ labels: {}, value: policies().reduce((sum, { status }) => sum + (status?.preexisting?.objects ?? 0), 0) }]);
}
