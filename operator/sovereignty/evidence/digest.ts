/** Hashes of evidence: over canonical JSON, so that the same values have the same hash wherever they were written. */
import { hash } from "node:crypto";
import { canonicalJson } from "../../lib/hash.ts";

export const sha256 = (value: unknown): string => `sha256:${hash("sha256", canonicalJson(value))}`;

/** As it is kept: one line of canonical JSON. Another spelling of the same values is another file. */
export const textOf = (value: object): string => `${canonicalJson(value)}\n`;
