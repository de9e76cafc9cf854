/**
 * `npm run bench -- NAME [ARGS...]`: the figures of docs/benchmarks.md, measured side by side on this machine. Not part of
 * any test: a figure is looked at by people, a test must not depend on how busy a machine is.
 */
import { deployments } from "./deployments.ts";
import { memory } from "./memory.ts";
import { peers } from "./peers.ts";
import { provers } from "./prove.ts";
import { takeOver } from "./take-over.ts";

const BENCHMARKS: Readonly<Record<string, (args: string[]) => Promise<void>>> = { peers, deployments, "take-over": takeOver, memory, prove: provers };

const [name = "", ...args] = process.argv.slice(2);
const benchmark = BENCHMARKS[name];
if (benchmark === undefined) {
  console.error(`usage: npm run bench -- ${Object.keys(BENCHMARKS).join("|")} [ARGS...]; docs/benchmarks.md shows the commands.`);
  process.exitCode = 2;
} else {
  await benchmark(args);
}
