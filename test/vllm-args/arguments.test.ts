/**
 * Everything that Hoheit renders for the vLLM that is installed, read by that vLLM's own parser. For other versions there
 * are the tables in operator/engine/versions, which were extracted from their parsers; the table of this version is
 * compared with the parser that it came from.
 */
import { execFile } from "node:child_process";
import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { beforeAll, describe, expect, test } from "vitest";
import { fromYaml } from "../../operator/cli/yaml.ts";
import { grammarOf } from "../../operator/engine/versions.ts";
import type { Deployment } from "../../operator/lib/k8s-types.ts";
import { lockedVersion, minorVersion, runScript } from "../vllm/engine.ts";
import { ensureTree } from "../vllm/index.ts";

const run = promisify(execFile);
const ROOT = join(import.meta.dirname, "..", "..");
const GOLDEN = "operator/kinds/language-model-deployment/testdata";
const VERSION = minorVersion();

interface Rendered {
  readonly name: string;
  readonly args: readonly string[];
  readonly variables: readonly string[];
}

/** Controls: what lets these pass would let everything pass. */
const WRONG: Readonly<Record<string, readonly string[]>> = {
  "a flag that was removed": ["/models/weights", "--disable-log-requests"],
  "a flag that was removed, with a value": ["/models/weights", "--swap-space=4"],
  "the beginning of a flag": ["/models/weights", "--max-num-seq=4"],
  "a word for a number": ["/models/weights", "--max-num-seqs=many"],
  "a word that is none of a flag's": ["/models/weights", "--convert=embedding"],
  "a flag without its value": ["/models/weights", "--max-model-len"],
};

/** What parse_arguments.py prints. */
interface Answer {
  readonly version: string;
  readonly errors: readonly (string | null)[];
  readonly flags: readonly string[];
  readonly variables: readonly string[];
}

const rendered = [...goldenDeployments(), ...await sampleDeployments()];
let answer: Answer;

beforeAll(async () => {
  const tree = await ensureTree({ step: console.log, tick: () => undefined });
  const lists = [...rendered.map(({ args }) => args), ...Object.values(WRONG)];
  answer = JSON.parse(await runScript(tree, ["parse_arguments.py"], JSON.stringify({ lists }))) as Answer;
});

test("the installed vLLM is of the version that the lock names", () => {
  expect(answer.version).toBe(lockedVersion());
  expect(rendered.length).toBeGreaterThan(5);
});

test.each(rendered.map(({ name }, index) => ({ name, index })))("$name: vLLM accepts its arguments", ({ index }) => {
  expect(answer.errors[index]).toBeNull();
});

test.each(Object.keys(WRONG).map((what, index) => ({ what, index })))("refused is $what", ({ index }) => {
  expect(answer.errors[rendered.length + index]).toMatch(/error|Error/);
});

test.each(rendered)("$name: vLLM reads every VLLM_ variable that is set", ({ variables }) => {
  expect(variables.filter((variable) => variable.startsWith("VLLM_") && !answer.variables.includes(variable))).toEqual([]);
});

describe(`operator/engine/versions/${VERSION}.json`, () => {
  const grammar = grammarOf(VERSION)!;

  test("has the parser's flags, all of them and no other", () => {
    expect(new Set([...grammar.flags.keys(), ...grammar.short.keys()])).toEqual(new Set(answer.flags));
  });

  test("has the variables, all of them and no other", () => {
    expect(grammar.environment).toEqual(new Set(answer.variables.filter((name) => name.startsWith("VLLM_"))));
  });
});

/** Of the golden files, those for this version. */
function goldenDeployments(): Rendered[] {
  return globSync(`${GOLDEN}/*/input.yaml`, { cwd: ROOT }).toSorted().flatMap((input) => {
    const folder = input.replace(/\/input\.yaml$/, "");
    if (!isForThisVersion([input])) return [];
    const file = `${folder}/expected/deployment.yaml`;
    return containerOf(file.replace(`${GOLDEN}/`, ""), fromYaml(readFileSync(join(ROOT, file), "utf8"), file) as Deployment[]);
  });
}

/** Whether these manifests ask for the version that is installed. */
function isForThisVersion(files: readonly string[]): boolean {
  const objects = files.flatMap((file) => fromYaml(readFileSync(join(ROOT, file), "utf8"), file)) as { spec?: { engine?: { version: string } } }[];
  return objects.some(({ spec }) => spec?.engine?.version === VERSION);
}

/** Of the samples, those for this version, as `hoheit render` shows them. */
async function sampleDeployments(): Promise<Rendered[]> {
  const byFolder = Map.groupBy(globSync("samples/*/*.yaml", { cwd: ROOT }).toSorted(), (file) => file.split("/")[1] ?? "");
  const found = await Promise.all([...byFolder].filter(([, files]) => isForThisVersion(files)).map(async ([folder, files]) => {
    const { stdout } = await run(process.execPath, [join(ROOT, "operator", "main.ts"), "render", "-f", ...files], { cwd: ROOT });
    return containerOf(`samples/${folder}`, fromYaml(stdout, folder) as Deployment[]);
  }));
  return found.flat();
}

function containerOf(name: string, objects: readonly Deployment[]): Rendered[] {
  return objects.filter(({ kind }) => kind === "Deployment").map(({ spec }) => {
    const container = spec?.template.spec?.containers.find((one) => one.name === "vllm");
    if (container?.args === undefined) throw new Error(`${name} has no arguments`);
    return { name, args: container.args, variables: (container.env ?? []).map((variable) => variable.name) };
  });
}
