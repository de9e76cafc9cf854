/** Our own client, wired for tests: to the API server or to the fault proxy before it. */
import type { KubeObject } from "../../operator/lib/k8s-types.ts";
import { KubeClient, type ClientOptions } from "../../operator/kube/client.ts";
import { cachedSource, credentials } from "../../operator/kube/credentials.ts";
import type { Resource } from "../../operator/kube/resources.ts";
import { Transport, type TransportOptions } from "../../operator/kube/transport.ts";

export interface ConfigMap extends KubeObject {
  data?: Record<string, string>;
}

export const CONFIG_MAPS: Resource<ConfigMap> = { group: "", version: "v1", plural: "configmaps", kind: "ConfigMap", namespaced: true };

export interface Connected extends Disposable {
  readonly transport: Transport;
  readonly client: KubeClient;
}

export interface ConnectOptions extends Omit<ClientOptions, "transport">, Partial<TransportOptions> {
  /** Bearer token; default the plane's admin. */
  readonly token?: string;
}

/** Connects to `at`, with the token of `plane`'s admin. Pings are quick, so that tests of half-open connections are. */
export function connect(plane: { readonly tokens: Readonly<Record<string, string>> }, at: { readonly url: string; readonly ca: string }, options: ConnectOptions = {}): Connected {
  const { fence, onCall, pageSize, token = plane.tokens["admin"] ?? "", ...transportOptions } = options;
  const source = cachedSource(() => Promise.resolve(credentials(at.url, { ca: at.ca, rejectUnauthorized: true }, { authorization: `Bearer ${token}` })), 0);
  const transport = new Transport({ credentials: source, pingIntervalMs: 200, pingTimeoutMs: 300, ...transportOptions });
  const client = new KubeClient({
    transport, ...(fence !== undefined && { fence }), ...(onCall !== undefined && { onCall }), ...(pageSize !== undefined && { pageSize }),
  });
  return { transport, client, [Symbol.dispose]: () => transport.close() };
}

/** A ConfigMap to write. */
export function configMap(namespace: string, name: string, data: Record<string, string> = { a: "1" }): ConfigMap {
  return { apiVersion: "v1", kind: "ConfigMap", metadata: { name, namespace }, data };
}
