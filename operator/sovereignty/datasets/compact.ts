/**
 * The compact form of a data set, for a ConfigMap: one line for each country, ranges in order and merged, so that equal data
 * are equal text. It is read as strictly as it is written: a file that is not in this form, byte by byte, is none.
 *
 *   hoheit-data-set 1 rir 2026-11-19 all
 *   AT 41.2.0.0/15 41.9.0.0-41.9.2.255
 *   DE 41.0.0.0/23 2a00:10::/32
 */
import { formatAddress, parseAddress, parseCidr, toCidrs } from "../addresses/cidr.ts";
import type { Interval } from "../addresses/intervals.ts";
import { byCountry, cutTo, DataSetError, isCountry, isDay, sha256Of, type DataSet, type Entry } from "./data-set.ts";

const NAME = /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/;

/** What a source is turned into. */
export interface Source {
  readonly name: string;
  readonly date: string;
  readonly entries: readonly Entry[];
  /** Keeps these countries alone: a third of the size, and enough to tell inside from outside. */
  readonly only?: readonly string[] | undefined;
}

/** @throws DataSetError for a name or a date that cannot be written */
export function dataSetOf({ name, date, entries, only }: Source): DataSet {
  if (!NAME.test(name)) throw new DataSetError(name, 1, "a name has lower-case letters, digits and '-', at most 63");
  if (!isDay(date)) throw new DataSetError(name, 1, `${JSON.stringify(date)} is no day, for example 2026-11-20`);
  const all = byCountry(entries);
  const kept = only === undefined ? undefined : [...new Set(only)].toSorted();
  const set = { name, date, countries: kept === undefined ? all : cutTo(all, kept), cutTo: kept };
  return { ...set, sha256: sha256Of(toCompact(set)) };
}

export function toCompact({ name, date, countries, cutTo: kept }: Omit<DataSet, "sha256">): string {
  const lines = [...countries].map(([country, set]) => `${country} ${set.map(format).join(" ")}`);
  return [`hoheit-data-set 1 ${name} ${date} ${kept?.join(",") ?? "all"}`, ...lines, ""].join("\n");
}

/** A CIDR where one says it, else both ends. */
function format(range: Interval): string {
  const [only = "", ...more] = toCidrs([range]);
  return more.length === 0 ? only : `${formatAddress(range.first)}-${formatAddress(range.last)}`;
}

/** @throws DataSetError for anything that `toCompact` would not have written */
export function parseCompact(text: string, source: string): DataSet {
  const [head = "", ...lines] = text.split("\n");
  const [, name = "", date = "", kept = ""] = /^hoheit-data-set 1 (\S+) (\S+) (\S+)$/.exec(head) ?? [];
  if (name === "") throw new DataSetError(source, 1, "does not begin with hoheit-data-set 1 NAME DATE; convert it with hoheit data-set");
  const entries = lines.slice(0, -1).flatMap((line, index) => entriesOf(line, source, index + 2));
  const set = dataSetOf({ name, date, entries, only: kept === "all" ? undefined : kept.split(",") });
  const canonical = toCompact(set);
  if (canonical === text) return set;
  const given = text.split("\n");
  throw new DataSetError(source, canonical.split("\n").findIndex((line, index) => line !== given[index]) + 1, "is not in canonical form: it was edited; convert the source anew");
}

function entriesOf(line: string, source: string, number: number): Entry[] {
  const [country = "", ...ranges] = line.split(" ");
  if (!isCountry(country)) throw new DataSetError(source, number, `${JSON.stringify(country)} is no country`);
  return ranges.map((text) => {
    const range = rangeOf(text);
    if (range === undefined) throw new DataSetError(source, number, `${JSON.stringify(text)} is no range`);
    return { country, range };
  });
}

function rangeOf(text: string): Interval | undefined {
  const [from = "", to] = text.split("-");
  if (to === undefined) {
    const cidr = parseCidr(text);
    return cidr.kind === "Exact" ? cidr.range : undefined;
  }
  const [first, last] = [parseAddress(from), parseAddress(to)];
  return first.kind === "Exact" && last.kind === "Exact" ? { first: first.address, last: last.address } : undefined;
}

