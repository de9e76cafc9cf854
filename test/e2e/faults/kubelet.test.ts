/** A kubelet that stops: the server runs on and is as sealed as before, but nobody knows, so that it gets no requests. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { addressesOf, type Pod } from "../../support/node/pods.ts";
import { engine, furnished, serve, untilReady } from "../../support/node/house.ts";
import { packetsFrom } from "../../support/node/hits.ts";
import { freeze, removeNamespace } from "../../support/node/node.ts";
import { HAMMERING_ENGINE } from "../../support/node/engine/image.ts";
import { hammered, restartsOf, untilItFails } from "../server.ts";
import { untilWaiting } from "../status.ts";

let namespace: string;
let pod: Pod;
beforeAll(async () => {
  namespace = await furnished();
  [pod] = await serve(namespace, engine("assistant", HAMMERING_ENGINE)) as [Pod];
});
afterAll(() => removeNamespace(namespace));

test("status says that the node does not report; afterwards the same server goes on, and no packet got out", async () => {
  {
    using _stopped = freeze("kubelet");
    const since = Date.now();
    await untilWaiting(namespace, "assistant", "NodeLost", /^pod assistant-[-a-z0-9]+: its node has stopped reporting; .*kubelet/);
    console.log(`A stopped kubelet is in the status after ${Math.round((Date.now() - since) / 1000)} s`);
    await untilItFails(pod);
  }
  await untilReady(namespace, "assistant");
  expect(await restartsOf(pod)).toBe(0);
  expect((await hammered(pod)).connected).toBe(0);
  expect(await packetsFrom(addressesOf(pod))).toEqual([]);
});
