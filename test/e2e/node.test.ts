/** The node itself: does it run pods, and does what should stop packets stop them? Packets are counted where they arrive. */
import { beforeAll, describe, expect, test } from "vitest";
import { eventually, rawCall, uniqueNamespace } from "../support/control-plane.ts";
import type { Target } from "../support/node/attempt.ts";
import { hits, packetsFrom } from "../support/node/hits.ts";
import { OUTSIDE, SERVICES } from "../support/node/network.ts";
import { node } from "../support/node/node.ts";
import { addressesOf, attemptsFrom, startPod } from "../support/node/pods.ts";

const api = new URL(node().url);
const TARGETS: readonly Target[] = [
  { name: "outside v4", address: OUTSIDE.v4, port: 443 },
  { name: "outside v6", address: OUTSIDE.v6, port: 443 },
  { name: "metadata", address: OUTSIDE.metadata4, port: 80 },
  { name: "API server", address: api.hostname, port: Number(api.port) },
];

const verdicts = async (pod: Parameters<typeof attemptsFrom>[0]): Promise<Record<string, string>> =>
  Object.fromEntries((await attemptsFrom(pod, TARGETS)).map(({ name, outcome }) => [name, outcome]));

async function createPolicy(namespace: string, egress: readonly object[]): Promise<void> {
  await rawCall(node(), "POST", `/apis/networking.k8s.io/v1/namespaces/${namespace}/networkpolicies`, {
    body: { apiVersion: "networking.k8s.io/v1", kind: "NetworkPolicy", metadata: { name: "egress" }, spec: { podSelector: {}, policyTypes: ["Egress"], egress } },
  });
}

const NOTHING = { "outside v4": "Refused", "outside v6": "Refused", metadata: "Refused", "API server": "Refused" };

describe("network policies act on packets", () => {
  test.each([
    ["to: ipBlock 10.244.0.0/16", [{ to: [{ ipBlock: { cidr: "10.244.0.0/16" } }] }], NOTHING],
    ["to: ipBlock 203.0.113.0/24", [{ to: [{ ipBlock: { cidr: "203.0.113.0/24" } }] }], { ...NOTHING, "outside v4": "Reached" }],
    ["to: ipBlock ::/0", [{ to: [{ ipBlock: { cidr: "::/0" } }] }], { ...NOTHING, "outside v6": "Reached" }],
    ["egress: []", [], NOTHING],
  ])("%s", async (_name, egress, expected) => {
    const namespace = await uniqueNamespace(node(), { restricted: true });
    const pod = await startPod({ namespace, name: "sealed" });
    expect(await verdicts(pod), "without a policy: the positive control").toEqual({ "outside v4": "Reached", "outside v6": "Reached", metadata: "Reached", "API server": "Reached" });
    await createPolicy(namespace, egress);
    await eventually(async () => expect(await verdicts(pod)).toEqual(expected), { timeoutMs: 20_000 });
    const since = Date.now();
    await verdicts(pod);
    const seen = new Set((await hits({ since, sources: addressesOf(pod) })).map(({ target }) => target));
    expect([...seen], "what the world saw").toEqual(TARGETS.filter(({ name, address }) => address !== api.hostname && expected[name as keyof typeof expected] === "Reached").map(({ address }) => address));
  });

  test("a pod that starts under a policy that is there already is seen to send nothing once it is enforced", async () => {
    const namespace = await uniqueNamespace(node(), { restricted: true });
    await createPolicy(namespace, []);
    const pod = await startPod({ namespace, name: "sealed" });
    await eventually(async () => expect(await verdicts(pod)).toEqual(NOTHING), { timeoutMs: 20_000 });
    const before = await packetsFrom(addressesOf(pod));
    await verdicts(pod);
    expect(await packetsFrom(addressesOf(pod))).toEqual(before);
  });
});

describe("cluster DNS", () => {
  let pod: Awaited<ReturnType<typeof startPod>>;
  beforeAll(async () => {
    pod = await startPod({ namespace: await uniqueNamespace(node(), { restricted: true }), name: "asking" });
  });

  test.each(["UDP", "TCP"] as const)("resolves names inside and outside over %s", async (protocol) => {
    const since = Date.now();
    const name = `${protocol.toLowerCase()}.outside.test`;
    const outcomes = await attemptsFrom(pod, [
      { name: "inside", address: SERVICES.dns, port: 53, protocol, ask: "kubernetes.default.svc.cluster.local" },
      { name: "outside", address: SERVICES.dns, port: 53, protocol, ask: name },
      { name: "nowhere", address: SERVICES.dns, port: 53, protocol, ask: "nobody.example" },
    ]);
    expect(outcomes.map(({ outcome }) => outcome)).toEqual(["Reached", "Reached", "Unreachable"]);
    expect((await hits({ since })).map((hit) => hit.name)).toContain(name);
  });
});
