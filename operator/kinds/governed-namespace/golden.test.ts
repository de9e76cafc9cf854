/**
 * testdata/<case>/input.yaml and what its first Namespace gets, for a reviewer to read. `npx vitest run -u golden` rewrites
 * the results; where CI is set a missing one is a failure. `name-servers.yaml`: what pods are told, where it matters.
 */
import { existsSync, globSync, readdirSync, readFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { describe, expect, test } from "vitest";
import { FakeCluster } from "../../../test/support/fake-cluster.ts";
import { fromYaml, toYaml } from "../../cli/yaml.ts";
import { NAMESPACES } from "../../kube/resources.ts";
import type { KubeObject, NetworkPolicy } from "../../lib/k8s-types.ts";
import { parseManifest } from "../define.ts";
import { languageModelDeployment } from "../language-model-deployment/schema.ts";
import { sovereigntyPolicy } from "../sovereignty-policy/schema.ts";
import { governedNamespaceController } from "./controller.ts";
import { observe } from "./observe.ts";
import { childrenOf } from "./state.ts";

const TESTDATA = join(import.meta.dirname, "testdata");
const cases = globSync("*/input.yaml", { cwd: TESTDATA }).map((file) => dirname(file)).toSorted();

function put(cluster: FakeCluster, object: KubeObject): void {
  const kind = [sovereigntyPolicy, languageModelDeployment].find((one) => one.kind === object.kind);
  const parsed = kind && parseManifest(kind, object);
  if (parsed?.ok === false) throw new Error(`${object.kind} ${object.metadata.name}: ${JSON.stringify(parsed.violations)}`);
  cluster.put<KubeObject>(kind?.resource ?? NAMESPACES, object);
}

/** What the operator would make of a case that was applied in this order. */
function policiesOf(name: string, order: (objects: KubeObject[]) => KubeObject[]): readonly NetworkPolicy[] {
  const read = (file: string): unknown[] => fromYaml(readFileSync(join(TESTDATA, name, file), "utf8"), file);
  const nameServers = existsSync(join(TESTDATA, name, "name-servers.yaml")) ? (read("name-servers.yaml")[0] as string[]) : [];
  const options = { operatorNamespace: "hoheit-system", nameServers, releaseMs: 0 };
  const cluster = new FakeCluster(governedNamespaceController(options));
  const objects = read("input.yaml") as KubeObject[];
  for (const object of order(objects)) put(cluster, object);
  const { defaultDeny, openings } = childrenOf(observe(cluster.context.cache(NAMESPACES).get(objects[0]!.metadata.name)!, cluster.context, options));
  return [defaultDeny, ...openings];
}

describe.each(cases)("%s", (name) => {
  const policies = policiesOf(name, (objects) => objects);

  test.each(policies.map((policy) => [policy.metadata.name, policy] as const))("renders %s", async (policy, object) => {
    await expect(toYaml(object)).toMatchFileSnapshot(join(TESTDATA, name, "expected", `${policy}.yaml`));
  });

  test("has no expected file that no builder makes", () => {
    expect(readdirSync(join(TESTDATA, name, "expected")).map((file) => basename(file, ".yaml")).toSorted()).toEqual(policies.map(({ metadata }) => metadata.name).toSorted());
  });

  test("is the same whatever came first", () => {
    expect(policiesOf(name, (objects) => objects.toReversed()).map(toYaml)).toEqual(policies.map(toYaml));
  });
});
