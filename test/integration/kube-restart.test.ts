/** Client and reflector while the API server is killed, restarted, and etcd compacted: on a control plane of their own. */
import { afterAll, beforeAll, expect, onTestFinished, test } from "vitest";
import { Caches } from "../../operator/kube/caches.ts";
import { loadCredentials } from "../../operator/kube/credentials.ts";
import type { Restart } from "../../operator/kube/reflector.ts";
import { eventually, startControlPlane, uniqueNamespace } from "../support/control-plane.ts";
import { FaultProxy, fault, match } from "../support/fault-proxy.ts";
import { CONFIG_MAPS, configMap, connect } from "../support/kube-client.ts";

let plane: Awaited<ReturnType<typeof startControlPlane>>;
beforeAll(async () => {
  plane = await startControlPlane();
});
afterAll(() => plane.stop());

async function reflecting(proxy?: FaultProxy) {
  // Without a proxy, the way that the operator itself takes: a kubeconfig file.
  const kube = connect(plane, proxy ?? plane, proxy === undefined ? { credentials: await loadCredentials({ kubeconfig: plane.kubeconfig() }) } : {});
  const namespace = await uniqueNamespace(plane);
  const restarts: Restart[] = [];
  const caches = new Caches({ transport: kube.transport, client: kube.client, onRestart: (restart) => restarts.push(restart) });
  const cache = caches.for({ resource: CONFIG_MAPS, index: (object) => ({ namespace: [object.metadata.namespace ?? ""] }) });
  const changes: string[] = [];
  cache.onChange(({ before, after }) => {
    const about = after ?? before;
    if (about?.metadata.namespace === namespace) changes.push(`${before === undefined ? "+" : after === undefined ? "-" : "~"}${about.metadata.name}`);
  });
  const stop = new AbortController();
  const running = caches.start(stop.signal);
  onTestFinished(async () => {
    stop.abort();
    await running;
    kube[Symbol.dispose]();
  });
  await caches.synced();
  return { ...kube, namespace, cache, changes, restarts, names: () => cache.by("namespace", namespace).map((object) => object.metadata.name).filter((name) => name !== "kube-root-ca.crt").sort() };
}

test("an API server that is killed and started again loses us nothing: calls wait, watches come back", async () => {
  const at = await reflecting();
  await at.client.apply(CONFIG_MAPS, configMap(at.namespace, "before"));
  await eventually(() => at.names().length === 1);
  await plane.apiServer.kill();
  const waiting = at.client.apply(CONFIG_MAPS, configMap(at.namespace, "while-away"), { deadlineMs: 60_000 });
  await eventually(() => at.restarts.length > 0);
  await plane.apiServer.start();
  expect((await waiting).metadata.name).toBe("while-away");
  await at.client.apply(CONFIG_MAPS, configMap(at.namespace, "after"));
  await eventually(() => expect(at.names()).toEqual(["after", "before", "while-away"]), { timeoutMs: 20_000 });
  expect(at.changes).toEqual(["+before", "+while-away", "+after"]);
  expect(at.restarts.every(({ reason }) => reason !== "silence")).toBe(true);
});

test("a version that etcd has compacted meanwhile gets 410: the objects are read anew and the difference is told", async () => {
  await using proxy = await FaultProxy.start({ url: plane.url, ca: plane.ca });
  const at = await reflecting(proxy);
  await Promise.all(["gone", "stays"].map((name) => at.client.apply(CONFIG_MAPS, configMap(at.namespace, name))));
  await eventually(() => at.names().length === 2);
  const blind = proxy.when(match.watch, fault.status(500));
  proxy.endWatches();
  await eventually(() => blind.hits > 0);
  await at.client.delete(CONFIG_MAPS, { namespace: at.namespace, name: "gone" });
  await at.client.apply(CONFIG_MAPS, configMap(at.namespace, "new"));
  await plane.compact();
  // A new start empties the API server's own memory of events, which could still help with the old version.
  await plane.apiServer.restart();
  expect(at.names()).toEqual(["gone", "stays"]);
  blind.remove();
  await eventually(() => expect(at.names()).toEqual(["new", "stays"]), { timeoutMs: 30_000 });
  expect(at.restarts.map(({ reason }) => reason)).toContain("gone");
  expect(at.changes.filter((change) => !change.endsWith("kube-root-ca.crt")).sort()).toEqual(["+gone", "+new", "+stays", "-gone"]);
});
