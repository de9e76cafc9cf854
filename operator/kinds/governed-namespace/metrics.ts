/** What Prometheus is told of governed namespaces: no names, so alerts ask how many, and the SovereigntyPolicy says which. */
import type { Metrics } from "../../runtime/metrics.ts";
import { REASONS, type NamespaceState } from "./state.ts";

/** Adds the gauge; `states` tells of every namespace that a policy selects. */
export function watchNamespaces(metrics: Pick<Metrics, "watchGauge">, states: () => readonly NamespaceState[]): void {
  const about = { name: "hoheit_governed_namespaces", help: "Namespaces that a SovereigntyPolicy selects, by how they fare. Sealed: all that it says is in force and pods may start.", labels: ["state"] };
  metrics.watchGauge(about, () => {
    const all = states();
    return REASONS.map((state) => ({ labels: { state }, value: all.filter(({ reason }) => reason === state).length }));
  });
}
