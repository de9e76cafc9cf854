import { describe, expect, it } from "vitest";
import { destination, svp } from "../../../../test/support/makers.ts";
import { parseCidr } from "../../../sovereignty/addresses/cidr.ts";
import { dataSetOf } from "../../../sovereignty/datasets/compact.ts";
import type { DataSet } from "../../../sovereignty/datasets/data-set.ts";
import { placesIn } from "../../../sovereignty/datasets/places.ts";
import { policyOf } from "../policy.ts";
import type { NamedReading } from "./data-sets.ts";
import { findingsOf, setsOf } from "./whereabouts.ts";

const NOW = Date.parse("2026-11-25T12:00:00Z");
const range = (text: string) => {
  const cidr = parseCidr(text);
  if (cidr.kind !== "Exact") throw new Error(text);
  return cidr.range;
};
const setOf = (name: string, countries: Record<string, string>, date = "2026-11-20"): DataSet =>
  dataSetOf({ name, date, entries: Object.entries(countries).map(([text, country]) => ({ country, range: range(text) })) });
const read = (...sets: DataSet[]): NamedReading[] => sets.map((set) => ({ name: set.name, reading: { set } }));
const policy = (...cidrs: string[]) => svp().spec({ destinations: [destination("mirror", { cidrs })] }).live();

describe("what data sets say of destinations", () => {
  it("is nothing where they agree that all is inside, and where none is asked", () => {
    expect(findingsOf(policy("41.0.0.0/24"), read(setOf("a", { "41.0.0.0/22": "DE" }), setOf("b", { "41.0.0.0/16": "AT" })), NOW)).toEqual([]);
    expect(findingsOf(policy("41.0.0.0/24"), [], NOW)).toEqual([]);
  });

  it("names what they agree is outside, and what they do not agree about", () => {
    const [a, b] = [setOf("a", { "41.0.0.0/24": "US", "41.0.1.0/24": "DE" }), setOf("b", { "41.0.0.0/23": "US" })];
    expect(findingsOf(policy("41.0.0.0/24", "41.0.1.0/24"), read(a, b), NOW)).toEqual([
      "spec.destinations[mirror].cidrs: 41.0.0.0/24: the data sets agree that this is outside of where spec.jurisdictions lets destinations be; correct the country or the ranges.",
      "spec.destinations[mirror].cidrs: 41.0.1.0/24: the data sets do not agree where this is; name what the operator of the destination confirms.",
    ]);
  });

  it("is believed of two only, and the same data under two names are one", () => {
    const one = setOf("a", { "41.0.0.0/22": "DE" });
    const twice: NamedReading[] = [{ name: "x", reading: { set: one } }, { name: "y", reading: { set: one } }];
    expect(setsOf(twice)).toEqual([one]);
    expect(findingsOf(policy("41.0.0.0/24"), twice, NOW)).toEqual([expect.stringMatching(/^spec\.dataSets: only one can be believed/)]);
    expect(findingsOf(policy("41.0.0.0/24"), [{ name: "x", reading: { problem: "ConfigMap a/b is not there" } }], NOW)).toEqual(["spec.dataSets[x]: ConfigMap a/b is not there.", expect.stringMatching(/^spec\.dataSets: none can be believed/)]);
  });

  it("is doubted when they are old", () => {
    const sets = [setOf("a", { "41.0.0.0/22": "DE" }, "2026-05-24"), setOf("b", { "41.0.0.0/22": "DE" }, "2026-05-26")];
    expect(findingsOf(policy("41.0.0.0/24"), read(...sets), NOW)).toEqual(["Data set a is of 2026-05-24, more than 6 months ago: bring a newer one."]);
  });
});

it("tells by namespace where destinations are", () => {
  const sets = [setOf("a", { "41.0.0.0/22": "DE" }), setOf("b", { "41.0.0.0/22": "DE" })];
  const one = policyOf(policy("41.0.0.0/24"));
  const places = placesIn(new Map([["x", one], ["y", { ...one, name: "other" }]]), sets, "2026-11-25");
  expect(places.get("x")).toEqual([{ destination: "mirror", inside: ["41.0.0.0/24"], outside: [], undetermined: [], special: [] }]);
  expect(places.get("y")).toBe(places.get("x"));
  expect(placesIn(new Map([["x", one]]), [], "2026-11-25").size).toBe(0);
});
