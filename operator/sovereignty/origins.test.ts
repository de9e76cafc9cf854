import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { judgeOrigin, type Denial, type Origin, type OriginRule } from "./origins.ts";

const land = (...denied: string[]): OriginRule => ({ policy: "land", denied });
const from = (originCountry: string, supplier?: string): Origin => ({ originCountry, ...(supplier !== undefined && { supplier: { country: supplier } }) });
const said = (denials: readonly Denial[]): string[] => denials.map(({ reason, field, country, policies }) => `${reason} ${field} ${country} ${policies.join("+")}`);

describe("the origin of a model", () => {
  it("is denied where a policy names it: of the publisher, and of the supplier", () => {
    expect(said(judgeOrigin(from("CN"), [land("CN", "RU")]))).toEqual(["Denied originCountry CN land"]);
    expect(said(judgeOrigin(from("FR", "RU"), [land("CN", "RU")]))).toEqual(["Denied supplier.country RU land"]);
    expect(said(judgeOrigin(from("RU", "CN"), [land("CN", "RU")]))).toEqual(["Denied originCountry RU land", "Denied supplier.country CN land"]);
    expect(judgeOrigin(from("FR", "DE"), [land("CN", "RU")])).toEqual([]);
  });

  it("is denied by any of several policies, and all that do are named in order", () => {
    const rules = [{ policy: "town", denied: ["CN"] }, { policy: "house", denied: ["RU"] }, { policy: "land", denied: ["CN", "RU"] }];
    expect(said(judgeOrigin(from("CN"), rules))).toEqual(["Denied originCountry CN land+town"]);
  });

  it("is any where nobody denies one, unknown ones included", () => {
    expect(judgeOrigin(from("ZZ"), [])).toEqual([]);
    expect(judgeOrigin(from("ZZ"), [land()])).toEqual([]);
  });

  it("is no secret: a code that is no country is not served where something is denied", () => {
    for (const code of ["ZZ", "XX", "EU", "UN", "SU", "AA"]) expect(said(judgeOrigin(from(code), [land("CN")])), code).toEqual([`Unknown originCountry ${code} land`]);
    expect(said(judgeOrigin(from("FR", "QQ"), [land("CN")]))).toEqual(["Unknown supplier.country QQ land"]);
  });

  it("is denied by whatever code people write for it", () => {
    expect(said(judgeOrigin(from("UK"), [land("GB")]))).toEqual(["Denied originCountry UK land"]);
    expect(said(judgeOrigin(from("GR"), [land("EL")]))).toEqual(["Denied originCountry GR land"]);
    expect(judgeOrigin(from("UK"), [land("CN")])).toEqual([]);
  });

  it("may be denied by a policy that cannot be read, and another that does deny it says more", () => {
    const unreadable: OriginRule = { policy: "newer", denied: undefined };
    expect(said(judgeOrigin(from("FR"), [unreadable]))).toEqual(["Unreadable originCountry FR newer"]);
    expect(said(judgeOrigin(from("CN"), [unreadable, land("CN")]))).toEqual(["Denied originCountry CN land"]);
    expect(said(judgeOrigin(from("FR"), [unreadable, land()]))).toEqual(["Unreadable originCountry FR newer"]);
  });

  it("is never served because of one more policy: who may only add may only tighten", () => {
    const country = fc.constantFrom("CN", "RU", "GB", "UK", "DE", "ZZ");
    const rule = fc.record({ policy: fc.constantFrom("a", "b", "c", "d"), denied: fc.option(fc.uniqueArray(country, { maxLength: 3 }), { nil: undefined, freq: 6 }) });
    const origin = fc.record({ originCountry: country, supplier: fc.option(fc.record({ country }), { nil: undefined }) });
    const seen = { kept: 0, tightened: 0 };
    fc.assert(fc.property(origin, fc.uniqueArray(rule, { selector: ({ policy }) => policy, maxLength: 3 }), rule, (one, rules, added) => {
      const [before, after] = [judgeOrigin(one, rules), judgeOrigin(one, [...rules, added])];
      if (before.length > 0) expect(after.length).toBeGreaterThanOrEqual(before.length);
      if (before.length === 0) seen[after.length === 0 ? "kept" : "tightened"] += 1;
    }), { numRuns: 2_000 });
    expect(seen.kept).toBeGreaterThan(50);
    expect(seen.tightened).toBeGreaterThan(50);
  });
});
