/** The guard at its limits: the largest policy that the schema takes and the largest objects that a tenant may send. What costs too much is refused, never let through. */
import { afterAll, beforeAll, expect, it } from "vitest";
import { NETWORK_POLICIES, PODS } from "../../operator/kube/resources.ts";
import type { KubeObject } from "../../operator/lib/k8s-types.ts";
import { attemptCreation, expectAllowed, expectRefusal, IN_FORCE, LAND, startGuarded, type GuardedPlane } from "../support/guard.ts";

/** 200 ranges in 10 destinations, each at 16 ports; every other list at its limit, too. */
const operator = { name: "IT-Verbund", country: "DE", controlledFrom: "DE" };
const ports = Array.from({ length: 16 }, (_, index) => ({ port: 1000 + index, protocol: "TCP" }));
const range = (index: number): string => `2001:db8:${(0x1000 + index).toString(16)}:1000:1000:1000:1000:0/112`;
const destinations = Array.from({ length: 10 }, (_, group) => ({
  name: IN_FORCE[group] ?? `group-${group}`, country: "DE", operator, purpose: "tests", ports, roles: ["Application"], cidrs: Array.from({ length: 20 }, (__, index) => range(20 * group + index)),
}));
const matchLabels = Object.fromEntries(Array.from({ length: 16 }, (_, index) => [`label-${index}`, "x".repeat(63)]));
const inCluster = Array.from({ length: 32 }, (_, index) => ({ name: `peer-${index}`, namespace: `peer-${index}`, podSelector: { matchLabels }, direction: "Egress", ports, roles: ["Application"] }));
const registries = Array.from({ length: 16 }, (_, index) => (index === 15 ? "registry.example" : `registry-${index}.example/${"x".repeat(200)}`));
const LARGEST = { ...LAND, spec: { ...LAND.spec, destinations, inCluster, images: { registries, digests: "Required" } } } as unknown as typeof LAND;

let guarded: GuardedPlane;
beforeAll(async () => {
  guarded = await startGuarded(LARGEST, destinations.map(({ name }) => name));
}, 180_000);
afterAll(() => guarded[Symbol.asyncDispose]());

const networkPolicy = (egress: readonly object[]): KubeObject & { spec: object } =>
  ({ apiVersion: "networking.k8s.io/v1", kind: "NetworkPolicy", metadata: { name: "large", namespace: guarded.namespace }, spec: { podSelector: { matchLabels: { app: "chat" } }, policyTypes: ["Egress"], egress } });
const last = range(199);
const some = ports.map(({ port }) => ({ port }));

it("judges as many peers as may be in one policy, each within the last of all ranges, at every port", async () => {
  const to = Array.from({ length: 64 }, () => ({ ipBlock: { cidr: last } }));
  expectAllowed(await attemptCreation(guarded.plane, NETWORK_POLICIES, networkPolicy([{ to, ports: some }])));
  expectRefusal(await attemptCreation(guarded.plane, NETWORK_POLICIES, networkPolicy([{ to: [...to.slice(1), { ipBlock: { cidr: range(200) } }], ports: some }])), /spec\.egress names 2001:db8:10c8/);
});

it("judges as many peers in named namespaces", async () => {
  const to = Array.from({ length: 64 }, () => ({ namespaceSelector: { matchLabels: { "kubernetes.io/metadata.name": "peer-31" } }, podSelector: { matchLabels } }));
  expectAllowed(await attemptCreation(guarded.plane, NETWORK_POLICIES, networkPolicy([{ to, ports: some }])));
});

it("refuses what would cost too much to judge", async () => {
  const to = Array.from({ length: 64 }, () => ({ ipBlock: { cidr: last } }));
  const many = Array.from({ length: 2000 }, () => ({ port: 1015 }));
  expectRefusal(await attemptCreation(guarded.plane, NETWORK_POLICIES, networkPolicy([{ to, ports: many }])), /cost|budget/);
  expectRefusal(await attemptCreation(guarded.plane, NETWORK_POLICIES, networkPolicy(Array.from({ length: 3000 }, () => ({ to: [{ ipBlock: { cidr: last } }], ports: some })))), /3000 peers; split it/);
});

it("judges a pod with a hundred containers", async () => {
  const containers = Array.from({ length: 100 }, (_, index) => ({
    name: `c${index}`, image: `registry.example/${"x".repeat(100)}@sha256:${"ab".repeat(32)}`, ports: Array.from({ length: 10 }, (__, port) => ({ containerPort: 1000 + port })),
    livenessProbe: { httpGet: { port: 80 } }, securityContext: { capabilities: { add: ["CHOWN", "KILL"] } },
  }));
  const volumes = Array.from({ length: 200 }, (_, index) => ({ name: `v${index}`, emptyDir: {} }));
  const pod = (spec: object): KubeObject & { spec: object } => ({ apiVersion: "v1", kind: "Pod", metadata: { name: "large", namespace: guarded.namespace }, spec: { containers, volumes, nodeSelector: LAND.spec.nodes.selector.matchLabels, ...spec } });
  expectAllowed(await attemptCreation(guarded.plane, PODS, pod({})));
  const message = await attemptCreation(guarded.plane, PODS, pod({ containers: containers.map((one, index) => ({ ...one, ports: [{ containerPort: 1, hostPort: index + 1 }] })) }));
  expectRefusal(message, /have a hostPort/);
  expect(message?.length).toBeLessThan(5000);
});
