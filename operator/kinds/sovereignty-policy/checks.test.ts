import { describe, expect, it } from "vitest";
import { destination, svp } from "../../../test/support/makers.ts";
import { judge, rangesOf } from "./checks.ts";

const NOW = Date.parse("2026-11-25T12:00:00Z");
const foreign = (name: string) => destination(name, { operator: { name: "Cloud", country: "DE", controlledFrom: "US" } });
const names = ({ inForce }: ReturnType<typeof judge>): string[] => inForce.map(({ name }) => name);
const ranges = (count: number) => Array.from({ length: count }, (_, at) => `10.0.${at}.0/24`);

describe("a policy, judged", () => {
  it("has nothing against it that keeps to its jurisdictions", () => {
    const judgement = judge(svp().destinations(destination("mirror")).live(), NOW);
    expect([names(judgement), judgement.violations, judgement.findings]).toEqual([["mirror"], [], []]);
  });

  it("puts no destination in force that does not, names field and remedy of each, and goes on with the others", () => {
    const judgement = judge(svp().destinations(destination("mirror"), foreign("cloud"), destination("far", { country: "US" })).live(), NOW);
    expect(names(judgement)).toEqual(["mirror"]);
    expect(judgement.violations).toEqual([{ reason: "DestinationRefused", stalled: true, message: expect.stringMatching(/^spec\.destinations\[cloud\]\.operator\.controlledFrom US .* spec\.destinations\[far\]\.country US .* What is refused is not put in force; all else is\.$/) }]);
  });

  it("says of what it only reports that it is in force", () => {
    const judgement = judge(svp().destinations(foreign("cloud")).spec({ jurisdictions: { foreignControl: "Report" } }).live(), NOW);
    expect([names(judgement), judgement.violations]).toEqual([["cloud"], []]);
    expect(judgement.findings).toEqual([expect.stringContaining("spec.destinations[cloud].operator.controlledFrom US")]);
  });

  it("is judged by the day: an adequacy decision ends", () => {
    const british = svp().destinations(destination("mirror", { country: "GB" })).spec({ jurisdictions: { profile: "EEAWithAdequacy" } }).live();
    expect(names(judge(british, Date.parse("2031-12-27T23:59:59Z")))).toEqual(["mirror"]);
    expect(names(judge(british, Date.parse("2031-12-28T00:00:00Z")))).toEqual([]);
  });

  it("with more than fifty ranges in force says so; those that are not in force do not count", () => {
    const of = (...destinations: object[]): readonly string[] => judge(svp().destinations(...destinations as never[]).live(), NOW).findings;
    expect(of(destination("a", { cidrs: ranges(50) }))).toEqual([]);
    expect(of(destination("a", { cidrs: ranges(51) }))).toEqual([expect.stringContaining("51 ranges")]);
    expect(of(destination("a", { cidrs: ranges(50) }), { ...foreign("b"), cidrs: ["10.1.0.0/24"] })).toEqual([]);
    expect(rangesOf(judge(svp().destinations(destination("a", { cidrs: ranges(3) }), destination("b")).live(), NOW).inForce)).toBe(5);
  });

  it("that denies what is no country denies nothing by it, and is told so", () => {
    expect(judge(svp().denies("CN", "UK", "ZZ").live(), NOW).findings).toEqual([
      "spec.models.deniedOrigins UK is no code of ISO 3166-1: it is taken for GB.", "spec.models.deniedOrigins ZZ is no code of ISO 3166-1 and denies nothing: correct or remove it.",
    ]);
  });
});
