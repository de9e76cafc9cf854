/**
 * IPv6 link-local addresses where the pods of a node share a bridge: rules of NetworkPolicies go by the addresses of pods that
 * the API knows, and these are not among them. What a sealed pod reaches by them, and what an administrator of the node can
 * do about it (SECURITY.md).
 */
import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, test } from "vitest";
import { uniqueNamespace } from "../support/control-plane.ts";
import { startAgent, type Agent } from "../support/node/agents.ts";
import type { Target } from "../support/node/attempt.ts";
import { engine, furnished, serve } from "../support/node/house.ts";
import { BRIDGE, NODE, OUTSIDE } from "../support/node/network.ts";
import { node, removeNamespace } from "../support/node/node.ts";
import { addressesOf, attemptsFrom, inNetworkOf, startPod, type Pod } from "../support/node/pods.ts";

const run = promisify(execFile);
const KUBELET_PORT = 10_250;
const PORT = 9000;
/** The only network card of a pod. */
const CARD = "eth0";

let namespace: string;
let elsewhere: string;
let server: Pod;
let stranger: Agent;

beforeAll(async () => {
  [namespace, elsewhere] = await Promise.all([furnished(), uniqueNamespace(node(), { restricted: true })]);
  [server] = await serve(namespace, engine("assistant")) as [Pod];
  stranger = await startAgent(await startPod({ namespace: elsewhere, name: "stranger" }), [PORT]);
});

afterAll(async () => {
  stranger[Symbol.dispose]();
  await Promise.all([namespace, elsewhere].map(removeNamespace));
});

const linkLocalIn = (listed: string): string => /inet6 (fe80::[0-9a-f:]+)/.exec(listed)?.[1] ?? "none";
const SHOW = ["-6", "-oneline", "address", "show", "scope", "link", "dev"];

/** Of the neighbour and of the node, as the sealed pod has to write them. */
async function linkLocal(): Promise<{ neighbour: string; bridge: string }> {
  const [neighbour, bridge] = await Promise.all([inNetworkOf(stranger.pod, "ip", ...SHOW, CARD), run("ip", [...SHOW, BRIDGE])]);
  return { neighbour: `${linkLocalIn(neighbour.stdout)}%${CARD}`, bridge: `${linkLocalIn(bridge.stdout)}%${CARD}` };
}

const both = (address: string): Target[] => (["TCP", "UDP"] as const).map((protocol) => ({ name: address, address, port: PORT, protocol }));
const reached = async (targets: readonly Target[]): Promise<boolean[]> => (await attemptsFrom(server, targets)).map(({ outcome }) => outcome === "Reached");
const kubelet = (address: string): Target => ({ name: "kubelet", address, port: KUBELET_PORT });

test("by the addresses that the cluster knows, a sealed pod reaches neither its neighbour nor its node", async () => {
  expect(await reached([...addressesOf(stranger.pod).flatMap(both), kubelet(NODE.v4), kubelet(NODE.v6)])).toEqual([false, false, false, false, false, false]);
});

test("by link-local addresses it reaches both, over TCP and UDP: the residual link-local-ipv6", async () => {
  const { neighbour, bridge } = await linkLocal();
  expect(await reached([...both(neighbour), kubelet(bridge)])).toEqual([true, true, true]);
});

test("a rule on the node that lets neighbour discovery through and nothing else closes it", async () => {
  const { neighbour, bridge } = await linkLocal();
  {
    await using _closed = await withoutLinkLocal();
    expect(await reached([...both(neighbour), kubelet(bridge)])).toEqual([false, false, false]);
    expect(await stranger.attempt([{ name: "outside", address: OUTSIDE.v6, port: 443 }]), "IPv6 works as before").toEqual(["Reached"]);
  }
  expect(await reached([...both(neighbour), kubelet(bridge)]), "it is the rule that makes the difference").toEqual([true, true, true]);
});

/** As SECURITY.md says it, until the guard is disposed. */
async function withoutLinkLocal(): Promise<AsyncDisposable> {
  const change = async (how: "-I" | "-D"): Promise<void> => {
    for (const chain of ["FORWARD", "INPUT"]) await run("ip6tables", ["-w", how, chain, "-i", BRIDGE, "-s", "fe80::/10", "!", "-p", "ipv6-icmp", "-j", "DROP"]);
  };
  await change("-I");
  return { [Symbol.asyncDispose]: () => change("-D") };
}
