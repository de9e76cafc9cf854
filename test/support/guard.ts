/**
 * A control plane with the admission guard in force, a governed and sealed namespace, and a tenant who has
 * every right in it.
 */
import { call } from "../../hack/cluster/http.ts";
import { buildGuard } from "../../operator/kinds/sovereignty-policy/build/guard/index.ts";
import { guardRules } from "../../operator/kinds/sovereignty-policy/guard/rbac.ts";
import { probeGuard, verdictOf } from "../../operator/kinds/sovereignty-policy/guard/probe.ts";
import type { SovereigntyPolicy } from "../../operator/kinds/sovereignty-policy/schema.ts";
import { VALIDATING_ADMISSION_POLICIES, VALIDATING_ADMISSION_POLICY_BINDINGS, type Resource } from "../../operator/kube/resources.ts";
import { collectionPath, objectPath } from "../../operator/kube/url.ts";
import { FIELD_MANAGER } from "../../operator/lib/names.ts";
import { SEALED } from "../../operator/lib/labels.ts";
import type { Rule } from "../../operator/runtime/kind.ts";
import type { KubeObject, ObjectMeta } from "../../operator/lib/k8s-types.ts";
import { client, eventually, IDENTITIES, rawCall, uniqueNamespace, type ControlPlane, type Reachable } from "./control-plane.ts";
import { startHouse } from "./house.ts";
import { OPERATOR } from "./makers.ts";

export const OPERATOR_USER = IDENTITIES[0]?.user ?? "";
const RBAC = "rbac.authorization.k8s.io";
const EDITOR = { name: "editor", user: "edith", groups: ["system:authenticated"] };
const TENANT = IDENTITIES[1]?.user ?? "";

const operator = { name: "IT-Verbund", country: "DE", controlledFrom: "DE" };
const destination = (name: string, members: object): object => ({ name, country: "DE", operator, purpose: "tests", ports: [{ port: 443, protocol: "TCP" }], ...members });

/** What the cases are judged by: one destination for Fetch, one for Application, one that is not in force, peers in both directions. */
export const LAND = {
  apiVersion: "hoheit.dev/v1alpha1", kind: "SovereigntyPolicy", metadata: { name: "land" } as ObjectMeta,
  spec: {
    namespaceSelector: { matchLabels: { "hoheit.dev/governed": "true" } },
    destinations: [
      destination("mirror", { cidrs: ["198.51.100.7/32"], roles: ["Fetch"] }),
      destination("database", { cidrs: ["203.0.113.0/24", "2001:db8:5::/48"], roles: ["Application", "Purge"], ports: [{ port: 5432, protocol: "TCP" }, { port: 8000, endPort: 8010, protocol: "TCP" }] }),
      destination("held-back", { cidrs: ["192.0.2.0/24"], roles: ["Application"] }),
    ],
    inCluster: [
      { name: "ingress", namespace: "ingress-nginx", podSelector: { matchLabels: { app: "ingress" } }, direction: "Ingress", ports: [{ port: 8080, protocol: "TCP" }], roles: ["Application"] },
      { name: "directory", namespace: "identity", podSelector: { matchLabels: { app: "keycloak" } }, direction: "Egress", roles: ["Application"] },
    ],
    images: { registries: ["registry.example"], digests: "Required" },
    nodes: { selector: { matchLabels: { "topology.kubernetes.io/zone": "rz1" } } },
    enforcement: { guard: "Enforce" },
  },
};

/** Those of LAND that are in force. */
export const IN_FORCE = ["mirror", "database"];

export interface GuardedPlane extends AsyncDisposable {
  readonly plane: ControlPlane;
  /** Governed by LAND and sealed. */
  readonly namespace: string;
}

/** Everything but the operator's process: its part is played by what it would have written. @param inForce destinations of the policy that are */
export async function startGuarded(policy: typeof LAND = LAND, inForce: readonly string[] = IN_FORCE): Promise<GuardedPlane> {
  const plane = await startHouse({ identities: [...IDENTITIES, EDITOR] });
  return { plane, namespace: await guard(plane, policy, inForce), [Symbol.asyncDispose]: () => plane.stop() };
}

/** Puts policy and guard on a control plane that has Hoheit's definitions. Returns a namespace that is governed, sealed and the tenant's. */
export async function guard(plane: Reachable, policy: typeof LAND = LAND, inForce: readonly string[] = IN_FORCE): Promise<string> {
  await grant(plane, guardRules);
  await putPolicy(plane, policy, inForce);
  await putGuard(plane, [policy]);
  const namespace = await governedNamespace(plane);
  await untilGuarded(plane, namespace, policy);
  return namespace;
}

/** Permissions for the operator's account beside those of the chart. */
const grant = (plane: Reachable, rules: readonly Rule[]): Promise<void> => grantIn(plane, { role: "guard-tests", user: OPERATOR_USER }, rules);

/** Permissions in the whole cluster for somebody who may edit policies, identity `editor`. */
export const grantToEditor = (plane: Reachable, role: string, rules: readonly Rule[]): Promise<void> => grantIn(plane, { role, user: EDITOR.user }, rules);

async function grantIn(plane: Reachable, { role: name, user }: { role: string; user: string }, rules: readonly Rule[]): Promise<void> {
  await apply(plane, `/apis/${RBAC}/v1/clusterroles/${name}`, { apiVersion: `${RBAC}/v1`, kind: "ClusterRole", metadata: { name }, rules });
  await apply(plane, `/apis/${RBAC}/v1/clusterrolebindings/${name}`, {
    apiVersion: `${RBAC}/v1`, kind: "ClusterRoleBinding", metadata: { name }, roleRef: { apiGroup: RBAC, kind: "ClusterRole", name }, subjects: [{ apiGroup: RBAC, kind: "User", name: user }],
  });
}

const apply = (plane: Reachable, path: string, body: object): Promise<unknown> =>
  rawCall(plane, "PATCH", `${path}?fieldManager=${FIELD_MANAGER}&force=true`, { body, contentType: "application/apply-patch+yaml" });

/** The policy, with those of its destinations in force. */
async function putPolicy(plane: Reachable, policy: typeof LAND, destinations: readonly string[]): Promise<void> {
  const path = `/apis/hoheit.dev/v1alpha1/sovereigntypolicies/${policy.metadata.name}`;
  await apply(plane, path, policy);
  await apply(plane, `${path}/status`, { apiVersion: policy.apiVersion, kind: policy.kind, metadata: policy.metadata, status: { destinations } });
}

/** Resolves when the API server refuses everything that the guard must refuse, some seconds after it was written. */
export async function untilGuarded(plane: Reachable, namespace: string, policy: typeof LAND = LAND): Promise<void> {
  const { api, transport } = client("operator", plane);
  try {
    await eventually(async () => {
      const verdict = verdictOf(await probeGuard(api, namespace, policy as unknown as SovereigntyPolicy));
      if (verdict.status !== "True") throw new Error(verdict.message);
    }, { timeoutMs: 30_000, everyMs: 250 });
  } finally {
    transport.close();
  }
}

/** The guard for these policies, as the operator writes it. */
export async function putGuard(plane: Reachable, policies: readonly (typeof LAND)[]): Promise<void> {
  const guard = buildGuard({ policies: policies as unknown as readonly SovereigntyPolicy[], exempt: ["kube-system", OPERATOR.namespace], operator: { user: OPERATOR_USER, image: OPERATOR.image } });
  for (const object of guard.admissionPolicies) await apply(plane, objectPath(VALIDATING_ADMISSION_POLICIES, object.metadata), object);
  for (const object of guard.bindings) await apply(plane, objectPath(VALIDATING_ADMISSION_POLICY_BINDINGS, object.metadata), object);
}

/** Every right in a namespace, for the tenant: also those that the stock roles leave out. */
export async function handOver(plane: Reachable, namespace: string): Promise<void> {
  const metadata = { name: "tenant", namespace };
  const at = `/apis/${RBAC}/v1/namespaces/${namespace}`;
  await apply(plane, `${at}/roles/tenant`, { apiVersion: `${RBAC}/v1`, kind: "Role", metadata, rules: [{ apiGroups: ["*"], resources: ["*"], verbs: ["*"] }] });
  await apply(plane, `${at}/rolebindings/tenant`, { apiVersion: `${RBAC}/v1`, kind: "RoleBinding", metadata, roleRef: { apiGroup: RBAC, kind: "Role", name: "tenant" }, subjects: [{ apiGroup: RBAC, kind: "User", name: TENANT }] });
}

/** A namespace that is governed, sealed as the operator seals, and the tenant's. */
export async function governedNamespace(plane: Reachable, labels: Record<string, string> = LAND.spec.namespaceSelector.matchLabels): Promise<string> {
  const namespace = await uniqueNamespace(plane, { prefix: "governed", labels });
  await handOver(plane, namespace);
  await seal(plane, namespace);
  // Pods need the account that a controller makes.
  await eventually(() => rawCall(plane, "GET", `/api/v1/namespaces/${namespace}/serviceaccounts/default`));
  return namespace;
}

export const seal = (plane: Reachable, namespace: string): Promise<unknown> =>
  rawCall(plane, "PATCH", `/api/v1/namespaces/${namespace}`, { as: "operator", body: { metadata: { annotations: { [SEALED]: "test" } } }, contentType: "application/merge-patch+json" });

/** What the API server said: nothing if it did as asked, else the message of its refusal. */
export async function attempt(plane: Reachable, method: string, path: string, { body, as = "admin", contentType }: { body?: object; as?: string; contentType?: string } = {}): Promise<string | undefined> {
  const answer = await call({
    method, url: plane.url + path, ca: plane.ca, token: plane.tokens[as] ?? "", timeoutMs: 30_000,
    ...(body !== undefined && { body }), ...(contentType !== undefined && { contentType }),
  });
  if (answer.status < 300) return undefined;
  return answer.body.startsWith("{") ? (JSON.parse(answer.body) as { message: string }).message : answer.body;
}

/** Creates without storing, as the tenant unless told otherwise. */
export const attemptCreation = (plane: Reachable, resource: Resource, object: KubeObject, as = "user"): Promise<string | undefined> =>
  attempt(plane, "POST", `${collectionPath(resource, object.metadata.namespace)}?dryRun=All`, { body: object, as });

/** Fails unless the guard, and nothing else, refused, for the reason that is expected. */
export function expectRefusal(message: string | undefined, because = /./): void {
  if (message === undefined) throw new Error("it was let through");
  if (!/ValidatingAdmissionPolicy '[a-z-]+\.hoheit\.dev'/.test(message)) throw new Error(`refused by something else: ${message}`);
  if (!because.test(message)) throw new Error(`refused for another reason than ${because.source}: ${message}`);
}

export function expectAllowed(message: string | undefined): void {
  if (message !== undefined) throw new Error(message);
}
