import { expect, test } from "vitest";
import { createMemo } from "./memo.ts";
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
