/** The probe of the guard on a real API server: it sees what somebody took away, and what came back, and leaves nothing behind. */
import { afterAll, beforeAll, expect, it } from "vitest";
import { probeGuard, verdictOf, type GuardVerdict } from "../../operator/kinds/sovereignty-policy/guard/probe.ts";
import type { SovereigntyPolicy } from "../../operator/kinds/sovereignty-policy/schema.ts";
import { CONFIG_MAPS, DEPLOYMENTS, NETWORK_POLICIES, PODS, SERVICES } from "../../operator/kube/resources.ts";
import { collectionPath } from "../../operator/kube/url.ts";
import { client, eventually, rawCall } from "../support/control-plane.ts";
import { LAND, putGuard, startGuarded, untilGuarded, type GuardedPlane } from "../support/guard.ts";

let guarded: GuardedPlane;
let operator: ReturnType<typeof client>;
beforeAll(async () => {
  guarded = await startGuarded();
  operator = client("operator", guarded.plane);
}, 180_000);
afterAll(async () => {
  operator.transport.close();
  await guarded[Symbol.asyncDispose]();
});

const verdict = async (): Promise<GuardVerdict> => verdictOf(await probeGuard(operator.api, guarded.namespace, LAND as unknown as SovereigntyPolicy));
const ADMISSION = "/apis/admissionregistration.k8s.io/v1";
const remove = (path: string): Promise<unknown> => rawCall(guarded.plane, "DELETE", `${ADMISSION}/${path}`);

/** One thing of the guard is gone, and what is said then. */
const GAPS: readonly [string, string, string][] = [
  ["the binding of one concern", "validatingadmissionpolicybindings/land.second-networks.hoheit.dev", "a Deployment of pods with a second network"],
  ["the binding of a rule for every namespace", "validatingadmissionpolicybindings/roles.hoheit.dev", "a Deployment of pods with a role"],
  ["an admission policy", "validatingadmissionpolicies/seal.hoheit.dev", "a pod in a namespace that is not sealed"],
  ["the guard of the namespace's labels", "validatingadmissionpolicybindings/land.namespace-labels.hoheit.dev", "a namespace that leaves the policy"],
];

it.each(GAPS)("sees that %s is gone, and that it is back", async (_what, path, named) => {
  await remove(path);
  const missing = await eventually(async () => {
    const seen = await verdict();
    return seen.status === "False" ? seen : false;
  }, { timeoutMs: 30_000, everyMs: 250 });
  expect(missing).toMatchObject({ reason: "LetThrough" });
  expect(missing.message).toContain(named);
  await putGuard(guarded.plane, [LAND]);
  await untilGuarded(guarded.plane, guarded.namespace);
}, 90_000);

it("sees that a guard which only audits lets everything through", async () => {
  await putGuard(guarded.plane, [{ ...LAND, spec: { ...LAND.spec, enforcement: { guard: "Audit" } } }]);
  await eventually(async () => expect(await verdict()).toMatchObject({ status: "False", reason: "LetThrough" }), { timeoutMs: 30_000, everyMs: 250 });
  await putGuard(guarded.plane, [LAND]);
  await untilGuarded(guarded.plane, guarded.namespace);
}, 90_000);

it("says nothing about a guard whose policy cannot be found, which refuses everything", async () => {
  const policy = "/apis/hoheit.dev/v1alpha1/sovereigntypolicies/land";
  await rawCall(guarded.plane, "DELETE", policy);
  await eventually(async () => expect(await verdict()).toMatchObject({ status: "False", reason: "RefusedAll" }), { timeoutMs: 30_000, everyMs: 250 });
}, 60_000);

it("leaves nothing behind", async () => {
  const { plane, namespace } = guarded;
  for (const resource of [CONFIG_MAPS, DEPLOYMENTS, NETWORK_POLICIES, PODS, SERVICES]) {
    const { items } = await rawCall<{ items: { metadata: { name: string } }[] }>(plane, "GET", collectionPath(resource, namespace));
    expect(items.map(({ metadata }) => metadata.name).filter((name) => name.startsWith("hoheit-")), resource.kind).toEqual([]);
  }
  const live = await rawCall<{ metadata: { labels: object; annotations: object } }>(plane, "GET", `/api/v1/namespaces/${namespace}`);
  expect(live.metadata).toMatchObject({ labels: LAND.spec.namespaceSelector.matchLabels, annotations: { "hoheit.dev/sealed": "test" } });
  expect(live.metadata.labels).not.toHaveProperty("hoheit.dev/guard-probe");
});
