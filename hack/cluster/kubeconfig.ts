/** A kubeconfig for one identity. JSON is YAML, so no library is needed to write it. */
export function kubeconfig(access: { server: string; ca: string; token: string; namespace?: string }): string {
  const { server, ca, token, namespace = "default" } = access;
  return `${JSON.stringify({
    apiVersion: "v1",
    kind: "Config",
    clusters: [{ name: "hoheit", cluster: { server, "certificate-authority-data": Buffer.from(ca).toString("base64") } }],
    users: [{ name: "hoheit", user: { token } }],
    contexts: [{ name: "hoheit", context: { cluster: "hoheit", user: "hoheit", namespace } }],
    "current-context": "hoheit",
  }, null, 2)}\n`;
}
