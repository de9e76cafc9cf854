/** `npm run verify`: what keeps the house in order besides tests. Every step runs, so that one run shows everything. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { build, whyItDoesNotRun } from "./build.ts";
import { findBreaches } from "./layers.ts";
import { ROOT, run, tool } from "./run.ts";

interface Step {
  readonly name: string;
  /** What is wrong; undefined if nothing is. */
  check(): Promise<string | undefined>;
}

const command = (name: string, program: string, args: readonly string[]): Step => ({
  name,
  async check() {
    const { status, output } = await run(program, args, { capture: true });
    return status === 0 ? undefined : output.trim() || `ended with status ${status}`;
  },
});

const STEPS: readonly Step[] = [
  command("types", tool("tsc"), ["-p", "."]),
  command("lint (oxlint, type-aware)", tool("oxlint"), ["--deny-warnings", "-f", "unix"]),
  { name: "layers", check: async () => findBreaches(ROOT).map(({ file, imports, why }) => `${file} imports ${imports}: ${why}`).join("\n") || undefined },
  command("generated files are fresh", process.execPath, ["hack/generate/index.ts", "--check"]),
  command("no unused code (knip)", tool("knip"), []),
  { name: "lockfile names no registry", check: async () => resolvedUrls() },
  { name: "bundle builds and runs alone", check: async () => whyItDoesNotRun(await build()) },
];

/** A host name in the lockfile would send everybody to somebody's mirror. */
function resolvedUrls(): string | undefined {
  const { packages } = JSON.parse(readFileSync(join(ROOT, "package-lock.json"), "utf8")) as { packages: Record<string, { resolved?: string }> };
  const named = Object.entries(packages).filter(([, { resolved }]) => resolved !== undefined && /^https?:/.test(resolved)).map(([path]) => path);
  return named.length === 0 ? undefined : `"resolved" is set for ${named.join(", ")}; install with omit-lockfile-registry-resolved`;
}

async function passes(step: Step): Promise<boolean> {
  const started = Date.now();
  const wrong = await step.check().catch((error: unknown) => error instanceof Error ? error.message : String(error));
  console.log(`${wrong === undefined ? "ok    " : "FAILED"} ${step.name} (${((Date.now() - started) / 1000).toFixed(1)} s)`);
  if (wrong !== undefined) console.log(wrong.replaceAll(/^/gm, "       "));
  return wrong === undefined;
}

let failed = 0;
for (const step of STEPS) if (!await passes(step)) failed += 1;
console.log(`${STEPS.length - failed} passed, ${failed} failed`);
process.exitCode = failed === 0 ? 0 : 1;
