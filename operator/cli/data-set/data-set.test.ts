import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it, test } from "vitest";
import type { ConfigMap } from "../../lib/k8s-types.ts";
import { parseCompact } from "../../sovereignty/datasets/compact.ts";
import { dataSetIn } from "../../sovereignty/datasets/config-map.ts";
import { fromYaml } from "../yaml.ts";
import { dataSetCommand, type DataSetOptions } from "./data-set.ts";

const SETS = join(import.meta.dirname, "..", "..", "sovereignty", "datasets", "testdata");
const [RIR, GEO] = [join(SETS, "delegated-extended.txt"), join(SETS, "geo.csv")];
let folder: string;
beforeAll(() => { folder = mkdtempSync(join(tmpdir(), "hoheit-data-set-")); });
afterAll(() => rmSync(folder, { recursive: true }));

function convert(options: Partial<DataSetOptions>): string {
  let out = "";
  dataSetCommand({ name: "rir", delegated: [], csv: [], only: [], ...options }, (text) => { out += text; });
  return out;
}

describe("hoheit data-set", () => {
  it("reads statistics of registries, dated by themselves", () => {
    expect(convert({ delegated: [RIR] })).toBe("hoheit-data-set 1 rir 2026-11-17 all\nAT 41.2.0.0/15\nCH 2a00:20::/29\nDE 41.0.0.0-41.0.4.255 2a00:10::/32\nUS 41.128.0.0/16 44.0.0.0/8\n");
  });

  it("reads CSV, of the day that is said", () => {
    expect(convert({ name: "geo", csv: [GEO], date: "2026-11-01" }).split("\n").slice(0, 2)).toEqual(["hoheit-data-set 1 geo 2026-11-01 all", "AT 41.2.0.0/15"]);
  });

  it("keeps the countries that are asked about", () => {
    expect(convert({ delegated: [RIR], only: ["DE"] })).toBe("hoheit-data-set 1 rir 2026-11-17 DE\nDE 41.0.0.0-41.0.4.255 2a00:10::/32\n");
    const cutTo = (only: string): readonly string[] => parseCompact(convert({ delegated: [RIR], only: [only] }), "x").cutTo ?? [];
    expect([cutTo("EU").length, cutTo("EEA").length]).toEqual([34, 37]);
    expect(cutTo("EEAWithAdequacy")).toEqual(expect.arrayContaining(["DE", "NO", "CH", "US"]));
  });

  it("prints a ConfigMap that a policy may refer to", () => {
    const [configMap] = fromYaml(convert({ delegated: [RIR], configMap: { name: "rir-2026", namespace: "hoheit-system" } }), "out") as ConfigMap[];
    expect(configMap).toMatchObject({ kind: "ConfigMap", metadata: { name: "rir-2026", namespace: "hoheit-system" } });
    expect(dataSetIn(configMap!)).toEqual(parseCompact(convert({ delegated: [RIR] }), "x"));
  });

  test.each<[Partial<DataSetOptions>, string]>([
    [{}, "either --delegated or --csv"], [{ delegated: [RIR], csv: [GEO], date: "2026-11-01" }, "either --delegated or --csv"], [{ csv: [GEO] }, "--date: of which day the CSV is"], [{ csv: [GEO], date: "2026-02-30" }, '"2026-02-30" is no day'],
    [{ delegated: [RIR], only: ["Germany"] }, '--only: "Germany" is no country'], [{ delegated: [RIR], name: "RIR" }, "a name has lower-case letters"], [{ delegated: ["gone.txt"] }, "gone.txt: ENOENT"],
  ])("refuses %j", (options, message) => {
    expect(() => convert(options)).toThrow(message);
  });

  it("names the line that it does not understand", () => {
    const file = join(folder, "odd.csv");
    writeFileSync(file, "cidr,country\n41.0.0.0/24,DE\n41.0.0.0/40,DE\n");
    expect(() => convert({ csv: [file], date: "2026-11-01" })).toThrow(`${file}: line 3: "41.0.0.0/40,DE" is neither cidr,country nor first,last,country`);
  });
});
