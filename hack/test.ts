/**
 * `npm test [-- NAME...] [-- vitest options]`: types, then all tests, or the parts named: `types`, `unit`, `crd`,
 * `integration`, or a word that file names contain. Each runner ends with a line `N passed, N failed`.
 */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { temporaryFolder } from "./cluster/supervise.ts";
import { run, tool } from "./run.ts";

const PROJECTS = ["unit", "crd", "integration"];

interface Plan {
  readonly types: boolean;
  readonly vitest: readonly string[] | undefined;
}

/** What a command line asks for. Nothing named means everything. */
export function planOf(args: readonly string[]): Plan {
  const firstOption = args.findIndex((arg) => arg.startsWith("-"));
  const names = firstOption < 0 ? args : args.slice(0, firstOption);
  const options = firstOption < 0 ? [] : args.slice(firstOption);
  const rest = names.filter((name) => name !== "types");
  if (names.includes("types") && rest.length === 0) return { types: true, vitest: undefined };
  const projects = rest.filter((name) => PROJECTS.includes(name)).flatMap((name) => ["--project", name]);
  const filters = rest.filter((name) => !PROJECTS.includes(name));
  return { types: names.length === 0 || names.includes("types"), vitest: [...filters, ...projects, ...options] };
}

async function checkTypes(): Promise<boolean> {
  console.log("types: tsc");
  const { status } = await run(tool("tsc"), ["-p", "."]);
  console.log(status === 0 ? "1 passed, 0 failed" : "0 passed, 1 failed");
  return status === 0;
}

/** Starts a program with its output on ours, and resolves with its exit status. */
export type Start = (command: string, args: readonly string[], env: NodeJS.ProcessEnv) => Promise<number>;

const inForeground: Start = async (command, args, env) => (await run(command, args, { env })).status;

/**
 * Runs vitest, ends with the line of counts, and says whether all is well. A missing golden file must fail here, so vitest
 * is told that nobody looks at new ones.
 */
export async function runVitest(args: readonly string[], start: Start = inForeground): Promise<boolean> {
  const folder = temporaryFolder("hoheit-test-");
  const report = join(folder.path, "report.json");
  try {
    const status = await start(tool("vitest"), ["run", ...args, "--reporter=default", "--reporter=json", `--outputFile.json=${report}`], { CI: "1" });
    return printCounts(report) && status === 0;
  } finally {
    await folder.remove();
  }
}

function printCounts(report: string): boolean {
  if (!existsSync(report)) {
    console.log("0 passed, 1 failed");
    return false;
  }
  const counts = JSON.parse(readFileSync(report, "utf8")) as { numPassedTests: number; numFailedTests: number; numFailedTestSuites: number };
  // A file that cannot even be loaded has no failed test in it, only a failed suite.
  const failed = Math.max(counts.numFailedTests, counts.numFailedTestSuites > 0 ? 1 : 0);
  console.log(`${counts.numPassedTests} passed, ${failed} failed`);
  return failed === 0;
}

async function main(args: readonly string[]): Promise<boolean> {
  const plan = planOf(args);
  const typesHold = !plan.types || await checkTypes();
  if (plan.vitest === undefined || !typesHold) return typesHold;
  return runVitest(plan.vitest);
}

if (import.meta.main) process.exitCode = await main(process.argv.slice(2)) ? 0 : 1;
