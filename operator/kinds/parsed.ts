/** What every kind without children does first: get, leave alone what is going, parse, say where it does not. */
import { keyOf, type Live, type ObjectRef } from "../lib/k8s-types.ts";
import { done, stalled, type Outcome } from "../runtime/outcome.ts";
import type { Context } from "../runtime/kind.ts";
import { parse, type CustomResource, type Kind } from "./define.ts";
import { invalidSpec, report } from "./report.ts";

/** A reconcile that calls `follow` with the object, if there is one that parses. */
export function whenParsed<K extends Kind>(kind: K, follow: (object: Live<CustomResource<K>>, context: Context) => Promise<Outcome>) {
  return async (ref: ObjectRef, context: Context): Promise<Outcome> => {
    const { resource } = kind;
    const live = context.cache(resource).get(keyOf(ref));
    if (live === undefined || live.metadata.deletionTimestamp !== undefined) return done();
    const parsed = parse(kind, live);
    if (parsed.ok) return follow(parsed.value, context);
    await report({ resource, live }, invalidSpec(live, parsed.violations), context);
    return stalled("InvalidSpec", "correct the spec, or delete the object");
  };
}
