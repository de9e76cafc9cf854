/** Events about a Namespace: what a person who runs `kubectl describe namespace` is told. Pure. */
import { SEALED } from "../../lib/labels.ts";
import type { EventNote } from "../../runtime/events.ts";
import type { Observed } from "./observe.ts";
import type { Release } from "./plan.ts";
import type { Scene } from "./scene.ts";
import type { NamespaceState } from "./state.ts";

interface Pass {
  readonly before: Scene;
  readonly after: Scene;
  readonly state: NamespaceState;
  /** What the API server refused, in its words. */
  readonly refusal: string | undefined;
}

const isMarked = ({ namespace }: Scene): boolean => namespace.metadata.annotations?.[SEALED] !== undefined;
const note = (type: EventNote["type"], reason: string, message: string): EventNote => ({ type, reason, action: "Govern", message });

export function notesOf({ before, after, state, refusal }: Pass): EventNote[] {
  return [
    ...(refusal === undefined ? [] : [note("Warning", "ApplyFailed", refusal)]),
    // What is being put right is no news; what only a person can mend is.
    ...(state.reason === "ForeignObject" || state.reason === "PolicyUnreadable" ? [note("Warning", state.reason, state.message)] : []),
    ...(isMarked(before) === isMarked(after) ? [] : [isMarked(after) ? sealed(state) : note("Warning", "Unsealed", "The default deny is not in force: no pod can start.")]),
  ];
}

const sealed = ({ policies }: NamespaceState): EventNote =>
  note("Normal", "Sealed", `Nothing goes in or out but what SovereigntyPolicy ${policies.join(", ")} names for the role of a pod, and clients to their models. Pods may start.`);

export function releaseNote({ namespace: { metadata: { name } }, isExempt }: Observed, { step, waitMs }: Pick<Release, "step" | "waitMs">): EventNote | undefined {
  const why = isExempt ? "SovereigntyPolicies are not put in force here" : "No SovereigntyPolicy selects this namespace any more";
  const seconds = Math.ceil(waitMs / 1000);
  if (step === "begins") {
    return note("Warning", "ReleaseBegins", `${why}: in ${seconds} s its NetworkPolicies come off. Pods that run go on and may then reach whatever else lets them, with all that they know. Delete first what must not leave; to undo it, label namespace ${name} again or restore the policy. Seals of model servers stay.`);
  }
  return step === "ends" ? note("Warning", "Released", `${why}: its NetworkPolicies have come off. What its pods reach is no longer Hoheit's business; seals of model servers stay.`) : undefined;
}
