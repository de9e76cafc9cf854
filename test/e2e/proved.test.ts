/** What is proved, beside what happens: the operator's own proofs of the real node, and the packets that they speak of. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { sovereigntyPolicy, type SovereigntyPolicy } from "../../operator/kinds/sovereignty-policy/schema.ts";
import { objectPath } from "../../operator/kube/url.ts";
import type { Condition } from "../../operator/lib/k8s-types.ts";
import { eventually, rawCall } from "../support/control-plane.ts";
import { conditionOf, put } from "../support/house.ts";
import { labelNamespace, labelsFor, named, OTHER_PORT, policy, removePolicy, untilSealed } from "../support/node/governed.ts";
import { engine, furnished, probeNow, serve } from "../support/node/house.ts";
import { OUTSIDE } from "../support/node/network.ts";
import { node, removeNamespace } from "../support/node/node.ts";
import { attemptsFrom, startPod, type Pod } from "../support/node/pods.ts";
import { untilSealIs } from "./status.ts";

const POLICY = "proved";
/** kube-router may take three seconds for a policy; a busy machine included. */
const IN_FORCE_MS = 30_000;

let namespace: string;
let leaky: Pod;

/** The condition Proved, once it has this reason. */
const untilProved = (reason: string): Promise<Condition> => eventually(async () => {
  const condition = conditionOf(await rawCall<SovereigntyPolicy>(node(), "GET", objectPath(sovereigntyPolicy.resource, { name: POLICY })), "Proved");
  if (condition?.reason !== reason) throw new Error(`Proved is ${condition?.status} ${condition?.reason}: ${condition?.message}`);
  return condition;
}, { timeoutMs: 60_000 });

const outcomes = async (): Promise<string[]> =>
  (await attemptsFrom(leaky, [OUTSIDE.v4, OUTSIDE.v6].map((address) => ({ name: address, address, port: OTHER_PORT })))).map(({ outcome }) => (outcome === "Reached" ? outcome : "not reached"));

beforeAll(async () => {
  await put(node(), policy(POLICY).destinations(named(["Application"])).manifest());
  namespace = await furnished();
  await labelNamespace(namespace, labelsFor(POLICY));
  await untilSealed(namespace);
  [, leaky] = await Promise.all([serve(namespace, engine("assistant")), startPod({ namespace, name: "leaky", labels: { app: "leaky" } })]);
});

afterAll(async () => {
  await removePolicy(POLICY);
  await removeNamespace(namespace);
});

test("a deployment is sealed when it is proved and a probe reached nothing", async () => {
  await untilProved("AllProved");
  await probeNow(namespace, "assistant");
  await untilSealIs(namespace, "assistant", ["True", "ProvedAndProbed"], /over IPv4 and IPv6/);
});

describe("a rule of somebody else that lets one pod out", () => {
  const path = (): string => `/apis/networking.k8s.io/v1/namespaces/${namespace}/networkpolicies`;

  test("is refuted with a packet that really gets out, and with none that does not", async () => {
    await eventually(async () => expect(await outcomes()).toEqual(["not reached", "not reached"]), { timeoutMs: IN_FORCE_MS });
    const egress = [{ to: [{ ipBlock: { cidr: `${OUTSIDE.v6}/128` } }], ports: [{ protocol: "TCP", port: OTHER_PORT }] }];
    await rawCall(node(), "POST", path(), { body: { apiVersion: "networking.k8s.io/v1", kind: "NetworkPolicy", metadata: { name: "leak" }, spec: { podSelector: { matchLabels: { app: "leaky" } }, policyTypes: ["Egress"], egress } } });
    const { message } = await untilProved("Refuted");
    expect(message).toContain(`${namespace}/Pod/leaky may send to TCP [${OUTSIDE.v6}]:${OTHER_PORT}. Remove spec.egress[0] of NetworkPolicy ${namespace}/leak.`);
    await eventually(async () => expect(await outcomes()).toEqual(["not reached", "Reached"]), { timeoutMs: IN_FORCE_MS });
  });

  test("is no more once it is repaired as the condition says", async () => {
    await rawCall(node(), "DELETE", `${path()}/leak`);
    await untilProved("AllProved");
    await eventually(async () => expect(await outcomes()).toEqual(["not reached", "not reached"]), { timeoutMs: IN_FORCE_MS });
  });
});
