/**
 * The objects that we build, as the API server takes them: it adds defaults and canonicalises, and after that the live
 * object must still say what we want, or the operator would apply it for ever. Pods are judged by Pod Security itself.
 */
import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { fromYaml } from "../../operator/cli/yaml.ts";
import { canonicalQuantity } from "../../operator/kinds/language-model-deployment/build/quantity.ts";
import { CRON_JOBS, DEPLOYMENTS, NETWORK_POLICIES, POD_DISRUPTION_BUDGETS, SERVICES, SERVICE_ACCOUNTS, type Resource } from "../../operator/kube/resources.ts";
import { compare } from "../../operator/lib/diff.ts";
import type { Deployment, KubeObject, NetworkPolicy } from "../../operator/lib/k8s-types.ts";
import { client, rawCall, sharedPlane, uniqueNamespace } from "../support/control-plane.ts";

const TESTDATA = join(import.meta.dirname, "../../operator/kinds/language-model-deployment/testdata");
const RESOURCES: readonly [string, Resource][] = [
  ["network-policy", NETWORK_POLICIES], ["service-account", SERVICE_ACCOUNTS], ["service", SERVICES], ["pod-disruption-budget", POD_DISRUPTION_BUDGETS], ["deployment", DEPLOYMENTS], ["cron-job", CRON_JOBS],
];
const cases = globSync("*/expected", { cwd: TESTDATA }).map((folder) => folder.split("/")[0] ?? "").toSorted();

const { api, transport } = client("admin");
afterAll(() => transport.close());

function read<T extends KubeObject>(name: string, file: string, namespace: string): T[] {
  const path = join(TESTDATA, name, "expected", `${file}.yaml`);
  return globSync(path).flatMap((found) => fromYaml(readFileSync(found, "utf8"), file) as T[]).map((object) => ({ ...object, metadata: { ...object.metadata, namespace } }));
}

/** Nothing runs here: the seal's finalizer and the pods would only keep the namespace. */
const withoutFinalizers = <T extends KubeObject>(object: T): T => ({ ...object, metadata: { ...object.metadata, finalizers: [] } });

describe.each(cases)("%s", (name) => {
  test("the API server takes every object, and what it makes of them needs no second apply", async () => {
    const namespace = await uniqueNamespace(undefined, { restricted: true });
    for (const [file, resource] of RESOURCES) {
      for (const object of read(name, file, namespace).map(withoutFinalizers)) {
        await api.apply(resource, object, { createOnly: true });
        const live = await api.get(resource, object.metadata);
        expect(compare(object, live ?? {}), file).toEqual({ differs: undefined, extras: [] });
        expect(compare(object, await api.apply(resource, object)), file).toEqual({ differs: undefined, extras: [] });
      }
    }
  });

  test("Pod Security restricted admits its pod", async () => {
    const namespace = await uniqueNamespace(undefined, { restricted: true });
    const [account] = read(name, "service-account", namespace);
    const [deployment] = read<Deployment>(name, "deployment", namespace);
    if (account === undefined || deployment === undefined) throw new Error(`${name} has no expected account or deployment`);
    await api.apply(SERVICE_ACCOUNTS, account, { createOnly: true });
    // The class is the cluster's business.
    const { priorityClassName: _class, ...spec } = deployment.spec?.template.spec ?? { containers: [] };
    const pod = { apiVersion: "v1", kind: "Pod", metadata: { ...deployment.spec?.template.metadata, name: "judged", namespace }, spec };
    await expect(rawCall(sharedPlane(), "POST", `/api/v1/namespaces/${namespace}/pods?dryRun=All&fieldValidation=Strict`, { body: pod })).resolves.toMatchObject({ kind: "Pod" });
    const loose = { ...spec, hostPID: true };
    await expect(rawCall(sharedPlane(), "POST", `/api/v1/namespaces/${namespace}/pods?dryRun=All`, { body: { ...pod, spec: loose } })).rejects.toThrow(/restricted/);
  });
});

/** Each opens the seal of a policy that somebody edits; by merge patch, as `kubectl edit` would. */
const openings: readonly [string, object][] = [
  ["a way out", { spec: { egress: [{}] } }],
  ["everybody in", { spec: { ingress: [{}] } }],
  ["no say over egress", { spec: { policyTypes: ["Ingress"] } }],
  ["a selector that no pod fits", { spec: { podSelector: { matchLabels: { nobody: "has-this" } } } }],
  ["a selector by expression that no pod fits", { spec: { podSelector: { matchExpressions: [{ key: "nobody", operator: "Exists" }] } } }],
  ["another port", { spec: { ingress: [{ from: [{ podSelector: {} }], ports: [{ protocol: "TCP", port: 22 }] }] } }],
];

test.each(openings)("a policy that was given %s by hand is seen to differ, and one apply closes it", async (_what, patch) => {
  const namespace = await uniqueNamespace();
  const [policy] = read("two-gpus", "network-policy", namespace).map(withoutFinalizers);
  if (policy === undefined) throw new Error("two-gpus has no expected policy");
  const before = await api.apply(NETWORK_POLICIES, policy as NetworkPolicy, { createOnly: true });
  const path = `/apis/networking.k8s.io/v1/namespaces/${namespace}/networkpolicies/${policy.metadata.name}`;
  const opened = await rawCall<object>(sharedPlane(), "PATCH", path, { body: patch, contentType: "application/merge-patch+json" });
  expect(compare(policy, opened).differs).toBeDefined();
  expect((await api.apply(NETWORK_POLICIES, policy as NetworkPolicy)).spec).toEqual(before.spec);
});

test("quantities are written as the API server writes them back", async () => {
  const namespace = await uniqueNamespace();
  const given = [
    "1024Mi", "1023Mi", "1536Mi", "65536Mi", "99999Mi", "2048Gi", "1024Ti", "64Gi", "1000m", "500m", "2500m", "1000000m", "8", "16", "1000", "1500", "9000",
  ];
  const containers = given.map((quantity, index) => ({ name: `c${index}`, image: "none", resources: { requests: { [quantity.endsWith("i") ? "memory" : "cpu"]: quantity } } }));
  const body = { apiVersion: "v1", kind: "PodTemplate", metadata: { name: "q", namespace }, template: { spec: { containers } } };
  const written = await rawCall<typeof body>(sharedPlane(), "POST", `/api/v1/namespaces/${namespace}/podtemplates?dryRun=All`, { body });
  expect(written.template.spec.containers.flatMap(({ resources }) => Object.values(resources.requests))).toEqual(given.map(canonicalQuantity));
});
