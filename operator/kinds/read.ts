/** Reading objects that others wrote, at the edge: what does not parse is as good as not there, and says so on itself. */
import type { Live } from "../lib/k8s-types.ts";
import { parse, type CustomResource, type Kind } from "./define.ts";

/** `live` with defaults filled in, or undefined if it is absent or does not parse. */
export function readable<K extends Kind>(kind: K, live: Live | undefined): Live<CustomResource<K>> | undefined {
  if (live === undefined) return undefined;
  const parsed = parse(kind, live);
  return parsed.ok ? parsed.value : undefined;
}
