import { readFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { sovereigntyPolicy } from "../../../test/support/snapshots.ts";
import { ALL_ADDRESSES, parseAddress, parseCidr, toCidrs } from "../addresses/cidr.ts";
import { difference, equals, intersection, setOf, union, type IntervalSet } from "../addresses/intervals.ts";
import { classify, countriesOf, PLACES, stale } from "./classify.ts";
import { dataSetOf, parseCompact, toCompact } from "./compact.ts";
import { parseCsv } from "./csv.ts";
import type { DataSet, Entry } from "./data-set.ts";
import { parseDelegated } from "./delegated.ts";
import { placesOf } from "./places.ts";
import type { Destination, Policy } from "../policy.ts";

const file = (name: string): string => readFileSync(join(import.meta.dirname, "testdata", name), "utf8");
const delegated = parseDelegated(file("delegated-extended.txt"), "delegated-extended.txt");
const rir = dataSetOf({ name: "rir", ...delegated });
const geo = dataSetOf({ name: "geo", date: "2026-11-01", entries: parseCsv(file("geo.csv"), "geo.csv") });

const cidrs = (...all: string[]): IntervalSet => setOf(all.map((text) => {
  const parsed = parseCidr(text);
  if (parsed.kind !== "Exact") throw new Error(text);
  return parsed.range;
}));
const listed = ({ countries }: DataSet): Record<string, readonly string[]> => Object.fromEntries([...countries].map(([country, set]) => [country, toCidrs(set)]));
const at = (text: string): bigint => {
  const parsed = parseAddress(text);
  return parsed.kind === "Exact" ? parsed.address : -1n;
};

describe("statistics of registries", () => {
  test("say which range was handed out to which country; counts need no power of two, nobody's ranges and placeholders are left out", () => {
    expect(listed(rir)).toEqual({
      AT: ["41.2.0.0/15"], CH: ["2a00:20::/29"], DE: ["41.0.0.0/22", "41.0.4.0/24", "2a00:10::/32"], US: ["41.128.0.0/16", "44.0.0.0/8"],
    });
  });

  test("are as old as the oldest file in them", () => {
    expect(rir.date).toBe("2026-11-17");
  });

  const head = "2|ripencc|20261120|5|19830705|20261119|+0100\n";
  test.each([
    [`${head}ripencc|DE|ipv4|41.0.0|256|20100101|allocated|a`, "x: line 2: 41.0.0 with 256 is no range of ipv4"], [`${head}ripencc|DE|ipv4|255.255.255.0|512|20100101|allocated|a`, "x: line 2: 255.255.255.0 with 512 is no range of ipv4"],
    [`${head}ripencc|DE|ipv4|41.0.0.0|0|20100101|allocated|a`, "41.0.0.0 with 0"], [`${head}ripencc|DE|ipv6|2a00:10::|129|20100101|allocated|a`, "2a00:10:: with 129"], [`${head}ripencc|DE|ipv6|2a00:10::1|32|20100101|allocated|a`, "2a00:10::1 with 32"],
    [`${head}ripencc|DE|ipv4|2a00:10::|32|20100101|allocated|a`, "is no range of ipv4"], [`${head}\nnonsense`, 'x: line 3: the type "" is none of asn, ipv4 and ipv6'], ["2|ripencc|20261120|5|19830705|20261319|+0100", "x: line 1: the version line has no last day"], ["ripencc|DE|asn|1|1|20100101|allocated|a", "there is no version line"],
  ])("%j is refused as a whole", (text, message) => {
    expect(() => parseDelegated(text, "x")).toThrow(message);
  });
});

describe("CSV", () => {
  test("has CIDRs or both ends, a heading or none", () => {
    expect(listed(geo)["CH"]).toEqual(["2a00:20::/29"]);
    expect(parseCsv("41.0.0.0/24,DE\n", "x")).toEqual(parseCsv("first,last,country\n41.0.0.0,41.0.0.255,DE,Berlin", "x"));
    expect(parseCsv("41.0.0.0/24,ZZ\n41.1.0.0/24,\n", "x")).toEqual([]);
  });

  test.each(["41.0.0.1/24,DE", "41.0.0.0/24", "41.0.0.0/24,de", "41.0.0.0/24,Germany", "41.0.0.9,41.0.0.1,DE", "41.0.0.0,2a00::1,DE", "x,DE", "010.0.0.0/8,DE"])("%s is refused, with its line", (line) => {
    expect(() => parseCsv(`41.0.0.0/24,DE\n${line}`, "x.csv")).toThrow(`x.csv: line 2: ${JSON.stringify(line)} is neither`);
  });
});

describe("a data set", () => {
  test("says nothing where two countries claim an address", () => {
    const entries = parseCsv("41.0.0.0/16,DE\n41.0.8.0/24,US\n41.0.8.128/25,FR\n41.0.8.0/22,DE\n", "x");
    expect(listed(dataSetOf({ name: "x", date: "2026-11-20", entries }))).toEqual({ DE: ["41.0.0.0/21", "41.0.9.0/24", "41.0.10.0/23", "41.0.12.0/22", "41.0.16.0/20", "41.0.32.0/19", "41.0.64.0/18", "41.0.128.0/17"] });
  });

  test("is one text, whatever it came from and in whatever order", () => {
    const shuffled = dataSetOf({ name: "rir", date: rir.date, entries: delegated.entries.toReversed().flatMap((one) => [one, one]) });
    expect(toCompact(shuffled)).toBe(toCompact(rir));
    expect(toCompact(rir)).toMatchInlineSnapshot(`
      "hoheit-data-set 1 rir 2026-11-17 all
      AT 41.2.0.0/15
      CH 2a00:20::/29
      DE 41.0.0.0-41.0.4.255 2a00:10::/32
      US 41.128.0.0/16 44.0.0.0/8
      "
    `);
    expect(rir.sha256).toMatch(/^sha256:[0-9a-f]{64}$/);
    expect(parseCompact(toCompact(rir), "x")).toEqual(rir);
  });

  test("cut to some countries is smaller and says so", () => {
    const cut = dataSetOf({ name: "rir", ...delegated, only: ["DE", "AT", "DE"] });
    expect(toCompact(cut)).toBe("hoheit-data-set 1 rir 2026-11-17 AT,DE\nAT 41.2.0.0/15\nDE 41.0.0.0-41.0.4.255 2a00:10::/32\n");
    expect(parseCompact(toCompact(cut), "x")).toEqual(cut);
  });

  test.each([
    ["", "line 1: does not begin with"], ["hoheit-data-set 2 a 2026-11-20 all\n", "line 1"], ["hoheit-data-set 1 a 2026-02-30 all\n", "is no day"], ["hoheit-data-set 1 A 2026-11-20 all\n", "a name has"], ["hoheit-data-set 1 a 2026-11-20 all\nDE 41.0.0.0/25 41.0.0.128/25\n", "line 2: is not in canonical form"],
    ["hoheit-data-set 1 a 2026-11-20 all\nDE 41.0.0.0/24", "not in canonical form"], ["hoheit-data-set 1 a 2026-11-20 all\nDE 41.0.0.0/24\nAT 41.1.0.0/24\n", "line 2: is not in canonical form"], ["hoheit-data-set 1 a 2026-11-20 all\nEU 41.0.0.0/24\n", '"EU" is no country'], ["hoheit-data-set 1 a 2026-11-20 all\nDE 41.0.0.0\n", '"41.0.0.0" is no range'],
    ["hoheit-data-set 1 a 2026-11-20 all\nDE 41.0.0.0-x\n", '"41.0.0.0-x" is no range'], ["hoheit-data-set 1 a 2026-11-20 DE,AT\n", "line 1: is not in canonical form"],
  ])("%j is not in that form", (text, message) => {
    expect(() => parseCompact(text, "x")).toThrow(message);
  });

  const octet = fc.nat(3);
  const entry: fc.Arbitrary<Entry> = fc.record({ country: fc.constantFrom("DE", "AT", "US"), range: fc.tuple(octet, octet, fc.integer({ min: 22, max: 32 })).map(([a, b, prefix]) => cidrs(`41.${a}.${b * 4}.0/${prefix}`)[0]!) });

  test("gives each address to the one country that claims it, or to none", () => {
    fc.assert(fc.property(fc.array(entry, { maxLength: 12 }), (entries) => {
      const set = dataSetOf({ name: "x", date: "2026-11-20", entries });
      expect(parseCompact(toCompact(set), "x")).toEqual(set);
      for (const { range } of entries) for (const address of [range.first, range.last]) {
        const claims = new Set(entries.filter((one) => one.range.first <= address && address <= one.range.last).map(({ country }) => country));
        expect(countriesOf(address, [set])[0]?.country).toBe(claims.size === 1 ? [...claims][0] : undefined);
      }
    }));
  });
});

describe("classify", () => {
  const EEA = new Set(["AT", "DE"]);
  const places = (set: IntervalSet, dataSets: readonly DataSet[] = [rir, geo]) => {
    const { Inside, Outside, Undetermined, special } = classify(set, dataSets, EEA);
    return { inside: toCidrs(Inside), outside: toCidrs(Outside), undetermined: toCidrs(Undetermined), special: special.map((one) => `${one.class} ${toCidrs(one.addresses).join(" ")}`) };
  };

  test("believes what all data sets agree on, and leaves the rest open", () => {
    expect(places(cidrs("41.0.0.0/21", "41.2.0.0/16", "41.4.0.0/16", "44.1.0.0/16", "2a00:10::/48", "2a00:20::/48"))).toEqual({
      inside: ["41.0.0.0/22", "41.2.0.0/16", "2a00:10::/48"], outside: ["44.1.0.0/16", "2a00:20::/48"], undetermined: ["41.0.4.0/22", "41.4.0.0/16"], special: [],
    });
  });

  test("believes no data set alone", () => {
    expect(places(cidrs("41.0.0.0/24", "44.0.0.0/24"), [rir])).toMatchObject({ inside: [], outside: [], undetermined: ["41.0.0.0/24", "44.0.0.0/24"] });
    expect(places(cidrs("41.0.0.0/24"), [])).toMatchObject({ inside: [], undetermined: ["41.0.0.0/24"] });
  });

  test("gives what the registries set apart no country, whatever a data set says", () => {
    expect(places(cidrs("169.254.169.254/32", "10.0.0.0/8", "fd77::/16"))).toEqual({ inside: [], outside: [], undetermined: [], special: ["Metadata 169.254.169.254/32", "Private 10.0.0.0/8", "UniqueLocal fd77::/16"] });
  });

  test("takes what a data set that was cut to more than the asked countries leaves out for outside, and from another for unknown", () => {
    const cut = (only: string[]) => dataSetOf({ name: "rir", ...delegated, only });
    expect(places(cidrs("44.1.0.0/16"), [cut(["AT", "DE", "FR"]), geo]).outside).toEqual(["44.1.0.0/16"]);
    expect(places(cidrs("44.1.0.0/16"), [cut(["DE"]), geo]).undetermined).toEqual(["44.1.0.0/16"]);
  });

  test("puts every address into exactly one part, and one more data set takes nothing into it", () => {
    const pool = [...rir.countries.values(), ...geo.countries.values(), cidrs("0.0.0.0/0"), cidrs("::/0"), cidrs("10.0.0.0/7")];
    fc.assert(fc.property(fc.subarray(pool), fc.subarray(["AT", "DE", "US", "CH"]), (sets, countries) => {
      const all = union(...sets);
      const two = classify(all, [rir, geo], new Set(countries));
      const parts = [...PLACES.map((place) => two[place]), ...two.special.map((one) => one.addresses)];
      expect(equals(union(...parts), all)).toBe(true);
      for (const [index, part] of parts.entries()) for (const other of parts.slice(index + 1)) expect(intersection(part, other)).toEqual([]);
      const three = classify(all, [rir, geo, dataSetOf({ name: "more", date: "2026-11-20", entries: [{ country: "FR", range: cidrs("41.0.1.0/24")[0]! }] })], new Set(countries));
      expect(difference(three.Inside, two.Inside)).toEqual([]);
    }));
    expect(equals(ALL_ADDRESSES, cidrs("0.0.0.0/0", "::/0"))).toBe(true);
  });
});

describe("declared destinations", () => {
  const destination = (name: string, ...cidrs: string[]): Destination => ({
    name, cidrs, ports: [], country: "DE", operator: { name: "A", country: "DE", controlledFrom: "DE" }, purpose: "test", roles: [],
  });
  const placed = (profile: Policy["jurisdictions"]["profile"], ...destinations: Destination[]) => placesOf(sovereigntyPolicy({ jurisdictions: { profile, foreignControl: "Refuse" }, destinations }), [rir, geo], "2026-11-25");
  const nothing = { inside: [], outside: [], undetermined: [], special: [] };

  test("are where data sets agree that they are, by the policy's own profile", () => {
    expect(placed("EEA", destination("a", "41.0.0.0/24", "41.2.0.0/24", "44.0.0.0/24", "41.4.0.0/24", "10.0.0.0/8", "010.0.0.0/8"))).toEqual([{ destination: "a", inside: ["41.0.0.0/24", "41.2.0.0/24"], outside: ["44.0.0.0/24"], undetermined: ["41.4.0.0/24"], special: ["10.0.0.0/8"] }]);
    expect(placed("DE", destination("a", "41.0.0.0/24", "41.2.0.0/24"))).toEqual([{ ...nothing, destination: "a", inside: ["41.0.0.0/24"], outside: ["41.2.0.0/24"] }]);
  });

  test("in an adequate country are inside where adequacy counts, in the United States only when certified", () => {
    expect(placed("EEAWithAdequacy", destination("ch", "2a00:20::/48"), destination("us", "44.0.0.0/24"))).toEqual([{ ...nothing, destination: "ch", inside: ["2a00:20::/48"] }, { ...nothing, destination: "us", outside: ["44.0.0.0/24"] }]);
    const certified = destination("us", "44.0.0.0/24");
    expect(placed("EEAWithAdequacy", { ...certified, operator: { ...certified.operator, certification: "DPF-1" } })).toEqual([{ ...nothing, destination: "us", inside: ["44.0.0.0/24"] }]);
  });
});

test("each data set names its country for an address", () => {
  expect(countriesOf(at("41.0.4.9"), [rir, geo])).toEqual([{ dataSet: "rir", country: "DE" }, { dataSet: "geo", country: "US" }]);
  expect(countriesOf(at("9.9.9.9"), [rir])).toEqual([{ dataSet: "rir", country: undefined }]);
});

test("a data set is stale once six months have passed since its day", () => {
  const names = (now: string) => stale([rir, geo], Date.parse(now)).map(({ name }) => name);
  expect([names("2027-05-01T00:00:00Z"), names("2027-05-01T00:00:01Z"), names("2027-05-18T00:00:00Z")]).toEqual([[], ["geo"], ["rir", "geo"]]);
});
