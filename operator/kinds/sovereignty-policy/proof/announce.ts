/** Events for verdicts that flipped: the condition Proved speaks of the worst one only. */
import type { Live } from "../../../lib/k8s-types.ts";
import type { EventRecorder } from "../../../runtime/events.ts";
import type { Flip } from "../../../sovereignty/verdict.ts";

/** Each object has a budget of events: what is more is in the evidence. */
const MOST = 5;

/** One event for each workload; a namespace of its own only where none of its workloads flipped, for its verdict is that of the worst. */
export function announceFlips(flips: readonly Flip[], about: Live, events: EventRecorder): void {
  const told = flips.filter(({ namespace, workload }) => workload !== undefined || !flips.some((other) => other.namespace === namespace && other.workload !== undefined));
  for (const flip of told.slice(0, MOST)) events.record(about, noteOf(flip));
  if (told.length > MOST) events.record(about, { type: "Warning", reason: "VerdictsChanged", action: "Prove", message: `${told.length - MOST} more verdicts have changed; the evidence names them.` });
}

function noteOf({ namespace, workload, from, to }: Flip): Parameters<EventRecorder["record"]>[1] {
  const subject = workload ?? `namespace ${namespace}`;
  const message = to === undefined ? `${subject} is gone; it was ${from}.` : `${subject} is ${to}${from === undefined ? " and is new" : `, it was ${from}`}.`;
  return { type: to === undefined || to === "PROVED" ? "Normal" : "Warning", reason: "VerdictChanged", action: "Prove", message };
}
