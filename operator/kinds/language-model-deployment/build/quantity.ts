/**
 * Quantities as the API server writes them back (apimachinery `Quantity.CanonicalizeBytes`): `1024Mi` becomes `1Gi`,
 * `2000m` becomes `2`, `2000` becomes `2k`. Anything else would differ from the live object for ever.
 */

const BINARY = ["", "Ki", "Mi", "Gi", "Ti", "Pi", "Ei"];
const DECIMAL = ["n", "u", "m", "", "k", "M", "G", "T", "P", "E"];

/** The canonical form of a whole number with a binary or decimal suffix; anything else is returned as it is. */
export function canonicalQuantity(text: string): string {
  const match = /^([1-9]\d*)([KMGTPE]i|[numkMGTPE]|)$/.exec(text);
  if (match === null) return text;
  const suffix = match[2] ?? "";
  const binary = suffix.endsWith("i");
  const units = binary ? BINARY : DECIMAL;
  const base = binary ? 1024n : 1000n;
  let value = BigInt(match[1] ?? "0");
  let at = units.indexOf(suffix);
  while (value % base === 0n && at < units.length - 1) {
    value /= base;
    at += 1;
  }
  return `${value}${units[at] ?? ""}`;
}
