/**
 * `npm run bench -- prove`: what a proof of a whole cluster costs, from scratch and after one changed policy, with the flags
 * that we ship and with none; beside it, in processes of their own with the same flags, parsing and hashing the same objects,
 * and the point evaluator. Rounds are interleaved.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { loadavg, tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { run } from "../../hack/run.ts";
import { bundleProgram } from "./bundle.ts";
import { keep, show, spread } from "./figures.ts";
import type { Figures } from "./harness.ts";
import { shippedFlags } from "./house.ts";

/** Pods of a namespace of the synthetic cluster (prove-once.ts). */
const PODS = 50;

interface Options {
  readonly program: string;
  readonly namespaces: string;
  readonly changes: string;
}

export async function provers(args: string[]): Promise<void> {
  const { values } = parseArgs({ args, options: { namespaces: { type: "string", default: "1000" }, changes: { type: "string", default: "300" }, runs: { type: "string", default: "3" } } });
  const temporary = mkdtempSync(join(tmpdir(), "hoheit-bench-"));
  const contenders = { shipped: shippedFlags(), none: [] };
  const results = new Map<string, Figures[]>(Object.keys(contenders).map((name) => [name, []]));
  try {
    const options = { program: await bundleProgram("prove-once.ts", temporary), namespaces: values.namespaces, changes: values.changes };
    for (let round = 1; round <= Number(values.runs); round += 1) {
      for (const [name, flags] of Object.entries(contenders)) {
        const figures = await measureWith(flags, options);
        console.log(`round ${round}, flags: ${name}, load ${loadavg()[0]?.toFixed(1)}: ${JSON.stringify(figures)}`);
        results.get(name)?.push(figures);
      }
    }
  } finally {
    rmSync(temporary, { recursive: true, force: true });
  }
  report(values.namespaces, results);
}

async function measureWith(flags: readonly string[], { program, namespaces, changes }: Options): Promise<Figures> {
  const measure = async (what: string): Promise<Figures> => {
    const { status, output } = await run(process.execPath, [...flags, "--expose-gc", program, what, namespaces, changes], { capture: true });
    if (status !== 0) throw new Error(`${what} ended with ${status}:\n${output}`);
    return JSON.parse(output) as Figures;
  };
  const [proof, hashing, packets] = [await measure("prove"), await measure("hash"), await measure("packets")];
  const { cpuSeconds = 0 } = proof;
  return {
    ...proof, hashingCpuSeconds: hashing["cpuSeconds"] ?? 0, microsecondsPerPacket: packets["microsecondsEach"] ?? 0,
    timesHashing: cpuSeconds / (hashing["cpuSeconds"] ?? 0), packetsPerPod: (cpuSeconds * 1e6) / (Number(namespaces) * PODS) / (packets["microsecondsEach"] ?? 0),
  };
}

function report(namespaces: string, results: ReadonlyMap<string, readonly Figures[]>): void {
  const names = [...new Set([...results.values()].flat().flatMap(Object.keys))];
  const figures = Object.fromEntries([...results].map(([name, rounds]) => [name, Object.fromEntries(names.map((figure) => [figure, spread(rounds.map((round) => round[figure] ?? 0))]))]));
  console.table(Object.fromEntries(names.map((figure) => [figure, Object.fromEntries(Object.entries(figures).map(([name, all]) => [name, all[figure] === undefined ? "" : show(all[figure])]))])));
  keep(`prove-${namespaces}`, { namespaces: Number(namespaces), figures });
}
