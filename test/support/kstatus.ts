/** What kstatus (sigs.k8s.io/cli-utils v0.37.2, pkg/kstatus) says of a custom resource: the oracle for our conditions. */
import type { Condition, ObjectMeta } from "../../operator/lib/k8s-types.ts";

export type Kstatus = "Current" | "InProgress" | "Failed" | "Terminating";

interface Judged {
  metadata: Pick<ObjectMeta, "generation" | "deletionTimestamp">;
  status?: { observedGeneration?: number; conditions?: readonly Pick<Condition, "type" | "status">[] };
}

/** The generic rules, in its order. */
export function kstatus({ metadata, status }: Judged): Kstatus {
  if (metadata.deletionTimestamp !== undefined) return "Terminating";
  if (status?.observedGeneration !== undefined && status.observedGeneration !== metadata.generation) return "InProgress";
  const is = (type: string): string | undefined => status?.conditions?.find((condition) => condition.type === type)?.status;
  if (is("Reconciling") === "True") return "InProgress";
  if (is("Stalled") === "True") return "Failed";
  return is("Ready") === "False" || is("Ready") === "Unknown" ? "InProgress" : "Current";
}
