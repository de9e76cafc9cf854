/** What every benchmark does with its figures: middle and spread of several runs, the circumstances, one JSON file. */
import { mkdirSync, writeFileSync } from "node:fs";
import { cpus, loadavg, totalmem } from "node:os";
import { join, relative } from "node:path";
import { ROOT } from "../../hack/run.ts";

/** Several runs of one figure. */
export interface Spread {
  readonly median: number;
  readonly min: number;
  readonly max: number;
  readonly runs: readonly number[];
}

/** Throws for no value: a figure that nobody measured is a bug of the benchmark. */
export function spread(runs: readonly number[]): Spread {
  const sorted = runs.toSorted((a, b) => a - b);
  const [min, max] = [sorted[0], sorted.at(-1)];
  if (min === undefined || max === undefined) throw new Error("no run has this figure");
  const middle = (sorted.length - 1) / 2;
  const median = ((sorted[Math.floor(middle)] ?? min) + (sorted[Math.ceil(middle)] ?? max)) / 2;
  return { median: round(median), min: round(min), max: round(max), runs: runs.map(round) };
}

const round = (value: number): number => Math.round(value * 1000) / 1000;

/** `12.3 (11.9 - 14.0)` */
export const show = ({ median, min, max }: Spread): string => `${median} (${min} - ${max})`;

/** What the figures depend on beside the code. Load is that of the last 1, 5 and 15 minutes. */
export function circumstances(): Record<string, unknown> {
  const [first] = cpus();
  // Where somebody keeps the harness is nobody's business.
  const args = process.argv.slice(2).map((word, i, all) => (all[i - 1] === "--harness" ? "DIR" : word));
  return {
    at: new Date().toISOString(), command: `npm run bench -- ${args.join(" ")}`, node: process.version,
    cpu: first?.model, cores: cpus().length, memoryGiB: Math.round(totalmem() / 2 ** 30), load: loadavg().map(round),
  };
}

/** Keeps figures under results/DATE-NAME.json and says where. */
export function keep(name: string, figures: Record<string, unknown>): void {
  const folder = join(import.meta.dirname, "results");
  mkdirSync(folder, { recursive: true });
  const file = join(folder, `${new Date().toISOString().slice(0, 10)}-${name}.json`);
  writeFileSync(file, `${JSON.stringify({ ...circumstances(), ...figures }, null, 1)}\n`);
  console.log(`kept in ${relative(ROOT, file)}; load ${loadavg().map(round).join(" ")}`);
}
