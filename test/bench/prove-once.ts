/**
 * One measurement of the prover, in a process that does nothing else, printed as one line of JSON (Measured):
 * `node [FLAGS] --expose-gc prove-once.ts prove|hash|packets NAMESPACES CHANGES`.
 *
 *   prove     everything from scratch, and then one changed policy after the other
 *   hash      what is read is parsed and hashed, object by object: what evidence costs without any proof
 *   packets   the point evaluator asks one packet of each pod, of some namespaces by themselves
 */
import { shortHash } from "../../operator/lib/hash.ts";
import { decide } from "../../operator/sovereignty/point/decide.ts";
import { createMemo } from "../../operator/sovereignty/prover/memo.ts";
import { prove } from "../../operator/sovereignty/prover/prove.ts";
import type { Snapshot } from "../../operator/sovereignty/snapshot.ts";
import { syntheticCluster, withOneChange } from "./synthetic-cluster.ts";

const POLICIES = 20;
const PODS = 50;
/** The point evaluator looks through all policies for each packet: it is asked about clusters of one namespace. */
const ASKED = 20;

const [what = "", ...numbers] = process.argv.slice(2);
const [namespaces = 0, changes = 0] = numbers.map(Number);

interface Cost {
  readonly seconds: number;
  readonly cpuSeconds: number;
}

/** Time and processor time of `work`, garbage collection included. What it returns is held until after the measurement. */
function costOf<T>(work: () => T): { readonly cost: Cost; readonly result: T } {
  const [begin, cpu] = [performance.now(), process.cpuUsage()];
  const result = work();
  const { user, system } = process.cpuUsage(cpu);
  return { result, cost: { seconds: (performance.now() - begin) / 1000, cpuSeconds: (user + system) / 1e6 } };
}

const MIB = 2 ** 20;

/** MiB of living objects. */
function heap(): number {
  globalThis.gc?.();
  return process.memoryUsage().heapUsed / MIB;
}

const resident = (): number => process.memoryUsage().rss / MIB;
const most = (): number => process.resourceUsage().maxRSS / 1024;

const cluster = (count: number): Snapshot => syntheticCluster({ namespaces: count, policies: POLICIES, pods: PODS });

const MEASUREMENTS: Readonly<Record<string, () => Readonly<Record<string, number>>>> = {
  prove() {
    let snapshot = cluster(namespaces);
    const before = { heapMiB: heap(), residentMiB: resident() };
    const memo = createMemo();
    const { cost, result } = costOf(() => prove(snapshot, memo));
    const after = { mostMiB: most(), heapMiB: heap() };
    const times = Array.from({ length: changes }, (_, i) => {
      snapshot = withOneChange(snapshot, (i * 97) % namespaces);
      return costOf(() => prove(snapshot, memo)).cost.seconds * 1000;
    }).toSorted((a, b) => a - b);
    const percentile = (share: number): number => times[Math.min(times.length - 1, Math.floor(share * times.length))] ?? 0;
    return {
      ...cost, refuted: result.namespaces.filter(({ verdict }) => verdict === "REFUTED").length, proved: result.namespaces.filter(({ verdict }) => verdict === "PROVED").length,
      snapshotHeapMiB: before.heapMiB, snapshotResidentMiB: before.residentMiB, proofHeapMiB: after.heapMiB - before.heapMiB, mostMiB: after.mostMiB,
      changeP50Ms: percentile(0.5), changeP99Ms: percentile(0.99), mostAfterChangesMiB: most(),
    };
  },
  hash() {
    const { networkPolicies, workloads } = cluster(namespaces);
    const texts = [...networkPolicies, ...workloads].map((object) => JSON.stringify(object));
    return { ...costOf(() => texts.map((text) => shortHash(JSON.parse(text)))).cost };
  },
  packets() {
    const all = cluster(ASKED);
    const alone = all.namespaces.slice(0, ASKED).map(({ metadata: { name } }): Snapshot => ({ ...all, networkPolicies: all.networkPolicies.filter(({ metadata }) => metadata.namespace === name), workloads: all.workloads.filter(({ namespace }) => namespace === name) }));
    const { cost } = costOf(() => alone.map((snapshot) => snapshot.workloads.map(({ id }) => decide(snapshot, { from: id, family: "IPv4", address: "8.8.8.8", protocol: "TCP", port: 443 }).verdict)));
    return { ...cost, microsecondsEach: (cost.cpuSeconds * 1e6) / (ASKED * PODS) };
  },
};

const measure = MEASUREMENTS[what];
if (measure === undefined) throw new Error(`measures ${Object.keys(MEASUREMENTS).join(", ")}, not ${what}`);
console.log(JSON.stringify(measure()));
