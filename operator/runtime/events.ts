import type { KubeObject, Live } from "../lib/k8s-types.ts";

/** An event about an object. `reason` equals the condition's reason; `action` is what we did or tried (machine word). */
export interface EventNote {
  readonly type: "Normal" | "Warning";
  readonly reason: string;
  readonly action: string;
  readonly message: string;
}

export interface EventRecorder {
  /** Queues the event; never throws and never delays a reconcile. */
  record(about: Live<KubeObject>, note: EventNote): void;
}
