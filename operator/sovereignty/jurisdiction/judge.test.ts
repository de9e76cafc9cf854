import { describe, expect, it, test } from "vitest";
import { PROFILES, type Destination, type Policy, type Profile } from "../policy.ts";
import { ADEQUACY } from "./adequacy.ts";
import { isCountry } from "./countries.ts";
import { isInside, judgeDestination, type Finding } from "./judge.ts";

const TODAY = "2026-11-25";

/** Every code of ISO 3166-1 alpha-2. */
const ISO = (
  "AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR BS BT BV BW BY BZ CA CC CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ " +
  "DE DJ DK DM DO DZ EC EE EG EH ER ES ET FI FJ FK FM FO FR GA GB GD GE GF GG GH GI GL GM GN GP GQ GR GS GT GU GW GY HK HM HN HR HT HU ID IE IL IM IN IO IQ IR IS IT " +
  "JE JM JO JP KE KG KH KI KM KN KP KR KW KY KZ LA LB LC LI LK LR LS LT LU LV LY MA MC MD ME MF MG MH MK ML MM MN MO MP MQ MR MS MT MU MV MW MX MY MZ NA NC NE NF NG NI NL NO NP NR NU NZ " +
  "OM PA PE PF PG PH PK PL PM PN PR PS PT PW PY QA RE RO RS RU RW SA SB SC SD SE SG SH SI SJ SK SL SM SN SO SR SS ST SV SX SY SZ TC TD TF TG TH TJ TK TL TM TN TO TR TT TV TW TZ " +
  "UA UG UM US UY UZ VA VC VE VG VI VN VU WF WS YE YT ZA ZM ZW").split(" ");

interface Scene {
  readonly country?: string;
  readonly operator?: Partial<Destination["operator"]>;
  readonly profile?: Profile;
  readonly foreignControl?: Policy["jurisdictions"]["foreignControl"];
  readonly today?: string;
}

function judge({ country = "DE", operator = {}, profile = "EEA", foreignControl = "Refuse", today = TODAY }: Scene): Finding[] {
  const destination: Destination = {
    name: "mirror", cidrs: ["198.51.100.7/32"], ports: [{ port: 443, protocol: "TCP" }], country, purpose: "weights", roles: ["Fetch"],
    operator: { name: "IT-Verbund", country: "DE", controlledFrom: "DE", ...operator },
  };
  return judgeDestination(destination, { profile, foreignControl }, today);
}

const inside = (profile: Profile, scene: Scene = {}): string =>
  ISO.filter((country) => isInside(judge({ ...scene, country, profile }))).join(" ");

const UNION = "AT AX BE BG CY CZ DE DK EE ES FI FR GF GP GR HR HU IE IT LT LU LV MF MQ MT NL PL PT RE RO SE SI SK YT";

describe("of every country there is, inside", () => {
  test.each<[Profile, string]>([
    ["DE", "DE"],
    ["EU", UNION],
    ["EEA", "AT AX BE BG CY CZ DE DK EE ES FI FR GF GP GR HR HU IE IS IT LI LT LU LV MF MQ MT NL NO PL PT RE RO SE SI SK YT"],
    ["EEAWithAdequacy", "AD AR AT AX BE BG BR CA CH CY CZ DE DK EE ES FI FO FR GB GF GG GP GR HR HU IE IL IM IS IT JE JP KR LI LT LU LV MF MQ MT NL NO NZ PL PT RE RO SE SI SK UY YT"],
  ])("%s are: %s", (profile, countries) => {
    expect(ISO).toHaveLength(249);
    const letters = Array.from({ length: 26 }, (_, at) => String.fromCharCode(65 + at));
    expect(letters.flatMap((a) => letters.map((b) => a + b)).filter(isCountry)).toEqual([...ISO, "XK"].toSorted());
    expect(inside(profile)).toBe(countries);
    expect(inside(profile, { operator: { country: "DE", controlledFrom: "DE", certification: "x" } })).toBe(profile === "EEAWithAdequacy" ? countries.replace("UY", "US UY") : countries);
  });

  test("each profile holds what the one before it holds", () => {
    const sets = PROFILES.map((profile) => new Set(inside(profile).split(" ")));
    for (const [at, set] of sets.entries()) for (const smaller of sets.slice(0, at)) expect([...smaller].filter((code) => !set.has(code))).toEqual([]);
  });

  test.each(["GL", "BL", "BM", "NC", "PF", "PM", "WF", "TF", "AW", "CW", "SX", "BQ", "GI", "SJ", "SM", "VA", "MC", "XK", "UK", "EL", "EU", "ZZ", "AP"])("%s is in none", (country) => {
    for (const profile of PROFILES) expect(isInside(judge({ country, profile }))).toBe(false);
  });
});

describe("three questions are judged apart", () => {
  it.each([
    [{ country: "US" }, ["country CountryOutside Refused"]],
    [{ operator: { country: "US" } }, ["operator.country OperatorOutside Refused"]],
    [{ operator: { controlledFrom: "US" } }, ["operator.controlledFrom ForeignControl Refused"]],
    [{ operator: { controlledFrom: "US" }, foreignControl: "Report" }, ["operator.controlledFrom ForeignControl Reported"]],
    [{ country: "US", foreignControl: "Report" }, ["country CountryOutside Refused"]],
    [{ operator: { country: "US", controlledFrom: "US" }, foreignControl: "Report" }, ["operator.country OperatorOutside Refused", "operator.controlledFrom ForeignControl Reported"]],
    [{ country: "FR", profile: "DE" }, ["country CountryOutside Refused"]],
    [{ country: "CH" }, ["country CountryOutside Refused"]],
    [{ country: "CH", profile: "EEAWithAdequacy" }, []],
    ...["CA", "JP", "KR"].map((country): [Scene, readonly string[]] => [{ country, profile: "EEAWithAdequacy" }, ["country AdequacyLimited Reported"]]),
    [{ country: "US", profile: "EEAWithAdequacy" }, ["country CertificationMissing Refused"]],
    [{ country: "US", operator: { certification: "DPF 1" }, profile: "EEAWithAdequacy" }, []],
    [{ country: "US", operator: { certification: "DPF 1" } }, ["country CountryOutside Refused"]],
    [{ operator: { controlledFrom: "JP" }, profile: "EEAWithAdequacy" }, []],
    [{ operator: { country: "US", controlledFrom: "US", certification: "DPF 1" }, profile: "EEAWithAdequacy" }, ["operator.controlledFrom ForeignControl Refused"]],
  ] as const satisfies readonly (readonly [Scene, readonly string[]])[])("%j: %j", (scene, expected) => {
    expect(judge(scene).map(({ subject, reason, severity }) => `${subject} ${reason} ${severity}`)).toEqual(expected);
  });

  it("says what is wrong and what to do", () => {
    expect(judge({ country: "UK" }).map(({ message }) => message)).toEqual(["country UK is not in profile EEA. That is no code of ISO 3166-1: write GB."]);
    expect(judge({ operator: { controlledFrom: "CN" } }).map(({ message }) => message)).toEqual(["operator.controlledFrom CN is not in profile EEA. Its law can compel the operator, wherever the machines are: remove the destination, or accept that with jurisdictions.foreignControl Report."]);
  });
});

describe("decisions have days", () => {
  const profile = "EEAWithAdequacy";

  it.each([
    ["GB", "2021-06-27", "AdequacyNotInForce"], ["GB", "2021-06-28", undefined], ["GB", "2031-12-28", "AdequacyNotInForce"], ["BR", "2026-01-25", "AdequacyNotInForce"], ["BR", "2026-01-26", undefined],
  ])("%s on %s: %s", (country, today, reason) => {
    const [first] = judge({ country, profile, today });
    expect(first?.reason).toBe(reason);
    if (reason !== undefined) expect(first?.severity).toBe("Refused");
  });

  it("after which who may report foreign control still reports it", () => {
    expect(judge({ operator: { controlledFrom: "GB" }, foreignControl: "Report", profile, today: "2032-01-01" }).map(({ reason, severity }) => [reason, severity])).toEqual([["AdequacyNotInForce", "Reported"]]);
  });

  it("and holds on its last day, though nobody has looked at the list for five years", () => {
    expect(judge({ country: "GB", profile, today: "2031-12-27" }).map(({ reason, severity }) => [reason, severity])).toEqual([["AdequacyStale", "Reported"]]);
  });

  it.each([["2027-11-22", 0], ["2027-11-23", 1]])("a list of 2026-11-22 is stale on %s: %i", (today, findings) => {
    expect(judge({ country: "CH", profile, today })).toHaveLength(findings);
  });

  it("and none of it concerns the EEA", () => {
    expect(judge({ country: "NO", profile, today: "2099-01-01" })).toEqual([]);
  });

  it("one decision for each code, told by number and day", () => {
    expect(new Set(ADEQUACY.map(({ code }) => code)).size).toBe(ADEQUACY.length);
    for (const { code, decision, from, until = "2999-01-01", checkedAt } of ADEQUACY) {
      expect(ISO).toContain(code);
      expect(decision).toMatch(/^(\d{4}\/\d+\/(EC|EU)|\(EU\) \d{4}\/\d+)$/);
      for (const day of [from, until, checkedAt]) expect(new Date(`${day}T00:00:00Z`).toISOString().slice(0, 10)).toBe(day);
      expect(from < until).toBe(true);
    }
  });
});
