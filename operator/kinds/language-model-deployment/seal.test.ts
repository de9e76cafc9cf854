import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { DIGEST, lmd, OPERATOR, TRIPWIRE } from "../../../test/support/makers.ts";
import { jobOf, planIn, podOf, reportFor, terminated } from "../../../test/support/probes.ts";
import type { Live, NetworkPolicy } from "../../lib/k8s-types.ts";
import { servingLabels } from "../../lib/labels.ts";
import type { ProbeReport } from "../../sovereignty/probe/document.ts";
import type { SubjectProof } from "../../sovereignty/prover/result.ts";
import { buildChildren } from "./build/index.ts";
import { newestRecord, type ProbeRecord } from "./probe-record.ts";
import { sealCondition, staleInMs, type SealInput } from "./seal.ts";

const CREATED = "2026-11-23T10:00:00Z";
const MINUTE = 60_000;
const at = (minutes: number): string => new Date(Date.parse(CREATED) + minutes * MINUTE).toISOString().replace(".000Z", "Z");
const identity = (name: string) => ({ uid: `uid-of-${name}`, resourceVersion: "1", creationTimestamp: CREATED });

const deployment = lmd("a").object();
const { cronJob: desired, networkPolicy: seal } = buildChildren({
  deployment, clients: deployment.spec.clients, metricsScraper: undefined, operator: OPERATOR, tripwire: TRIPWIRE, start: { model: { claimName: "w", path: ".", digest: DIGEST }, replicas: 1, liveAnnotations: undefined },
});
const policy: Live<NetworkPolicy> = { ...seal, metadata: { ...seal.metadata, ...identity("a") } };
const cronJob = { ...desired, metadata: { ...desired.metadata, ...identity("a-probe") } };
const job = jobOf(cronJob);
const report = reportFor(planIn(desired));

/** The record of a probe that began ten minutes after the policy was made, on a node whose clock is three hours behind. */
function recordOf(over: Partial<ProbeReport> = {}): ProbeRecord {
  const pod = podOf(desired, job, { created: at(10), state: { terminated: terminated({ ...report, ...over }, at(-170)) } });
  const found = newestRecord({ desired, cronJob, jobs: [job], probes: [pod], policy, before: undefined });
  if (found === undefined) throw new Error("the pod is not believed");
  return found;
}

const suspended = { ...desired, spec: Object.assign(structuredClone(desired.spec), { suspend: true }) } as SealInput["desired"];
const server = { ...servingLabels("a"), "pod-template-hash": "6d5f" };
const input = (over: Partial<SealInput> = {}): SealInput => ({
  name: "a", desired, seal, cronJob, jobs: [job], probes: [], policy, others: [], servers: [server], record: recordOf(), isGoverned: false, proof: undefined, maxAgeMs: 37.5 * MINUTE, now: Date.parse(at(20)), ...over,
});
const other = (name: string, spec: object): Live<NetworkPolicy> => ({ apiVersion: "networking.k8s.io/v1", kind: "NetworkPolicy", metadata: { name, namespace: "assistant", ...identity(name) }, spec: { podSelector: {}, ...spec } });
const opening = other("open", { policyTypes: ["Egress"], egress: [{}] });
const reach = (name: string): Partial<ProbeReport> => ({ targets: report.targets.map((one) => (one.name === name ? { ...one, outcome: "Reached" } : one)) });

describe("EgressSealed", () => {
  it("is True while a fresh probe reached nothing, and names what is open by design", () => {
    expect(sealCondition(input())).toMatchObject({ type: "EgressSealed", status: "True", reason: "ProbeSealed", message: expect.stringMatching(/reached none of 7 addresses over IPv4 and IPv6.*port 8446 of the operator/) as unknown });
  });

  it.each<[string, Partial<SealInput>, readonly [string, string], RegExp]>([
    ["there is no policy", { policy: undefined }, ["False", "PolicyMissing"], /not in the cluster/],
    ["somebody opened the policy", { policy: { ...policy, spec: { podSelector: {}, ...policy.spec, egress: [{}] } } }, ["False", "PolicyChanged"], /NetworkPolicy a/],
    ["the policy selects other pods", { policy: { ...policy, spec: { ...policy.spec, podSelector: { matchLabels: { nobody: "x" } } } } }, ["False", "PolicyChanged"], /NetworkPolicy a/],
    ["another policy lets the pods out", { others: [opening] }, ["False", "OtherPolicyAllowsEgress"], /NetworkPolicy open selects the pods and lets them out \(spec\.egress\[0\]\)/],
    ["another policy lets a pod out by a label that only it has", { others: [other("hash", { podSelector: { matchLabels: { "pod-template-hash": "6d5f" } }, egress: [{}] })] }, ["False", "OtherPolicyAllowsEgress"], /hash/],
    ["a probe reached something", { record: recordOf(reach("metadata")) }, ["False", "ProbeReached"], /metadata \(TCP 169\.254\.169\.254:80\), metadata \(TCP \[fd00:ec2::254\]:80\)/],
    ["nothing runs", { desired: suspended }, ["Unknown", "NothingRuns"], /Nothing runs/],
    ["a policy holds for probes alone", { others: [other("probes", { podSelector: { matchLabels: { "hoheit.dev/role": "Probe" } }, policyTypes: ["Egress"] })] }, ["Unknown", "ProbeNotRepresentative"], /NetworkPolicy probes/],
    ["a policy holds for Jobs alone", { others: [other("jobs", { podSelector: { matchExpressions: [{ key: "job-name", operator: "Exists" }] }, policyTypes: ["Egress"] })] }, ["Unknown", "ProbeNotRepresentative"], /NetworkPolicy jobs/],
    ["no probe has ended", { record: undefined }, ["Unknown", "NotProbed"], /applied is not observed/],
    ["the seal is younger than the probe", { policy: { ...policy, metadata: { ...policy.metadata, creationTimestamp: at(15) } } }, ["Unknown", "ProbeOutdated"], /next one will tell/],
    ["the probe is too old", { now: Date.parse(at(10 + 38)) }, ["Unknown", "ProbeOverdue"], /began at .*10:10:00Z; a result counts for 38 minutes/],
    ["the probe began in a time that has not come", { now: Date.parse(at(10 - 38)) }, ["Unknown", "ProbeOverdue"], /.*/],
    ["a control did not answer", { record: recordOf({ controls: report.controls.map((one) => ({ ...one, outcome: one.protocol === "UDP" ? "TimedOut" : "Answered" })) }) }, ["Unknown", "ProbeInconclusive"], /UDP 10\.96\.0\.84:8446\) TimedOut/],
    ["the tripwire has no address of a family", { record: recordOf({ controls: report.controls.filter(({ address }) => !address.includes(":")) }) }, ["Unknown", "ProbeInconclusive"], /the tripwire has none/],
    ["something could not be tried", { record: recordOf({ targets: report.targets.map((one) => ({ ...one, outcome: "Failed" })) }) }, ["Unknown", "ProbeInconclusive"], /could not try/],
    ["the probe left no result", { record: { ...recordOf(), result: "Inconclusive", families: [], checks: [] } }, ["Unknown", "ProbeInconclusive"], /without a result/],
  ])("is not when %s", (_what, over, [status, reason], message) => {
    const condition = sealCondition(input(over));
    expect(condition).toMatchObject({ status, reason });
    expect(condition.message).toMatch(message);
  });

  describe("where a SovereigntyPolicy governs", () => {
    const subject = (over: Partial<SubjectProof>): SubjectProof => ({ id: "assistant/Deployment/a", role: "Serving", verdict: "PROVED", isolatedBy: [], missing: [], ...over });
    const refuted = subject({
      verdict: "REFUTED",
      counterexample: { packet: { from: "assistant/Deployment/a", family: "IPv6", address: "2001:db8::1", protocol: "TCP", port: 443 }, allowedBy: [], addressClass: "Documentation", repair: "Delete NetworkPolicy assistant/open." },
    });
    const governed = (proof: SubjectProof | undefined, over: Partial<SealInput> = {}) => sealCondition(input({ isGoverned: true, proof, ...over }));

    it("is True only if it is proved as well as probed", () => {
      expect(governed(subject({}))).toMatchObject({ status: "True", reason: "ProvedAndProbed", message: expect.stringMatching(/reached none of 7 .* It is proved that no rule/) as unknown });
      expect(governed(undefined)).toMatchObject({ status: "Unknown", reason: "NotProved" });
      expect(governed(subject({ verdict: "UNDETERMINED", missing: [{ kind: "UnknownKind", message: "There are objects of kind X." }] }))).toMatchObject({ status: "Unknown", reason: "ProofUndetermined", message: expect.stringContaining("objects of kind X") as unknown });
    });

    it("is False with the packet and the repair when a rule lets the pods out, whatever a probe saw and although nothing runs", () => {
      for (const over of [{}, { record: undefined }, { desired: suspended }]) {
        expect(governed(refuted, over)).toMatchObject({ status: "False", reason: "ProofRefuted", message: "The rules of the cluster let the pods out, for example to TCP [2001:db8::1]:443. Delete NetworkPolicy assistant/open." });
      }
    });

    it("believes packets more than proofs", () => {
      expect(governed(subject({}), { record: recordOf(reach("metadata")) })).toMatchObject({ status: "False", reason: "ProbeReached" });
      expect(governed(subject({}), { record: undefined })).toMatchObject({ status: "Unknown", reason: "NotProbed" });
    });
  });

  it("says with what another policy leads to, when a probe has seen it", () => {
    expect(sealCondition(input({ others: [opening, { ...opening, metadata: { ...opening.metadata, name: "zwei" } }], record: recordOf(reach("api-server")) })).message)
      .toBe("NetworkPolicy open selects the pods and lets them out (spec.egress[0]): policies add up, the seal cannot forbid it. So does zwei. The last probe reached api-server (TCP 10.96.0.1:443). Narrow its podSelector or delete it.");
  });

  it("takes no notice of policies that select nothing of ours or only close", () => {
    const others = [other("closes", { policyTypes: ["Egress"] }), other("others", { podSelector: { matchLabels: { app: "b" } }, egress: [{}] }), other("in", { policyTypes: ["Ingress"], ingress: [{}], podSelector: { matchLabels: { "hoheit.dev/role": "Probe" } } })];
    expect(sealCondition(input({ others }))).toMatchObject({ status: "True" });
  });

  it("says what the next probe waits for", () => {
    const stuck = podOf(desired, job, { created: at(12), state: { waiting: { reason: "ImagePullBackOff" } } });
    expect(sealCondition(input({ record: undefined, probes: [stuck] })).message).toContain("Pod a-probe-1-x waits: ImagePullBackOff.");
  });

  it("knows when time alone makes it Unknown", () => {
    const now = Date.parse(at(20));
    expect(staleInMs(input({ now }))).toBe(27.5 * MINUTE + 1);
    expect(sealCondition(input({ now: now + (staleInMs(input({ now })) ?? 0) - 1 })).status).toBe("True");
    expect(sealCondition(input({ now: now + (staleInMs(input({ now })) ?? 0) })).status).toBe("Unknown");
    expect(staleInMs(input({ now: Date.parse(at(60)) }))).toBeUndefined();
    expect(staleInMs(input({ record: undefined }))).toBeUndefined();
  });
});

const someOthers = fc.subarray([opening, other("closes", { policyTypes: ["Egress"] }), other("probes", { podSelector: { matchLabels: { "hoheit.dev/role": "Probe" } }, policyTypes: ["Egress"] })]);
const situations: fc.Arbitrary<SealInput> = fc.record({
  policy: fc.constantFrom(policy, policy, undefined),
  others: fc.oneof(fc.constant([]), someOthers),
  record: fc.constantFrom(undefined, recordOf(), recordOf(), recordOf(reach("metadata")), recordOf({ controls: [] })),
  now: fc.integer({ min: -100, max: 100 }).map((minutes) => Date.parse(at(minutes))),
}).map((over) => input(over));

describe("in any situation", () => {
  it("is True only with a policy, no other way out, and a sealed result that is young", () => {
    let seen = 0;
    fc.assert(fc.property(situations, (situation) => {
      if (sealCondition(situation).status !== "True") return;
      seen += 1;
      expect(situation.policy).toBeDefined();
      expect(situation.others.map(({ metadata }) => metadata.name).filter((name) => name !== "closes")).toEqual([]);
      expect(situation.record?.result).toBe("Sealed");
      expect(Math.abs(situation.now - Date.parse(at(10)))).toBeLessThanOrEqual(situation.maxAgeMs);
    }), { numRuns: 2000 });
    expect(seen).toBeGreaterThan(50);
  });
});
