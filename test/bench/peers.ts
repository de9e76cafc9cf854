/**
 * `npm run bench -- peers --harness DIR`: our runtime as a small Widget operator beside controller-runtime, kopf and a plain
 * writer, all measured from outside by a harness that is not ours (`measure-op.sh` and friends in DIR; docs/benchmarks.md
 * says what it must offer). Every contender gets a fresh control plane in every round; the rounds are interleaved.
 */
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { loadavg, tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { run } from "../../hack/run.ts";
import { bundleProgram } from "./bundle.ts";
import { keep, show, spread } from "./figures.ts";
import { measureFloor } from "./floor.ts";
import { shippedFlags } from "./house.ts";
import { prepare, type Figures, type Harness } from "./harness.ts";

interface Contender {
  /** The operator, run in the foreground. */
  readonly command: readonly string[];
  /** Whether it answers /stats with the times of its reconciles. */
  readonly stats: boolean;
  readonly env?: NodeJS.ProcessEnv;
}

const STATS_URL = "http://127.0.0.1:28080/stats";
const IDLE_SECONDS = 10;

export async function peers(args: string[]): Promise<void> {
  const { values } = parseArgs({ args, options: {
    harness: { type: "string" }, runs: { type: "string", default: "3" }, n: { type: "string", default: "1000" },
    only: { type: "string", default: "floor,controller-runtime,hoheit" },
  } });
  if (values.harness === undefined) throw new Error("--harness names the folder of the harness (measure-op.sh)");
  const temporary = mkdtempSync(join(tmpdir(), "hoheit-bench-"));
  const harness = await prepare(resolve(values.harness), temporary);
  const [names, n, rounds] = [values.only.split(","), Number(values.n), Number(values.runs)];
  const results = new Map<string, Figures[]>(names.map((name) => [name, []]));
  try {
    const widget = await bundleProgram("widget/operator.ts", temporary);
    for (let round = 1; round <= rounds; round += 1) {
      for (const name of names) {
        const figures = name === "floor" ? await measureFloor(harness, n) : await measureOperator(harness, { name, n, contender: contender(name, harness, widget) });
        console.log(`round ${round}, ${name}, N=${n}, load ${loadavg()[0]?.toFixed(1)}: ${JSON.stringify(figures)}`);
        results.get(name)?.push(figures);
      }
    }
  } finally {
    await run(join(harness.folder, "cp-stop.sh"), [], { env: harness.env, capture: true });
    rmSync(temporary, { recursive: true, force: true });
  }
  report(n, results);
}

function contender(name: string, { folder, env }: Harness, widget: string): Contender {
  const ours = (...node: string[]): Contender => ({ stats: true, command: [process.execPath, ...node, "--api", env["API"] ?? ""] });
  switch (name) {
    case "hoheit": return ours(...shippedFlags(), widget);
    case "hoheit-no-flags": return ours(widget);
    case "hoheit-source": return ours(join(import.meta.dirname, "widget", "operator.ts"));
    case "controller-runtime": return { stats: true, command: [join(folder, "op-go.sh"), "diff"] };
    // Slow to end and to settle; these are the harness's own settings for it.
    case "kopf": return {
      stats: false, env: { SETTLE: "6", DRAIN: "6", STILL: "40", LIMIT: "200s" },
      command: [join(env["PEER"] ?? "", "venv", "bin", "kopf"), "run", "--standalone", "--all-namespaces", "--log-format=plain", "-q", join(folder, "py", "kopf_peer.py")],
    };
    default: throw new Error(`--only knows floor, controller-runtime, kopf, hoheit, hoheit-no-flags and hoheit-source, not ${name}`);
  }
}

async function measureOperator(harness: Harness, { name, n, contender: { command, stats, env } }: { name: string; n: number; contender: Contender }): Promise<Figures> {
  const all = { ...harness.env, ...env, STATS: stats ? STATS_URL : "" };
  const { status, output } = await run(join(harness.folder, "measure-op.sh"), [name, String(n), String(IDLE_SECONDS), ...command], { env: all, capture: true });
  const lines = readFileSync(join(harness.out, `op-${name}-${n}.jsonl`), "utf8").trim().split("\n").map(readLine);
  if (status !== 0 || lines.every((line) => line.do !== "create")) throw new Error(`measure-op.sh ${name} ${n} ended with ${status}:\n${output}`);
  return figuresOf(lines);
}

/** A line of the harness, as far as we read it. */
interface Line {
  readonly phase?: string;
  readonly do?: string;
  readonly T?: number;
  readonly rss?: number;
  readonly rssPeak?: number;
  readonly cpuOp?: number;
  readonly cpuApi?: number;
  readonly cpuEtcd?: number;
  readonly cpuLoader?: number;
  readonly cpuHost?: number;
  readonly p50ms?: number;
  readonly p99ms?: number;
  readonly seenToFixedP50ms?: number;
  readonly seenToFixedP99ms?: number;
  readonly quietAfterS?: number;
  readonly firstReconcileS?: number;
  readonly lastReconcileS?: number;
  readonly requests?: { readonly writes: number; readonly byVerb: Readonly<Record<string, number>> };
}

/** The harness computes with bc, which writes 0.5 as .5. */
const readLine = (line: string): Line => JSON.parse(line.replaceAll(/:(-?)\.(?=\d)/g, ":$10.")) as Line;

function figuresOf(lines: readonly Line[]): Figures {
  const phase = (name: string): Line => lines.find((line) => line.phase?.startsWith(name) === true && line.requests === undefined && !line.phase.includes("stats")) ?? {};
  const requests = (name: string): Line["requests"] => lines.find((line) => line.phase?.startsWith(name) === true && line.requests !== undefined)?.requests;
  const did = (name: string): Line => lines.find((line) => line.do === name) ?? {};
  const lists = Object.entries(requests("restart")?.byVerb ?? {}).filter(([verb]) => verb.startsWith("list")).reduce((sum, [, count]) => sum + count, 0);
  const [created, drift, exact] = [did("create"), did("drift"), phase("restart exact")];
  const found: Record<string, number | undefined> = {
    convergeSeconds: created.T, convergeWrites: requests("converge")?.writes, operatorCpuSeconds: created.cpuOp, serverCpuSeconds: created.cpuApi, othersCpuSeconds: cpuOfOthers(created),
    rssEmptyMiB: phase("empty").rss, rssConvergedMiB: phase("converged").rss, rssPeakMiB: created.rssPeak,
    driftP50Ms: drift.p50ms, driftP99Ms: drift.p99ms,
    // From when a client saw the edit: without the edit's own way through the API server.
    driftSeenP50Ms: drift.seenToFixedP50ms, driftSeenP99Ms: drift.seenToFixedP99ms, restWrites: requests("idle")?.writes, rssAtRestMiB: phase("idle").rss,
    restartWrites: requests("restart")?.writes, restartLists: lists, restartQuietSeconds: phase("restart").quietAfterS,
    restartFirstReconcileSeconds: exact.firstReconcileS, restartLastReconcileSeconds: exact.lastReconcileS,
  };
  return Object.fromEntries(Object.entries(found).filter((entry): entry is [string, number] => entry[1] !== undefined));
}

/** What neighbours on the machine used while the Widgets converged: how far a figure is to be believed. */
function cpuOfOthers({ cpuHost, cpuOp = 0, cpuApi = 0, cpuEtcd = 0, cpuLoader = 0 }: Line): number | undefined {
  return cpuHost === undefined ? undefined : cpuHost - cpuOp - cpuApi - cpuEtcd - cpuLoader;
}

function report(n: number, results: ReadonlyMap<string, readonly Figures[]>): void {
  const summary = Object.fromEntries([...results].map(([name, rounds]) => [name, summarise(rounds)]));
  const figures = [...new Set(Object.values(summary).flatMap((one) => Object.keys(one)))];
  console.table(Object.fromEntries(figures.map((figure) => [figure, Object.fromEntries(Object.entries(summary).flatMap(([name, { [figure]: value }]) => (value === undefined ? [] : [[name, show(value)]])))])));
  const ratios = ratiosOf(results);
  console.log(Object.entries(ratios).map(([what, value]) => `${what}: ${show(value)}`).join("\n"));
  keep(`peers-${n}-${[...results.keys()].filter((name) => name !== "floor").join("-")}`, { n, summary, ratios });
}

function summarise(rounds: readonly Figures[]): Record<string, ReturnType<typeof spread>> {
  return Object.fromEntries(Object.keys(rounds[0] ?? {}).map((figure) => [figure, spread(rounds.flatMap((round) => round[figure] ?? []))]));
}

/** Round by round, because both members of a ratio then had the same neighbours on the machine. */
function ratiosOf(results: ReadonlyMap<string, readonly Figures[]>): Record<string, ReturnType<typeof spread>> {
  const times = (name: string): number[] => (results.get(name) ?? []).flatMap((round) => round["convergeSeconds"] ?? []);
  const ratio = (above: string, below: string): [string, ReturnType<typeof spread>][] => {
    const [a, b] = [times(above), times(below)];
    return a.length === 0 || b.length === 0 ? [] : [[`T ${above} / T ${below}`, spread(a.map((value, i) => value / (b[i] ?? Number.NaN)))]];
  };
  const operators = [...results.keys()].filter((name) => name !== "floor");
  return Object.fromEntries([
    ...operators.flatMap((name) => ratio("floor", name)),
    ...operators.filter((name) => !name.startsWith("hoheit")).flatMap((name) => ratio("hoheit", name)),
  ]);
}
