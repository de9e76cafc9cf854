/** The seal is tampered with while a server hammers at it: what gets out, for how long, and what the status says. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { eventually, rawCall } from "../../support/control-plane.ts";
import { hits, type Hit } from "../../support/node/hits.ts";
import { engine, furnished, probeNow, serve } from "../../support/node/house.ts";
import { node, removeNamespace } from "../../support/node/node.ts";
import { addressesOf, type Pod } from "../../support/node/pods.ts";
import { HAMMERING_ENGINE } from "../engine/image.ts";
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
    const since = Date.now();
    await before();
    await rawCall(node(), "DELETE", `${policies}/${NAME}`);
    await eventually(async () => {
      const { metadata } = await rawCall<Policy>(node(), "GET", `${policies}/${NAME}`);
      expect([metadata.uid === uid, metadata.deletionTimestamp]).toEqual([false, undefined]);
    });
    const againMs = Date.now() - since;
    await untilItFails(pod);
    const seen = await hits({ since, sources: addressesOf(pod) });
    console.log(`Seal deleted ${how}: new policy after ${againMs} ms; ${seen.length} connections got out within ${openMs(seen)} ms, the last ${seen.length === 0 ? 0 : seen.at(-1)!.time - since} ms after the deletion`);
    expect((seen.at(-1)?.time ?? since) - since).toBeLessThan(LONGEST_OPEN_MS);
  });
});

test("another policy that lets the pods out is named with its rule, and forgotten when it is gone", async () => {
  const body = { apiVersion: "networking.k8s.io/v1", kind: "NetworkPolicy", metadata: { name: "let-me-out" }, spec: { podSelector: {}, policyTypes: ["Egress"], egress: [{}] } };
  await rawCall(node(), "POST", policies, { body });
  await untilItGetsOut(pod);
  await untilSealIs(namespace, NAME, ["False", "OtherPolicyAllowsEgress"], /^NetworkPolicy let-me-out selects the pods and lets them out \(spec\.egress\[0\]\)/);
  await rawCall(node(), "DELETE", `${policies}/let-me-out`);
  await untilItFails(pod);
  await probeNow(namespace, NAME);
  await untilSealIs(namespace, NAME, ["True", "ProbeSealed"], /over IPv4 and IPv6/);
});
