/**
 * A network plugin that enforces nothing any more. What runs is open, which no operator can help; but the probe says so,
 * nothing new starts, and all is well again when the plugin is back.
 */
import { afterAll, beforeAll, expect, test } from "vitest";
import { hits } from "../../support/node/hits.ts";
import { engine, furnished, probeNow, serve, servers, untilReady } from "../../support/node/house.ts";
import { put } from "../../support/house.ts";
import { withoutEnforcement } from "../../support/node/enforcement.ts";
import { node, removeNamespace } from "../../support/node/node.ts";
import { addressesOf, type Pod } from "../../support/node/pods.ts";
import { HAMMERING_ENGINE } from "../../support/node/engine/image.ts";
import { startFromTemplate, untilItFails, untilItGetsOut } from "../server.ts";
import { untilSealIs, untilWaiting } from "../status.ts";

const NAME = "assistant";
const LATER = "later";

let namespace: string;
let pod: Pod;
beforeAll(async () => {
  namespace = await furnished();
  [pod] = await serve(namespace, engine(NAME, HAMMERING_ENGINE)) as [Pod];
  await untilItFails(pod);
});
afterAll(() => removeNamespace(namespace));

/** Probes and waits until EgressSealed says so. */
async function probed(verdict: readonly [string, string], words: RegExp): Promise<void> {
  await probeNow(namespace, NAME);
  await untilSealIs(namespace, NAME, verdict, words);
}

test("the probe says that it got out, nothing new starts, and all is well again afterwards", async () => {
  await probed(["True", "ProbeSealed"], /over IPv4 and IPv6/);
  expect(await hits({ sources: addressesOf(pod) })).toEqual([]);
  {
    using _open = await withoutEnforcement();
    await untilItGetsOut(pod);
    await probed(["False", "ProbeReached"], /reached .*tripwire \(TCP .*does not enforce the NetworkPolicy/);
    await put(node(), engine(LATER).namespace(namespace).manifest());
    await untilWaiting(namespace, LATER, "NotSealedYet", /^pod later-[-a-z0-9]+: the gate waits until the network plugin enforces the seal\.$/);
    // The deployment's own gate has two minutes; this one loses its patience earlier.
    await startFromTemplate({ namespace, deployment: LATER, name: "impatient", initContainers: ([gate]) => [{ ...gate, args: [...(gate?.args ?? []), "--timeout-seconds=2"] }] });
    await untilWaiting(namespace, LATER, "NotSealedYet", /^pod impatient: the gate gave up: over IPv[46] the pod reaches what the seal forbids\./);
    const all = await servers(namespace, LATER);
    expect(all.map(({ status }) => status.conditions?.find(({ type }) => type === "Initialized")?.status)).toEqual(["False", "False"]);
  }
  await untilReady(namespace, LATER);
  await untilItFails(pod);
  await probed(["True", "ProbeSealed"], /over IPv4 and IPv6/);
});
