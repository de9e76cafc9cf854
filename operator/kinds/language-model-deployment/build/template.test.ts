import { describe, expect, test } from "vitest";
import { lmd, OPERATOR, TRIPWIRE } from "../../../../test/support/makers.ts";
import { TEMPLATE_INPUTS, TEMPLATE_REVISION } from "../../../lib/labels.ts";
import type { LanguageModelDeployment } from "../schema.ts";
import { buildDeployment } from "./deployment.ts";
import type { BuildInput } from "./input.ts";
import { chooseTemplate, LATEST_REVISION, templateInputs, templates, type TemplateRevision } from "./template.ts";

const model = { claimName: "weights", path: ".", digest: `sha256:${"0f".repeat(32)}` };
const hashOf = (deployment: LanguageModelDeployment, served = model) => templateInputs({ name: deployment.metadata.name, spec: deployment.spec, model: served });

/** A second revision, as a later operator may have one. */
const second: TemplateRevision = { revision: 2, build: () => ({ spec: { containers: [{ name: "second" }] } }) };
const later = [...templates, second];

const inputFor = (deployment: LanguageModelDeployment, liveAnnotations?: Record<string, string>): BuildInput =>
  ({ deployment, clients: [], metricsScraper: undefined, operator: OPERATOR, tripwire: TRIPWIRE, start: { model, replicas: 1, liveAnnotations } });

const containerOf = (input: BuildInput, known?: readonly TemplateRevision[]): string | undefined => buildDeployment(input, known)?.spec?.template.spec?.containers[0]?.name;

describe("template revisions", () => {
  test("a new Deployment gets the newest", () => {
    expect(chooseTemplate(undefined, "h", later)).toBe(second);
    expect(chooseTemplate({}, "h", later)).toBe(second);
  });

  test("an operator that knows a newer one renders what runs while nothing has changed", () => {
    const before = buildDeployment(inputFor(lmd("a").object()));
    const live = before?.metadata.annotations ?? {};
    expect(live).toMatchObject({ [TEMPLATE_REVISION]: "1" });
    const after = buildDeployment(inputFor(lmd("a").object(), live), later);
    expect(after).toEqual(before);
  });

  test("an operator with another image leaves the gate that runs as it is, until the pods are made anew anyway", () => {
    const before = buildDeployment(inputFor(lmd("a").object()));
    const live = before?.metadata.annotations;
    const upgraded = { ...OPERATOR, image: "registry.example/hoheit:next" };
    const imageOf = (input: BuildInput, known?: readonly TemplateRevision[]): string | undefined => buildDeployment({ ...input, operator: upgraded }, known)?.spec?.template.spec?.initContainers?.[0]?.image;
    expect(buildDeployment({ ...inputFor(lmd("a").object(), live), operator: upgraded })).toEqual(before);
    expect(imageOf(inputFor(lmd("a").object(), live), later)).toBe(OPERATOR.image);
    expect(imageOf(inputFor(lmd("a").args("--seed=1").object(), live))).toBe(upgraded.image);
    expect(imageOf(inputFor(lmd("a").object(), { ...live, [TEMPLATE_REVISION]: "7" }))).toBe(upgraded.image);
    expect(imageOf(inputFor(lmd("a").object()))).toBe(upgraded.image);
  });

  test("a change of the spec brings the newest", () => {
    const live = buildDeployment(inputFor(lmd("a").object()))?.metadata.annotations;
    expect(containerOf(inputFor(lmd("a").args("--seed=1").object(), live), later)).toBe("second");
  });

  test("a revision that is not known, after a downgrade, is replaced by the newest that is", () => {
    const inputs = hashOf(lmd("a").object());
    expect(chooseTemplate({ [TEMPLATE_INPUTS]: inputs, [TEMPLATE_REVISION]: "7" }, inputs, later)).toBe(second);
  });

  test("revisions are numbered in order, and the newest is the last", () => {
    const numbers = templates.map(({ revision }) => revision);
    expect(numbers).toEqual(numbers.toSorted((a, b) => a - b));
    expect(new Set(numbers).size).toBe(numbers.length);
    expect(LATEST_REVISION).toBe(numbers.at(-1));
  });
});

describe("what counts as a change of the template", () => {
  const base = lmd("a");
  const scheduled = (tolerations: object[]) => base.spec({ scheduling: { tolerations } });

  test.each<[string, ReturnType<typeof lmd>]>([
    ["image", base.engine({ image: "registry.example/other@sha256:00" })],
    ["engine version", base.engine({ version: "0.31" })],
    ["args", base.args("--seed=1")],
    ["env", base.env({ TZ: "UTC" })],
    ["pull secrets", base.engine({ imagePullSecretRefs: [{ name: "x" }] })],
    ["served names", base.spec({ servedNames: ["other"] })],
    ["context length", base.spec({ contextLength: 4096 })],
    ["accelerators", base.gpus(2)],
    ["resource", base.gpus(1, "amd.com/gpu")],
    ["start-up time", base.spec({ rollout: { startupSeconds: 60 } })],
    ["drain time", base.spec({ rollout: { drainSeconds: 60 } })],
    ["node selector", base.spec({ scheduling: { nodeSelector: { a: "b" } } })],
    ["tolerations", scheduled([{ operator: "Exists" }])],
    ["priority", base.spec({ scheduling: { priorityClassName: "high" } })],
    ["cpu", base.spec({ resources: { cpu: "1" } })],
    ["memory", base.spec({ resources: { memory: "1Gi" } })],
    ["confidentiality", base.spec({ confidentiality: { content: "CachedInMemory" } })],
  ])("%s", (_what, changed) => {
    expect(hashOf(changed.object())).not.toBe(hashOf(base.object()));
  });

  test.each([{ digest: `sha256:${"1".repeat(64)}` }, { claimName: "other" }, { path: "sub" }])("the model: %j", (change) => {
    expect(hashOf(base.object(), { ...model, ...change })).not.toBe(hashOf(base.object()));
  });

  test.each<[string, ReturnType<typeof lmd>]>([
    ["replicas", base.replicas(5)],
    ["clients", base.clients()],
    ["a tensor size that says what is the default", base.spec({ parallelism: { tensor: 1 } })],
    ["an empty scheduling", base.spec({ scheduling: {} })],
  ])("not %s", (_what, same) => {
    expect(hashOf(same.object())).toBe(hashOf(base.object()));
  });

  test("the order of served names: the first is in every answer", () => {
    const [one, other] = [base.spec({ servedNames: ["a", "b"] }).object(), base.spec({ servedNames: ["b", "a"] }).object()];
    expect(hashOf(one)).not.toBe(hashOf(other));
  });

  test("not the order of variables and secrets", () => {
    const secrets = (...names: string[]) => ({ imagePullSecretRefs: names.map((name) => ({ name })) });
    const one = base.engine(secrets("a", "b")).env({ TZ: "UTC", LANG: "C" });
    const other = base.engine(secrets("b", "a")).env({ LANG: "C", TZ: "UTC" });
    expect(hashOf(one.object())).toBe(hashOf(other.object()));
    expect(buildDeployment(inputFor(one.object()))).toEqual(buildDeployment(inputFor(other.object())));
  });

  test("every change of the template changes the hash: the template depends on nothing else", () => {
    const variants = [base, base.args("--seed=1"), base.gpus(2), base.spec({ servedNames: ["b"] }), base.replicas(3), base.clients()];
    const byHash = new Map<string, string>();
    for (const variant of variants) {
      const built = buildDeployment(inputFor(variant.object()));
      const hash = built?.metadata.annotations?.[TEMPLATE_INPUTS] ?? "";
      const template = JSON.stringify(built?.spec?.template);
      expect(byHash.get(hash) ?? template).toBe(template);
      byHash.set(hash, template);
    }
    expect(byHash.size).toBe(4);
  });
});
