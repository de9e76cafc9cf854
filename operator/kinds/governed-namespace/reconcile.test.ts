import { beforeEach, describe, expect, it } from "vitest";
import type { FakeClock } from "../../../test/support/fake-clock.ts";
import { FakeCluster } from "../../../test/support/fake-cluster.ts";
import { client, destination, GOVERNED, lmd, svp } from "../../../test/support/makers.ts";
import { ApiError } from "../../kube/errors.ts";
import { NAMESPACES, NETWORK_POLICIES, PODS } from "../../kube/resources.ts";
import type { Namespace, NetworkPolicy } from "../../lib/k8s-types.ts";
import { RELEASE_TIME, SEALED } from "../../lib/labels.ts";
import { clientPolicyName, DEFAULT_DENY } from "../../lib/names.ts";
import type { EventNote } from "../../runtime/events.ts";
import type { Outcome } from "../../runtime/outcome.ts";
import { languageModelDeployment } from "../language-model-deployment/schema.ts";
import { sovereigntyPolicy } from "../sovereignty-policy/schema.ts";
import { governedNamespaceController } from "./controller.ts";
import { stateOf } from "./state.ts";

const OPTIONS = { operatorNamespace: "hoheit-system", nameServers: ["10.96.0.10"], releaseMs: 60_000 };
const controller = governedNamespaceController(OPTIONS);
const POLICIES = sovereigntyPolicy.resource;
const UI = clientPolicyName("assistant/assistant/chat-ui");

let cluster: FakeCluster;
let notes: string[];
beforeEach(() => {
  cluster = new FakeCluster(controller);
  notes = [];
  Object.assign(cluster.context.events, { record: (_about: unknown, { type, reason }: EventNote) => notes.push(`${type} ${reason}`) });
});

const namespace = (name: string, labels: Record<string, string> = GOVERNED): Namespace => ({ apiVersion: "v1", kind: "Namespace", metadata: { name, labels } });
const reconcile = (name = "n"): Promise<Outcome> => controller.reconcile({ name }, cluster.context);
const annotationsOf = (name = "n"): Record<string, string> => cluster.live(NAMESPACES, { name })?.metadata.annotations ?? {};
const policyOf = (name: string, inNamespace = "n") => cluster.live(NETWORK_POLICIES, { namespace: inNamespace, name });
const state = (name = "n") => {
  const live = cluster.context.cache(NAMESPACES).get(name);
  return live && stateOf(live, cluster.context, OPTIONS)?.reason;
};
const foreign = (name: string): NetworkPolicy => ({ apiVersion: "networking.k8s.io/v1", kind: "NetworkPolicy", metadata: { name, namespace: "n" }, spec: { podSelector: { matchLabels: { mine: "yes" } }, policyTypes: ["Ingress"] } });

/** Namespace `n`, governed by policy `land`, sealed. */
async function sealed(policy = svp().destinations(destination("mirror"))): Promise<void> {
  cluster.put(NAMESPACES, namespace("n"));
  cluster.put(POLICIES, policy.live());
  await reconcile();
  expect(state()).toBe("Sealed");
  cluster.writes.length = 0;
}

describe("a namespace that a policy selects", () => {
  it("is sealed before it is marked, and then left in peace", async () => {
    cluster.put(NAMESPACES, namespace("n"));
    cluster.put(POLICIES, svp().destinations(destination("mirror")).live());
    expect(await reconcile(), "at noon").toEqual({ kind: "done", recheckAfterMs: 12 * 3_600_000 });
    expect(cluster.writes).toEqual(["apply NetworkPolicy", "apply NetworkPolicy", "apply NetworkPolicy", "patch Namespace"]);
    expect(policyOf(DEFAULT_DENY)?.metadata).toMatchObject({ finalizers: ["hoheit.dev/seal"], ownerReferences: [{ apiVersion: "v1", kind: "Namespace", name: "n", controller: true }] });
    expect(["hoheit-application", "hoheit-destination-mirror"].map((name) => policyOf(name) !== undefined)).toEqual([true, true]);
    expect(annotationsOf()[SEALED]).toMatch(/^[0-9a-f]{16}$/);
    expect(notes).toEqual(["Normal Sealed"]);
    cluster.writes.length = 0;
    await reconcile();
    expect([cluster.writes, notes.length]).toEqual([[], 1]);
  });

  it("has no mark while the default deny is not in force, and other policies nevertheless", async () => {
    cluster.put(NAMESPACES, namespace("n"));
    cluster.put(POLICIES, svp().live());
    cluster.put(NETWORK_POLICIES, foreign(DEFAULT_DENY));
    expect(await reconcile()).toMatchObject({ kind: "waiting", reason: "ForeignObject" });
    expect([state(), annotationsOf(), notes]).toEqual(["ForeignObject", {}, ["Warning ForeignObject"]]);
    expect(policyOf(DEFAULT_DENY)?.spec).toEqual(foreign(DEFAULT_DENY).spec);
    expect(policyOf("hoheit-application")).toBeDefined();
    cluster.remove(NETWORK_POLICIES, { namespace: "n", name: DEFAULT_DENY });
    await reconcile();
    expect([state(), Object.keys(annotationsOf())]).toEqual(["Sealed", [SEALED]]);
  });

  it("loses what a policy no longer names, even while the API server refuses the rest", async () => {
    await sealed();
    const before = annotationsOf()[SEALED];
    cluster.put(POLICIES, svp().inCluster({ name: "x", namespace: "x", podSelector: { matchLabels: { app: "x" } }, direction: "Egress", roles: ["Application"] }).live());
    cluster.refused.set("apply NetworkPolicy", new ApiError("apply", { code: 403, reason: "Forbidden", message: "quota" }));
    expect(await reconcile()).toMatchObject({ kind: "waiting", reason: "ApplyFailed" });
    expect([policyOf("hoheit-destination-mirror"), notes.at(-1), state()]).toEqual([undefined, "Warning ApplyFailed", "NotApplied"]);
    expect(annotationsOf()[SEALED]).not.toBe(before);
    cluster.refused.clear();
    await reconcile();
    expect([state(), policyOf("hoheit-peer-x") !== undefined]).toEqual(["Sealed", true]);
  });

  const [A, B] = ["198.51.100.7/32", "198.51.100.8/32"];

  it.each([
    ["is renamed", [destination("mirror")], [destination("store")], [A]],
    ["moves to a new entry", [destination("mirror", { cidrs: [A, B] })], [destination("archive", { cidrs: [B] }), destination("mirror")], [A, B]],
    ["is joined by others before and behind it", [destination("mirror")], [destination("a", { cidrs: [B] }), destination("mirror"), destination("z", { cidrs: [B] })], [A]],
  ])("cuts off at no moment what stays allowed, when a destination %s", async (_how, before, after, stays) => {
    await sealed(svp().destinations(...before));
    const allowed = (): unknown[] => cluster.context.cache(NETWORK_POLICIES).list().flatMap(({ spec }) => spec?.egress ?? []).flatMap(({ to = [] }) => to.map(({ ipBlock }) => ipBlock?.cidr));
    const seen: unknown[][] = [];
    const { api } = cluster.context;
    const looking = Object.fromEntries((["apply", "delete"] as const).map((verb) => [verb, async (...given: never[]): Promise<unknown> => {
      const answer: unknown = await (api[verb] as (...of: never[]) => Promise<unknown>)(...given);
      seen.push(allowed());
      return answer;
    }]));
    cluster.put(POLICIES, svp().destinations(...after).live());
    await controller.reconcile({ name: "n" }, { ...cluster.context, api: { ...api, ...looking } });
    expect(seen.length).toBe(2);
    for (const moment of seen) expect(moment).toEqual(expect.arrayContaining(stays));
    expect(state()).toBe("Sealed");
  });

  it("is healed where somebody edited or deleted a policy, took its labels or made it look like a seal", async () => {
    await sealed();
    const edits: [string, (policy: NetworkPolicy) => NetworkPolicy][] = [
      [DEFAULT_DENY, (policy) => ({ ...policy, spec: { ...policy.spec, egress: [{}] } })],
      [DEFAULT_DENY, (policy) => ({ ...policy, spec: { ...policy.spec, podSelector: { matchLabels: { "hoheit.dev/deployment": DEFAULT_DENY } } } })],
      ["hoheit-destination-mirror", (policy) => ({ ...policy, spec: { ...policy.spec, egress: [{}] }, metadata: { ...policy.metadata, labels: {} } })],
      ["hoheit-application", (policy) => ({ ...policy, spec: { ...policy.spec, podSelector: {} } })],
    ];
    for (const [name, edit] of edits) {
      const before = policyOf(name);
      cluster.put(NETWORK_POLICIES, edit(before!));
      expect(state(), name).toBe("NotApplied");
      await reconcile();
      expect([policyOf(name)?.spec, state()], name).toEqual([before?.spec, "Sealed"]);
    }
    cluster.remove(NETWORK_POLICIES, { namespace: "n", name: "hoheit-destination-mirror" });
    await reconcile();
    expect([policyOf("hoheit-destination-mirror") !== undefined, state()]).toEqual([true, "Sealed"]);
  });

  it("loses a destination on the day on which what made it lawful ends, though nobody changed anything", async () => {
    const british = destination("mirror", { country: "GB", operator: { name: "x", country: "GB", controlledFrom: "GB" } });
    await sealed(svp().spec({ jurisdictions: { profile: "EEAWithAdequacy" } }).destinations(british));
    const clock = cluster.context.clock as FakeClock;
    clock.stepWallClock(Date.parse("2031-12-27T23:59:59Z") - clock.now());
    expect(await reconcile()).toEqual({ kind: "done", recheckAfterMs: 1000 });
    expect(policyOf("hoheit-destination-mirror")).toBeDefined();
    clock.stepWallClock(1000);
    await reconcile();
    expect([policyOf("hoheit-destination-mirror"), state()]).toEqual([undefined, "Sealed"]);
  });

  it("leaves alone what is others', seals of deployments among them", async () => {
    const seal = { ...foreign("assistant"), metadata: { ...foreign("assistant").metadata, ownerReferences: [{ apiVersion: "hoheit.dev/v1alpha1", kind: "LanguageModelDeployment", name: "assistant", uid: "other", controller: true }] } };
    for (const policy of [foreign("theirs"), foreign("hoheit-destination-mirror-2"), seal]) cluster.put(NETWORK_POLICIES, policy);
    await sealed();
    await reconcile();
    expect([cluster.writes, ["theirs", "hoheit-destination-mirror-2", "assistant"].filter((name) => policyOf(name) === undefined)]).toEqual([[], []]);
  });

  it("keeps a default deny that somebody deletes until it can be made anew", async () => {
    await sealed();
    cluster.remove(NETWORK_POLICIES, { namespace: "n", name: DEFAULT_DENY });
    const { uid } = policyOf(DEFAULT_DENY)!.metadata;
    expect(state(), "its finalizer keeps it in force").toBe("Sealed");
    cluster.terminating = true;
    await expect(reconcile()).resolves.toMatchObject({ reason: "ApplyFailed" });
    expect(policyOf(DEFAULT_DENY)?.metadata.uid, "the namespace is being deleted, of which the cache does not know").toBe(uid);
    cluster.terminating = false;
    await reconcile();
    await reconcile();
    expect([policyOf(DEFAULT_DENY)?.metadata.uid === uid, policyOf(DEFAULT_DENY)?.metadata.deletionTimestamp, state()]).toEqual([false, undefined, "Sealed"]);
  });

  it("is not touched on behalf of a policy that cannot be read, and stays sealed under one", async () => {
    const newer = { ...svp().live(), spec: { namespaceSelector: { matchLabels: GOVERNED }, destinations: [{ name: "x", cidrs: "of a newer version" }] } } as never;
    cluster.put(NAMESPACES, namespace("new"));
    cluster.put(POLICIES, newer);
    expect(await reconcile("new")).toMatchObject({ reason: "PolicyUnreadable" });
    expect([cluster.writes, state("new"), notes]).toEqual([[], "PolicyUnreadable", ["Warning PolicyUnreadable"]]);
    await sealed();
    cluster.put(POLICIES, newer);
    await reconcile();
    expect([cluster.writes, state(), policyOf("hoheit-destination-mirror") !== undefined]).toEqual([[], "PolicyUnreadable", true]);
  });

  it.each(["kube-system", "hoheit-system"])("is left alone if it is %s, which keeps the rest running", async (name) => {
    cluster.put(NAMESPACES, namespace(name));
    cluster.put(POLICIES, svp().live());
    await reconcile(name);
    expect([cluster.writes, state(name)]).toEqual([[], "Exempt"]);
  });
});

describe("a declared client", () => {
  const models = (): void => {
    cluster.put(NAMESPACES, namespace("assistant"));
    cluster.put(languageModelDeployment.resource, lmd("assistant").clients({ ...client("chat-ui"), namespace: "n" }, client("elsewhere")).live());
  };

  it("gets a way to its model while both namespaces are governed", async () => {
    models();
    await sealed();
    expect(policyOf(UI)?.spec).toMatchObject({
      podSelector: { matchLabels: { app: "chat-ui" } }, policyTypes: ["Egress"],
      egress: [{ to: [{ podSelector: { matchLabels: { "hoheit.dev/deployment": "assistant", "hoheit.dev/role": "Serving" } } }], ports: [{ protocol: "TCP", port: 8000 }] }],
    });
    cluster.put(NAMESPACES, namespace("assistant", {}));
    await reconcile();
    expect(policyOf(UI)).toBeUndefined();
  });

  it("keeps it while the deployment drains, and loses it with the deployment", async () => {
    models();
    await sealed();
    cluster.put(languageModelDeployment.resource, lmd("assistant").clients({ ...client("chat-ui"), namespace: "n" }).metadata({ finalizers: ["hoheit.dev/seal"] }).live());
    cluster.remove(languageModelDeployment.resource, { namespace: "assistant", name: "assistant" });
    await reconcile();
    expect(policyOf(UI)).toBeDefined();
    cluster.put(languageModelDeployment.resource, lmd("assistant").clients().live());
    await reconcile();
    expect(policyOf(UI)).toBeUndefined();
  });
});

describe("a namespace that no policy selects any more", () => {
  const left = (): string[] => [DEFAULT_DENY, "hoheit-application", "hoheit-destination-mirror"].filter((name) => policyOf(name) !== undefined);

  it.each([
    ["because its label is gone", () => void cluster.put(NAMESPACES, { ...cluster.live(NAMESPACES, { name: "n" })!, metadata: { ...cluster.live(NAMESPACES, { name: "n" })!.metadata, labels: {} } })],
    ["because the policy is gone", () => cluster.remove(POLICIES, { name: "land" })],
  ])("loses its mark at once and its policies later, %s", async (_why, leave) => {
    await sealed();
    leave();
    expect(await reconcile()).toEqual({ kind: "waiting", reason: "Releasing", delayMs: 60_000 });
    expect([annotationsOf(), left().length, notes.at(-1), state()]).toEqual([{ [RELEASE_TIME]: new Date(cluster.context.clock.now() + 60_000).toISOString() }, 3, "Warning ReleaseBegins", undefined]);
    (cluster.context.clock as FakeClock).advance(59_000);
    expect(await reconcile()).toMatchObject({ delayMs: 1_000 });
    expect(left()).toHaveLength(3);
    (cluster.context.clock as FakeClock).advance(1_000);
    cluster.writes.length = 0;
    expect(await reconcile()).toEqual({ kind: "done" });
    expect(cluster.writes, "what lets something through first, the default deny last").toEqual(["delete NetworkPolicy", "delete NetworkPolicy", "patch NetworkPolicy", "delete NetworkPolicy", "patch Namespace"]);
    expect([left(), annotationsOf(), notes]).toEqual([[], {}, ["Normal Sealed", "Warning ReleaseBegins", "Warning Released"]]);
  });

  it("is sealed as before if that is undone in time", async () => {
    await sealed();
    const before = annotationsOf();
    cluster.remove(POLICIES, { name: "land" });
    await reconcile();
    cluster.put(POLICIES, svp().destinations(destination("mirror")).live());
    await reconcile();
    expect([annotationsOf(), left().length]).toEqual([before, 3]);
  });

  it("waits for no longer than was said, whatever time somebody wrote", async () => {
    await sealed();
    cluster.remove(POLICIES, { name: "land" });
    cluster.put(NAMESPACES, { ...namespace("n"), metadata: { ...cluster.live(NAMESPACES, { name: "n" })!.metadata, annotations: { [RELEASE_TIME]: "2099-01-01T00:00:00Z" } } });
    expect(await reconcile()).toMatchObject({ delayMs: 60_000 });
  });

  it("which was never governed is nobody's business", async () => {
    cluster.put(NAMESPACES, namespace("n", {}));
    cluster.put(NETWORK_POLICIES, foreign("hoheit-application"));
    expect(await reconcile()).toEqual({ kind: "done" });
    expect([cluster.writes, notes]).toEqual([[], []]);
  });
});

describe("a namespace that is being deleted", () => {
  it("keeps its default deny until its last pod has ended, and gets nothing new", async () => {
    await sealed();
    cluster.put(PODS, { apiVersion: "v1", kind: "Pod", metadata: { name: "p", namespace: "n" } });
    cluster.put(NAMESPACES, { ...namespace("n"), metadata: { ...cluster.live(NAMESPACES, { name: "n" })!.metadata, deletionTimestamp: "2026-11-25T10:00:00Z" } });
    for (const name of ["hoheit-application", "hoheit-destination-mirror", DEFAULT_DENY]) cluster.remove(NETWORK_POLICIES, { namespace: "n", name });
    expect(await reconcile()).toMatchObject({ kind: "waiting", reason: "Draining" });
    expect([cluster.writes, policyOf(DEFAULT_DENY) !== undefined]).toEqual([[], true]);
    cluster.remove(PODS, { namespace: "n", name: "p" });
    expect(await reconcile()).toEqual({ kind: "done" });
    expect([cluster.writes, policyOf(DEFAULT_DENY)]).toEqual([["patch NetworkPolicy"], undefined]);
    expect(await reconcile()).toEqual({ kind: "done" });
  });
});
