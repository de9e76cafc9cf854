/**
 * An operator that ends at any write, before it or before its answer: the next one brings everything where it shall be. Until
 * it does, nothing stands without the finalizer that takes it away again, and no binding without its admission policy.
 */
import { describe, expect, it } from "vitest";
import { failing } from "../../../test/support/failing-writes.ts";
import { PolicyHouse, POLICIES } from "../../../test/support/fake-policy-house.ts";
import { destination, svp } from "../../../test/support/makers.ts";
import { CLUSTER_NETWORK_POLICIES, NAMESPACES, VALIDATING_ADMISSION_POLICIES, VALIDATING_ADMISSION_POLICY_BINDINGS, type Resource } from "../../kube/resources.ts";
import type { KubeObject } from "../../lib/k8s-types.ts";
import { POLICY_FINALIZER } from "../../lib/names.ts";

const NAMES = ["hoheit-land"];
const LAND = svp().destinations(destination("mirror"));

/** What stands of a policy, by kind, with what it says. */
function standing({ cluster }: PolicyHouse): Record<string, unknown> {
  const read = (of: Resource, names: readonly string[]): unknown[] => names.flatMap((name) => {
    const live = cluster.live<KubeObject & { spec?: unknown }>(of, { name });
    return live === undefined ? [] : [{ name, spec: live.spec, owners: live.metadata.ownerReferences?.map((owner) => owner.name) }];
  });
  const ours = (of: Resource): string[] => cluster.context.cache(of).list().map(({ metadata }) => metadata.name).toSorted();
  return {
    policies: read(VALIDATING_ADMISSION_POLICIES, ours(VALIDATING_ADMISSION_POLICIES)), bindings: read(VALIDATING_ADMISSION_POLICY_BINDINGS, ours(VALIDATING_ADMISSION_POLICY_BINDINGS)),
    network: read(CLUSTER_NETWORK_POLICIES, NAMES), finalizers: cluster.live(POLICIES, { name: "land" })?.metadata.finalizers,
  };
}

/** What must never be, whatever write was the last. */
function broken({ cluster }: PolicyHouse): string[] {
  const policies = new Set(cluster.context.cache(VALIDATING_ADMISSION_POLICIES).list().map(({ metadata }) => metadata.name));
  const bindings = cluster.context.cache(VALIDATING_ADMISSION_POLICY_BINDINGS).list().filter(({ metadata }) => metadata.deletionTimestamp === undefined);
  const isHeld = cluster.live(POLICIES, { name: "land" })?.metadata.finalizers?.includes(POLICY_FINALIZER) === true;
  return [
    ...(isHeld || (policies.size === 0 && cluster.live(CLUSTER_NETWORK_POLICIES, { name: "hoheit-land" }) === undefined) ? [] : ["something stands, and no finalizer"]),
    ...bindings.filter(({ spec }) => !policies.has(spec?.policyName ?? "")).map(({ metadata }) => `binding ${metadata.name} of nothing`),
  ];
}

type Begin = (house: PolicyHouse) => Promise<void>;

const arrive = async (house: PolicyHouse): Promise<void> => {
  house.cluster.put(POLICIES, LAND.live());
  await house.namespace("ui");
};
const then = (change: (house: PolicyHouse) => void) => async (house: PolicyHouse): Promise<void> => {
  await arrive(house);
  for (let pass = 0; pass < 2; pass++) await house.reconcile();
  change(house);
};

const SCENES: readonly (readonly [what: string, begin: Begin])[] = [
  ["arrives", arrive],
  ["names another destination", then((house) => house.cluster.put(POLICIES, { ...house.policy(), spec: LAND.destinations(destination("mirror", { cidrs: ["198.51.100.8/32"] })).live().spec }))],
  ["wants no guard any more, and nothing on the network", then((house) => house.cluster.put(POLICIES, { ...house.policy(), spec: LAND.spec({ enforcement: { guard: "Off", clusterNetworkPolicy: "Off" } }).live().spec }))],
  ["lost a binding and a rule by somebody's hand", then(({ cluster }) => {
    cluster.remove(VALIDATING_ADMISSION_POLICY_BINDINGS, { name: "land.pods.hoheit.dev" });
    const live = cluster.live(CLUSTER_NETWORK_POLICIES, { name: "hoheit-land" });
    if (live !== undefined) cluster.put(CLUSTER_NETWORK_POLICIES, { ...live, spec: { ...live.spec, egress: [] } });
  })],
  ["is deleted and given up", then(({ cluster }) => {
    cluster.remove(POLICIES, { name: "land" });
    cluster.put(NAMESPACES, { apiVersion: "v1", kind: "Namespace", metadata: { name: "ui" } });
  })],
];

const PASSES = 3;

/** How many writes the first pass has, and what stands in the end. */
async function undisturbed(begin: Begin): Promise<{ readonly writes: number; readonly end: unknown }> {
  const house = new PolicyHouse();
  await begin(house);
  let writes = 0;
  await house.reconcile("land", failing(house.context, { nth: Infinity, done: true, after: (write) => (writes = write) }));
  for (let pass = 0; pass < PASSES; pass++) await house.reconcile();
  return { writes, end: standing(house) };
}

const REHEARSED = await Promise.all(SCENES.map(async ([what, begin]) => ({ what, begin, ...(await undisturbed(begin)) })));

describe.each(REHEARSED)("a policy that $what", ({ begin, writes, end }) => {
  it("takes more than one write", () => expect(writes).toBeGreaterThan(1));

  it.each(Array.from({ length: writes }, (_, index) => index + 1))("ends where it shall when the operator ends at write %i, before it or before its answer", async (nth) => {
    for (const done of [false, true]) {
      const house = new PolicyHouse();
      await begin(house);
      const early: string[] = [];
      const after = (write: number): void => void early.push(...broken(house).map((what) => `write ${write}: ${what}`));
      await house.reconcile("land", failing(house.context, { nth, done, after })).catch(() => undefined);
      for (let pass = 0; pass < PASSES; pass++) await house.reconcile();
      expect([standing(house), early], done ? "done" : "not done").toEqual([end, []]);
    }
  });
});
