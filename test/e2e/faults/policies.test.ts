/** The seal is tampered with while a server hammers at it: what gets out, for how long, and what the status says. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { eventually, rawCall } from "../../support/control-plane.ts";
import { hits, type Hit } from "../../support/node/hits.ts";
import { engine, furnished, probeNow, serve } from "../../support/node/house.ts";
import { node, removeNamespace } from "../../support/node/node.ts";
import { OUTSIDE } from "../../support/node/network.ts";
import { addressesOf, inNetworkOf, type Pod } from "../../support/node/pods.ts";
import { HAMMERING_ENGINE } from "../../support/node/engine/image.ts";
import { untilItFails, untilItGetsOut } from "../server.ts";
import { untilSealIs } from "../status.ts";

const NAME = "assistant";
/** A busy machine included; kube-router alone may take three seconds for a policy. */
const LONGEST_OPEN_MS = 15_000;

interface Policy { readonly metadata: { readonly uid: string; readonly deletionTimestamp?: string } }

let namespace: string;
let pod: Pod;
let policies: string;
beforeAll(async () => {
  namespace = await furnished();
  policies = `/apis/networking.k8s.io/v1/namespaces/${namespace}/networkpolicies`;
  [pod] = await serve(namespace, engine(NAME, HAMMERING_ENGINE)) as [Pod];
  await untilItFails(pod);
  expect(await hits({ sources: addressesOf(pod) })).toEqual([]);
});
afterAll(() => removeNamespace(namespace));

const KNOCKS = 1500;
const EVERY_MS = 2;

/**
 * Datagrams from the pod's network, one every two milliseconds: connections of the server wait up to a second for their
 * refusal and would miss a short opening. Each has a port of its own, because what belongs to a known flow may pass.
 * Resolves when the first is on its way, with a promise of the last.
 */
async function knock(): Promise<{ last: Promise<unknown> }> {
  const sign = join(node().folder, `knocking-${Date.now()}`);
  const script = `
    require("node:fs").writeFileSync("${sign}", "");
    const { createSocket } = require("node:dgram");
    let left = ${KNOCKS};
    const timer = setInterval(() => {
      const [type, address] = left % 2 === 0 ? ["udp4", "${OUTSIDE.v4}"] : ["udp6", "${OUTSIDE.v6}"];
      const socket = createSocket(type);
      socket.on("error", () => undefined).send("knock", 443, address, () => socket.close());
      if (--left === 0) clearInterval(timer);
    }, ${EVERY_MS});`;
  const last = inNetworkOf(pod, process.execPath, "-e", script);
  await eventually(() => existsSync(sign));
  return { last };
}

/** How long what was seen since then shows that the pod was open: from the first to the last connection that stood. */
function openMs(seen: readonly Hit[]): number {
  return (seen.at(-1)?.time ?? 0) - (seen[0]?.time ?? 0);
}

describe("a seal that somebody deletes", () => {
  const withoutFinalizer = (): Promise<unknown> => rawCall(node(), "PATCH", `${policies}/${NAME}`, { contentType: "application/merge-patch+json", body: { metadata: { finalizers: null } } });

  test.each([
    ["as it is, with the finalizer that keeps it", () => Promise.resolve()],
    ["after its finalizer", withoutFinalizer],
  ])("%s, is made anew", async (how, before) => {
    const { metadata: { uid } } = await rawCall<Policy>(node(), "GET", `${policies}/${NAME}`);
    const knocking = await knock();
    const since = Date.now();
    await before();
    await rawCall(node(), "DELETE", `${policies}/${NAME}`);
    await eventually(async () => {
      const { metadata } = await rawCall<Policy>(node(), "GET", `${policies}/${NAME}`);
      expect([metadata.uid === uid, metadata.deletionTimestamp]).toEqual([false, undefined]);
    });
    const againMs = Date.now() - since;
    await knocking.last;
    await untilItFails(pod);
    const seen = await hits({ since, sources: addressesOf(pod) });
    console.log(`Seal deleted ${how}: new policy after ${againMs} ms; ${seen.length} of ${KNOCKS} datagrams and connections got out within ${openMs(seen)} ms, the last ${seen.length === 0 ? 0 : seen.at(-1)!.time - since} ms after the deletion`);
    expect((seen.at(-1)?.time ?? since) - since).toBeLessThan(LONGEST_OPEN_MS);
  });
});

test("another policy that lets the pods out is named with its rule, and forgotten when it is gone", async () => {
  const body = { apiVersion: "networking.k8s.io/v1", kind: "NetworkPolicy", metadata: { name: "let-me-out" }, spec: { podSelector: {}, policyTypes: ["Egress"], egress: [{}] } };
  await rawCall(node(), "POST", policies, { body });
  await untilItGetsOut(pod);
  const since = Date.now();
  await (await knock()).last;
  expect((await hits({ since, sources: addressesOf(pod) })).filter(({ protocol }) => protocol === "UDP").length, "knocking is heard where nothing seals").toBeGreaterThan(KNOCKS / 2);
  await untilSealIs(namespace, NAME, ["False", "OtherPolicyAllowsEgress"], /^NetworkPolicy let-me-out selects the pods and lets them out \(spec\.egress\[0\]\)/);
  await rawCall(node(), "DELETE", `${policies}/let-me-out`);
  await untilItFails(pod);
  await probeNow(namespace, NAME);
  await untilSealIs(namespace, NAME, ["True", "ProbeSealed"], /over IPv4 and IPv6/);
});
