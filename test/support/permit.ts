/** Gives the identity `user` rules in one namespace: tests check with it that the rules we ship are enough. */
import type { Rule } from "../../operator/runtime/kind.ts";
import { rawCall, type Reachable } from "./control-plane.ts";

const RBAC = "rbac.authorization.k8s.io";

export async function permit(plane: Reachable, namespace: string, rules: readonly Rule[]): Promise<void> {
  const metadata = { name: "permitted" };
  const path = (plural: string): string => `/apis/${RBAC}/v1/namespaces/${namespace}/${plural}`;
  await rawCall(plane, "POST", path("roles"), { body: { apiVersion: `${RBAC}/v1`, kind: "Role", metadata, rules } });
  await rawCall(plane, "POST", path("rolebindings"), {
    body: {
      apiVersion: `${RBAC}/v1`, kind: "RoleBinding", metadata,
      roleRef: { apiGroup: RBAC, kind: "Role", name: metadata.name }, subjects: [{ apiGroup: RBAC, kind: "User", name: "jane" }],
    },
  });
}
