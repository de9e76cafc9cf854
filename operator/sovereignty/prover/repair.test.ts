import { expect, test } from "vitest";
import { possible, type Selection } from "./evaluate.ts";
import { compileNetworkPolicy } from "./network-policy.ts";
import { findRepair } from "./repair.ts";
import { ADDRESS_SETS } from "./sets.ts";
import { deny, ipBlock, networkPolicy } from "./testing.ts";
import { ALL_TRAFFIC, minus } from "./traffic.ts";

/** Each of them opens another network. */
const opening = (count: number): Selection => {
  const policies = Array.from({ length: count }, (_, i) => networkPolicy(`a/p${i}`, { podSelector: {}, policyTypes: ["Egress"], egress: [{ to: [ipBlock(`20.${i >> 8}.${i & 255}.0/24`)], ports: [{ port: 443 }] }] }));
  return { policies: [deny("a"), ...policies].map(compileNetworkPolicy).map((policy) => ({ policy, match: "Yes" })), admin: [], baseline: [] };
};

test("rules that open hundreds of networks are found by asking what escapes twice", () => {
  const selection = opening(500);
  let asked = 0;
  const repair = findRepair(selection, (without) => {
    asked++;
    return minus(ALL_TRAFFIC, possible(selection, "Deny", { sets: ADDRESS_SETS, direction: "egress", without }));
  });
  expect(repair?.removals).toHaveLength(500);
  expect([repair?.isUnheld, asked]).toEqual([false, 2]);
});
