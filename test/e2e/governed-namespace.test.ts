/** A governed namespace by packets: what an application reaches and what it does not, while policies change as well. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { SERVING_PORT } from "../../operator/lib/names.ts";
import { eventually, uniqueNamespace } from "../support/control-plane.ts";
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
    serve(models, engine("assistant").clients(entry)), startPod({ namespace, name: "application" }), startPod({ namespace, name: "chat", labels: { ...entry.podSelector.matchLabels } }), startPod({ namespace: elsewhere, name: "control" }),
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
  const until = join(node().folder, `until-${pod.metadata.uid}-${Date.now()}`);
  const program = inNetworkOf(pod, process.execPath, join(import.meta.dirname, "../support/node/hammer.ts"), JSON.stringify({ ...hammering, everyMs: 10, until }));
  const since = Date.now();
  await eventually(async () => expect((await hits({ since, sources: addressesOf(pod) })).length).toBeGreaterThan(0));
  await work().finally(() => { writeFileSync(until, ""); });
  return JSON.parse((await program).stdout.split("\n")[1] ?? "") as Knocks;
}

const UPDATES = 100;

/**
 * One policy after the other, each with something else behind what is named: other destinations, other roles, a peer. What
 * comes before it in the order of names would give its rule another place, and kube-router keeps addresses by the place of
 * a rule: it then drops some of what is allowed, for tens of milliseconds (docs/decisions/0008).
 */
async function updatePolicies(): Promise<void> {
  let seal = await untilSealed(namespace);
  for (let update = 1; update <= UPDATES; update++) {
    const more = Array.from({ length: 1 + (update % 4) }, (_, index) => destination(`zz-more-${index}`, { cidrs: [`198.51.100.${update}/32`], ports: [{ port: 1000 + index }], roles: index % 2 === 0 ? ["Application"] : ["Fetch", "Purge"] }));
    const peers = update % 3 === 0 ? [{ name: "peer", namespace: elsewhere, podSelector: { matchLabels: { app: `a${update}` } }, direction: "Egress", roles: ["Application"] }] : [];
    await put(node(), policy(POLICY).destinations(named(["Application"]), ...more).inCluster(...peers).manifest());
    seal = await untilSealed(namespace, seal);
  }
}

test(`during ${UPDATES} updates of its policy, behind what it may, an application loses nothing that it may and gains nothing that it may not`, async () => {
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
