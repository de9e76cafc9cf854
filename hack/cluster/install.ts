/**
 * Puts Hoheit's own objects on an API server: the CRDs, the operator's namespace, its service account and the permissions
 * that the chart ships. By plain server-side apply, so that doing it twice, or twice at a time, changes nothing.
 */
import { globSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { loadAll } from "js-yaml";
import { OPERATOR_LABELS } from "../../operator/lib/labels.ts";
import { CONTROL_PORT, TRIPWIRE_PORT, TRIPWIRE_SERVICE } from "../../operator/lib/names.ts";
import { mustCall } from "./http.ts";

const ROOT = resolve(import.meta.dirname, "..", "..");
export const OPERATOR_NAMESPACE = "hoheit-system";
export const OPERATOR_ACCOUNT = "hoheit-operator";
export const RBAC_FILE = join(ROOT, "charts", "hoheit", "generated", "rbac.yaml");

/** Who may do that. */
export interface AdminAccess { readonly url: string; readonly ca: string; readonly token: string }

interface Manifest { apiVersion: string; kind: string; metadata: { name: string; namespace?: string; labels?: Record<string, string> } }

const RBAC = "/apis/rbac.authorization.k8s.io/v1";
const PATHS: Readonly<Record<string, (namespace: string) => string>> = {
  CustomResourceDefinition: () => "/apis/apiextensions.k8s.io/v1/customresourcedefinitions",
  Namespace: () => "/api/v1/namespaces",
  Service: (namespace) => `/api/v1/namespaces/${namespace}/services`,
  ServiceAccount: (namespace) => `/api/v1/namespaces/${namespace}/serviceaccounts`,
  ClusterRole: () => `${RBAC}/clusterroles`,
  ClusterRoleBinding: () => `${RBAC}/clusterrolebindings`,
  Role: (namespace) => `${RBAC}/namespaces/${namespace}/roles`,
  RoleBinding: (namespace) => `${RBAC}/namespaces/${namespace}/rolebindings`,
};

export const crdFiles = (): string[] => globSync("crds/*.yaml", { cwd: ROOT }).toSorted().map((file) => join(ROOT, file));

/** CRDs, and resolves when the API server serves them. */
export async function installCrds(access: AdminAccess): Promise<void> {
  const crds = crdFiles().flatMap(documents);
  await Promise.all(crds.map((crd) => apply(access, crd)));
  await Promise.all(crds.map((crd) => untilEstablished(access, crd.metadata.name)));
}

/** The tripwire's Service as the chart has it. Without pods behind it, it still has addresses, which is what the operator asks of it. */
export const TRIPWIRE: Manifest & { spec: object } = {
  apiVersion: "v1", kind: "Service", metadata: { name: TRIPWIRE_SERVICE, namespace: OPERATOR_NAMESPACE, labels: { "app.kubernetes.io/part-of": "hoheit" } },
  spec: {
    type: "ClusterIP", ipFamilyPolicy: "PreferDualStack", selector: OPERATOR_LABELS,
    ports: [["control", CONTROL_PORT], ["tripwire", TRIPWIRE_PORT]].flatMap(([name, port]) => [
      { name, port, targetPort: port, protocol: "TCP" }, { name: `${name}-udp`, port, targetPort: port, protocol: "UDP" },
    ]),
  },
};

/** Everything that the chart would install, except the operator's pods. */
export async function installHoheit(access: AdminAccess): Promise<void> {
  await apply(access, { apiVersion: "v1", kind: "Namespace", metadata: { name: OPERATOR_NAMESPACE } });
  await apply(access, { apiVersion: "v1", kind: "ServiceAccount", metadata: { name: OPERATOR_ACCOUNT, namespace: OPERATOR_NAMESPACE } });
  for (const object of documents(RBAC_FILE)) await apply(access, object);
  await apply(access, TRIPWIRE);
  await installCrds(access);
}

function documents(file: string): Manifest[] {
  return loadAll(readFileSync(file, "utf8")).filter((document) => document !== null && document !== undefined) as Manifest[];
}

async function apply({ url, ca, token }: AdminAccess, object: Manifest): Promise<void> {
  const collection = PATHS[object.kind]?.(object.metadata.namespace ?? "");
  if (collection === undefined) throw new Error(`install.ts has no path for a ${object.kind}`);
  await mustCall({
    method: "PATCH", url: `${url}${collection}/${object.metadata.name}?fieldManager=hoheit-install&force=true`, ca, token,
    body: object, contentType: "application/apply-patch+yaml", timeoutMs: 30_000,
  });
}

async function untilEstablished({ url, ca, token }: AdminAccess, name: string): Promise<void> {
  const deadline = Date.now() + 30_000;
  while (Date.now() < deadline) {
    const crd = await mustCall({ url: `${url}${PATHS.CustomResourceDefinition?.("") ?? ""}/${name}`, ca, token }) as { status?: { conditions?: { type: string; status: string; message: string }[] } };
    if (crd.status?.conditions?.some(({ type, status }) => type === "Established" && status === "True")) return;
    await delay(100);
  }
  throw new Error(`the API server does not serve ${name} within 30 s`);
}
