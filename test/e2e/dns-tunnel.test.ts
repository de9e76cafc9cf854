/**
 * Names as a way out: what an application, which may ask the cluster's name servers, can tell somebody outside by the names
 * that it asks for; that a model server cannot; who finds out; and what closes it.
 */
import { randomBytes } from "node:crypto";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { ROOT } from "../../hack/run.ts";
import { CRON_JOBS } from "../../operator/kube/resources.ts";
import { decodeReport } from "../../operator/sovereignty/probe/document.ts";
import { eventually, rawCall } from "../support/control-plane.ts";
import { deploymentNamed, findChild, put } from "../support/house.ts";
import type { Target } from "../support/node/attempt.ts";
import { labelNamespace, labelsFor, namespaceUnder, policy, removePolicy, untilSealed } from "../support/node/governed.ts";
import { hits, packetsFrom } from "../support/node/hits.ts";
import { engine, furnished, probeNow, serve } from "../support/node/house.ts";
import { OUTSIDE, RESOLVER, SERVICES } from "../support/node/network.ts";
import { node, removeNamespace } from "../support/node/node.ts";
import { addressesOf, attemptsFrom, inNetworkOf, startPod, type Pod } from "../support/node/pods.ts";
import { COREFILE, COREFILE_WITHOUT_FORWARD } from "../support/node/services.ts";
import { planIn } from "../support/probes.ts";
import { untilSealIs } from "./status.ts";

const POLICY = "names";
const IN_FORCE_MS = 30_000;
const INSIDE = "kubernetes.default.svc.cluster.local";

let namespace: string;
let models: string;
let application: Pod;
let server: Pod;

const ask = (name: string): Target[] => (["UDP", "TCP"] as const).map((protocol) => ({ name: `${name} over ${protocol}`, address: SERVICES.dns, port: 53, protocol, ask: name }));
const outcomes = async (pod: Pod, targets: readonly Target[]): Promise<boolean[]> => (await attemptsFrom(pod, targets)).map(({ outcome }) => outcome === "Reached");

/** 120 bits of something that must stay in the house, as a name. */
const told = (): string => `${randomBytes(15).toString("hex")}.told.${RESOLVER.zone}`;
const heard = async (name: string): Promise<string[]> => (await hits()).filter((hit) => hit.name === name).map(({ source }) => source);

const nameServers = async (): Promise<Pod[]> => (await rawCall<{ items: Pod[] }>(node(), "GET", "/api/v1/namespaces/kube-system/pods?labelSelector=k8s-app=kube-dns")).items;

beforeAll(async () => {
  await put(node(), policy(POLICY).manifest());
  [namespace, models] = await Promise.all([namespaceUnder(POLICY), furnished()]);
  await labelNamespace(models, labelsFor(POLICY));
  await Promise.all([namespace, models].map((name) => untilSealed(name)));
  [application, [server]] = await Promise.all([startPod({ namespace, name: "application" }), serve(models, engine("assistant"))]) as [Pod, [Pod]];
  const outside = [OUTSIDE.v4, OUTSIDE.v6].map((address) => ({ name: address, address, port: 443 }));
  await eventually(async () => expect(await outcomes(application, outside)).toEqual([false, false]), { timeoutMs: IN_FORCE_MS });
});

afterAll(async () => {
  await removePolicy(POLICY);
  await Promise.all([namespace, models].map(removeNamespace));
});

describe("where cluster DNS asks others for names outside", () => {
  test("an application that reaches nothing tells the world what it likes, by the mouth of the name server: the residual dns-forwarding", async () => {
    const before = await packetsFrom(addressesOf(application));
    const name = told();
    expect(await outcomes(application, ask(name))).toEqual([true, true]);
    const mouths = (await nameServers()).flatMap(addressesOf);
    expect(await heard(name)).not.toEqual([]);
    for (const source of await heard(name)) expect(mouths).toContain(source);
    expect(await packetsFrom(addressesOf(application)), "it has sent nothing there itself").toEqual(before);
  });

  test("a model server does not: it may ask nobody", async () => {
    const name = told();
    expect(await outcomes(server, [...ask(name), ...ask(INSIDE)])).toEqual([false, false, false, false]);
    expect(await heard(name)).toEqual([]);
  });

  test("hoheit probe, started where the application is, finds the name server and nothing else", async () => {
    const cronJob = await findChild(node(), CRON_JOBS, models, "assistant");
    const plan = JSON.stringify(planIn(cronJob!));
    const run = inNetworkOf(application, process.execPath, join(ROOT, "operator", "main.ts"), "probe", `--plan=${plan}`, `--termination-log=${join(node().folder, "probe-of-an-application")}`);
    const { code, stdout = "" } = await run.catch((error: unknown) => error as { code?: number; stdout?: string }) as { code?: number; stdout?: string };
    expect(code).toBe(1);
    const reached = decodeReport(stdout.trim())?.targets.filter(({ outcome }) => outcome === "Reached").map(({ name, protocol, note }) => `${name} ${protocol} ${note}`);
    expect(reached).toEqual(["cluster-dns TCP Resolved", "cluster-dns UDP Resolved"]);
    expect(await heard(`probed.${RESOLVER.zone}`)).not.toEqual([]);
  });
});

test("names for a model server that somebody lets through are found by its probe, and the condition names who did", async () => {
  const policies = `/apis/networking.k8s.io/v1/namespaces/${models}/networkpolicies`;
  const dns = [{ to: [{ namespaceSelector: { matchLabels: { "kubernetes.io/metadata.name": "kube-system" } }, podSelector: { matchLabels: { "k8s-app": "kube-dns" } } }], ports: [{ protocol: "UDP", port: 53 }] }];
  await rawCall(node(), "POST", policies, { body: { apiVersion: "networking.k8s.io/v1", kind: "NetworkPolicy", metadata: { name: "names" }, spec: { podSelector: {}, policyTypes: ["Egress"], egress: dns } } });
  const name = told();
  await eventually(async () => expect(await outcomes(server, ask(name))).toEqual([true, false]), { timeoutMs: IN_FORCE_MS });
  expect(await heard(name)).not.toEqual([]);
  await untilSealIs(models, "assistant", ["False", "OtherPolicyAllowsEgress"], /^NetworkPolicy names selects the pods and lets them out/);
  await probeNow(models, "assistant");
  await eventually(async () => {
    const probe = (await deploymentNamed(node(), models, "assistant"))?.status?.probe;
    expect(probe?.checks.filter(({ outcome, purpose }) => purpose === "Target" && outcome === "Reached").map(({ name: target, protocol, note }) => `${target} ${protocol} ${note}`)).toEqual(["cluster-dns UDP Resolved"]);
  }, { timeoutMs: 60_000 });
  await rawCall(node(), "DELETE", `${policies}/names`);
});

test("name servers that ask nobody else close it: names inside are answered, and nobody outside hears of any other", async () => {
  {
    await using _closed = await forwardingNothing();
    const name = told();
    expect(await outcomes(application, [...ask(name), ...ask(INSIDE)])).toEqual([false, false, true, true]);
    expect(await heard(name)).toEqual([]);
  }
  const name = told();
  expect(await outcomes(application, ask(name)), "it is the forwarding that makes the difference").toEqual([true, true]);
});

/** Until the guard is disposed, the name servers answer for the cluster alone. */
async function forwardingNothing(): Promise<AsyncDisposable> {
  await configure(COREFILE_WITHOUT_FORWARD);
  return { [Symbol.asyncDispose]: () => configure(COREFILE) };
}

/** Resolves when pods of this configuration answer, and none of the one before. */
async function configure(Corefile: string): Promise<void> {
  const before = (await nameServers()).map(({ metadata }) => metadata.uid);
  await rawCall(node(), "PATCH", "/api/v1/namespaces/kube-system/configmaps/coredns", { body: { data: { Corefile } }, contentType: "application/merge-patch+json" });
  await rawCall(node(), "DELETE", "/api/v1/namespaces/kube-system/pods?labelSelector=k8s-app=kube-dns");
  await eventually(async () => {
    const now = await nameServers();
    expect(now.filter(({ metadata }) => before.includes(metadata.uid))).toEqual([]);
    expect(now.map(({ status }) => status.conditions?.find(({ type }) => type === "Ready")?.status)).toEqual(["True"]);
    expect(await outcomes(application, ask(INSIDE))).toEqual([true, true]);
  }, { timeoutMs: 60_000, everyMs: 200 });
}
