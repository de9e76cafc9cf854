import { describe, expect, it, test } from "vitest";
import { deny, destination, ipBlock, networkPolicy, snapshot, sovereignty, toNamespace, workload } from "../prover/testing.ts";
import { prove } from "../prover/prove.ts";
import type { SubjectProof } from "../prover/result.ts";
import type { Snapshot } from "../snapshot.ts";
import { sha256 } from "./digest.ts";
import { buildEvidence, digestOf, rootOf, type Bundle, type Evidence } from "./evidence.ts";
import { verifyEvidence } from "./verify.ts";

const AS_OF = "2026-11-25T10:00:00Z";
const evidenceOf = (of: Snapshot): Evidence => buildEvidence(of, prove(of), { asOf: AS_OF });

/** Two workloads in `a`, one of which an open rule lets out; `b` is proved. */
const policy = sovereignty({ destinations: [destination("mirror", { cidrs: ["198.51.100.7/32"], roles: ["Application"] })] });
const leak = networkPolicy("a/leak", { podSelector: { matchLabels: { app: "leaky" } }, policyTypes: ["Egress"], egress: [{ to: [ipBlock("8.8.8.0/24")], ports: [{ port: 443 }] }] });
const mirror = networkPolicy("a/mirror", { podSelector: {}, policyTypes: ["Egress"], egress: [{ to: [ipBlock("198.51.100.7/32")], ports: [{ port: 443 }] }] });
const WORLD = snapshot({
  governed: ["a", "b"], policy, networkPolicies: [deny("a"), deny("b"), leak, mirror],
  workloads: [workload("a/Deployment/leaky", { app: "leaky" }), workload("a/Deployment/tight"), workload("b/Pod/one")],
});
const EVIDENCE = evidenceOf(WORLD);

/** Somebody who knows how hashes are made edits a bundle, and makes all hashes anew. */
function forged(evidence: Evidence, edit: (bundle: Bundle) => Partial<Bundle>): Evidence {
  const bundles = evidence.bundles.map((bundle) => ({ ...bundle, ...edit(bundle) })).map((bundle) => ({ ...bundle, sha256: digestOf(bundle) }));
  return resealed({ ...evidence, bundles });
}
const resealed = (evidence: Evidence): Evidence => ({ ...evidence, root: rootOf(evidence) });

/** The same with another proof of one subject, and with what follows from it. */
function withSubject(id: string, over: Partial<SubjectProof>): Evidence {
  const rank = ["UNGOVERNED", "REFUTED", "UNDETERMINED", "PROVED"] as const;
  const worst = (all: readonly { verdict: SubjectProof["verdict"] }[]) => rank.find((one) => all.some(({ verdict }) => verdict === one)) ?? "PROVED";
  const changed = forged(EVIDENCE, ({ proof }) => {
    const put = (all: readonly SubjectProof[]): SubjectProof[] => all.map((one) => (one.id === id && (over.role ?? one.role) === one.role ? { ...one, ...over } : one));
    const [workloads, labelSpace] = [put(proof.workloads), put(proof.labelSpace)];
    return { proof: { ...proof, workloads, labelSpace, verdict: worst([...workloads, ...labelSpace]) } };
  });
  return resealed({ ...changed, facts: { ...changed.facts, verdict: worst(changed.bundles.map(({ proof }) => proof)) } });
}

const problemsOf = (evidence: unknown, of: Snapshot = WORLD): string[] => verifyEvidence(evidence, of).problems.map(({ where, message }) => `${where}: ${message}`);

describe("evidence", () => {
  it("that nobody edited fits the objects that it was made of, and says what was tried", () => {
    expect(EVIDENCE.bundles.map(({ proof }) => proof.workloads.map(({ verdict }) => verdict))).toEqual([["REFUTED", "PROVED"], ["PROVED"]]);
    const { problems, verdict, root, tried } = verifyEvidence(EVIDENCE, WORLD);
    expect({ problems, verdict, root }).toEqual({ problems: [], verdict: "REFUTED", root: EVIDENCE.root });
    // Of the workload, and of any pod of each of six roles.
    expect(tried).toMatchObject({ bundles: 2, objects: 3 + 5 + 2, counterexamples: 7 });
    expect(tried.packets).toBeGreaterThan(1000);
  });

  it("is the same bytes whatever order objects come in, and whatever servers have written into them", () => {
    const turned = { ...WORLD, workloads: WORLD.workloads.toReversed(), namespaces: WORLD.namespaces.toReversed(), networkPolicies: WORLD.networkPolicies.toReversed(), governed: new Map([...WORLD.governed].toReversed()) };
    expect(evidenceOf(turned)).toEqual(EVIDENCE);
    const noted = WORLD.networkPolicies.map((one) => ({ ...one, status: { x: 1 }, metadata: { ...one.metadata, annotations: { note: "x" }, generation: 7, managedFields: [] } }));
    expect(evidenceOf({ ...WORLD, networkPolicies: noted })).toEqual(EVIDENCE);
  });

  it("of other objects is other evidence", () => {
    const roots = [WORLD, { ...WORLD, networkPolicies: WORLD.networkPolicies.slice(1) }, { ...WORLD, operatorNamespace: "other" }, { ...WORLD, unreadable: ["Pod: Forbidden"] }].map((one) => evidenceOf(one).root);
    expect(new Set(roots).size).toBe(roots.length);
  });

  test.each<[string, Snapshot, string]>([
    ["changed", { ...WORLD, networkPolicies: [deny("a"), deny("b"), { ...leak, spec: { podSelector: {} } }, mirror] }, "a: networking.k8s.io/v1 NetworkPolicy a/leak is not what the evidence rests on"],
    ["gone", { ...WORLD, networkPolicies: [deny("a"), deny("b"), mirror] }, "a: networking.k8s.io/v1 NetworkPolicy a/leak is in the evidence and not among the objects"],
    ["new", { ...WORLD, workloads: [...WORLD.workloads, workload("b/Pod/two")] }, "b: Workload b/Pod/two is among the objects and not in the evidence"],
    ["in a namespace that it does not speak of", { ...WORLD, workloads: [...WORLD.workloads, workload("c/Pod/x")] }, "c: the objects have this namespace, the evidence has no bundle for it"],
    ["allowed less", { ...WORLD, governed: new Map([...WORLD.governed.keys()].map((name) => [name, sovereignty()])) }, "a: the policy in force by these objects is not the one in the evidence"],
    ["a namespace with other labels", { ...WORLD, namespaces: WORLD.namespaces.map((one) => ({ ...one, metadata: { ...one.metadata, labels: { x: "y" } } })) }, "facts: v1 Namespace a is not what the evidence rests on"],
  ])("does not fit objects of which one is %s", (_, other, problem) => {
    expect(problemsOf(EVIDENCE, other)).toContain(problem);
  });
});

describe("evidence that somebody edited", () => {
  it("is found by its hashes", () => {
    const [first, ...rest] = EVIDENCE.bundles;
    const edited = { ...EVIDENCE, bundles: [{ ...first!, inputs: [] }, ...rest] };
    expect(problemsOf(edited)).toContain("a: its content is not what its hash is of: the bundle was edited");
    expect(problemsOf({ ...EVIDENCE, facts: { ...EVIDENCE.facts, asOf: "2026-11-26T10:00:00Z" } })).toEqual(["root: the root is not that of these facts and bundles: the evidence was edited"]);
    expect(problemsOf({ ...EVIDENCE, root: sha256("other") })).toHaveLength(1);
  });

  const counterexample = EVIDENCE.bundles[0]!.proof.workloads[0]!.counterexample!;
  const packet = (over: object): Partial<SubjectProof> => ({ counterexample: { ...counterexample, packet: { ...counterexample.packet, ...over } } });

  test.each<[string, string, Partial<SubjectProof>, string]>([
    ["a way out hidden", "a/Deployment/leaky", { verdict: "PROVED", missing: [] }, "a/Deployment/leaky: it is not PROVED: the rules do not surely stop 8.8.8.8:443/TCP"],
    ["a way out called unclear", "a/Deployment/leaky", { verdict: "UNDETERMINED", missing: [{ kind: "Relay", message: "" }] }, "a/Deployment/leaky: it is REFUTED, not UNDETERMINED: 8.8.8.8:443/TCP gets out"],
    ["a way out of any pod hidden", "a/*", { role: "Application", verdict: "PROVED", missing: [] }, "a/*: it is not PROVED: the rules do not surely stop 8.8.8.8:443/TCP"],
    ["a packet that does not get out", "a/Deployment/leaky", packet({ address: "9.9.9.9" }), "a/Deployment/leaky: the counterexample 9.9.9.9:443/TCP does not surely get out: Denied"],
    ["a packet to where the policy allows", "a/Deployment/leaky", packet({ address: "198.51.100.7" }), "a/Deployment/leaky: the counterexample 198.51.100.7:443/TCP goes where the policy allows"],
    ["a packet of somebody else", "a/Deployment/leaky", packet({ from: "a/Deployment/tight" }), "a/Deployment/leaky: the counterexample is about another pod"],
    ["no packet at all", "a/Deployment/tight", { verdict: "REFUTED" }, "a/Deployment/tight: it is REFUTED without a counterexample"],
    ["another role", "b/Pod/one", { role: "Serving" }, "b/Pod/one: its labels do not say that its role is Serving"],
    ["what is held called ungoverned", "b/Pod/one", { verdict: "UNGOVERNED" }, "b/Pod/one: policies hold it, yet the verdict is UNGOVERNED"],
  ])("with %s is found though its hashes are right", (_, id, over, problem) => {
    const evidence = over.role === "Serving" ? forged(EVIDENCE, ({ proof }) => ({ proof: { ...proof, workloads: proof.workloads.map((one) => (one.id === id ? { ...one, ...over } : one)) } })) : withSubject(id, over);
    expect(problemsOf(evidence)).toEqual(expect.arrayContaining([problem]));
  });

  it("with a workload or a role left out, or a better verdict above, is found", () => {
    const without = (part: "workloads" | "labelSpace"): string[] => problemsOf(forged(EVIDENCE, ({ proof }) => ({ proof: { ...proof, [part]: proof[part].slice(1) } })));
    expect(without("workloads")).toContain("a: nothing is said about a/Deployment/leaky");
    expect(without("labelSpace")).toContain("a: nothing is said about Serving");
    expect(problemsOf(forged(EVIDENCE, ({ proof }) => ({ proof: { ...proof, verdict: "PROVED" } })))).toContain("a: its verdict is PROVED, the worst in it is REFUTED");
    expect(problemsOf(resealed({ ...EVIDENCE, facts: { ...EVIDENCE.facts, verdict: "PROVED" } }))).toEqual(["facts: the verdict is PROVED, the worst of the governed namespaces is REFUTED"]);
    expect(problemsOf(resealed({ ...EVIDENCE, bundles: EVIDENCE.bundles.slice(1), facts: { ...EVIDENCE.facts, verdict: "PROVED" } }))).toContain("a: the objects have this namespace, the evidence has no bundle for it");
  });

  it("that calls something proved which nobody could read is found", () => {
    const unread = { ...EVIDENCE.facts, unreadable: ["Pod: Forbidden"] };
    expect(problemsOf(resealed({ ...EVIDENCE, facts: unread }))).toContain("b/Pod/one: it cannot be PROVED while nobody sees Pod: Forbidden");
    expect(problemsOf(EVIDENCE, { ...WORLD, unknownPolicyKinds: ["CiliumNetworkPolicy (cilium.io/v2)"] })).toContain("b/Pod/one: it cannot be PROVED while nobody sees CiliumNetworkPolicy (cilium.io/v2)");
  });

  it("that calls something proved which talks to what is not is found", () => {
    const world = snapshot({ networkPolicies: [deny("a"), networkPolicy("a/out", { podSelector: {}, policyTypes: ["Egress"], egress: [{ to: [toNamespace("b")] }] })], workloads: [workload("a/Pod/a"), workload("b/Pod/relay")] });
    const evidence = evidenceOf(world);
    expect(evidence.bundles[0]!.proof.workloads[0]).toMatchObject({ verdict: "UNDETERMINED", missing: [{ kind: "Relay" }] });
    const hidden = forged(evidence, ({ proof }) => ({ proof: { ...proof, workloads: proof.workloads.map((one) => (one.id === "a/Pod/a" ? { ...one, verdict: "PROVED" as const, missing: [] } : one)) } }));
    expect(problemsOf(hidden, world)).toContain("a/Pod/a: it is not PROVED: it may talk to b/Pod/relay:1/TCP, which is not proved itself");
  });

  it("that calls a pod held which may be on its node's network is found", () => {
    const world = snapshot({ networkPolicies: [deny("a")], workloads: [workload("a/Pod/a", {}, { containers: [], hostNetwork: "yes" })] });
    const evidence = evidenceOf(world);
    expect([evidence.facts.verdict, problemsOf(evidence, world)]).toEqual(["UNGOVERNED", []]);
    const held = forged(evidence, ({ proof }) => ({ proof: { ...proof, workloads: proof.workloads.map((one) => ({ ...one, verdict: "PROVED" as const, missing: [] })) } }));
    expect(problemsOf(held, world)).toContain("a/Pod/a: nothing holds it, yet the verdict is PROVED");
  });
});

test.each<[unknown, string]>([
  [undefined, "kind is undefined, not EgressEvidence"], [{ kind: "Other" }, 'kind is "Other", not EgressEvidence'], [{ ...EVIDENCE, version: "2" }, 'this hoheit reads evidence of version 1, not "2"'],
  [{ ...EVIDENCE, facts: { ...EVIDENCE.facts, verdict: "FINE" } }, "facts.verdict: "], [{ ...EVIDENCE, bundles: [{ ...EVIDENCE.bundles[0], proof: {} }] }, "bundles.0.proof."],
  [{ ...EVIDENCE, note: "as if it were part of it" }, "Unrecognized key"],
])("what is no evidence of this version is refused (%#)", (given, message) => {
  expect(() => verifyEvidence(given, WORLD)).toThrow(message);
});
