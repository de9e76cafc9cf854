/**
 * testdata/<case>/input.yaml and what it becomes, for a reviewer to read. `npx vitest run -u golden` rewrites the results;
 * where CI is set a missing one is a failure.
 *
 * A change of expected/deployment.yaml below spec.template restarts every pod of every cluster at the next upgrade. If
 * that is not meant, add a revision in template.ts instead.
 */
import { existsSync, globSync, readdirSync, readFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { describe, expect, test } from "vitest";
import { fromYaml, toYaml } from "../../../cli/yaml.ts";
import { canonicalJson } from "../../../lib/hash.ts";
import { parseManifest } from "../../define.ts";
import { languageModel } from "../../language-model/schema.ts";
import { languageModelDeployment } from "../schema.ts";
import { argumentViolations, environmentViolations } from "../../../engine/index.ts";
import { buildChildren, type BuildInput, type Children, type MetricsScraper } from "./index.ts";
import { OPERATOR, TRIPWIRE } from "../../../../test/support/makers.ts";
import { podSecurityViolations } from "../../../../test/support/pod-security.ts";

const TESTDATA = join(import.meta.dirname, "..", "testdata");
const cases = globSync("*/input.yaml", { cwd: TESTDATA }).map((file) => dirname(file)).toSorted();

const FILES: Readonly<Record<keyof Children, string>> = {
  networkPolicy: "network-policy.yaml",
  serviceAccount: "service-account.yaml",
  service: "service.yaml",
  podDisruptionBudget: "pod-disruption-budget.yaml",
  gateConfig: "gate-config.yaml",
  deployment: "deployment.yaml",
  cronJob: "cron-job.yaml",
};

/** Reads a case as the operator would, every text passed through `change` first. */
function inputOf(name: string, change: <T>(value: T) => T = (value) => value): BuildInput {
  const [rawModel, rawDeployment] = fromYaml(readFileSync(join(TESTDATA, name, "input.yaml"), "utf8"), name).map(change);
  const model = parseManifest(languageModel, rawModel);
  const deployment = parseManifest(languageModelDeployment, rawDeployment);
  if (!model.ok || !deployment.ok) throw new Error(`${name} does not parse: ${JSON.stringify([model, deployment])}`);
  const scraperFile = join(TESTDATA, name, "scraper.yaml");
  const scraper = existsSync(scraperFile) ? (change(fromYaml(readFileSync(scraperFile, "utf8"), name)[0]) as MetricsScraper) : undefined;
  const { source, integrity } = model.value.spec;
  return {
    deployment: deployment.value,
    clients: deployment.value.spec.clients,
    metricsScraper: scraper,
    operator: OPERATOR,
    tripwire: TRIPWIRE,
    start: { model: { ...source.persistentVolumeClaim, digest: integrity.manifestDigest }, replicas: deployment.value.spec.replicas, liveAnnotations: undefined },
  };
}

/** The same value with the members of every object in reverse order. */
function reversed<T>(value: T): T {
  if (Array.isArray(value)) return value.map(reversed) as T;
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).toReversed().map(([key, member]) => [key, reversed(member)])) as T;
}

describe.each(cases)("%s", (name) => {
  const children = buildChildren(inputOf(name));

  test.each(Object.entries(FILES) as [keyof Children, string][])("renders %s as in %s", async (child, file) => {
    const path = join(TESTDATA, name, "expected", file);
    const object = children[child];
    if (object === undefined) expect(existsSync(path), `${path} is left over`).toBe(false);
    else await expect(toYaml(object)).toMatchFileSnapshot(path);
  });

  test("has no expected file that no builder makes", () => {
    const known = new Set(Object.values(FILES));
    expect(readdirSync(join(TESTDATA, name, "expected")).filter((file) => !known.has(basename(file)))).toEqual([]);
  });

  test("is accepted by the engine's checks", () => {
    const { engine, task } = inputOf(name).deployment.spec;
    expect([...argumentViolations(engine.version, engine.args, task), ...environmentViolations(engine.version, engine.env)]).toEqual([]);
  });

  test("passes Pod Security restricted", () => {
    expect(podSecurityViolations(children.deployment?.spec?.template)).toEqual([]);
    expect(podSecurityViolations(children.cronJob.spec?.jobTemplate.spec?.template)).toEqual([]);
  });

  test("is the same, byte for byte, whatever order the members of the input came in", () => {
    const again = buildChildren(inputOf(name, reversed));
    for (const child of Object.keys(FILES) as (keyof Children)[]) {
      expect(canonicalJson(again[child] ?? null)).toBe(canonicalJson(children[child] ?? null));
      if (again[child] !== undefined) expect(toYaml(again[child])).toBe(toYaml(children[child] ?? {}));
    }
  });

  test("carries no text that people wrote for people", () => {
    const rendered = JSON.stringify(children);
    expect(rendered).not.toContain("Größtes");
    expect(rendered).not.toContain("undefined");
  });
});
