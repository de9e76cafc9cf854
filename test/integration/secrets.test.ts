/**
 * Nothing that is secret comes near the operator: marker strings are planted where secrets and prompts are, the slice is
 * run through good and bad days, and everything that the operator said or wrote is searched for them.
 */
import { afterAll, beforeAll, expect, it } from "vitest";
import { CONFIG_MAPS } from "../../operator/kube/resources.ts";
import { collectionPath } from "../../operator/kube/url.ts";
import type { KubeObject } from "../../operator/lib/k8s-types.ts";
import { auditLog, eventually, IDENTITIES, rawCall, type ControlPlane } from "../support/control-plane.ts";
import { containerIs, OPERATOR_USER } from "../support/crash-house.ts";
import { CHILDREN, furnishedNamespace, KINDS, podsOf, put, remove, startHouse, untilReason } from "../support/house.ts";
import { approval, lmd } from "../support/makers.ts";
import { startOperator, type RunningOperator } from "../support/operator.ts";
import { readFile } from "node:fs/promises";

const MARKERS = {
  tenant: "marker-of-a-tenants-secret", registry: "marker-of-a-registry-password", operator: "marker-in-the-operators-namespace",
  prompt: "marker-of-a-prompt-in-a-termination-message", log: "marker-of-a-prompt-in-a-back-off-message", configMap: "marker-of-a-config-map",
} as const;

let plane: ControlPlane;
let operator: RunningOperator;
/** Everything that was seen until the end, collected before each thing is deleted. */
const seen: string[] = [];

beforeAll(async () => {
  plane = await startHouse({ audit: { users: IDENTITIES.map(({ user }) => user) } });
  operator = await startOperator(plane);
}, 180_000);

afterAll(async () => {
  await operator?.[Symbol.asyncDispose]();
  await plane?.stop();
});

async function plantSecret(namespace: string, name: string, secret: { type?: string; stringData: Record<string, string> }): Promise<void> {
  await rawCall(plane, "POST", `/api/v1/namespaces/${namespace}/secrets`, { body: { apiVersion: "v1", kind: "Secret", metadata: { name }, ...secret } });
}

/** Custom resources, children and Events of all namespaces, as JSON; of pods nothing, for there the markers are. */
async function collect(): Promise<void> {
  const events = { group: "events.k8s.io", version: "v1", plural: "events", kind: "Event", namespaced: true };
  for (const resource of [...KINDS.map((kind) => kind.resource), ...CHILDREN.filter((child) => child !== CONFIG_MAPS), events]) seen.push(JSON.stringify(await rawCall(plane, "GET", collectionPath(resource as never))));
  // Those of others hold the marker, too.
  seen.push(JSON.stringify(await rawCall(plane, "GET", `${collectionPath(CONFIG_MAPS)}?labelSelector=app.kubernetes.io/managed-by=hoheit`)));
  seen.push(await (await fetch(`${await operator.address()}/metrics`)).text());
}

/** Markers as they are and as Secrets keep them. */
const forms = (marker: string): string[] => [marker, Buffer.from(marker).toString("base64").replace(/=+$/, "").slice(0, -1)];

it("no secret and no prompt reaches logs, metrics, events, custom resources or children", async () => {
  const namespace = await furnishedNamespace(plane);
  await plantSecret(namespace, "api-key", { stringData: { key: MARKERS.tenant } });
  const auths = { "registry.example": { username: "puller", password: MARKERS.registry } };
  await plantSecret(namespace, "regcred", { type: "kubernetes.io/dockerconfigjson", stringData: { ".dockerconfigjson": JSON.stringify({ auths }) } });
  await plantSecret("hoheit-system", "anything", { stringData: { key: MARKERS.operator } });
  await rawCall(plane, "POST", `/api/v1/namespaces/${namespace}/configmaps`, { body: { apiVersion: "v1", kind: "ConfigMap", metadata: { name: "assistant" }, data: { key: MARKERS.configMap } } });

  const deployment = lmd("assistant").namespace(namespace).engine({ imagePullSecretRefs: [{ name: "regcred" }] });
  await put(plane, deployment.manifest());
  await untilReason(plane, namespace, "assistant", "Serving");
  const [pod] = await podsOf(plane, namespace, "assistant");
  expect(JSON.stringify(pod)).toContain("regcred");
  await containerIs(plane, pod as KubeObject, {
    restartCount: 2, state: { waiting: { reason: "CrashLoopBackOff", message: `back-off: ${MARKERS.log}` } }, lastState: { terminated: { exitCode: 1, reason: "Error", message: MARKERS.prompt } },
  });
  await untilReason(plane, namespace, "assistant", "Crashing");
  await collect();
  await containerIs(plane, pod as KubeObject, { state: { terminated: { exitCode: 137, reason: "OOMKilled", message: MARKERS.prompt } } });
  await untilReason(plane, namespace, "assistant", "OutOfMemory");
  await collect();
  await remove(plane, approval().namespace(namespace).manifest());
  await untilReason(plane, namespace, "assistant", "ApprovalRevoked");
  await rawCall(plane, "DELETE", "/apis/rbac.authorization.k8s.io/v1/clusterrolebindings/hoheit-operator");
  await put(plane, lmd("refused").namespace(namespace).manifest());
  await eventually(() => operator.output.some((line) => line.includes("forbidden")));
  await collect();

  const said = [...operator.output, ...seen];
  expect(said.join("\n")).toContain("regcred");
  for (const [name, marker] of Object.entries({ ...MARKERS, token: plane.tokens["operator"] ?? "no token" })) {
    for (const form of forms(marker)) expect(said.filter((text) => text.includes(form)), name).toEqual([]);
  }
}, 90_000);

it("the operator never asked for a Secret, nor for a ConfigMap that is not its own, and its audit trail holds no marker", async () => {
  const entries = await auditLog(plane, { user: OPERATOR_USER });
  expect(entries.length).toBeGreaterThan(20);
  const asked = entries.map(({ verb, requestURI }) => `${verb} ${requestURI}`).filter((what) => /\/(secrets|configmaps)(\/|\?|$)/.test(what));
  // Gates are told of the tripwire by ConfigMaps, which cannot be granted by label: what is asked for has ours.
  const own = /^((list|watch) \/api\/v1\/configmaps\?.*labelSelector=app\.kubernetes\.io%2Fmanaged-by%3Dhoheit|(get|patch) \/api\/v1\/namespaces\/[^/]+\/configmaps\/[^/?]+-gate(\?|$))/;
  expect(asked.filter((what) => !own.test(what))).toEqual([]);
  const trail = await readFile(plane.auditLogFile ?? "", "utf8");
  for (const marker of Object.values(MARKERS)) expect(trail).not.toContain(marker);
});

it("no permission reaches a Secret, in any namespace", async () => {
  for (const resource of ["secrets"]) {
    for (const namespace of ["", "hoheit-system", "default"]) {
      const review = await rawCall<{ status: { allowed: boolean } }>(plane, "POST", "/apis/authorization.k8s.io/v1/subjectaccessreviews", {
        body: { apiVersion: "authorization.k8s.io/v1", kind: "SubjectAccessReview", spec: { user: OPERATOR_USER, groups: IDENTITIES[0]?.groups, resourceAttributes: { verb: "get", resource, namespace } } },
      });
      expect(review.status.allowed, `${resource} in ${namespace}`).toBe(false);
    }
  }
});
