/** An operator that ends at any write, before it or before its answer: the next one brings every namespace where it shall be, and none is marked too early. */
import { describe, expect, it } from "vitest";
import { FakeCluster } from "../../../test/support/fake-cluster.ts";
import { failing } from "../../../test/support/failing-writes.ts";
import { destination, GOVERNED, svp } from "../../../test/support/makers.ts";
import { NAMESPACES, NETWORK_POLICIES } from "../../kube/resources.ts";
import { RELEASE_TIME, SEALED } from "../../lib/labels.ts";
import { DEFAULT_DENY } from "../../lib/names.ts";
import { sovereigntyPolicy } from "../sovereignty-policy/schema.ts";
import { governedNamespaceController } from "./controller.ts";

const controller = governedNamespaceController({ operatorNamespace: "hoheit-system", nameServers: [], releaseMs: 0 });
const POLICIES = sovereigntyPolicy.resource;
const policy = (name: string) => ({ namespace: "n", name });

const start = (): FakeCluster => {
  const cluster = new FakeCluster(controller);
  cluster.put(NAMESPACES, { apiVersion: "v1", kind: "Namespace", metadata: { name: "n", labels: GOVERNED } });
  return cluster;
};
const marked = (cluster: FakeCluster): boolean => cluster.live(NAMESPACES, { name: "n" })?.metadata.annotations?.[SEALED] !== undefined;
const names = (cluster: FakeCluster): string[] => [DEFAULT_DENY, "hoheit-application", "hoheit-destination-mirror", "hoheit-destination-store"].filter((name) => cluster.live(NETWORK_POLICIES, policy(name)) !== undefined);

const SEAL: [string, (cluster: FakeCluster) => Promise<void>, string[]] = ["is sealed", async (cluster) => {
  cluster.put(POLICIES, svp().destinations(destination("mirror")).live());
}, [DEFAULT_DENY, "hoheit-application", "hoheit-destination-mirror"]];
const after = (change: (cluster: FakeCluster) => void) => async (cluster: FakeCluster): Promise<void> => {
  await SEAL[1](cluster);
  await controller.reconcile({ name: "n" }, cluster.context);
  change(cluster);
};

describe.each([
  SEAL,
  ["gets another policy", after((cluster) => cluster.put(POLICIES, svp().destinations(destination("store")).live())), [DEFAULT_DENY, "hoheit-application", "hoheit-destination-store"]],
  ["loses its default deny by somebody's hand", after((cluster) => cluster.remove(NETWORK_POLICIES, policy(DEFAULT_DENY))), [DEFAULT_DENY, "hoheit-application", "hoheit-destination-mirror"]],
  ["is released", after((cluster) => cluster.remove(POLICIES, { name: "land" })), []],
] as const)("a namespace that %s", (_what, change, expected) => {
  it.each(Array.from({ length: 6 }, (_, index) => index + 1).flatMap((nth) => [[nth, "before"], [nth, "after"]] as const))("gets there when the operator ends at write %i, %s it is done", async (nth, when) => {
    const cluster = start();
    await change(cluster);
    const early: string[] = [];
    const after = (write: number): void => {
      if (marked(cluster) && !names(cluster).includes(DEFAULT_DENY)) early.push(`write ${write}`);
    };
    await controller.reconcile({ name: "n" }, failing(cluster.context, { nth, done: when === "after", after })).catch(() => undefined);
    for (let pass = 0; pass < 4; pass++) await controller.reconcile({ name: "n" }, cluster.context).catch(() => undefined);
    expect([names(cluster), early]).toEqual([expected, []]);
    expect(marked(cluster)).toBe(expected.length > 0);
    expect(cluster.live(NAMESPACES, { name: "n" })?.metadata.annotations ?? {}).not.toHaveProperty([RELEASE_TIME]);
  });
});
