/**
 * How many bytes an object costs: as the API server sends it, parsed whole, and as the operator's caches keep it.
 * Prints a table; `--json` prints JSON. Run with `node --expose-gc test/bench/cache-memory.ts`.
 */
import { canonicalJson } from "../../operator/lib/hash.ts";
import type { CacheSpec } from "../../operator/kube/cache.ts";
import { Store } from "../../operator/kube/store.ts";
import { parseEvent } from "../../operator/kube/watch-event.ts";
import * as caches from "../../operator/kinds/caches.ts";
import type { KubeObject, Live } from "../../operator/lib/k8s-types.ts";
import { exampleNode, examplePod } from "./example-objects.ts";

const OBJECTS = 5_000;

interface Row { resource: string; wireBytes: number; rawBytes: number; keptBytes: number }

/** Heap bytes that `fill` leaves behind, per object. What it returns is held until after the measurement. */
function heapPerObject(fill: () => unknown): number {
  const collect = globalThis.gc;
  if (collect === undefined) throw new Error("run it with node --expose-gc");
  collect();
  const before = process.memoryUsage().heapUsed;
  const held = fill();
  collect();
  const after = process.memoryUsage().heapUsed;
  if (held === undefined) throw new Error("nothing was held");
  return Math.round((after - before) / OBJECTS);
}

function measure<T extends KubeObject>(resource: string, spec: CacheSpec<T>, example: (n: number) => object): Row {
  const line = (n: number): string => JSON.stringify({ type: "ADDED", object: example(n) });
  const read = (n: number): Live<T> => parseEvent<T>("bench", line(n)).object;
  const wireBytes = Buffer.byteLength(canonicalJson(example(1)));
  const rawBytes = heapPerObject(() => Array.from({ length: OBJECTS }, (_, n) => read(n + 1)));
  const keptBytes = heapPerObject(() => {
    const store = new Store<T>(spec);
    for (let n = 1; n <= OBJECTS; n += 1) store.upsert(store.slim(read(n)));
    return store;
  });
  return { resource, wireBytes, rawBytes, keptBytes };
}

const rows = [measure("pods", caches.pods, examplePod), measure("nodes", caches.nodes, exampleNode)];
if (process.argv.includes("--json")) console.log(JSON.stringify(rows));
else console.table(rows);
