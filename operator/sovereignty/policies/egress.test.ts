import { describe, expect, test } from "vitest";
import type { NetworkPolicy } from "../../lib/k8s-types.ts";
import { dividing, isAboutEgress, openings } from "./egress.ts";

type Spec = NonNullable<NetworkPolicy["spec"]>;
const policy = (name: string, spec: Partial<Spec>): NetworkPolicy => ({ apiVersion: "networking.k8s.io/v1", kind: "NetworkPolicy", metadata: { name }, spec: { podSelector: {}, ...spec } });
const serving = { app: "a", role: "Serving" };
const probe = { app: "a", role: "Probe" };

describe("a policy is about egress", () => {
  test.each([
    ["named", { policyTypes: ["Egress"] }, true], ["named without rules", { policyTypes: ["Ingress", "Egress"], egress: [] }, true],
    ["not named, whatever its rules", { policyTypes: ["Ingress"], egress: [{}] }, false], ["by its rules where no type is named", { egress: [{}] }, true],
    ["not by an empty list", { egress: [] }, false], ["not by ingress", { ingress: [{}] }, false],
  ] as const)("%s", (_what, spec, about) => {
    expect(isAboutEgress(policy("p", spec as never))).toBe(about);
  });
});

describe("openings", () => {
  test("are policies that select one of the pods and have an egress rule, by name", () => {
    const found = openings([
      policy("z-world", { policyTypes: ["Egress"], egress: [{}, {}] }),
      policy("closes", { policyTypes: ["Egress"], egress: [] }),
      policy("others", { podSelector: { matchLabels: { app: "b" } }, policyTypes: ["Egress"], egress: [{}] }),
      policy("by-expression", { podSelector: { matchExpressions: [{ key: "role", operator: "NotIn", values: ["Probe"] }] }, egress: [{ to: [] }] }),
      policy("ingress-only", { policyTypes: ["Ingress"], ingress: [{}] }),
    ], [serving]);
    expect(found).toEqual([{ policy: "by-expression", rules: 1 }, { policy: "z-world", rules: 2 }]);
  });
});

describe("dividing", () => {
  test("are policies about egress that hold for serving pods or probes alone", () => {
    expect(dividing([
      policy("all", { policyTypes: ["Egress"] }),
      policy("probes", { podSelector: { matchLabels: { role: "Probe" } }, policyTypes: ["Egress"] }),
      policy("servers", { podSelector: { matchExpressions: [{ key: "role", operator: "In", values: ["Serving"] }] }, policyTypes: ["Egress"], egress: [{}] }),
      policy("ingress", { podSelector: { matchLabels: { role: "Probe" } }, policyTypes: ["Ingress"] }),
    ], [serving, probe])).toEqual(["probes", "servers"]);
  });
});
