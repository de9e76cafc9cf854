/** Hashes over JSON values that do not depend on key order. */
import { hash } from "node:crypto";

/**
 * JSON with sorted keys and without undefined members: equal values give equal text (RFC 8785 for the values we use).
 * Every child is hashed at every pass, so it makes no lists on its way.
 */
export function canonicalJson(value: unknown): string {
  if (value === null || typeof value !== "object") return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map((item) => canonicalJson(item ?? null)).join(",")}]`;
  const members = value as Record<string, unknown>;
  let text = "";
  for (const key of Object.keys(members).sort()) {
    if (members[key] !== undefined) text += `${text === "" ? "" : ","}${JSON.stringify(key)}:${canonicalJson(members[key])}`;
  }
  return `{${text}}`;
}

/** The first 16 hex digits (64 bits) of sha256 over `canonicalJson`: short enough for a label value. */
export function shortHash(value: unknown): string {
  return hash("sha256", canonicalJson(value)).slice(0, 16);
}
