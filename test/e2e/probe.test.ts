/** The probe on the real node: what it finds, what the operator makes of it, and what the world saw meanwhile. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { deploymentNamed } from "../support/house.ts";
import { hits } from "../support/node/hits.ts";
import { engine, furnished, probeNow, serve } from "../support/node/house.ts";
import { OUTSIDE } from "../support/node/network.ts";
import { freeze, node, removeNamespace } from "../support/node/node.ts";
import { untilSealIs } from "./status.ts";

let namespace: string;
beforeAll(async () => {
  namespace = await furnished();
  await serve(namespace, engine("assistant"));
});
afterAll(() => removeNamespace(namespace));

const outsideHits = async (since: number): Promise<string[]> => [...new Set((await hits({ since })).map(({ target }) => target))].filter((target) => target === OUTSIDE.v4 || target === OUTSIDE.v6).toSorted();

test("says that a deployment is sealed when its packets were stopped", async () => {
  const since = Date.now();
  await probeNow(namespace, "assistant");
  await untilSealIs(namespace, "assistant", ["True", "ProbeSealed"], /over IPv4 and IPv6/);
  const { reachedAtFirst = 0 } = (await deploymentNamed(node(), namespace, "assistant"))?.status?.probe ?? {};
  const seen = await outsideHits(since);
  // Its pod may have run before its rules were in force: then it has to say so itself.
  expect(seen.length === 0 || reachedAtFirst > 0, `the world saw ${seen.join(", ")}; the probe says that it reached ${reachedAtFirst}`).toBe(true);
});

test("says that it is not when nothing is enforced, and the world saw it, too", async () => {
  using _frozen = freeze("kube-router");
  const since = Date.now();
  await probeNow(namespace, "assistant");
  await untilSealIs(namespace, "assistant", ["False", "ProbeReached"], /does not enforce the NetworkPolicy/);
  expect(await outsideHits(since)).toEqual([OUTSIDE.v4, OUTSIDE.v6].toSorted());
});
