/** What Prometheus is told of proofs: no names, so alerts ask how many, and `kubectl get svp` says which. */
import type { Metrics, Sample } from "../../../runtime/metrics.ts";
import { VERDICTS, type Flip, type Verdict } from "../../../sovereignty/verdict.ts";
import type { Proofs } from "./proofs.ts";

/** What is gone has no verdict any more. */
const NONE = "none";

/** Adds the counter; the function that is returned counts what flipped. */
export function countFlips(metrics: Pick<Metrics, "addCounter">): (flips: readonly Flip[]) => void {
  const count = metrics.addCounter({ name: "hoheit_verdict_changes_total", help: "Verdicts about workloads and namespaces that became others, by what they became; none: gone.", label: "to", values: [...VERDICTS, NONE] });
  return (flips) => {
    for (const { to = NONE } of flips) count(to);
  };
}

/** Adds the gauges. A replica that has proved nothing, as most standbys, tells nothing, or 0; so does one whose last policy is gone. */
export function watchProofs(metrics: Pick<Metrics, "watchGauge">, proofs: Pick<Proofs, "last">, policies: () => readonly unknown[]): void {
  const lastOf = (): ReturnType<Proofs["last"]> => (policies().length === 0 ? undefined : proofs.last());
  const watch = (name: string, help: string, of: (last: NonNullable<ReturnType<Proofs["last"]>>) => number): void =>
    metrics.watchGauge({ name, help, labels: [] }, () => {
      const last = lastOf();
      return last === undefined ? [] : [{ labels: {}, value: of(last) }];
    });
  metrics.watchGauge({ name: "hoheit_workloads", help: "Workloads in governed namespaces by what was last proved of them.", labels: ["verdict"] }, () => workloadsBy(lastOf()?.proof.namespaces));
  watch("hoheit_proof_timestamp_seconds", "When the cluster was read that was last proved; 0 without any.", ({ at }) => at / 1000);
  watch("hoheit_proof_duration_seconds", "How long reading and proving it took; 0 without any.", ({ durationMs }) => durationMs / 1000);
}

function workloadsBy(namespaces: NonNullable<ReturnType<Proofs["last"]>>["proof"]["namespaces"] | undefined): Sample[] {
  if (namespaces === undefined) return [];
  const workloads = namespaces.filter(({ policy }) => policy !== undefined).flatMap((namespace) => namespace.workloads);
  return VERDICTS.map((verdict: Verdict) => ({ labels: { verdict }, value: workloads.filter((workload) => workload.verdict === verdict).length }));
}
