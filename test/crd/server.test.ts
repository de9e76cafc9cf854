/** What the CRDs mean to users of a real API server: established, explained, selectable, scalable, mergeable. */
import { once } from "node:events";
import type { IncomingMessage } from "node:http";
import { get } from "node:https";
import { json } from "node:stream/consumers";
import { beforeAll, describe, expect, test } from "vitest";
import { parse, type Kind } from "../../operator/kinds/define.ts";
import { languageModelDeployment } from "../../operator/kinds/language-model-deployment/schema.ts";
import { modelApproval } from "../../operator/kinds/model-approval/schema.ts";
import { kinds } from "../../operator/kinds/index.ts";
import { API_GROUP, API_VERSION } from "../../operator/lib/names.ts";
import type { Live } from "../../operator/lib/k8s-types.ts";
import { eventually, rawCall, sharedPlane, uniqueNamespace } from "../support/control-plane.ts";
import { withValue } from "./edit.ts";
import { fixture, installCrds, pathOf, type Manifest } from "./judge.ts";

let crds: Awaited<ReturnType<typeof installCrds>> = [];
beforeAll(async () => {
  crds = await installCrds();
});

const admin = <T = unknown>(method: string, path: string, body?: unknown, contentType?: string): Promise<T> =>
  rawCall<T>(sharedPlane(), method, path, { ...(body !== undefined && { body }), ...(contentType !== undefined && { contentType }) });

const MERGE = "application/merge-patch+json";
const APPLY = "application/apply-patch+yaml";

const full = (kind: Kind): Promise<Manifest> => fixture(kind, "full.yaml") as Promise<Manifest>;

/** full.yaml where nobody else has put it: in a namespace of its own, or under a name of its own. */
async function apart(kind: Kind): Promise<{ namespace: string; manifest: Manifest }> {
  const namespace = await uniqueNamespace();
  const manifest = await full(kind);
  return { namespace, manifest: kind.namespaced ? manifest : withValue(manifest, "metadata.name", namespace) };
}

test("every CRD is established and structural, with its names accepted", () => {
  const holding = crds.map(({ metadata: { name }, status }) => [name, (status?.conditions ?? []).filter(({ status: holds }) => holds === "True").map(({ type }) => type).toSorted()]);
  expect(holding).toEqual(kinds.map((kind) => [`${kind.plural}.${API_GROUP}`, ["Established", "NamesAccepted"]]));
});

test("short names and the category hoheit are offered", async () => {
  const { resources } = await admin<{ resources: { name: string; shortNames?: string[]; categories?: string[]; namespaced: boolean }[] }>("GET", `/apis/${API_VERSION}`);
  for (const kind of kinds) {
    expect(resources.find(({ name }) => name === kind.plural)).toMatchObject({ shortNames: kind.shortNames, categories: ["hoheit"], namespaced: kind.namespaced });
  }
});

interface OpenApi {
  components: { schemas: Record<string, { description?: string; properties?: Record<string, object> }> };
}

test("kubectl explain has the descriptions", async () => {
  // The aggregated document follows the CRD within a second or so.
  const { components } = await eventually(async () => {
    const document = await admin<OpenApi>("GET", `/openapi/v3/apis/${API_VERSION}`);
    expect(Object.keys(document.components.schemas)).toEqual(expect.arrayContaining(kinds.map(({ kind }) => `dev.hoheit.v1alpha1.${kind}`)));
    return document;
  });
  for (const kind of kinds) {
    const schema = components.schemas[`dev.hoheit.v1alpha1.${kind.kind}`];
    expect(schema?.description).toBe(kind.description);
    expect(schema?.properties).toMatchObject({ spec: { description: kind.spec.description }, status: { description: kind.status.description } });
  }
});

describe.each(kinds.map((kind) => [kind.kind, kind] as const))("%s", (_name, kind) => {
  test("selectable fields find the object, and not another", async () => {
    const { namespace, manifest } = await apart(kind);
    await admin("POST", pathOf(kind, namespace), manifest);
    const found = async (selector: string): Promise<string[]> =>
      (await admin<{ items: Manifest[] }>("GET", `${pathOf(kind, namespace)}?fieldSelector=${encodeURIComponent(selector)}`)).items.map(({ metadata }) => metadata.name);
    for (const field of kind.selectableFields ?? []) {
      const value = field.slice(1).split(".").reduce<unknown>((at, part) => (at as Record<string, unknown>)[part], manifest);
      expect(await found(`${field.slice(1)}=${String(value)}`), field).toContain(manifest.metadata.name);
      expect(await found(`${field.slice(1)}=another`), field).toEqual([]);
    }
  });

  test("kubectl get prints the columns, and wide ones on demand", async () => {
    const { namespace, manifest } = await apart(kind);
    await admin("POST", pathOf(kind, namespace), manifest);
    const table = await tableOf(kind, namespace);
    const columns = table.columnDefinitions.filter(({ name }) => name !== "Name");
    expect(columns.map(({ name, priority }) => [name, priority !== 0])).toEqual(kind.columns.map(({ name, wide = false }) => [name, wide]));
  });

  test("an object that nobody has looked at is in progress, not done, for kstatus", async () => {
    const { namespace, manifest } = await apart(kind);
    await admin("POST", pathOf(kind, namespace), manifest);
    const live = await admin<{ metadata: { generation: number }; status: object }>("GET", pathOf(kind, namespace, manifest.metadata.name));
    expect(live.metadata.generation).toBe(1);
    expect(live.status).toEqual({ observedGeneration: -1 });
  });

  test("status is written through its subresource only", async () => {
    const { namespace, manifest } = await apart(kind);
    const path = pathOf(kind, namespace, manifest.metadata.name);
    await admin("POST", pathOf(kind, namespace), manifest);
    await admin("PATCH", path, { status: { observedGeneration: 7 } }, MERGE);
    expect(await admin("GET", path)).toMatchObject({ status: { observedGeneration: -1 } });
    const conditions = [{ type: "Ready", status: "True", reason: "AsWished", message: "", lastTransitionTime: "2026-11-22T10:00:00Z", observedGeneration: 1 }];
    await admin("PATCH", `${path}/status`, { status: { observedGeneration: 1, conditions } }, MERGE);
    expect(await admin("GET", path)).toMatchObject({ status: { observedGeneration: 1, conditions } });
  });

  test("what the server stores is read without a violation, status included", async () => {
    const { namespace, manifest } = await apart(kind);
    await admin("POST", pathOf(kind, namespace), manifest);
    const live = await admin<Live>("GET", pathOf(kind, namespace, manifest.metadata.name));
    expect(parse(kind, live)).toEqual({ ok: true, value: { apiVersion: live.apiVersion, kind: live.kind, metadata: live.metadata, spec: manifest.spec, status: { observedGeneration: -1 } } });
  });
});

interface Table {
  columnDefinitions: { name: string; priority: number }[];
  rows: { cells: unknown[] }[];
}

/** As kubectl asks: the server chooses columns and cells. */
async function tableOf(kind: Kind, namespace: string): Promise<Table> {
  const { url, ca, tokens } = sharedPlane();
  const headers = { authorization: `Bearer ${tokens["admin"]}`, accept: "application/json;as=Table;g=meta.k8s.io;v=v1" };
  const [response] = await once(get(url + pathOf(kind, namespace), { ca, headers, agent: false }), "response") as [IncomingMessage];
  return await json(response) as Table;
}

test("kubectl get lmd reads as documented", async () => {
  const namespace = await uniqueNamespace();
  const kind = languageModelDeployment;
  await admin("POST", pathOf(kind, namespace), await full(kind));
  const conditions = [["Ready", "False", "Unschedulable"], ["EgressSealed", "Unknown", "NotProbed"]].map(([type, status, reason]) =>
    ({ type, status, reason, message: "", lastTransitionTime: "2026-11-22T10:00:00Z", observedGeneration: 1 }));
  await admin("PATCH", `${pathOf(kind, namespace, "full")}/status`, { status: { replicaSummary: "1/2", accelerators: 4, conditions } }, MERGE);
  const { rows } = await tableOf(kind, namespace);
  expect(rows[0]?.cells.slice(0, 7)).toEqual(["full", "False", "Unschedulable", "mistral-small", "1/2", 4, "Unknown"]);
});

test("defaults are those that zod fills in", async () => {
  const namespace = await uniqueNamespace();
  const kind = languageModelDeployment;
  const manifest = ["replicas", "rollout", "confidentiality", "accelerators.resource", "scheduling", "resources", "clients", "engine.args", "engine.env", "parallelism"]
    .reduce((rest, field) => withValue(rest, `spec.${field}`, undefined), await full(kind));
  const live = await admin<Live & { spec: object }>("POST", pathOf(kind, namespace), manifest);
  expect(live.spec).toMatchObject({
    replicas: 1, rollout: { startupSeconds: 1800, drainSeconds: 120 }, confidentiality: { content: "NotKept" }, accelerators: { resource: "nvidia.com/gpu" },
  });
  expect(live.spec).not.toHaveProperty("clients");
  const here = parse(kind, { ...manifest, metadata: live.metadata });
  expect(here).toMatchObject({ ok: true, value: { spec: { ...live.spec, clients: [] } } });
});

test("a write through /scale changes the replicas, within the bounds", async () => {
  const namespace = await uniqueNamespace();
  const kind = languageModelDeployment;
  await admin("POST", pathOf(kind, namespace), await full(kind));
  const scale = `${pathOf(kind, namespace, "full")}/scale`;
  await admin("PATCH", scale, { spec: { replicas: 5 } }, MERGE);
  expect(await admin("GET", pathOf(kind, namespace, "full"))).toMatchObject({ spec: { replicas: 5 } });
  await expect(admin("PATCH", scale, { spec: { replicas: 65 } }, MERGE)).rejects.toThrow("should be less than or equal to 64");
  await admin("PATCH", `${pathOf(kind, namespace, "full")}/status`, { status: { replicas: 3, selector: "a=b" } }, MERGE);
  expect(await admin("GET", scale)).toMatchObject({ status: { replicas: 3, selector: "a=b" } });
});

test("two managers keep their own clients and conditions in one list", async () => {
  const namespace = await uniqueNamespace();
  const kind = languageModelDeployment;
  const manifest = await full(kind);
  const path = pathOf(kind, namespace, "full");
  await admin("PATCH", `${path}?fieldManager=platform`, manifest, APPLY);
  const client = { name: "other", namespace: "other", podSelector: { matchLabels: { app: "other" } }, activityRef: { name: "text-assistance" } };
  await admin("PATCH", `${path}?fieldManager=team`, { apiVersion: API_VERSION, kind: kind.kind, metadata: { name: "full" }, spec: { clients: [client] } }, APPLY);
  await admin("PATCH", `${path}?fieldManager=platform`, manifest, APPLY);
  const live = await admin<{ spec: { clients: { name: string }[] } }>("GET", path);
  expect(live.spec.clients.map(({ name }) => name)).toEqual(["chat-ui", "other"]);
});

test("an approval can be deleted and made anew, which is how a decision is changed", async () => {
  const namespace = await uniqueNamespace();
  const manifest = await full(modelApproval);
  const path = pathOf(modelApproval, namespace, manifest.metadata.name);
  await admin("POST", pathOf(modelApproval, namespace), manifest);
  await expect(admin("PATCH", path, { spec: { onExpiry: "KeepRunning" } }, MERGE)).rejects.toThrow("delete it to revoke");
  await admin("DELETE", path);
  await admin("POST", pathOf(modelApproval, namespace), withValue(manifest, "spec.onExpiry", "KeepRunning"));
  expect(await admin("GET", path)).toMatchObject({ spec: { onExpiry: "KeepRunning" } });
});
