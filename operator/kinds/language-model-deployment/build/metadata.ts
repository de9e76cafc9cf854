/** Name, namespace and labels that every child has. The controller reference is added where the owner's uid is known (plan.ts). */
import type { ObjectMeta } from "../../../lib/k8s-types.ts";
import { servingLabels } from "../../../lib/labels.ts";
import { childName } from "../../../lib/names.ts";
import type { LanguageModelDeployment } from "../schema.ts";

export function childMetadata({ metadata }: LanguageModelDeployment): ObjectMeta {
  const name = childName(metadata.name);
  return { name, ...(metadata.namespace === undefined ? {} : { namespace: metadata.namespace }), labels: servingLabels(metadata.name) };
}
