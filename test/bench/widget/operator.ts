/**
 * Our runtime as the small operator that the peers are measured as: five children and one Ready condition for each
 * Widget of `bench.dev/v1`. Run by test/bench/peers.ts; settings come as arguments: API server, bearer token. Like the
 * Go peer it answers `/stats` with the times, in microseconds, of its start and of its first and latest reconcile.
 */
import { createServer } from "node:http";
import { parseArgs } from "node:util";
import type { CacheSpec } from "../../../operator/kube/cache.ts";
import { Caches } from "../../../operator/kube/caches.ts";
import { KubeClient } from "../../../operator/kube/client.ts";
import { cachedSource, credentials } from "../../../operator/kube/credentials.ts";
import { DEPLOYMENTS, SERVICES, SERVICE_ACCOUNTS, type Resource } from "../../../operator/kube/resources.ts";
import { Transport } from "../../../operator/kube/transport.ts";
import { systemClock } from "../../../operator/lib/clock.ts";
import { keyOf, type Condition, type KubeObject, type Live, type ObjectRef } from "../../../operator/lib/k8s-types.ts";
import { controllerReference, execute, type Step } from "../../../operator/runtime/execute.ts";
import type { Context, Controller } from "../../../operator/runtime/kind.ts";
import type { Logger } from "../../../operator/runtime/log.ts";
import { Manager } from "../../../operator/runtime/manager.ts";
import { done, type Outcome } from "../../../operator/runtime/outcome.ts";
import { nextConditions, statusPatch } from "../../../operator/runtime/status.ts";

type Widget = KubeObject & { spec: { name: string; replicas: number }; status?: { observedGeneration?: number; conditions?: Condition[] } };

const WIDGETS: Resource<Widget> = { group: "bench.dev", version: "v1", plural: "widgets", kind: "Widget", namespaced: true };
const CONFIG_MAPS: Resource = { group: "", version: "v1", plural: "configmaps", kind: "ConfigMap", namespaced: true };
const SECRETS: Resource = { group: "", version: "v1", plural: "secrets", kind: "Secret", namespaced: true };

function children(widget: Live<Widget>): [Resource, KubeObject][] {
  const { name, namespace = "" } = widget.metadata;
  const labels = { "app.kubernetes.io/managed-by": "bench", widget: name };
  const metadata = { name, namespace, labels, ownerReferences: [controllerReference(widget)] };
  const make = (apiVersion: string, kind: string, rest: object): KubeObject => ({ apiVersion, kind, metadata, ...rest });
  const container = { name: "app", image: "registry.example/app:1", ports: [{ name: "http", containerPort: 8080, protocol: "TCP" }], envFrom: [{ configMapRef: { name } }] };
  return [
    [CONFIG_MAPS, make("v1", "ConfigMap", { data: { name: widget.spec.name, "config.yaml": `replicas: ${widget.spec.replicas}\nlogLevel: info\n` } })],
    [SECRETS, make("v1", "Secret", { type: "Opaque", data: { token: Buffer.from(`secret-of-${widget.spec.name}`).toString("base64") } })],
    [SERVICE_ACCOUNTS, make("v1", "ServiceAccount", {})],
    [SERVICES, make("v1", "Service", { spec: { type: "ClusterIP", selector: { widget: name }, ports: [{ name: "http", port: 80, protocol: "TCP", targetPort: 8080 }] } })],
    [DEPLOYMENTS, make("apps/v1", "Deployment", {
      spec: { replicas: 0, selector: { matchLabels: { widget: name } }, template: { metadata: { labels: { widget: name } }, spec: { serviceAccountName: name, containers: [container] } } },
    })],
  ];
}

const now = (): number => Math.round((performance.timeOrigin + performance.now()) * 1000);
const stats = { startUs: Math.round(performance.timeOrigin * 1000), firstUs: 0, lastDoneUs: 0, reconciles: 0 };

async function reconcile(ref: ObjectRef, context: Context): Promise<Outcome> {
  if (stats.firstUs === 0) stats.firstUs = now();
  const outcome = await bringAbout(ref, context);
  stats.lastDoneUs = now();
  stats.reconciles += 1;
  return outcome;
}

async function bringAbout(ref: ObjectRef, context: Context): Promise<Outcome> {
  const widget = context.cache(WIDGETS).get(keyOf(ref));
  if (widget === undefined || widget.metadata.deletionTimestamp !== undefined) return done();
  await execute([children(widget).map(([resource, object]): Step => ({ kind: "apply", resource, object }))], widget, context);
  const generation = widget.metadata.generation ?? 0;
  const ready = { type: "Ready", status: "True", reason: "Applied", message: "all children applied" } as const;
  const conditions = nextConditions(widget.status?.conditions ?? [], [ready], { generation, now: new Date(context.clock.now()).toISOString() });
  const patch = statusPatch(widget.status, { observedGeneration: generation, conditions });
  if (patch === undefined) return done();
  const { uid, resourceVersion } = widget.metadata;
  context.cache(WIDGETS).observe(await context.api.mergePatch(WIDGETS, ref, { status: patch }, { uid, resourceVersion, subresource: "status" }));
  return done();
}

const ownerOf = (child: Live): ObjectRef[] =>
  (child.metadata.ownerReferences ?? []).filter(({ kind }) => kind === "Widget").map(({ name }) => ({ namespace: child.metadata.namespace ?? "", name }));

const childCache = (resource: Resource): CacheSpec => ({ resource, labelSelector: "app.kubernetes.io/managed-by=bench" });

const controller: Controller = {
  name: "Widget",
  owns: { resource: WIDGETS },
  reads: [CONFIG_MAPS, SECRETS, SERVICE_ACCOUNTS, SERVICES, DEPLOYMENTS].map((resource) => ({ cache: childCache(resource), wakes: ownerOf })),
  rules: [],
  conditions: [],
  reconcile,
};

const silent: Logger = { debug: () => {}, info: () => {}, warn: () => {}, error: (fields, message) => console.error(message, fields), child: () => silent };

const { values } = parseArgs({ options: { api: { type: "string" }, token: { type: "string", default: "tok-op" }, workers: { type: "string", default: "10" }, stats: { type: "string", default: "28080" } } });
if (values.api === undefined) throw new Error("--api names the API server, https://127.0.0.1:PORT");
const found = credentials(values.api, { rejectUnauthorized: false }, { authorization: `Bearer ${values.token}` });
const transport = new Transport({ credentials: cachedSource(() => Promise.resolve(found), Infinity) });
const api = new KubeClient({ transport });
const caches = new Caches({ transport, client: api });
const stop = new AbortController();
const manager = new Manager({
  controllers: [controller], api, caches, clock: systemClock, log: silent, events: { record: () => {} },
  metrics: { reconciled: () => {}, watchQueue: () => {} }, workers: Number(values.workers),
});
process.once("SIGTERM", () => stop.abort());
createServer((_, answer) => void answer.end(JSON.stringify({ ...stats, memory: process.memoryUsage() }))).listen(Number(values.stats), "127.0.0.1");
const watching = caches.start(stop.signal);
await caches.synced();
await manager.lead(stop.signal);
await watching;
process.exit(0);
