/** Governed namespaces on the real node, and pods in them. */
import { eventually, rawCall, uniqueNamespace } from "../control-plane.ts";
import { destination, svp } from "../makers.ts";
import type { Namespace } from "../../../operator/lib/k8s-types.ts";
import { OUTSIDE } from "./network.ts";
import { node } from "./node.ts";
import { TENANT } from "./tenant.ts";

const KEY = "e2e.example/governed-as";

/** Port at which `named` may be reached; at another of the canaries' ports it may not. */
export const NAMED_PORT = 80;
export const OTHER_PORT = 443;

/** The addresses outside, over TCP and UDP, at NAMED_PORT only. */
export const named = (roles: readonly string[]): ReturnType<typeof destination> => destination("named", {
  cidrs: [`${OUTSIDE.v4}/32`, `${OUTSIDE.v6}/128`], ports: [{ port: NAMED_PORT, protocol: "TCP" }, { port: NAMED_PORT, protocol: "UDP" }], roles,
});

/**
 * A policy for the namespaces that are labelled with its name. Others on the node are none of its business, and nothing is
 * guarded: tests make pods that only Hoheit may make.
 */
export const policy = (name: string): ReturnType<typeof svp> => svp(name).selects(labelsFor(name)).spec({ ungoverned: "Report", enforcement: { guard: "Off" } });

export const labelsFor = (policyName: string): Record<string, string> => ({ [KEY]: policyName });

/** A new namespace that is governed by the policy of that name as soon as both are there. */
export const namespaceUnder = (policyName: string): Promise<string> => uniqueNamespace(node(), { restricted: true, labels: labelsFor(policyName) });

export const labelNamespace = (name: string, labels: Readonly<Record<string, string | null>>): Promise<unknown> =>
  rawCall(node(), "PATCH", `/api/v1/namespaces/${name}`, { body: { metadata: { labels } }, contentType: "application/merge-patch+json" });

/** Waits until a namespace is marked as sealed, with another seal than `before` if there was one; returns the seal. */
export const untilSealed = (name: string, before?: string): Promise<string> => eventually(async () => {
  const { metadata: { annotations = {} } } = await rawCall<Namespace>(node(), "GET", `/api/v1/namespaces/${name}`);
  const seal = annotations["hoheit.dev/sealed"];
  return seal !== undefined && seal !== before && seal;
}, { timeoutMs: 30_000 });

export const removePolicy = (name: string): Promise<unknown> => rawCall(node(), "DELETE", `/apis/hoheit.dev/v1alpha1/sovereigntypolicies/${name}`);

const RBAC = "rbac.authorization.k8s.io";

/** Gives the tenant every right in a namespace, also those that the stock roles leave out. */
export async function handOver(namespace: string): Promise<void> {
  const post = (plural: string, kind: string, rest: object): Promise<unknown> =>
    rawCall(node(), "POST", `/apis/${RBAC}/v1/namespaces/${namespace}/${plural}`, { body: { apiVersion: `${RBAC}/v1`, kind, metadata: { name: TENANT.name }, ...rest } });
  await post("roles", "Role", { rules: [{ apiGroups: ["*"], resources: ["*"], verbs: ["*"] }] });
  await post("rolebindings", "RoleBinding", { roleRef: { apiGroup: RBAC, kind: "Role", name: TENANT.name }, subjects: [{ apiGroup: RBAC, kind: "User", name: TENANT.user }] });
}
