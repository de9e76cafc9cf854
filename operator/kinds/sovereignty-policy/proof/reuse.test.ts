import { expect, it } from "vitest";
import type { Raw, Snapshot, Workload } from "../../../sovereignty/snapshot.ts";
import { reuse } from "./reuse.ts";

const object = (name: string, resourceVersion?: string): Raw => ({ apiVersion: "v1", kind: "X", metadata: { name, uid: `uid-${name}`, ...(resourceVersion !== undefined && { resourceVersion }) } });
const workload = (id: string, labels: Record<string, string>): Workload => ({ id, namespace: "n", labels, podSpec: { containers: [] } });
const snapshot = (networkPolicies: Raw[], workloads: Workload[] = []): Snapshot => ({
  namespaces: [], workloads, networkPolicies, clusterNetworkPolicies: [], services: [], endpointSlices: [], governed: new Map(),
  cluster: { pods: [], services: [], nodes: [] }, operatorNamespace: "hoheit-system", unreadable: [], unknownPolicyKinds: [],
});

it("takes the objects of before for those of the same version, and no other", () => {
  const before = snapshot([object("same", "7"), object("changed", "8"), object("gone", "9"), object("written")]);
  const now = snapshot([object("changed", "10"), object("same", "7"), object("new", "11"), object("written")]);
  const [changed, same, added, written] = reuse(before, now).networkPolicies;
  expect(same).toBe(before.networkPolicies[0]);
  expect([changed, added, written]).toEqual([now.networkPolicies[0], now.networkPolicies[2], now.networkPolicies[3]]);
  expect(written).not.toBe(before.networkPolicies[3]);
});

it("tells objects of one name in two namespaces apart", () => {
  const read = (): Raw[] => [["a", "7"], ["b", "8"]].map(([namespace = "", resourceVersion = ""]) => ({ apiVersion: "v1", kind: "X", metadata: { name: "default-deny", namespace, uid: `uid-of-${namespace}`, resourceVersion } }));
  const before = snapshot(read());
  for (const [at, one] of reuse(before, snapshot(read())).networkPolicies.entries()) expect(one).toBe(before.networkPolicies[at]);
});

it("takes workloads of before for those that say the same", () => {
  const before = snapshot([], [workload("n/Pod/a", { app: "a" }), workload("n/Pod/b", { app: "b" })]);
  const [a, b] = reuse(before, snapshot([], [workload("n/Pod/a", { app: "a" }), workload("n/Pod/b", { app: "c" })])).workloads;
  expect(a).toBe(before.workloads[0]);
  expect(b).not.toBe(before.workloads[1]);
  expect(b?.labels).toEqual({ app: "c" });
});

it("takes the first as it is", () => {
  const first = snapshot([object("a", "1")]);
  expect(reuse(undefined, first)).toBe(first);
});
