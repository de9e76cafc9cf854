/** The client against the real API server: what a write does, and what it never does. */
import { expect, test } from "vitest";
import { type ApiError, isAlreadyExists, isConflict, isInvalid } from "../../operator/kube/errors.ts";
import { NODES, apiVersionOf, type Resource } from "../../operator/kube/resources.ts";
import { Store } from "../../operator/kube/store.ts";
import type { KubeObject } from "../../operator/lib/k8s-types.ts";
import { FIELD_MANAGER } from "../../operator/lib/names.ts";
import { eventually, rawCall, sharedPlane, uniqueNamespace } from "../support/control-plane.ts";
import { CONFIG_MAPS, configMap, connect } from "../support/kube-client.ts";

const OTHER_UID = "00000000-0000-0000-0000-000000000000";
const managers = (object: object): { manager: string; operation: string }[] => (object as { metadata: { managedFields: { manager: string; operation: string }[] } }).metadata.managedFields;

test("apply with createOnly creates what is absent, owned by apply from the start", async () => {
  using kube = connect(sharedPlane(), sharedPlane());
  const namespace = await uniqueNamespace();
  const made = await kube.client.apply(CONFIG_MAPS, configMap(namespace, "a", { a: "1", b: "2" }), { createOnly: true });
  expect(managers(made)).toMatchObject([{ manager: FIELD_MANAGER, operation: "Apply" }]);
  const less = await kube.client.apply(CONFIG_MAPS, configMap(namespace, "a", { a: "1" }));
  expect(less.data).toEqual({ a: "1" });
});

test("apply with createOnly leaves an object alone that is already there", async () => {
  using kube = connect(sharedPlane(), sharedPlane());
  const namespace = await uniqueNamespace();
  await rawCall(sharedPlane(), "POST", `/api/v1/namespaces/${namespace}/configmaps`, { body: configMap(namespace, "foreign", { theirs: "x" }) });
  const before = await kube.client.get(CONFIG_MAPS, { namespace, name: "foreign" });
  const refused = await kube.client.apply(CONFIG_MAPS, configMap(namespace, "foreign"), { createOnly: true }).catch((error: unknown) => error);
  expect(isAlreadyExists(refused)).toBe(true);
  expect(await kube.client.get(CONFIG_MAPS, { namespace, name: "foreign" })).toEqual(before);
});

test("apply keeps fields that other managers own and fields that our types do not know", async () => {
  using kube = connect(sharedPlane(), sharedPlane());
  const namespace = await uniqueNamespace();
  await kube.client.apply(CONFIG_MAPS, { ...configMap(namespace, "a"), binaryData: { raw: "AAAA" } } as KubeObject, { createOnly: true });
  await rawCall(sharedPlane(), "PATCH", `/api/v1/namespaces/${namespace}/configmaps/a`, { body: { data: { theirs: "2" } }, contentType: "application/merge-patch+json" });
  const after = await kube.client.apply(CONFIG_MAPS, { ...configMap(namespace, "a", { a: "3" }), binaryData: { raw: "AAAA" } } as KubeObject);
  expect(after).toMatchObject({ data: { a: "3", theirs: "2" }, binaryData: { raw: "AAAA" } });
});

test("apply of what is already so leaves the version as it is", async () => {
  using kube = connect(sharedPlane(), sharedPlane());
  const namespace = await uniqueNamespace();
  const first = await kube.client.apply(CONFIG_MAPS, configMap(namespace, "a"));
  const second = await kube.client.apply(CONFIG_MAPS, configMap(namespace, "a"));
  expect(second.metadata.resourceVersion).toBe(first.metadata.resourceVersion);
});

test("a dry run answers like the real thing and stores nothing", async () => {
  using kube = connect(sharedPlane(), sharedPlane());
  const namespace = await uniqueNamespace();
  const answered = await kube.client.apply(CONFIG_MAPS, configMap(namespace, "dry"), { dryRun: true, createOnly: true });
  expect(answered.metadata.uid).toMatch(/-/);
  expect(await kube.client.get(CONFIG_MAPS, { namespace, name: "dry" })).toBeUndefined();
  await kube.client.create(CONFIG_MAPS, configMap(namespace, "kept"));
  expect(await kube.client.delete(CONFIG_MAPS, { namespace, name: "kept" }, { dryRun: true })).toBe(true);
  expect(await kube.client.get(CONFIG_MAPS, { namespace, name: "kept" })).toBeDefined();
});

test("every write refuses an object with another uid, and an older version", async () => {
  using kube = connect(sharedPlane(), sharedPlane());
  const namespace = await uniqueNamespace();
  const ref = { namespace, name: "a" };
  const made = await kube.client.apply(CONFIG_MAPS, configMap(namespace, "a"));
  const moved = await kube.client.mergePatch(CONFIG_MAPS, ref, { data: { b: "2" } }, { uid: made.metadata.uid, resourceVersion: made.metadata.resourceVersion });
  for (const only of [{ uid: OTHER_UID }, { resourceVersion: made.metadata.resourceVersion }]) {
    const errors = await Promise.all([
      kube.client.apply(CONFIG_MAPS, configMap(namespace, "a", { a: "9" }), only).catch((error: unknown) => error),
      kube.client.mergePatch(CONFIG_MAPS, ref, { data: { a: "9" } }, only).catch((error: unknown) => error),
      kube.client.delete(CONFIG_MAPS, ref, only).catch((error: unknown) => error),
    ]);
    expect(errors.map(isConflict)).toEqual([true, true, true]);
  }
  expect(await kube.client.get(CONFIG_MAPS, ref)).toEqual(moved);
  expect(await kube.client.delete(CONFIG_MAPS, ref, { uid: made.metadata.uid, resourceVersion: moved.metadata.resourceVersion })).toBe(true);
  expect(await kube.client.delete(CONFIG_MAPS, ref)).toBe(false);
});

test("a status write for a uid that is gone is refused, although the API server itself would ignore the uid there", async () => {
  using kube = connect(sharedPlane(), sharedPlane());
  const namespace = await uniqueNamespace();
  const widgets = await makeKind();
  const widget = { apiVersion: apiVersionOf(widgets), kind: "Widget", metadata: { name: "w", namespace } };
  const made = await eventually(() => kube.client.apply(widgets, widget, { createOnly: true }));
  const status = { subresource: "status" as const };
  const refused = await kube.client.mergePatch(widgets, widget.metadata, { status: { ready: true } }, { ...status, uid: OTHER_UID }).catch((error: unknown) => error);
  expect(isConflict(refused)).toBe(true);
  expect(await kube.client.get(widgets, widget.metadata)).not.toHaveProperty("status");
  const written = await kube.client.mergePatch(widgets, widget.metadata, { status: { ready: true } }, { ...status, uid: made.metadata.uid });
  expect(written).toMatchObject({ status: { ready: true }, metadata: { uid: made.metadata.uid } });
  const late = await kube.client.mergePatch(widgets, widget.metadata, { status: { ready: false } }, { ...status, uid: made.metadata.uid, resourceVersion: made.metadata.resourceVersion }).catch((error: unknown) => error);
  expect(isConflict(late)).toBe(true);
});

test("the answer to the removal of the last finalizer has the version from before, and the object is gone (the cache relies on it)", async () => {
  using kube = connect(sharedPlane(), sharedPlane());
  const namespace = await uniqueNamespace();
  const ref = { namespace, name: "held" };
  await kube.client.create(CONFIG_MAPS, { ...configMap(namespace, "held"), metadata: { ...ref, finalizers: ["hoheit.test/held"] } });
  await kube.client.delete(CONFIG_MAPS, ref);
  const leaving = await kube.client.get(CONFIG_MAPS, ref);
  const { uid = "", resourceVersion = "" } = leaving?.metadata ?? {};
  const store = new Store({ resource: CONFIG_MAPS });
  store.upsert(leaving!);
  const answer = await kube.client.mergePatch(CONFIG_MAPS, ref, { metadata: { finalizers: [] } }, { uid, resourceVersion });
  expect(answer.metadata).toMatchObject({ uid, resourceVersion, deletionTimestamp: expect.any(String) });
  expect(await kube.client.get(CONFIG_MAPS, ref)).toBeUndefined();
  store.observe(answer);
  expect(store.list().map(({ metadata }) => metadata.finalizers ?? [])).toEqual([[]]);
});

test("a JSON patch tests before it changes", async () => {
  using kube = connect(sharedPlane(), sharedPlane());
  const namespace = await uniqueNamespace();
  const ref = { namespace, name: "a" };
  const made = await kube.client.apply(CONFIG_MAPS, configMap(namespace, "a"));
  const refused = await kube.client.jsonPatch(CONFIG_MAPS, ref, [{ op: "test", path: "/metadata/uid", value: OTHER_UID }, { op: "remove", path: "/data/a" }]).catch((error: unknown) => error);
  expect(isInvalid(refused)).toBe(true);
  const after = await kube.client.jsonPatch(CONFIG_MAPS, ref, [{ op: "test", path: "/metadata/uid", value: made.metadata.uid }, { op: "replace", path: "/data/a", value: "2" }]);
  expect(after.data).toEqual({ a: "2" });
});

test("a list is read in pages of one version, with kind and apiVersion on every item", async () => {
  using kube = connect(sharedPlane(), sharedPlane(), { pageSize: 3 });
  const namespace = await uniqueNamespace();
  const names = ["a", "b", "c", "d", "e", "f", "g"];
  await Promise.all(names.map((name) => kube.client.create(CONFIG_MAPS, configMap(namespace, name))));
  const { items, resourceVersion } = await kube.client.list(CONFIG_MAPS, { namespace, fieldSelector: "metadata.name!=kube-root-ca.crt" });
  expect(items.map((item) => item.metadata.name)).toEqual(names);
  expect(new Set(items.map((item) => `${item.apiVersion} ${item.kind}`))).toEqual(new Set(["v1 ConfigMap"]));
  expect(BigInt(resourceVersion)).toBeGreaterThanOrEqual(BigInt(items.at(-1)?.metadata.resourceVersion ?? 0));
});

test("a refusal names the call, the field and the reason in at most a thousand characters a message", async () => {
  using kube = connect(sharedPlane(), sharedPlane());
  const namespace = await uniqueNamespace();
  const long = "X".repeat(5_000);
  const error = await kube.client.create(CONFIG_MAPS, { ...configMap(namespace, "a"), data: { [`${long}/`]: "v" } }).catch((refusal: unknown) => refusal) as ApiError;
  expect(error).toMatchObject({ name: "ApiError", code: 422, reason: "Invalid" });
  expect(error.message).toMatch(/^create configmaps .*\/a: 422 Invalid: /);
  expect(error.message.length).toBeLessThan(1_200);
  expect(error.causes[0]?.field).toMatch(/^data/);
  expect(Math.max(...error.causes.map((cause) => Math.max(cause.field.length, cause.message.length)))).toBeLessThanOrEqual(1_000);
});

test("a name is one path segment, whatever is in it", async () => {
  using kube = connect(sharedPlane(), sharedPlane());
  const namespace = await uniqueNamespace();
  expect(await kube.client.get(CONFIG_MAPS, { namespace, name: "a/../../../namespaces" })).toBeUndefined();
  await expect(kube.client.get(CONFIG_MAPS, { namespace: "..", name: "a" })).rejects.toThrow("not a name");
  await expect(kube.client.get(CONFIG_MAPS, { name: "a" })).rejects.toThrow("a namespace is missing");
  await expect(kube.client.get(NODES, { namespace, name: "a" })).rejects.toThrow("cluster-scoped");
});

/** A custom resource with a status subresource, in a group that no other test has. */
async function makeKind(): Promise<Resource> {
  const group = `${await uniqueNamespace()}.hoheit.test`;
  const open = { type: "object", "x-kubernetes-preserve-unknown-fields": true };
  const version = { name: "v1", served: true, storage: true, subresources: { status: {} }, schema: { openAPIV3Schema: { type: "object", properties: { spec: open, status: open } } } };
  const names = { plural: "widgets", singular: "widget", kind: "Widget" };
  await rawCall(sharedPlane(), "POST", "/apis/apiextensions.k8s.io/v1/customresourcedefinitions", {
    body: { apiVersion: "apiextensions.k8s.io/v1", kind: "CustomResourceDefinition", metadata: { name: `widgets.${group}` }, spec: { group, scope: "Namespaced", names, versions: [version] } },
  });
  return { group, version: "v1", plural: names.plural, kind: names.kind, namespaced: true };
}

test("list gives of large objects only their metadata where that is enough, and no more at once than is asked for", async () => {
  using kube = connect(sharedPlane(), sharedPlane());
  const namespace = await uniqueNamespace();
  for (const name of ["a", "b", "c"]) await kube.client.apply(CONFIG_MAPS, configMap(namespace, name, { large: "x".repeat(1_000) }), { createOnly: true });
  const found = (await kube.client.list(CONFIG_MAPS, { namespace, metadataOnly: true, limit: 2 })).items.filter(({ metadata }) => ["a", "b", "c"].includes(metadata.name));
  expect(found.map(({ kind, metadata, data }) => [kind, metadata.name, data])).toEqual([["ConfigMap", "a", undefined], ["ConfigMap", "b", undefined], ["ConfigMap", "c", undefined]]);
  expect((await kube.client.list(CONFIG_MAPS, { namespace, limit: 1 })).items.find(({ metadata }) => metadata.name === "c")?.data).toEqual({ large: "x".repeat(1_000) });
});
