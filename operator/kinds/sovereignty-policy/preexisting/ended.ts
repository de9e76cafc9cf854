/** What is there and does nothing any more, and never will. */
import type { Existing } from "./index.ts";

interface Members { readonly phase?: string; readonly replicas?: number; readonly conditions?: readonly { readonly type: string; readonly status: string }[] }

const membersOf = (object: Existing, key: "spec" | "status"): Members => object[key] ?? {};

/** A pod or a Job that has ended, and what a Deployment made for an earlier template. */
export function hasEnded(object: Existing): boolean {
  const { phase = "", conditions = [] } = membersOf(object, "status");
  switch (object.kind) {
    case "Pod":
      return phase === "Succeeded" || phase === "Failed";
    case "Job":
      return conditions.some(({ type, status }) => (type === "Complete" || type === "Failed") && status === "True");
    case "ReplicaSet":
      return membersOf(object, "spec").replicas === 0 && membersOf(object, "status").replicas === 0 && (object.metadata.ownerReferences ?? []).length > 0;
    default:
      return false;
  }
}
