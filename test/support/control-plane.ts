/**
 * The real control plane, as tests see it.
 *
 * `sharedPlane()` is the one that global set-up started for all files of the projects `crd` and `integration`: with
 * controller manager, scheduler and three simulated GPU nodes. Work in a namespace of your own (`uniqueNamespace`) and
 * never break it. Who must break one starts one: `await using plane = await startControlPlane(...)` takes 3-6 s.
 */
import { randomBytes } from "node:crypto";
import { readFile } from "node:fs/promises";
import { setTimeout as delay } from "node:timers/promises";
import { inject, expect } from "vitest";
import { startControlPlane as start, type ControlPlane, type ControlPlaneOptions, type Identity } from "../../hack/cluster/control-plane.ts";
import { mustCall } from "../../hack/cluster/http.ts";
import { installCrds as applyCrds, installHoheit as applyAll } from "../../hack/cluster/install.ts";
import { KubeClient, type ClientOptions } from "../../operator/kube/client.ts";
import { credentials } from "../../operator/kube/credentials.ts";
import { Transport } from "../../operator/kube/transport.ts";

export type { ControlPlane, ControlPlaneOptions, Identity } from "../../hack/cluster/control-plane.ts";

/** Who may ask. `operator` is the service account of the chart, so it can do what the generated RBAC says and no more. */
export const IDENTITIES: readonly Identity[] = [
  { name: "operator", user: "system:serviceaccount:hoheit-system:hoheit-operator", groups: ["system:serviceaccounts", "system:serviceaccounts:hoheit-system", "system:authenticated"] },
  { name: "user", user: "jane", groups: ["system:authenticated"] },
];

/** What a test needs to reach a control plane; plain data, so that it can cross into vitest's workers. */
export interface SharedPlane {
  readonly url: string;
  /** PEM. */
  readonly ca: string;
  /** By identity: `admin`, `operator`, `user`. */
  readonly tokens: Readonly<Record<string, string>>;
  /** Paths, by identity. */
  readonly kubeconfigs: Readonly<Record<string, string>>;
  /** Metadata of every request of `operator` and `user`, as JSON lines; written before the client has its answer. */
  readonly auditLogFile: string;
}

/** The control plane that all test files share. */
export function sharedPlane(): SharedPlane {
  return inject("controlPlane");
}

/**
 * A control plane of one's own, to kill and restart. Only etcd and the API server unless more is asked for; knows
 * IDENTITIES. `await using` or `afterAll(() => plane.stop())`.
 */
export async function startControlPlane(options: ControlPlaneOptions = {}): Promise<ControlPlane & AsyncDisposable> {
  const plane = await start({ ...options, identities: options.identities ?? IDENTITIES });
  return Object.assign(plane, { [Symbol.asyncDispose]: () => plane.stop() });
}

/** The least that these helpers need to know of a plane, shared or own. */
export type Reachable = Pick<SharedPlane, "url" | "ca" | "tokens">;

/** A plain authenticated call, as admin unless told otherwise; throws unless it succeeds. Independent of our own client. */
export function rawCall<T = unknown>(plane: Reachable, method: string, path: string, options: { body?: unknown; as?: string; contentType?: string } = {}): Promise<T> {
  const { body, as = "admin", contentType } = options;
  return mustCall({
    method, url: plane.url + path, ca: plane.ca, token: plane.tokens[as] ?? "", timeoutMs: 30_000,
    ...(body !== undefined && { body }), ...(contentType !== undefined && { contentType }),
  }) as Promise<T>;
}

/** Creates a namespace with a name that nobody else has. `restricted`: Pod Security refuses what is not. */
export async function uniqueNamespace(plane: Reachable = sharedPlane(), options: { prefix?: string; restricted?: boolean; labels?: Record<string, string> } = {}): Promise<string> {
  const name = `${options.prefix ?? "t"}-${randomBytes(5).toString("hex")}`;
  const labels = { ...(options.restricted && { "pod-security.kubernetes.io/enforce": "restricted" }), ...options.labels };
  await rawCall(plane, "POST", "/api/v1/namespaces", { body: { apiVersion: "v1", kind: "Namespace", metadata: { name, labels } } });
  return name;
}

export interface EventuallyOptions {
  /** Default 15 s. */
  readonly timeoutMs?: number;
  /** Default 50 ms. */
  readonly everyMs?: number;
}

/**
 * Repeats `check` until it neither throws nor returns false, and returns what it returned: put `expect` in it. After the
 * deadline throws with the last failure.
 */
export async function eventually<T>(check: () => T | Promise<T>, options: EventuallyOptions = {}): Promise<Exclude<T, false>> {
  const { timeoutMs = 15_000, everyMs = 50 } = options;
  const deadline = Date.now() + timeoutMs;
  let failure: unknown;
  do {
    try {
      const result = await check();
      if (result !== false) return result as Exclude<T, false>;
      failure = new Error("still false");
    } catch (error) {
      failure = error;
    }
    await delay(everyMs);
  } while (Date.now() < deadline);
  throw new Error(`not within ${timeoutMs} ms: ${failure instanceof Error ? failure.message : String(failure)}`, { cause: failure });
}

/** Checks again and again for `forMs` that something stays true; the opposite of `eventually`. Throws what `check` throws. */
export async function consistently(check: () => void | Promise<void>, options: { forMs?: number; everyMs?: number } = {}): Promise<void> {
  const { forMs = 1000, everyMs = 50 } = options;
  const deadline = Date.now() + forMs;
  do {
    await check();
    await delay(everyMs);
  } while (Date.now() < deadline);
}

/** One line of the audit log, the part that tests look at. */
export interface AuditEntry {
  readonly auditID: string;
  readonly stage: string;
  readonly verb: string;
  readonly requestURI: string;
  readonly user: { readonly username: string };
  readonly userAgent?: string;
  readonly objectRef?: { readonly resource?: string; readonly namespace?: string; readonly name?: string; readonly subresource?: string; readonly apiGroup?: string };
  readonly responseStatus?: { readonly code?: number; readonly message?: string };
  readonly requestReceivedTimestamp: string;
}

export interface AuditFilter {
  readonly user?: string;
  readonly namespace?: string;
  readonly verbs?: readonly string[];
  readonly since?: Date;
}

/** Requests that were answered (watches: when they ended), oldest first. */
export async function auditLog(plane: { auditLogFile: string | undefined } = sharedPlane(), filter: AuditFilter = {}): Promise<AuditEntry[]> {
  expect(plane.auditLogFile, "this control plane has no audit log: start it with `audit: {}`").toBeTruthy();
  const lines = (await readFile(plane.auditLogFile ?? "", "utf8")).split("\n");
  lines.pop(); // what follows the last line feed is not complete
  const entries = lines.map((line) => JSON.parse(line) as AuditEntry);
  return entries.filter((entry) => entry.stage === "ResponseComplete" && matches(entry, filter));
}

/** The verbs that change something. */
export const WRITE_VERBS: readonly string[] = ["create", "update", "patch", "delete", "deletecollection"];

function matches(entry: AuditEntry, { user, namespace, verbs, since }: AuditFilter): boolean {
  if (user !== undefined && entry.user.username !== user) return false;
  if (namespace !== undefined && entry.objectRef?.namespace !== namespace) return false;
  if (verbs !== undefined && !verbs.includes(entry.verb)) return false;
  return since === undefined || Date.parse(entry.requestReceivedTimestamp) >= since.getTime();
}

/** Our CRDs on a plane, served. Idempotent; cheap when they are there. */
export function installCrds(plane: Reachable = sharedPlane()): Promise<void> {
  return applyCrds(adminOf(plane));
}

/** CRDs, namespace hoheit-system, the operator's account and exactly the permissions that the chart ships. Idempotent. */
export function installHoheit(plane: Reachable = sharedPlane()): Promise<void> {
  return applyAll(adminOf(plane));
}

/**
 * Our own client, as an identity (`admin`, `operator`, `user`). Close its transport when done:
 * `const { api, transport } = client("operator"); afterAll(() => transport.close())`.
 */
export function client(as = "admin", plane: Reachable = sharedPlane(), options: Omit<ClientOptions, "transport"> = {}): { api: KubeClient; transport: Transport } {
  const access = credentials(plane.url, { ca: plane.ca, rejectUnauthorized: true }, { authorization: `Bearer ${plane.tokens[as] ?? ""}` });
  const transport = new Transport({ credentials: { current: async () => access, reload: async () => access } });
  return { api: new KubeClient({ transport, ...options }), transport };
}

const adminOf = ({ url, ca, tokens }: Reachable): { url: string; ca: string; token: string } => ({ url, ca, token: tokens.admin ?? "" });
