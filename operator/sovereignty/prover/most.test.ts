import { describe, expect, it } from "vitest";
import type { Raw } from "../snapshot.ts";
import { reckoned } from "./most.ts";
import { compileNetworkPolicy } from "./network-policy.ts";
import { prove } from "./prove.ts";
import { deny, destination, ipBlock, networkPolicy, snapshot, sovereignty } from "./testing.ts";

/** Each for another network, from the port that `portOf` names to the last. */
const opening = (count: number, portOf: (i: number) => number): Raw[] =>
  Array.from({ length: count }, (_, i) => networkPolicy(`a/p${i}`, { podSelector: {}, policyTypes: ["Egress"], egress: [{ to: [ipBlock(`20.${i >> 8}.${i & 255}.0/24`)], ports: [{ port: portOf(i), endPort: 65_535 }] }] }));

const partners = sovereignty({ destinations: [destination("partners", { cidrs: ["20.0.0.0/8"], roles: ["Serving", "Fetch", "Purge", "Probe", "Gateway", "Application"], ports: [{ protocol: "TCP", port: 1, endPort: 65_535 }] })] });

describe("of the rules of a namespace", () => {
  it("ten thousand are reckoned with where they name few ports", () => {
    const policies = opening(10_000, (i) => 1 + (i % 20)).map(compileNetworkPolicy);
    expect(reckoned(policies)).toBe(policies);
    expect(prove(snapshot({ policy: partners, networkPolicies: [deny("a"), ...opening(10_000, () => 443)] })).verdict).toBe("PROVED");
  });

  it("so many that each names ports of its own are not: the proof says so, and no set of them is made", () => {
    const [a] = prove(snapshot({ policy: partners, networkPolicies: [deny("a"), ...opening(1_000, (i) => 1 + i)] })).namespaces;
    const [app] = a!.workloads;
    expect(app).toMatchObject({ verdict: "UNDETERMINED", isolatedBy: expect.arrayContaining([{ kind: "NetworkPolicy", object: "a/deny", path: "" }]) });
    const rest = /^spec\.egress of NetworkPolicy a\/p\d+ and that of (\d+) more in namespace a are more rules with more port ranges than are reckoned with/.exec(app!.missing[0]!.message)?.[1];
    expect(app!.isolatedBy.length + 1 + Number(rest)).toBe(1_001);
    expect(app!.isolatedBy.length).toBeLessThan(800);
    expect(prove(snapshot({ policy: partners, networkPolicies: [deny("a"), ...opening(300, (i) => 1 + i)] })).verdict).toBe("PROVED");
  });

  it("those that open the world are found among all others", () => {
    const open = networkPolicy("a/open", { podSelector: {}, policyTypes: ["Egress"], egress: [{ to: [ipBlock("0.0.0.0/0")] }] });
    const [a] = prove(snapshot({ policy: partners, networkPolicies: [deny("a"), ...opening(1_000, (i) => 1 + i), open] })).namespaces;
    expect(a!.workloads[0]).toMatchObject({ verdict: "REFUTED", removals: [{ object: "a/open" }] });
  });

  it("whatever isolates and is not reckoned with makes no refutation", () => {
    const others = opening(1_000, (i) => 1 + i).map((one) => ({ ...one, spec: { ...(one["spec"] as object), podSelector: { matchLabels: { app: "other" } } } }));
    // More rules than any of the others, so that it is the first to be left out, and all that holds the pod.
    const holding = networkPolicy("a/zzz", { podSelector: {}, policyTypes: ["Egress"], egress: [{ to: [ipBlock("20.255.0.0/24"), ipBlock("20.255.1.0/24")] }] });
    const verdictOf = (networkPolicies: readonly Raw[]): unknown => prove(snapshot({ policy: partners, networkPolicies })).namespaces[0]!.workloads[0]!.verdict;
    expect([verdictOf(others), verdictOf([...others, holding])]).toEqual(["UNDETERMINED", "UNDETERMINED"]);
    expect(verdictOf(others.slice(0, 3))).toBe("REFUTED");
  });
});
