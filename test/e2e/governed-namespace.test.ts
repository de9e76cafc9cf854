/** A governed namespace by packets: what an application reaches and what it does not, while policies change as well. */
import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { NetworkPolicy } from "../../operator/lib/k8s-types.ts";
import { SERVING_PORT } from "../../operator/lib/names.ts";
import { eventually, rawCall, uniqueNamespace } from "../support/control-plane.ts";
import { put } from "../support/house.ts";
import { client, destination } from "../support/makers.ts";
import type { Target } from "../support/node/attempt.ts";
import { labelNamespace, labelsFor, named, NAMED_PORT, namespaceUnder, OTHER_PORT, policy, removePolicy, untilSealed } from "../support/node/governed.ts";
import type { Hammering, Knocks } from "../support/node/hammer.ts";
import { hits, packetsFrom } from "../support/node/hits.ts";
import { engine, furnished, serve } from "../support/node/house.ts";
import { OUTSIDE, RESOLVER } from "../support/node/network.ts";
import { node, removeNamespace } from "../support/node/node.ts";
import { addressesOf, attemptsFrom, inNetworkOf, startPod, type Pod } from "../support/node/pods.ts";

const POLICY = "packets";
/** kube-router may take three seconds for a policy; a busy machine included. */
const IN_FORCE_MS = 30_000;

let namespace: string;
let models: string;
let elsewhere: string;
let pods: { application: Pod; chat: Pod; control: Pod };
let server: Pod;

const at = (port: number, protocol: "TCP" | "UDP"): Target[] => [OUTSIDE.v4, OUTSIDE.v6].map((address) => ({ name: `${protocol} ${address} ${port}`, address, port, protocol }));
const OPEN = [...at(NAMED_PORT, "TCP"), ...at(NAMED_PORT, "UDP")];
const SHUT = [...at(OTHER_PORT, "TCP"), ...at(OTHER_PORT, "UDP")];
const outcomes = async (pod: Pod, targets: readonly Target[]): Promise<Set<string>> => new Set((await attemptsFrom(pod, targets)).map(({ outcome }) => (outcome === "Reached" ? outcome : "not reached")));

const land = () => policy(POLICY).destinations(named(["Application"]));

beforeAll(async () => {
  await put(node(), land().manifest());
  [namespace, models, elsewhere] = await Promise.all([namespaceUnder(POLICY), furnished(), uniqueNamespace(node(), { restricted: true })]);
  await labelNamespace(models, labelsFor(POLICY));
  await Promise.all([namespace, models].map((name) => untilSealed(name)));
  const entry = { ...client("chat"), namespace };
  const [[served], application, chat, control] = await Promise.all([
    serve(models, engine("assistant").clients(entry)), startPod({ namespace, name: "application" }), startPod({ namespace, name: "chat", labels: { ...entry.podSelector.matchLabels } }), startPod({ namespace: elsewhere, name: "control", labels: { app: "control" } }),
  ]);
  pods = { application, chat, control };
  server = served!;
  for (const pod of [application, chat]) await eventually(async () => expect(await outcomes(pod, SHUT)).toEqual(new Set(["not reached"])), { timeoutMs: IN_FORCE_MS });
});

afterAll(async () => {
  await removePolicy(POLICY);
  await Promise.all([namespace, models, elsewhere].map(removeNamespace));
});

describe("an application", () => {
  test("reaches what its policy names, over both families, and nothing else outside", async () => {
    const since = Date.now();
    expect(await outcomes(pods.application, OPEN)).toEqual(new Set(["Reached"]));
    const others = [OUTSIDE.metadata4, OUTSIDE.metadata6, RESOLVER.v4, RESOLVER.v6].map((address) => ({ name: address, address, port: NAMED_PORT }));
    expect(await outcomes(pods.application, [...SHUT, ...others])).toEqual(new Set(["not reached"]));
    const seen = await hits({ since, sources: addressesOf(pods.application) });
    expect([seen.length, seen.filter(({ port }) => port !== NAMED_PORT)]).toEqual([OPEN.length, []]);
  });

  test("while a pod that nobody governs gets out: there is something to see", async () => {
    expect(await outcomes(pods.control, [...OPEN, ...SHUT])).toEqual(new Set(["Reached"]));
  });

  test("reaches a model if it is declared as its client, and not otherwise", async () => {
    const model = addressesOf(server).map((address) => ({ name: "model", address, port: SERVING_PORT }));
    await eventually(async () => expect(await outcomes(pods.chat, model)).toEqual(new Set(["Reached"])), { timeoutMs: IN_FORCE_MS });
    for (const pod of [pods.application, pods.control]) expect(await outcomes(pod, model)).toEqual(new Set(["not reached"]));
  });
});

/** Knocks from a pod while `work` is done. */
async function whileHammering(pod: Pod, hammering: Pick<Hammering, "open" | "shut">, work: () => Promise<void>): Promise<Knocks> {
  const [since, until] = ["since", "until"].map((sign) => join(node().folder, `${sign}-${pod.metadata.uid}-${Date.now()}`)) as [string, string];
  const program = inNetworkOf(pod, process.execPath, join(import.meta.dirname, "../support/node/hammer.ts"), JSON.stringify({ ...hammering, everyMs: 10, since, until }));
  await eventually(() => existsSync(since));
  await work().finally(() => { writeFileSync(until, ""); });
  return JSON.parse((await program).stdout) as Knocks;
}

const UPDATES = 100;

/** Addresses that change with each update, at a port at which `named` must not be reached: kube-router that mistook one entry for another would let it through. */
const other = (name: string, update: number, roles: readonly string[] = ["Application"]): ReturnType<typeof destination> =>
  destination(name, { cidrs: [`198.51.100.${update}/32`, `2001:db8:1::${update.toString(16)}/128`], ports: [{ port: OTHER_PORT, protocol: "TCP" }, { port: OTHER_PORT, protocol: "UDP" }], roles });
const some = (count: number, prefix: string, update: number): ReturnType<typeof destination>[] => Array.from({ length: count }, (_, index) => other(`${prefix}-${index}`, update, index % 2 === 0 ? ["Application"] : ["Fetch", "Purge"]));

/** What may be reached, and round it what came, changed or went with this update: before it, behind it, under its own name. */
function updated(update: number): ReturnType<typeof land> {
  const more = named(update % 5 === 0 ? ["Application", "Fetch"] : ["Application"]);
  // In place, with more addresses or without; and under another name.
  const same = { ...more, name: update % 7 < 3 ? "named" : "named-anew", cidrs: [...more.cidrs as string[], ...(update % 4 === 0 ? [`192.0.2.${update}/32`] : [])] };
  const peer = (name: string, direction: string): object => ({ name, namespace: elsewhere, podSelector: { matchLabels: { app: `a${update}` } }, direction, roles: ["Application"] });
  const peers = [...(update % 3 === 0 ? [peer("a-peer", "Egress")] : []), ...(update % 2 === 0 ? [peer("peer", "Ingress")] : [])];
  return policy(POLICY).destinations(...some(update % 3, "before", update), same, ...some(1 + (update % 4), "zz-behind", update)).inCluster(...peers as Record<string, unknown>[]);
}

async function updatePolicies(): Promise<void> {
  let seal = await untilSealed(namespace);
  for (let update = 1; update <= UPDATES; update++) {
    await put(node(), updated(update).manifest());
    seal = await untilSealed(namespace, seal);
  }
}

test(`during ${UPDATES} updates of its policy, before what it may, behind it and of it, an application loses nothing that it may and gains nothing that it may not`, async () => {
  const pod = pods.application;
  const sources = addressesOf(pod);
  const since = Date.now();
  const before = await packetsFrom(sources);
  const knocks = await whileHammering(pod, { open: OPEN, shut: SHUT }, updatePolicies);
  const leaks = (await hits({ since, sources })).filter(({ port }) => port !== NAMED_PORT);
  const onTheWire = (await packetsFrom(sources)).filter(({ port }) => port !== NAMED_PORT);
  console.log(`${UPDATES} updates in ${Date.now() - since} ms: ${leaks.length} leaks in ${knocks.shut} knocks, ${knocks.failed.length} drops of ${knocks.tried} allowed, the longest of which took ${knocks.longestMs} ms`);
  expect([leaks, knocks.failed]).toEqual([[], []]);
  expect(onTheWire).toEqual(before.filter(({ port }) => port !== NAMED_PORT));
  expect(Math.min(knocks.tried, knocks.shut)).toBeGreaterThan(UPDATES * 10);
}, 300_000);

const CHANGES = 20;

/** Other entries come and go before that of the client that knocks, and behind it; a pod is behind each, without one kube-router has no set to exchange. */
async function changeClients(): Promise<void> {
  for (let change = 1; change <= CHANGES; change++) {
    const other = (name: string): ReturnType<typeof client> => ({ ...client("control"), name, namespace: elsewhere });
    const clients = [...Array.from({ length: change % 4 }, (_, index) => other(`a${index}`)), { ...client("chat"), namespace }, other("z")];
    await put(node(), engine("assistant").clients(...clients).namespace(models).manifest());
    await eventually(async () => {
      const seal = await rawCall<NetworkPolicy>(node(), "GET", `/apis/networking.k8s.io/v1/namespaces/${models}/networkpolicies/assistant`);
      expect(seal.spec?.ingress?.flatMap(({ from = [] }) => from)).toHaveLength(clients.length);
    });
  }
}

test(`during ${CHANGES} changes of who else may connect to a model, its client loses nothing`, async () => {
  const open = addressesOf(server).map((address) => ({ name: `model ${address}`, address, port: SERVING_PORT }));
  const knocks = await whileHammering(pods.chat, { open, shut: [] }, changeClients);
  console.log(`${CHANGES} changes of clients: ${knocks.failed.length} drops of ${knocks.tried} allowed, the longest of which took ${knocks.longestMs} ms`);
  expect(knocks.failed).toEqual([]);
  expect(knocks.tried).toBeGreaterThan(CHANGES * 10);
}, 300_000);
