/** What the guard looks like: testdata/guard, for a reviewer to read. `npx vitest run --project unit -u guard` rewrites it. */
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { toYaml } from "../../../../cli/yaml.ts";
import type { GuardedPolicy } from "./concern.ts";
import { repositoryOf } from "./images.ts";
import { buildGuard } from "./index.ts";

const TESTDATA = join(import.meta.dirname, "..", "..", "testdata", "guard");
const exempt = ["kube-system", "hoheit-system"];
const operator = { user: "system:serviceaccount:hoheit-system:hoheit-operator", image: "registry.example/hoheit:0.2" };

const policy = (name: string, guard: "Enforce" | "Audit" | "Off" = "Enforce"): GuardedPolicy => ({
  metadata: { name },
  spec: { namespaceSelector: { matchLabels: { "hoheit.dev/governed": "true", [`policy-${name}`]: "yes" } }, enforcement: { guard, clusterNetworkPolicy: "Auto", probe: { schedule: "*/15 * * * *" } } },
});

const { admissionPolicies, bindings } = buildGuard({ policies: [policy("land"), policy("stadt", "Audit")], exempt, operator });

describe("golden", () => {
  test.each(admissionPolicies.map((object) => [object.metadata.name, object] as const))("%s", async (name, object) => {
    await expect(toYaml(object)).toMatchFileSnapshot(join(TESTDATA, `${name}.yaml`));
  });

  test("bindings", async () => {
    await expect(bindings.map(toYaml).join("---\n")).toMatchFileSnapshot(join(TESTDATA, "bindings.yaml"));
  });

  test("has no file that nothing makes", () => {
    expect(readdirSync(TESTDATA).toSorted()).toEqual(["bindings.yaml", ...admissionPolicies.map(({ metadata }) => `${metadata.name}.yaml`)].toSorted());
  });
});

test("the repository of an image is what is before its tag and digest", () => {
  for (const image of ["r.example:5000/a/hoheit", "r.example:5000/a/hoheit:1", "r.example:5000/a/hoheit@sha256:00", "r.example:5000/a/hoheit:1@sha256:00"]) {
    expect(repositoryOf(image)).toBe("r.example:5000/a/hoheit");
  }
});

describe("bindings", () => {
  const actionsOf = (...policies: GuardedPolicy[]): Record<string, string[] | undefined> =>
    Object.fromEntries(buildGuard({ policies, exempt, operator }).bindings.map(({ metadata, spec }) => [metadata.name, spec?.validationActions]));

  test("are the same whatever order the policies come in", () => {
    expect(buildGuard({ policies: [policy("stadt", "Audit"), policy("land")], exempt, operator })).toEqual({ admissionPolicies, bindings });
  });

  test("of a policy that audits refuse nothing", () => {
    expect(actionsOf(policy("a", "Audit"))).toMatchObject({ "a.pods.hoheit.dev": ["Audit", "Warn"], "roles.hoheit.dev": ["Audit", "Warn"] });
  });

  test("for every namespace are as strict as the strictest policy", () => {
    expect(actionsOf(policy("a", "Audit"), policy("b"))).toMatchObject({ "a.pods.hoheit.dev": ["Audit", "Warn"], "b.pods.hoheit.dev": ["Deny"], "roles.hoheit.dev": ["Deny"] });
  });

  test("do not exist for a policy whose guard is off, and nothing does without any", () => {
    expect(Object.keys(actionsOf(policy("a", "Off"), policy("b"))).filter((name) => name.startsWith("a."))).toEqual([]);
    expect(buildGuard({ policies: [policy("a", "Off")], exempt, operator })).toEqual({ admissionPolicies: [], bindings: [] });
    expect(buildGuard({ policies: [], exempt, operator })).toEqual({ admissionPolicies: [], bindings: [] });
  });

  test("for governed namespaces leave out what is never governed", () => {
    const selectors = bindings.flatMap(({ spec }) => spec?.matchResources?.namespaceSelector ?? []);
    expect(selectors.length).toBeGreaterThan(0);
    for (const { matchExpressions } of selectors) expect(matchExpressions).toEqual([{ key: "kubernetes.io/metadata.name", operator: "NotIn", values: ["hoheit-system", "kube-system"] }]);
  });

  test("that take a policy for a parameter refuse when it is gone, and each admission policy has one", () => {
    for (const { spec } of bindings) if (spec?.paramRef !== undefined) expect(spec.paramRef.parameterNotFoundAction).toBe("Deny");
    expect(new Set(bindings.map(({ spec }) => spec?.policyName))).toEqual(new Set(admissionPolicies.map(({ metadata }) => metadata.name)));
    for (const { spec } of admissionPolicies) expect(spec?.failurePolicy).toBe("Fail");
  });
});
