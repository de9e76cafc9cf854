/**
 * Where the API server is and how we prove who we are: read from the pod's service account or from a kubeconfig, and
 * read again, because tokens and certificate authorities are rotated while we run.
 *
 * client-node reads kubeconfigs (exec plugins, OIDC, client certificates). It is imported only when there is one:
 * it costs 0.4 s and 88 MB RSS from source, 43 MB from a bundle (measured, client-node 2.0.1 on Node 24.21), which an
 * operator inside a cluster need not pay. kubeconfig.ts alone imports it.
 */
import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import type { KubeConfig } from "./kubeconfig.ts";

/** Material for a TLS connection; a change of it needs a new connection. */
export interface TlsMaterial {
  ca?: string | Buffer;
  cert?: string | Buffer;
  key?: string | Buffer;
  servername?: string;
  rejectUnauthorized: boolean;
}

export interface Credentials {
  /** `https://host:port` of the API server. */
  readonly origin: string;
  /** Path prefix of a server behind a gateway, "" for almost everybody. */
  readonly prefix: string;
  readonly tls: TlsMaterial;
  /** Lower-case header names. The values are secrets: never logged, never part of an error. */
  readonly headers: Readonly<Record<string, string>>;
  /** Changes with `origin` and `tls`, not with headers: a new token travels over the old connection. */
  readonly fingerprint: string;
}

export interface CredentialSource {
  /** What is valid now; rereads files at most every `maxAgeMs`. */
  current(): Promise<Credentials>;
  /** Reads everything anew: the server said 401, or its certificate is not ours to trust. */
  reload(): Promise<Credentials>;
}

/** Kubernetes mounts the token, the CA and the namespace of a pod's service account here. */
const SERVICE_ACCOUNT = "/var/run/secrets/kubernetes.io/serviceaccount";

export interface LoadOptions {
  /** Path of a kubeconfig. Without it: the pod's service account if there is one, else $KUBECONFIG, else ~/.kube/config. */
  kubeconfig?: string;
  /** Context in that kubeconfig; its current one otherwise. */
  context?: string;
  /** Milliseconds for which files are believed; default 10,000. */
  maxAgeMs?: number;
  /** `host:port` of the API server for the service account. In a pod: KUBERNETES_SERVICE_HOST and _PORT. */
  inCluster?: { host: string; port: string; folder?: string };
}

/** Finds the credentials. Throws one clear sentence when there are none or when they need what we do not support. */
export async function loadCredentials(options: LoadOptions = {}): Promise<CredentialSource> {
  const source = cachedSource(serviceAccountReader(options) ?? kubeconfigReader(options), options.maxAgeMs ?? 10_000);
  await source.current();
  return source;
}

/** A reader of credentials; `fresh` means that nothing cached in it may be used. */
type Reader = (fresh: boolean) => Promise<Credentials>;

/** Reads at most every `maxAgeMs`; concurrent readers share one read. A failed reread keeps what was valid before. */
export function cachedSource(read: Reader, maxAgeMs: number): CredentialSource {
  let known: Credentials | undefined;
  let readAt = -Infinity;
  let reading: Promise<Credentials> | undefined;
  const refresh = (fresh: boolean): Promise<Credentials> => {
    reading ??= read(fresh)
      .then((credentials) => {
        readAt = performance.now();
        known = credentials;
        return credentials;
      })
      .catch((error: unknown) => {
        readAt = performance.now();
        if (known === undefined) throw error;
        return known;
      })
      .finally(() => (reading = undefined));
    return reading;
  };
  return {
    current: async () => (known !== undefined && performance.now() - readAt < maxAgeMs ? known : refresh(false)),
    reload: () => refresh(true),
  };
}

/** Undefined if we are not in a pod, or were told to use a kubeconfig. */
function serviceAccountReader({ inCluster: at, kubeconfig }: LoadOptions): Reader | undefined {
  const folder = at?.folder ?? SERVICE_ACCOUNT;
  if (at === undefined || kubeconfig !== undefined || !existsSync(`${folder}/token`)) return undefined;
  const host = at.host.includes(":") ? `[${at.host}]` : at.host;
  return async () => {
    const [ca, token] = await Promise.all([readFile(`${folder}/ca.crt`), readFile(`${folder}/token`, "utf8")]);
    return credentials(`https://${host}:${at.port}`, { ca, rejectUnauthorized: true }, { authorization: `Bearer ${token.trim()}` });
  };
}

function kubeconfigReader(options: LoadOptions): Reader {
  let config: KubeConfig | undefined;
  return async (fresh) => {
    if (config === undefined || fresh) config = (await import("./kubeconfig.ts")).openKubeconfig(options);
    return credentialsOf(config);
  };
}

/** What client-node would send, as plain data. */
async function credentialsOf(config: KubeConfig): Promise<Credentials> {
  const cluster = config.getCurrentCluster();
  if (cluster === null) throw new Error(`kubeconfig: context "${config.getCurrentContext()}" is not in it or names no cluster; choose one with --context`);
  refuseUnsupported(cluster.server, cluster.proxyUrl);
  const filled: { headers?: Record<string, unknown>; ca?: string | Buffer; cert?: string | Buffer; key?: string | Buffer; servername?: string } = {};
  await config.applyToHTTPSOptions(filled as Parameters<KubeConfig["applyToHTTPSOptions"]>[0]);
  const headers = Object.fromEntries(Object.entries(filled.headers ?? {}).map(([name, value]) => [name.toLowerCase(), String(value).trim()]));
  const tls: TlsMaterial = { rejectUnauthorized: !cluster.skipTLSVerify };
  if (filled.ca !== undefined) tls.ca = filled.ca;
  if (filled.cert !== undefined) tls.cert = filled.cert;
  if (filled.key !== undefined) tls.key = filled.key;
  if (filled.servername !== undefined) tls.servername = filled.servername;
  return credentials(cluster.server, tls, headers);
}

function refuseUnsupported(server: string, proxyUrl: string | undefined): void {
  if (proxyUrl !== undefined && proxyUrl !== "") {
    throw new Error("kubeconfig: proxy-url is not supported; reach the API server directly, or through a tunnel with its own address in `server`");
  }
  if (!server.startsWith("https://")) {
    throw new Error(`kubeconfig: the API server's address must start with https://, this one is ${server}; give a kubeconfig with --kubeconfig`);
  }
}

/** Puts the parts together; `server` may carry a path prefix. */
export function credentials(server: string, tls: TlsMaterial, headers: Record<string, string>): Credentials {
  const url = new URL(server);
  const hash = createHash("sha256").update(url.origin);
  for (const part of [tls.ca, tls.cert, tls.key, tls.servername, String(tls.rejectUnauthorized)]) hash.update(part ?? "").update("\0");
  return { origin: url.origin, prefix: url.pathname.replace(/\/$/, ""), tls, headers, fingerprint: hash.digest("hex") };
}
