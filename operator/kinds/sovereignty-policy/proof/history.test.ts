import { expect, it } from "vitest";
import type { ListOptions } from "../../../kube/api.ts";
import { CONFIG_MAPS } from "../../../kube/resources.ts";
import type { ConfigMap } from "../../../lib/k8s-types.ts";
import { EVIDENCE, evidenceLabels } from "../../../lib/labels.ts";
import { dataOf } from "./evidence-data.ts";
import { readHistory } from "./history.ts";

const configMap = (part: "Root" | "Bundle", value: object): ConfigMap => ({ apiVersion: "v1", kind: "ConfigMap", metadata: { name: "x", labels: evidenceLabels(part) }, ...dataOf("x", value) });
const bundle = (sha256: string, verdict: string, workloads: Record<string, string> = {}, over: object = {}): ConfigMap =>
  configMap("Bundle", { ...over, sha256, proof: { verdict, workloads: Object.entries(workloads).map(([id, one]) => ({ id, verdict: one })) } });
const place = (destination: string): object => ({ destination, inside: ["198.51.100.7/32"], outside: [], undetermined: [], special: [] });
const root = (asOf: string, bundles: Record<string, string>, previous?: string): ConfigMap =>
  configMap("Root", { root: `sha256:root-of-${asOf}`, facts: { asOf, previous }, bundles: Object.entries(bundles).map(([namespace, sha256]) => ({ namespace, sha256 })) });

const historyOf = (...objects: ConfigMap[]) => readHistory({
  scan: async (of: unknown, { labelSelector, limit = 500 }: ListOptions, take: (object: ConfigMap) => void) => {
    expect(of).toBe(CONFIG_MAPS);
    expect(limit, "an answer holds 64 MiB, a ConfigMap with all that belongs to it 1.5").toBeLessThanOrEqual(40);
    for (const one of objects) if (labelSelector === `${EVIDENCE}=${one.metadata.labels?.[EVIDENCE]}`) take(one);
  },
} as never, "hoheit-system");

it("tells the newest first what flipped, appeared and went, and nothing of the first evidence", async () => {
  const history = await historyOf(
    bundle("a1", "PROVED", { "a/Pod/x": "PROVED" }, { places: [place("older")] }), bundle("a2", "REFUTED", { "a/Pod/x": "REFUTED", "a/Pod/y": "PROVED" }), bundle("b1", "PROVED", {}, { places: [place("mirror")] }),
    root("2026-11-25T12:00:00Z", { b: "b1" }, "sha256:before"), root("2026-11-25T10:00:00Z", { a: "a1" }), root("2026-11-25T11:00:00Z", { a: "a2", b: "b1" }),
  );
  expect(history).toEqual({
    since: "2026-11-25T10:00:00Z", root: "sha256:root-of-2026-11-25T12:00:00Z", previousRoot: "sha256:before", places: new Map([["b", [place("mirror")]]]),
    flips: [
      { time: "2026-11-25T12:00:00Z", namespace: "a", workload: "a/Pod/y", from: "PROVED" },
      { time: "2026-11-25T12:00:00Z", namespace: "a", workload: "a/Pod/x", from: "REFUTED" },
      { time: "2026-11-25T12:00:00Z", namespace: "a", from: "REFUTED" },
      { time: "2026-11-25T11:00:00Z", namespace: "b", to: "PROVED" },
      { time: "2026-11-25T11:00:00Z", namespace: "a", workload: "a/Pod/y", to: "PROVED" },
      { time: "2026-11-25T11:00:00Z", namespace: "a", workload: "a/Pod/x", from: "PROVED", to: "REFUTED" },
      { time: "2026-11-25T11:00:00Z", namespace: "a", from: "PROVED", to: "REFUTED" },
    ],
  });
});

it("knows nothing where nothing is kept, and takes no notice of what is no evidence", async () => {
  expect(await historyOf()).toBeUndefined();
  expect(await historyOf({ ...configMap("Root", {}), data: { "evidence.json": "no JSON" } }, configMap("Bundle", { what: 1 }))).toBeUndefined();
});
