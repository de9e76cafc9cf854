/**
 * The layer rule of the house: `main -> cli, kinds, workloads -> runtime -> kube -> lib`; the pure cores (`sovereignty`,
 * `retention`, `engine`) import `lib` only; `report` puts what they found into words and imports `lib` and them; what decides
 * in a kind (`build/`, `checks.ts`, `plan.ts`, ...) imports only `lib`, the pure cores and its own folder. Type imports
 * count: a type that leaks is a dependency too.
 */
import { readFileSync, globSync } from "node:fs";
import { dirname, relative, resolve } from "node:path";
import { parseAst } from "rolldown/parseAst";

const CORES = ["sovereignty", "retention", "engine"];
const MACHINERY = ["runtime", "kube", "lib"];

/** Top folders (or files) of `operator/` that each top folder may import besides itself. */
const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  lib: [],
  kube: ["lib"],
  runtime: ["kube", "lib"],
  ...Object.fromEntries(CORES.map((core) => [core, ["lib"]])),
  report: ["lib", ...CORES],
  kinds: [...MACHINERY, ...CORES, "report"],
  workloads: [...MACHINERY, ...CORES],
  cli: [...MACHINERY, ...CORES, "report", "kinds", "config.ts"],
  "config.ts": ["lib", "runtime", ...CORES],
  "main.ts": [...MACHINERY, ...CORES, "kinds", "workloads", "cli", "config.ts"],
};

/** These take data and return data; a client or a clock in them would be a second truth. */
const PURE_IN_KIND = /^kinds\/[^/]+\/(build\/.*|checks|plan|approval|waiting|conditions|schema|summary|verdict|seal|ending|gate-words|probe-record|probe-content)\.ts$/;
const PURE_MAY_IMPORT = ["lib", ...CORES];
/** Pure themselves: what schemas and checks of all kinds share, and the words in which plans and outcomes are written. */
const PURE_ELSEWHERE = /^(kinds\/[^/]+\.ts|kinds\/[^/]+\/(schema|verdict|conditions)\.ts|runtime\/(outcome|status|kind|events|execute)\.ts|kube\/(errors|resources)\.ts)$/;

export interface Breach {
  readonly file: string;
  readonly imports: string;
  readonly why: string;
}

/** All breaches in `operator/` under `root`. Tests (`*.test.ts`) may import what they like. */
export function findBreaches(root: string): Breach[] {
  const base = resolve(root, "operator");
  const breaches: Breach[] = [];
  for (const file of globSync("**/*.ts", { cwd: base }).filter((name) => !name.endsWith(".test.ts")).toSorted()) {
    for (const target of importsOf(base, file)) {
      const why = reasonAgainst(file, target);
      if (why !== undefined) breaches.push({ file: `operator/${file}`, imports: target, why });
    }
  }
  return breaches;
}

/** Undefined if `file` may import `target`; both relative to `operator/`. */
export function reasonAgainst(file: string, target: string): string | undefined {
  if (target === "../package.json") return undefined; // the version; it becomes part of the bundle
  if (target.startsWith("..")) return "operator/ is what ships; it imports nothing outside itself";
  const from = top(file);
  const to = top(target);
  if (from !== to && !(MAY_IMPORT[from] ?? []).includes(to)) return `${from} may import ${(MAY_IMPORT[from] ?? []).join(", ") || "nothing of the house"}`;
  if (PURE_IN_KIND.test(file) && !isPure(file, target)) return "what decides or builds is pure: lib, the pure cores and its own folder";
  return undefined;
}

function isPure(file: string, target: string): boolean {
  const ownFolder = file.split("/").slice(0, 2).join("/");
  if (target.startsWith(`${ownFolder}/`)) return !/\/(reconcile|execute)\.ts$/.test(target);
  return PURE_MAY_IMPORT.includes(top(target)) || PURE_ELSEWHERE.test(target);
}

const top = (path: string): string => path.split("/")[0] ?? path;

/** Relative imports and re-exports of a file, as paths under `base`. */
function importsOf(base: string, file: string): string[] {
  const text = readFileSync(resolve(base, file), "utf8");
  const { body } = parseAst(text, { lang: "ts", sourceType: "module" });
  const sources = body.flatMap((statement) => "source" in statement && statement.source !== null ? [statement.source.value] : []);
  // Dynamic imports are expressions; a scan is enough to keep them from being a way round.
  for (const match of text.matchAll(/\bimport\(\s*"([^"]+)"/g)) sources.push(match[1] ?? "");
  return sources.filter((source) => source.startsWith(".")).map((source) => relative(base, resolve(base, dirname(file), source)));
}
