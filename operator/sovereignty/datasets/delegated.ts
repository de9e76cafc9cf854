/**
 * Statistics of the regional registries in the "delegated-extended" format: which ranges each has handed out, to which
 * country. The country is that of the holder's registration: an operator's jurisdiction rather than a machine's place.
 *
 *   2|ripencc|20261120|5|19830705|20261119|+0100            version|registry|serial|records|first day|last day|offset
 *   ripencc|*|ipv4|*|4|summary
 *   ripencc|DE|ipv4|41.0.0.0|512|20100101|allocated|id      IPv4: how many addresses, no power of two needed
 *   ripencc|DE|ipv6|2a00:10::|32|20100101|allocated|id      IPv6: prefix length
 */
import { familyAt, parseAddress, parseCidr } from "../addresses/cidr.ts";
import type { Interval } from "../addresses/intervals.ts";
import { DataSetError, isCountry, isDay, type Entry } from "./data-set.ts";

export interface Delegated {
  /** Last day of the oldest of the files that were put together here. */
  readonly date: string;
  readonly entries: readonly Entry[];
}

/** Handed out to somebody; `available` and `reserved` are nobody's. */
const IN_USE = new Set(["allocated", "assigned"]);

/**
 * Reads one file, or several that were put together.
 * @throws DataSetError for a line that is not understood: a range that is left out could be one that contradicts
 */
export function parseDelegated(text: string, source: string): Delegated {
  const entries: Entry[] = [];
  const dates: string[] = [];
  for (const [index, line] of text.split(/\r?\n/).entries()) {
    const fail = (problem: string): never => {
      throw new DataSetError(source, index + 1, problem);
    };
    const fields = line.split("|");
    if (line.trim() === "" || line.startsWith("#") || (fields[1] === "*" && fields[5] === "summary")) continue;
    if (/^\d/.test(line)) dates.push(dayOf(fields[5] ?? "") ?? fail("the version line has no last day"));
    else entries.push(...entriesOf(fields, fail));
  }
  const [oldest] = dates.toSorted();
  if (oldest === undefined) throw new DataSetError(source, 1, "there is no version line, for example 2|ripencc|20261120|5|19830705|20261119|+0100");
  return { date: oldest, entries };
}

/** `20261119` as `2026-11-19`. */
function dayOf(text: string): string | undefined {
  const day = text.replace(/^(\d{4})(\d{2})(\d{2})$/, "$1-$2-$3");
  return isDay(day) ? day : undefined;
}

type Fail = (problem: string) => never;

function entriesOf(fields: readonly string[], fail: Fail): Entry[] {
  const [, country = "", type = "", start, value] = fields;
  const read = RANGE_OF.get(type);
  if (read === undefined) return type === "asn" ? [] : fail(`the type ${JSON.stringify(type)} is none of asn, ipv4 and ipv6`);
  const range = read(`${start}`, `${value}`);
  if (range === undefined) return fail(`${start} with ${value} is no range of ${type}`);
  return IN_USE.has(fields[6] ?? "") && isCountry(country) ? [{ country, range }] : [];
}

function rangeOf4(start: string, count: string): Interval | undefined {
  const parsed = parseAddress(start);
  if (parsed.kind !== "Exact" || !/^[1-9]\d{0,9}$/.test(count)) return undefined;
  const last = parsed.address + BigInt(count) - 1n;
  return familyAt(parsed.address) === "IPv4" && last < 1n << 32n ? { first: parsed.address, last } : undefined;
}

function rangeOf6(start: string, prefix: string): Interval | undefined {
  const parsed = parseCidr(`${start}/${prefix}`);
  return parsed.kind === "Exact" && familyAt(parsed.range.first) === "IPv6" ? parsed.range : undefined;
}

const RANGE_OF: ReadonlyMap<string, (start: string, value: string) => Interval | undefined> = new Map([["ipv4", rangeOf4], ["ipv6", rangeOf6]]);
