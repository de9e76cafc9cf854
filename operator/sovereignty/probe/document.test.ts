import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { decodeReport, encodeReport, LONGEST_DOCUMENT, type ProbeReport } from "./document.ts";
import { FAMILIES } from "../../lib/addresses.ts";
import { controlsOf, MOST_NAME_SERVERS, MOST_OWN_TARGETS, probePlan, targetsOf, type ProbePlan } from "./plan.ts";
import { CONTROL_OUTCOMES, TARGET_OUTCOMES } from "./verdict.ts";

const LONGEST_ADDRESS = "2001:0db8:1111:2222:3333:4444:5555:6666";
const plan: ProbePlan = { of: "0123456789abcdef", tripwire: ["10.96.0.5", "fd00:96::5"], dns: ["10.96.0.10"], dnsName: "example.com", own: [] };
const reportOf = (of: ProbePlan, over: Partial<ProbeReport> = {}): ProbeReport => ({
  of: of.of, families: FAMILIES, rounds: 2, settledMs: 700, reachedAtFirst: 3,
  controls: controlsOf(of).map((one) => ({ ...one, outcome: "Answered" })),
  targets: targetsOf(of, { address: "10.96.0.1", port: 443 }).map((one) => ({ ...one, outcome: "TimedOut" })), ...over,
});

describe("the document", () => {
  it("says what was seen, and what follows from it", () => {
    expect(decodeReport(encodeReport(reportOf(plan)))).toEqual({ ...reportOf(plan), result: "Sealed" });
  });

  it("fits a termination message, however much is tried", () => {
    const own = Array.from({ length: MOST_OWN_TARGETS }, (_, at) => ({ name: `n${String(at).padStart(2, "0")}${"x".repeat(21)}`, address: LONGEST_ADDRESS, port: 65_535, protocol: "TCP" as const }));
    const largest = probePlan.parse({ ...plan, tripwire: [LONGEST_ADDRESS, LONGEST_ADDRESS], dns: Array.from({ length: MOST_NAME_SERVERS }, () => LONGEST_ADDRESS), own });
    const everything = reportOf(largest, { rounds: 1000, settledMs: 600_000, reachedAtFirst: 25 });
    const longest: ProbeReport = {
      ...everything,
      controls: everything.controls.map((one) => ({ ...one, outcome: "NotListening" })),
      targets: everything.targets.map((one) => ({ ...one, outcome: "Unreachable", ...(one.name === "cluster-dns" && { note: "N".repeat(16) }) })),
    };
    const text = encodeReport(longest);
    expect(Buffer.byteLength(text)).toBeLessThanOrEqual(LONGEST_DOCUMENT);
    expect(decodeReport(text)).toMatchObject({ result: "Inconclusive" });
  });

  it("comes back as it went, for any observations", () => {
    fc.assert(fc.property(fc.array(fc.constantFrom(...TARGET_OUTCOMES), { minLength: 9, maxLength: 9 }), fc.array(fc.constantFrom(...CONTROL_OUTCOMES), { minLength: 4, maxLength: 4 }), fc.subarray([...FAMILIES]), (targets, controls, families) => {
      const base = reportOf(plan, { families });
      const report = { ...base, targets: base.targets.map((one, at) => ({ ...one, outcome: targets[at] ?? "Refused" })), controls: base.controls.map((one, at) => ({ ...one, outcome: controls[at] ?? "Refused" })) };
      expect(decodeReport(encodeReport(report))).toMatchObject(report);
    }));
  });

  it.each([
    ["nothing", ""], ["no JSON", "{"], ["another document", "{}"], ["a list", "[]"],
    ["one that was cut", encodeReport(reportOf(plan)).slice(0, -2)],
    ["one that is too long", encodeReport(reportOf(plan)) + " ".repeat(LONGEST_DOCUMENT)],
    ["a verdict that what it saw does not bear out", encodeReport(reportOf(plan, { controls: [] })).replace('"Inconclusive"', '"Sealed"')],
    ["a later version", encodeReport(reportOf(plan)).replace('"version":1', '"version":2')],
    ["an address that is none", encodeReport(reportOf(plan)).replace("10.96.0.10", "elsewhere")],
    ["text where a note is", encodeReport(reportOf(plan)).replace('53,"TimedOut"]', '53,"TimedOut","<a prompt>"]')],
    ["more than a check holds", encodeReport(reportOf(plan)).replace('53,"TimedOut"]', '53,"TimedOut","a","b"]')],
  ])("is not %s", (_what, text) => {
    expect(decodeReport(text)).toBeUndefined();
  });

  it("is never thrown over, whatever a container wrote", () => {
    fc.assert(fc.property(fc.oneof(fc.string(), fc.json()), (text) => { expect(decodeReport(text)).toBeUndefined(); }));
  });
});

describe("a plan", () => {
  it.each([
    ["a name for an address", { tripwire: ["tripwire.example"] }],
    ["an address with leading zeros", { dns: ["010.0.0.1"] }],
    ["too many targets", { own: Array.from({ length: MOST_OWN_TARGETS + 1 }, () => ({ name: "a", address: "192.0.2.1", port: 1, protocol: "TCP" })) }],
    ["port 0", { own: [{ name: "a", address: "192.0.2.1", port: 0, protocol: "TCP" }] }],
    ["a hash of another length", { of: "01" }],
    ["something unknown", { colour: "red" }],
  ])("takes no %s", (_what, over) => {
    expect(probePlan.safeParse({ ...plan, ...over }).success).toBe(false);
  });

  it("tries the tripwire, the API server, metadata, name servers and the provider's own, in both families and protocols", () => {
    const own = [{ name: "world", address: "198.51.100.7", port: 443, protocol: "UDP" as const }];
    expect(targetsOf({ ...plan, own }, { address: "10.96.0.1", port: 443 }).map(({ name, address, port, protocol }) => `${name} ${protocol} ${address} ${port}`)).toEqual([
      "tripwire TCP 10.96.0.5 8447", "tripwire UDP 10.96.0.5 8447", "tripwire TCP fd00:96::5 8447", "tripwire UDP fd00:96::5 8447",
      "api-server TCP 10.96.0.1 443", "metadata TCP 169.254.169.254 80", "metadata TCP fd00:ec2::254 80",
      "cluster-dns TCP 10.96.0.10 53", "cluster-dns UDP 10.96.0.10 53", "world UDP 198.51.100.7 443",
    ]);
    expect(controlsOf(plan).map(({ protocol, address, port }) => `${protocol} ${address} ${port}`)).toEqual([
      "TCP 10.96.0.5 8446", "UDP 10.96.0.5 8446", "TCP fd00:96::5 8446", "UDP fd00:96::5 8446",
    ]);
  });
});
