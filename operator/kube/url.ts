/** Paths of the API, with every name escaped: a name is never more than one segment. */
import type { ObjectRef } from "../lib/k8s-types.ts";
import { apiVersionOf, type Resource } from "./resources.ts";

export type Query = Readonly<Record<string, string | number | boolean | undefined>>;

/** `/apis/apps/v1/namespaces/llm/deployments`; without a namespace, all of them. */
export function collectionPath(of: Resource, namespace?: string): string {
  const root = of.group === "" ? `/api/${of.version}` : `/apis/${apiVersionOf(of)}`;
  return namespace === undefined ? `${root}/${of.plural}` : `${root}/namespaces/${segment(namespace)}/${of.plural}`;
}

/** Throws if a namespaced resource is named without its namespace, or the reverse: a bug of the caller. */
export function objectPath(of: Resource, ref: ObjectRef, subresource?: string): string {
  if (of.namespaced !== (ref.namespace !== undefined)) {
    throw new Error(`${of.plural} ${ref.name}: ${of.namespaced ? "a namespace is missing" : "is cluster-scoped, yet a namespace is given"}`);
  }
  const path = `${collectionPath(of, ref.namespace)}/${segment(ref.name)}`;
  return subresource === undefined ? path : `${path}/${subresource}`;
}

/** `?a=b`, or nothing. Undefined members are left out. */
export function queryString(query: Query): string {
  const text = new URLSearchParams();
  for (const [key, value] of Object.entries(query)) if (value !== undefined) text.set(key, String(value));
  return text.size === 0 ? "" : `?${text.toString()}`;
}

/** "." and ".." are the two names that escaping leaves as they are and that paths resolve. */
function segment(name: string): string {
  if (name === "" || name === "." || name === "..") throw new Error(`"${name}" is not a name`);
  return encodeURIComponent(name);
}
