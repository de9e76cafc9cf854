/** Hoheit's own installation under its guard: Helm upgrades and removes it as ever. */
import { afterAll, beforeAll, expect, it } from "vitest";
import { helm, CHART, CRDS_CHART } from "../support/helm.ts";
import { eventually, IDENTITIES, rawCall, startControlPlane, type ControlPlane } from "../support/control-plane.ts";
import { guard } from "../support/guard.ts";

let plane: ControlPlane;
beforeAll(async () => {
  await helm(["version"]);
  plane = await startControlPlane({ controllerManager: true, identities: IDENTITIES });
}, 600_000);
afterAll(() => plane?.stop());

it("is installed, guarded, upgraded and taken away", async () => {
  const run = (...args: string[]): Promise<string> => helm([...args, "-n", "hoheit-system"], plane.kubeconfig());
  await run("install", "kinds", CRDS_CHART, "--create-namespace");
  await run("install", "hoheit", CHART);
  await eventually(() => rawCall(plane, "GET", "/apis/hoheit.dev/v1alpha1/sovereigntypolicies"));
  await guard(plane);
  const deployment = "/apis/apps/v1/namespaces/hoheit-system/deployments/hoheit-operator";
  await run("upgrade", "kinds", CRDS_CHART, "--set-string", "annotations.example\\.com/sync=ServerSideApply");
  await run("upgrade", "hoheit", CHART, "--set", "replicas=3,image.tag=next,networkPolicy=false");
  expect(await rawCall<{ spec: { replicas: number } }>(plane, "GET", deployment)).toMatchObject({ spec: { replicas: 3 } });
  await run("rollback", "hoheit", "1");
  expect(await rawCall<{ spec: { replicas: number } }>(plane, "GET", deployment)).toMatchObject({ spec: { replicas: 2 } });
  await run("uninstall", "hoheit");
  await eventually(async () => {
    const { items } = await rawCall<{ items: unknown[] }>(plane, "GET", "/apis/apps/v1/namespaces/hoheit-system/deployments");
    expect(items).toEqual([]);
  });
}, 180_000);
