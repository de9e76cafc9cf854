/** What data sets say: of the addresses that a policy declares, and of one to which a packet gets out. */
import { readFileSync } from "node:fs";
import { ConfigError } from "../../config.ts";
import { parseAddress } from "../../sovereignty/addresses/cidr.ts";
import { countriesOf, stale, STALE_MONTHS } from "../../sovereignty/datasets/classify.ts";
import { parseCompact } from "../../sovereignty/datasets/compact.ts";
import { DataSetError, type DataSet } from "../../sovereignty/datasets/data-set.ts";
import type { PlaceOf } from "../../sovereignty/datasets/places.ts";
import type { Whereabouts } from "./text.ts";

/** @throws ConfigError for a file that is no data set, for two of one name, and for fewer than two: none is believed alone */
export function readDataSets(files: readonly string[]): DataSet[] {
  const sets = files.map(readDataSet);
  const twice = sets.find(({ name }, at) => sets.findIndex((other) => other.name === name) !== at);
  if (twice !== undefined) throw new ConfigError([`--data-set: ${twice.name} is there twice; data sets have to be independent of each other`]);
  if (sets.length === 1) throw new ConfigError(["--data-set: name at least two; what only one says is not believed"]);
  return sets;
}

function readDataSet(file: string): DataSet {
  try {
    return parseCompact(readFileSync(file, "utf8"), file);
  } catch (error) {
    throw new ConfigError([error instanceof DataSetError ? error.message : `${file}: ${(error as Error).message}`]);
  }
}

export const whereaboutsBy = (dataSets: readonly DataSet[]): Whereabouts => (address) => {
  const parsed = parseAddress(address);
  if (dataSets.length === 0 || parsed.kind !== "Exact") return undefined;
  return countriesOf(parsed.address, dataSets).map(({ dataSet, country = "unknown" }) => `${dataSet}: ${country}`).join(", ");
};

/** What somebody should know of the declared destinations, and of the data sets themselves. */
export function notesOn(dataSets: readonly DataSet[], places: ReadonlyMap<string, readonly PlaceOf[]>, now: number): string[] {
  const old = stale(dataSets, now).map(({ name, date }) => `data set ${name} is of ${date}, more than ${STALE_MONTHS} months ago: bring a newer one`);
  const apart = [...places].flatMap(([namespace, all]) => all.flatMap(({ destination, outside, undetermined }) => [
    ...aboutPlace(`${namespace}: destination ${destination}`, outside, "outside of the profile, say all data sets"),
    ...aboutPlace(`${namespace}: destination ${destination}`, undetermined, "where, data sets do not agree"),
  ]));
  return [...old, ...apart];
}

const aboutPlace = (what: string, cidrs: readonly string[], said: string): string[] => (cidrs.length === 0 ? [] : [`${what}: ${cidrs.join(", ")}: ${said}`]);
