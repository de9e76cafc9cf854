/**
 * Where the policies of prover.test.ts hold: namespaces with two pods each, half of them governed, that stay while policies
 * come and go, and a way to know when the network plugin has put all of them in force.
 */
import { expect } from "vitest";
import { eventually, rawCall, uniqueNamespace } from "../../support/control-plane.ts";
import { put } from "../../support/house.ts";
import { startAgent, type Agent } from "../../support/node/agents.ts";
import { labelsFor, named, NAMED_PORT, OTHER_PORT, policy, removePolicy, untilSealed } from "../../support/node/governed.ts";
import { OUTSIDE } from "../../support/node/network.ts";
import { node, removeNamespace } from "../../support/node/node.ts";
import { idleSpec, startPod } from "../../support/node/pods.ts";

export const NAMESPACES = 10;
/** Ports at which pods answer as the world does, over TCP and UDP. */
export const PORTS = [NAMED_PORT, OTHER_PORT] as const;
/** What pods call the first of them over TCP, and the second over UDP. */
export const PORT_NAMES = { TCP: "web", UDP: "names" } as const;
export const TEAM = "e2e.example/team";
export const INDEX = "e2e.example/index";
const POLICY = "prover";
const GENERATED = "e2e.example/generated";

export interface Places extends AsyncDisposable {
  /** In the order of the namespaces, two for each. */
  readonly agents: readonly Agent[];
  /** Replaces the policies of all namespaces, a list of specs for each, and resolves when packets show that these are in force and no others. */
  replace(sets: readonly (readonly object[])[]): Promise<void>;
}

const ports = [{ name: PORT_NAMES.TCP, containerPort: NAMED_PORT, protocol: "TCP" }, { name: PORT_NAMES.UDP, containerPort: OTHER_PORT, protocol: "UDP" }];

async function agentIn(namespace: string, name: string, labels: Record<string, string>): Promise<Agent> {
  return startAgent(await startPod({ namespace, name, labels, spec: idleSpec({ ports }) }), PORTS);
}

/** Pods of the first half of the namespaces may reach the addresses outside at NAMED_PORT and nothing else. */
export async function buildPlaces(): Promise<Places> {
  await put(node(), policy(POLICY).destinations(named(["Application"])).manifest());
  const namespaces = await Promise.all(Array.from({ length: NAMESPACES }, (_, index) =>
    uniqueNamespace(node(), { prefix: "proved", restricted: true, labels: { [TEAM]: String(index % 2), [INDEX]: String(index), ...(index < NAMESPACES / 2 && labelsFor(POLICY)) } })));
  const sentinel = await uniqueNamespace(node(), { prefix: "sentinel", restricted: true });
  await Promise.all(namespaces.slice(0, NAMESPACES / 2).map((name) => untilSealed(name)));
  const watch = await agentIn(sentinel, "sentinel", {});
  const agents = (await Promise.all(namespaces.map((namespace) => Promise.all([agentIn(namespace, "one", { a: "0" }), agentIn(namespace, "two", { a: "1", b: "0" })])))).flat();
  let round = 0;
  return {
    agents,
    replace: async (sets) => {
      round += 1;
      await Promise.all(namespaces.map((namespace, index) => replaceIn(namespace, sets[index] ?? [])));
      await putSentinel(sentinel, round);
      await untilInForce(watch, round);
    },
    [Symbol.asyncDispose]: async () => {
      for (const agent of [...agents, watch]) agent[Symbol.dispose]();
      await removePolicy(POLICY);
      await Promise.all([...namespaces, sentinel].map(removeNamespace));
    },
  };
}

const pathIn = (namespace: string): string => `/apis/networking.k8s.io/v1/namespaces/${namespace}/networkpolicies`;

const manifest = (name: string, spec: object): object => ({ apiVersion: "networking.k8s.io/v1", kind: "NetworkPolicy", metadata: { name, labels: { [GENERATED]: "true" } }, spec });

async function replaceIn(namespace: string, specs: readonly object[]): Promise<void> {
  await rawCall(node(), "DELETE", `${pathIn(namespace)}?labelSelector=${encodeURIComponent(GENERATED)}`);
  await Promise.all(specs.map((spec, index) => rawCall(node(), "POST", pathIn(namespace), { body: manifest(`generated-${index}`, spec) })));
}

const openPort = (round: number): number => PORTS[round % 2] ?? NAMED_PORT;

/** The last of a round: a plugin that has seen it has seen all others, for it hears of policies in the order in which they were written. */
async function putSentinel(namespace: string, round: number): Promise<void> {
  const egress = [{ to: [OUTSIDE.v4, OUTSIDE.v6].map((address) => ({ ipBlock: { cidr: `${address}/${address.includes(":") ? 128 : 32}` } })), ports: [{ protocol: "TCP", port: openPort(round) }] }];
  await rawCall(node(), "PATCH", `${pathIn(namespace)}/sentinel?fieldManager=e2e&force=true`, { body: manifest("sentinel", { podSelector: {}, policyTypes: ["Egress"], egress }), contentType: "application/apply-patch+yaml" });
}

/** Families are put in force one after the other, each at once. */
async function untilInForce(watch: Agent, round: number): Promise<void> {
  const targets = PORTS.flatMap((port) => [OUTSIDE.v4, OUTSIDE.v6].map((address) => ({ name: address, address, port })));
  const expected = targets.map(({ port }) => port === openPort(round));
  await eventually(async () => expect((await watch.attempt(targets)).map((outcome) => outcome === "Reached")).toEqual(expected), { timeoutMs: 60_000 });
}
