/** RBAC that several kinds need in the same shape. Nothing is granted with a wildcard. */
import type { Resource } from "../kube/resources.ts";
import type { Rule } from "../runtime/kind.ts";
import type { Kind } from "./define.ts";

/** For a custom resource: read it, write its status. Its spec is the user's. */
export function ownRules({ resource }: Pick<Kind, "resource">): readonly Rule[] {
  return [
    { apiGroups: [resource.group], resources: [resource.plural], verbs: ["get", "list", "watch"] },
    { apiGroups: [resource.group], resources: [`${resource.plural}/status`], verbs: ["patch"] },
  ];
}

/** What a cache needs. */
export const readRule = ({ group, plural }: Resource): Rule => ({ apiGroups: [group], resources: [plural], verbs: ["get", "list", "watch"] });
