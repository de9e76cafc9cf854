import { describe, expect, it } from "vitest";
import { client, DIGEST, lmd, OPERATOR, TRIPWIRE } from "../../../test/support/makers.ts";
import { jobOf, planIn, podOf, reportFor, terminated } from "../../../test/support/probes.ts";
import type { CronJob, Live, NetworkPolicy, Pod } from "../../lib/k8s-types.ts";
import { buildChildren, type BuildInput } from "./build/index.ts";
import { isAbout, newestRecord, type ProbeInput, type ProbeRecord } from "./probe-record.ts";

const CREATED = "2026-11-23T10:00:00Z";
const at = (minutes: number): string => new Date(Date.parse(CREATED) + minutes * 60_000).toISOString().replace(".000Z", "Z");

const build = (over: Partial<BuildInput> = {}) => {
  const deployment = lmd("a").object();
  return buildChildren({ deployment, clients: deployment.spec.clients, metricsScraper: undefined, operator: OPERATOR, tripwire: TRIPWIRE, start: { model: { claimName: "w", path: ".", digest: DIGEST }, replicas: 1, liveAnnotations: undefined }, ...over });
};
const live = <T extends CronJob | NetworkPolicy>(object: T, creationTimestamp = CREATED): Live<T> => ({ ...object, metadata: { ...object.metadata, uid: `uid-of-${object.metadata.name}`, resourceVersion: "1", creationTimestamp } });

const { cronJob: desired, networkPolicy } = build();
const cronJob = live(desired);
const job = jobOf(cronJob);
const report = reportFor(planIn(desired));
const ended = (created: number, finished: number, over: Partial<typeof report> = {}, name?: string): Live<Pod> =>
  podOf(desired, job, { created: at(created), state: { terminated: terminated({ ...report, ...over }, at(finished)) }, ...(name !== undefined && { name }) });
const input = (over: Partial<ProbeInput>): ProbeInput => ({ desired, cronJob, jobs: [job], probes: [], policy: live(networkPolicy), before: undefined, ...over });
const record = (over: Partial<ProbeRecord> = {}): ProbeRecord => ({ ...(newestRecord(input({ probes: [ended(5, 6)] })) as ProbeRecord), ...over });

describe("a probe that ended", () => {
  it("is told with its time, its result and everything that it tried", () => {
    const found = newestRecord(input({ probes: [ended(5, 6)] }));
    expect(found).toMatchObject({ endTime: at(6), startTime: at(5), result: "Sealed", of: planIn(desired).of, families: [{ family: "IPv4", result: "Sealed" }, { family: "IPv6", result: "Sealed" }], reachedAtFirst: 0 });
    expect(found?.checks).toHaveLength(report.controls.length + report.targets.length);
    expect(found?.checks[0]).toEqual({ name: "control", purpose: "Control", protocol: "TCP", address: "10.96.0.84", port: 8446, outcome: "Answered" });
  });

  it("is inconclusive when it left no word of ours, a cut one, one of another seal or another exit code", () => {
    const broken = (change: object): Live<Pod> => podOf(desired, job, { created: at(5), state: { terminated: { ...terminated(report, at(6)), ...change } } });
    for (const change of [{ message: undefined }, { message: "panic" }, { message: terminated(report, "").message.slice(0, -1) }, { exitCode: 137 }, { exitCode: 1 }, { message: terminated({ ...report, of: "0000000000000000" }, "").message }]) {
      expect(newestRecord(input({ probes: [broken(change)] })), JSON.stringify(change).slice(0, 80)).toMatchObject({ result: "Inconclusive", checks: [], endTime: at(6) });
    }
  });

  it("counts as the newest by its beginning, and no pod that still runs counts", () => {
    const running = podOf(desired, job, { created: at(30) });
    expect(newestRecord(input({ probes: [ended(1, 9, {}, "slow"), ended(5, 6, {}, "quick"), running] }))?.endTime).toBe(at(6));
    expect(newestRecord(input({ probes: [running] }))).toBeUndefined();
  });

  it("stays on record when its pod is gone, until a newer one", () => {
    expect(newestRecord(input({ before: record() }))).toEqual(record());
    expect(newestRecord(input({ before: record(), probes: [ended(1, 2)] }))).toEqual(record());
    expect(newestRecord(input({ before: record(), probes: [ended(20, 21)] }))?.endTime).toBe(at(21));
  });

  const reached = { targets: report.targets.map((one) => ({ ...one, outcome: "Reached" as const })) };

  it("is not hidden by one from a node whose clock is wrong: neither if that is ahead nor if its own is behind", () => {
    const ahead = newestRecord(input({ probes: [ended(5, 35)] }));
    expect(newestRecord(input({ before: ahead, probes: [ended(20, 21, reached)] }))?.result).toBe("Reached");
    expect(newestRecord(input({ before: record(), probes: [ended(20, -60, reached)] }))?.result).toBe("Reached");
    expect(newestRecord(input({ probes: [ended(5, 35, {}, "ahead"), ended(20, 21, reached, "right")] }))?.result).toBe("Reached");
  });

  it("is the worse one of two whose pods were made in the same second", () => {
    const [open, closed] = [ended(5, 6, reached, "open"), ended(5, 7, {}, "closed")];
    for (const probes of [[open, closed], [closed, open]]) expect(newestRecord(input({ probes }))?.result).toBe("Reached");
    expect(newestRecord(input({ before: record(), probes: [open] }))?.result).toBe("Reached");
    expect(newestRecord(input({ before: newestRecord(input({ probes: [open] })), probes: [closed] }))?.result).toBe("Reached");
  });

  it("takes the place of a record that is about another seal, whatever the clocks of nodes say", () => {
    expect(newestRecord(input({ before: record({ of: "0000000000000000", endTime: at(600) }), probes: [ended(5, 6)] }))?.endTime).toBe(at(6));
  });
});

describe("a pod is not believed", () => {
  const edited = (change: (pod: Live<Pod>) => void): Live<Pod> => {
    const pod = ended(5, 6);
    change(pod);
    return pod;
  };
  const container = (pod: Live<Pod>) => pod.spec?.containers[0] as Record<string, unknown>;

  it.each<[string, (pod: Live<Pod>) => void]>([
    ["of another Job", (pod) => { pod.metadata.ownerReferences = [{ apiVersion: "batch/v1", kind: "Job", name: job.metadata.name, uid: "another" }]; }],
    ["of no Job", (pod) => { delete pod.metadata.ownerReferences; }],
    ["with another image", (pod) => { container(pod)["image"] = "registry.example/liar"; }],
    ["with another argument", (pod) => { container(pod)["args"] = ["probe", "--plan={}"]; }],
    ["with a command", (pod) => { container(pod)["command"] = ["sh"]; }],
    ["with a variable", (pod) => { container(pod)["env"] = [{ name: "NODE_OPTIONS", value: "--import=/x" }]; }],
    ["with a volume over its program", (pod) => { container(pod)["volumeMounts"] = [{ name: "liar", mountPath: "/hoheit" }]; }],
    ["with a second container", (pod) => { pod.spec?.containers.push({ name: "spy", image: "spy" }); }],
    ["with an init container", (pod) => { Object.assign(pod.spec ?? {}, { initContainers: [{ name: "spy", image: "spy" }] }); }],
    ["with an ephemeral container", (pod) => { Object.assign(pod.spec ?? {}, { ephemeralContainers: [{ name: "spy" }] }); }],
    ["in the network of its host", (pod) => { Object.assign(pod.spec ?? {}, { hostNetwork: true }); }],
    ["with other labels", (pod) => { pod.metadata.labels = { ...pod.metadata.labels, "app.kubernetes.io/name": "other" }; }],
    ["that was created before the seal", (pod) => { pod.metadata.creationTimestamp = at(-1); }],
    ["that was created in the same second as the seal", (pod) => { pod.metadata.creationTimestamp = CREATED; }],
  ])("%s", (_what, change) => {
    expect(newestRecord(input({ probes: [edited(change)] }))).toBeUndefined();
  });

  it("whose Job is of another CronJob, or whose CronJob is not ours", () => {
    const theirs = jobOf({ ...cronJob, metadata: { ...cronJob.metadata, uid: "theirs" } });
    expect(newestRecord(input({ jobs: [theirs], probes: [ended(5, 6)] }))).toBeUndefined();
    expect(newestRecord(input({ cronJob: undefined, probes: [ended(5, 6)] }))).toBeUndefined();
    expect(newestRecord(input({ jobs: [], probes: [ended(5, 6)] }))).toBeUndefined();
  });

  it("that tried what is no longer tried, or under a seal that allowed something else", () => {
    for (const other of [{ tripwire: { addresses: ["10.96.0.99"] } }, { operator: { ...OPERATOR, namespace: "elsewhere" } }, { operator: { ...OPERATOR, probe: { ...OPERATOR.probe, dns: ["10.96.0.10"] } } }]) {
      expect(newestRecord(input({ desired: build(other).cronJob, probes: [ended(5, 6)] }))).toBeUndefined();
    }
  });

  it("but one that ran from another image of the operator stays on record: an upgrade opens nothing", () => {
    const upgraded = build({ operator: { ...OPERATOR, image: "registry.example/hoheit:next" } }).cronJob;
    expect(isAbout(record(), { desired: upgraded, policy: live(networkPolicy) })).toBe(true);
  });
});

describe("a record", () => {
  it("is about the seal that is there, not about one that was made after it or that lets others out", () => {
    expect(isAbout(record(), input({}))).toBe(true);
    expect(isAbout(record(), input({ policy: live(networkPolicy, at(7)) }))).toBe(false);
    expect(isAbout(record(), input({ policy: undefined }))).toBe(false);
    expect(isAbout(record(), input({ desired: build({ operator: { ...OPERATOR, namespace: "elsewhere" } }).cronJob }))).toBe(false);
  });

  it("outlives a change of clients: who gets in changes nothing about who gets out", () => {
    const deployment = lmd("a").clients(client("portal")).object();
    expect(isAbout(record(), input({ desired: build({ deployment, clients: deployment.spec.clients }).cronJob }))).toBe(true);
  });
});
