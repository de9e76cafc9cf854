/** Kinds of other engines in governed namespaces: refused by their group, whatever they are. Definitions as small as can be stand for those that engines bring. */
import { afterAll, beforeAll, expect, it } from "vitest";
import { eventually, rawCall, uniqueNamespace } from "../support/control-plane.ts";
import { attempt, expectAllowed, expectRefusal, startGuarded, type GuardedPlane } from "../support/guard.ts";

let guarded: GuardedPlane;
afterAll(() => guarded[Symbol.asyncDispose]());

const KINDS = [
  { group: "cilium.io", plural: "ciliumnetworkpolicies", kind: "CiliumNetworkPolicy" },
  { group: "cilium.io", plural: "ciliumendpoints", kind: "CiliumEndpoint" },
  { group: "crd.projectcalico.org", plural: "networkpolicies", kind: "NetworkPolicy" },
  { group: "k8s.cni.cncf.io", plural: "network-attachment-definitions", kind: "NetworkAttachmentDefinition" },
] as const;
type Foreign = (typeof KINDS)[number];

beforeAll(async () => {
  guarded = await startGuarded();
  for (const { group, plural, kind } of KINDS) {
    const schema = { openAPIV3Schema: { type: "object", "x-kubernetes-preserve-unknown-fields": true } };
    await rawCall(guarded.plane, "POST", "/apis/apiextensions.k8s.io/v1/customresourcedefinitions", {
      body: {
        apiVersion: "apiextensions.k8s.io/v1", kind: "CustomResourceDefinition", metadata: { name: `${plural}.${group}`, annotations: { "api-approved.kubernetes.io": "unapproved, a stand-in" } },
        spec: { group, scope: "Namespaced", names: { plural, kind }, versions: [{ name: "v1", served: true, storage: true, schema }] },
      },
    });
    await eventually(() => rawCall(guarded.plane, "GET", pathOf({ group, plural, kind } as Foreign, guarded.namespace)));
  }
}, 180_000);

const pathOf = ({ group, plural }: Foreign, namespace: string): string => `/apis/${group}/v1/namespaces/${namespace}/${plural}`;
const create = (of: Foreign, namespace: string, as = "user"): Promise<string | undefined> =>
  attempt(guarded.plane, "POST", pathOf(of, namespace), { as, body: { apiVersion: `${of.group}/v1`, kind: of.kind, metadata: { name: "open", finalizers: ["example.org/x"] }, spec: { egress: [{}] } } });

it.each(KINDS.filter(({ kind }) => kind !== "CiliumEndpoint"))("$kind of $group is refused, for administrators too", async (of) => {
  for (const as of ["user", "admin"]) expectRefusal(await create(of, guarded.namespace, as), /can open or steer round what NetworkPolicies shut/);
});

it("passes where nothing is governed, and can be cleared away when the namespace is governed later", async () => {
  const [of] = KINDS;
  const { plane } = guarded;
  const namespace = await uniqueNamespace(plane);
  expectAllowed(await create(of, namespace, "admin"));
  const patch = (path: string, body: object): Promise<string | undefined> => attempt(plane, "PATCH", path, { body, contentType: "application/merge-patch+json" });
  expectAllowed(await patch(`/api/v1/namespaces/${namespace}`, { metadata: { labels: { "hoheit.dev/governed": "true" } } }));
  const path = `${pathOf(of, namespace)}/open`;
  await eventually(async () => expectRefusal(await patch(path, { spec: { egress: [] } })));
  expectAllowed(await attempt(plane, "DELETE", path));
  expectAllowed(await patch(path, { metadata: { finalizers: null } }));
  expect(await attempt(plane, "GET", path)).toMatch(/not found/);
});

it("leaves what agents note of pods alone", async () => {
  expectAllowed(await create(KINDS[1], guarded.namespace, "admin"));
});
