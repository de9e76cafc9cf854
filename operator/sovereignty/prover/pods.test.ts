import { expect, test } from "vitest";
import { NAMESPACE_NAME } from "../../lib/labels.ts";
import { prove } from "./prove.ts";
import { deny, networkPolicy, snapshot, toNamespace } from "./testing.ts";

/** How often labels of namespaces are looked at in a proof of one that has a policy for each of the others. */
function looksAt(count: number): number {
  let looks = 0;
  const counting: ProxyHandler<Record<string, string>> = { get: (target, key) => { looks++; return target[String(key)]; } };
  const names = Array.from({ length: count }, (_, i) => `n${i}`);
  const namespaces = ["a", ...names].map((name) => ({ apiVersion: "v1", kind: "Namespace", metadata: { name, labels: new Proxy({ [NAMESPACE_NAME]: name }, counting) } }));
  const policies = names.map((name) => networkPolicy(`a/${name}`, { podSelector: {}, policyTypes: ["Egress"], egress: [{ to: [toNamespace(name)] }] }));
  const [a] = prove(snapshot({ namespaces, networkPolicies: [deny("a"), ...policies] })).namespaces;
  expect(a?.workloads[0]?.allowed?.pods.map((line) => line.namespaces)).toEqual([names.toSorted()]);
  return looks;
}

test("twice as many policies that name a namespace each are looked at twice as often, not four times", () => {
  const [once, twice] = [looksAt(200), looksAt(400)];
  expect(once).toBeGreaterThan(200);
  expect(twice).toBeLessThan(2.2 * once);
});
