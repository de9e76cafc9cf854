/** What the log says of watches: nothing of the ends that belong to them, one warning for each trouble that keeps a cache from being filled. */
import type { Restart } from "../kube/reflector.ts";
import type { Logger } from "./log.ts";

/** A missing CustomResourceDefinition, missing rights, no connection: a person has to know which resource it is about. */
const TROUBLE: ReadonlySet<Restart["reason"]> = new Set(["refused", "unreachable", "broken"]);

/** Warns when a resource's trouble begins or becomes another one, not every time that it is tried again. */
export function watchLog(log: Pick<Logger, "warn">): (restart: Restart) => void {
  const said = new Map<string, string>();
  return ({ resource, reason, error }) => {
    const words = TROUBLE.has(reason) ? String((error as Error | undefined)?.message) : undefined;
    if (words === undefined) said.delete(resource);
    else if (said.get(resource) !== words) {
      said.set(resource, words);
      log.warn({ resource, err: error }, "watch failed, will be tried again; said once until it fails otherwise");
    }
  };
}
