import { expect, test } from "vitest";
import { byNamespace } from "./by-namespace.ts";
import { createMemo } from "./memo.ts";
import type { LocalProof } from "./namespace.ts";
import { prove } from "./prove.ts";
import { deny, ipBlock, networkPolicy, snapshot, toNamespace, workload } from "./testing.ts";

const opening = (from: string, to: object): ReturnType<typeof deny> => networkPolicy(`${from}/out`, { podSelector: {}, policyTypes: ["Egress"], egress: [{ to: [to] }] });

test("a change is seen by those who depend on it only through others", () => {
  const [toB, toC, toWorld] = [opening("a", toNamespace("b")), opening("b", toNamespace("c")), opening("c", ipBlock("0.0.0.0/0"))];
  const closed = snapshot({
    governed: ["a", "b", "c"], workloads: ["a", "b", "c"].map((name) => workload(`${name}/Pod/p`)), networkPolicies: [deny("a"), deny("b"), deny("c"), toB, toC],
  });
  const open = { ...closed, networkPolicies: [...closed.networkPolicies, toWorld] };
  const memo = createMemo();
  const verdicts = [closed, open, closed].map((one) => prove(one, memo).namespaces.map(({ verdict }) => verdict));
  expect(verdicts).toEqual([["PROVED", "PROVED", "PROVED"], ["UNDETERMINED", "UNDETERMINED", "REFUTED"], ["PROVED", "PROVED", "PROVED"]]);
});

test("a namespace that is gone leaves nothing behind", () => {
  const memo = createMemo();
  const local = { inputs: { namespace: "a" }, dependsOn: new Set() } as unknown as LocalProof;
  const surroundings = { locals: new Map(), relays: { stateOf: () => "Proved" } } as unknown as Parameters<typeof memo.proved>[1];
  let made = 0;
  const ask = (): unknown => memo.proved(local, surroundings, () => {
    made += 1;
    return { namespace: "a", verdict: "PROVED", workloads: [], labelSpace: [], findings: [] };
  });
  const look = (...governed: string[]): unknown => memo.worldOf(snapshot({ governed, workloads: [] }), byNamespace(snapshot({ governed, workloads: [] })));
  for (const step of [() => look("a", "b"), ask, ask, () => look("a"), ask]) step();
  expect(made).toBe(1);
  look("b");
  ask();
  expect(made).toBe(2);
});
