/** Plain CSV: `cidr,country` or `first,last,country`, with or without a heading; what comes behind is ignored, as are lines with #. */
import { familyAt, parseAddress, parseCidr } from "../addresses/cidr.ts";
import type { Interval } from "../addresses/intervals.ts";
import { DataSetError, isCountry, type Entry } from "./data-set.ts";

/** @throws DataSetError for a line that is not understood */
export function parseCsv(text: string, source: string): Entry[] {
  const lines = text.split(/\r?\n/).map((line, index) => ({ line, number: index + 1 })).filter(({ line }) => line.trim() !== "" && !line.startsWith("#"));
  return lines.flatMap(({ line, number }, index) => {
    const cells = line.split(",").map((cell) => cell.trim().replace(/^"(.*)"$/, "$1"));
    if (index === 0 && isHeading(cells)) return [];
    const entry = entryOf(cells);
    if (entry === undefined) throw new DataSetError(source, number, `${JSON.stringify(line)} is neither cidr,country nor first,last,country`);
    return isCountry(entry.country) ? [entry] : [];
  });
}

/** Words where the others have addresses. */
const isHeading = ([first = ""]: readonly string[]): boolean => /^[A-Za-z_ ]+$/.test(first);

function entryOf([first = "", second, third]: readonly string[]): Entry | undefined {
  const byCidr = first.includes("/");
  const range = byCidr ? rangeOfCidr(first) : rangeBetween(first, second ?? "");
  const country = byCidr ? second : third;
  return range !== undefined && country !== undefined && /^[A-Z][A-Z0-9]$|^$/.test(country) ? { country, range } : undefined;
}

function rangeOfCidr(text: string): Interval | undefined {
  const parsed = parseCidr(text);
  return parsed.kind === "Exact" ? parsed.range : undefined;
}

function rangeBetween(from: string, to: string): Interval | undefined {
  const [first, last] = [parseAddress(from), parseAddress(to)];
  if (first.kind !== "Exact" || last.kind !== "Exact") return undefined;
  const isRange = first.address <= last.address && familyAt(first.address) === familyAt(last.address);
  return isRange ? { first: first.address, last: last.address } : undefined;
}
