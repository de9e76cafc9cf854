/** `hoheit data-set`: makes of what registries and others publish the form that proofs read: dated, hashed, the same bytes for the same data. */
import { readFileSync } from "node:fs";
import { ConfigError } from "../../config.ts";
import { configMapOf } from "../../sovereignty/datasets/config-map.ts";
import { dataSetOf, toCompact } from "../../sovereignty/datasets/compact.ts";
import { parseCsv } from "../../sovereignty/datasets/csv.ts";
import { DataSetError, type DataSet } from "../../sovereignty/datasets/data-set.ts";
import { parseDelegated } from "../../sovereignty/datasets/delegated.ts";
import { ADEQUACY } from "../../sovereignty/jurisdiction/adequacy.ts";
import { EEA, EU, isCountry } from "../../sovereignty/jurisdiction/countries.ts";
import { toYaml } from "../yaml.ts";

export interface DataSetOptions {
  readonly name: string;
  /** Statistics of the regional registries, one file of each. */
  readonly delegated: readonly string[];
  readonly csv: readonly string[];
  /** Of which day CSV speaks, 2026-11-20; statistics say it themselves. */
  readonly date?: string | undefined;
  /** Codes of countries, and EU, EEA or EEAWithAdequacy for all of theirs. */
  readonly only: readonly string[];
  /** `namespace/name` of a ConfigMap into which it is put. */
  readonly configMap?: { readonly name: string; readonly namespace: string } | undefined;
}

/** @throws ConfigError for a file that is not understood, with its line */
export function dataSetCommand(options: DataSetOptions, out: (text: string) => void): void {
  try {
    const set = convert(options);
    out(options.configMap === undefined ? toCompact(set) : toYaml(configMapOf(set, options.configMap)));
  } catch (error) {
    if (error instanceof DataSetError) throw new ConfigError([error.message]);
    throw error;
  }
}

function convert({ name, delegated, csv, date, only }: DataSetOptions): DataSet {
  if ((delegated.length > 0) === (csv.length > 0)) throw new ConfigError(["either --delegated or --csv: data sets are compared with each other, so that one is of one source"]);
  const kept = only.length === 0 ? {} : { only: only.flatMap(countriesOf) };
  if (csv.length === 0) return dataSetOf({ name, ...parseDelegated(delegated.map(textOf).join("\n"), delegated.join(" + ")), ...kept });
  if (date === undefined) throw new ConfigError(["--date: of which day the CSV is, for example 2026-11-20; what is too old is not believed"]);
  return dataSetOf({ name, date, entries: csv.flatMap((file) => parseCsv(textOf(file), file)), ...kept });
}

const GROUPS: Readonly<Record<string, readonly string[]>> = { EU: [...EU], EEA: [...EEA], EEAWithAdequacy: [...EEA, ...ADEQUACY.map(({ code }) => code)] };

function countriesOf(code: string): readonly string[] {
  if (!isCountry(code) && GROUPS[code] === undefined) throw new ConfigError([`--only: ${JSON.stringify(code)} is no country (ISO 3166-1 alpha-2), nor one of ${Object.keys(GROUPS).join(", ")}`]);
  return GROUPS[code] ?? [code];
}

function textOf(file: string): string {
  try {
    return readFileSync(file === "-" ? 0 : file, "utf8");
  } catch (error) {
    throw new ConfigError([`${file}: ${(error as Error).message}`]);
  }
}
