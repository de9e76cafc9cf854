import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { compare } from "./diff.ts";

const policy = (egress: unknown[], extra: object = {}) => ({ kind: "NetworkPolicy", spec: { podSelector: { matchLabels: { a: "b" } }, policyTypes: ["Ingress", "Egress"], egress, ...extra } });
const deployment = (pod: object) => ({ kind: "Deployment", spec: { template: { spec: pod } } });

describe("compare", () => {
  it("finds nothing when live says the same and more", () => {
    const live = { kind: "Deployment", spec: { replicas: 1, strategy: { type: "RollingUpdate" }, progressDeadlineSeconds: 600 }, status: { replicas: 1 } };
    expect(compare({ kind: "Deployment", spec: { replicas: 1 } }, live)).toEqual({ differs: undefined, extras: [] });
  });

  it("names the first place that differs", () => {
    expect(compare({ spec: { replicas: 2 } }, { spec: { replicas: 1 } }).differs).toBe("/spec/replicas");
  });

  it("sees an egress rule that somebody added to a sealed policy", () => {
    expect(compare(policy([]), policy([{ to: [] }])).differs).toBe("/spec/egress");
  });

  it("takes an empty egress list and a missing one for the same, as the server leaves empty lists out", () => {
    const { egress: _, ...spec } = policy([]).spec;
    expect(compare(policy([]), { kind: "NetworkPolicy", spec }).differs).toBeUndefined();
  });

  it("compares ports of a NetworkPolicy as one value, because the server does", () => {
    const rule = (ports: object[]) => policy([{ ports }]);
    expect(compare(rule([{ port: 1 }]), rule([{ port: 1 }, { port: 2 }])).differs).toBe("/spec/egress/0/ports");
  });

  it.each([
    ["a label to the policy's own selector", { podSelector: { matchLabels: { a: "b", nobody: "has" } } }, "/spec/podSelector/matchLabels/nobody"],
    ["an expression to it", { podSelector: { matchLabels: { a: "b" }, matchExpressions: [{ key: "x", operator: "Exists" }] } }, "/spec/podSelector/matchExpressions"],
    ["a list of rules", { ingress: [{}] }, "/spec/ingress"],
  ])("sees that somebody added %s", (_what, extra, at) => {
    expect(compare(policy([]), policy([], extra)).differs).toBe(at);
  });

  it("sees the end of a port range that somebody added", () => {
    const rule = (port: object) => policy([{ ports: [port] }]);
    expect(compare(rule({ port: 8000 }), rule({ port: 8000, endPort: 9000 })).differs).toBe("/spec/egress/0/ports/0/endPort");
  });

  it("sees a label that somebody added to what a Service selects by, and lets nodeSelector be", () => {
    const service = (selector: object) => ({ kind: "Service", spec: { selector } });
    expect(compare(service({ a: "b" }), service({ a: "b", c: "d" })).differs).toBe("/spec/selector/c");
    expect(compare(deployment({ nodeSelector: { a: "b" } }), deployment({ nodeSelector: { a: "b", c: "d" } })).differs).toBeUndefined();
  });

  it("sees what somebody added to an item of a selector's list", () => {
    const budget = (more: object) => ({ kind: "PodDisruptionBudget", spec: { selector: { matchExpressions: [{ key: "a", operator: "In", ...more }] } } });
    expect(compare(budget({}), budget({ values: ["b"] })).differs).toBe("/spec/selector/matchExpressions/0/values");
  });

  it("takes no key for one that every object has", () => {
    expect(compare({ spec: { constructor: ["a"] } }, { spec: { constructor: ["a"] } }).differs).toBeUndefined();
  });

  it("points at a key with a slash or a tilde as RFC 6901 has it", () => {
    expect(compare({ metadata: { labels: { "a.b/c~d": "1" } } }, { metadata: { labels: {} } }).differs).toBe("/metadata/labels/a.b~1c~0d");
  });

  it("names a container that others added, for removal", () => {
    const live = deployment({ containers: [{ name: "spy" }, { name: "vllm", image: "a" }] });
    expect(compare(deployment({ containers: [{ name: "vllm", image: "a" }] }), live)).toEqual({ differs: undefined, extras: ["/spec/template/spec/containers/0"] });
  });

  it("names several extra variables from the last to the first, so that removing one leaves the other indexes right", () => {
    const env = (...names: string[]) => deployment({ containers: [{ name: "vllm", env: names.map((name) => ({ name })) }] });
    expect(compare(env("B"), env("A", "B", "C")).extras).toEqual(["/spec/template/spec/containers/0/env/2", "/spec/template/spec/containers/0/env/0"]);
  });

  it("finds a keyed item wherever the server put it", () => {
    const env = (...names: string[]) => deployment({ containers: [{ name: "vllm", env: names.map((name) => ({ name, value: name })) }] });
    expect(compare(env("A", "B"), env("B", "A"))).toEqual({ differs: undefined, extras: [] });
  });

  it("compares the last of two variables of one name, which is the one in force", () => {
    const env = (...values: string[]) => deployment({ containers: [{ name: "vllm", env: values.map((value) => ({ name: "A", value })) }] });
    expect(compare(env("ours"), env("ours", "theirs")).differs).toBe("/spec/template/spec/containers/0/env/1/value");
    expect(compare(env("ours"), env("theirs", "ours"))).toEqual({ differs: undefined, extras: [] });
  });

  it("does not take a defaulted protocol for another port", () => {
    const ports = (port: object) => ({ kind: "Service", spec: { ports: [port] } });
    expect(compare(ports({ port: 8000, name: "http" }), ports({ port: 8000, name: "http", protocol: "TCP" }))).toEqual({ differs: undefined, extras: [] });
  });

  it("sees whatever somebody adds to an admission policy, by whatever member, and takes no default for it", () => {
    const rule = { apiGroups: [""], apiVersions: ["v1"], operations: ["CREATE"], resources: ["pods"] };
    const guard = (more: object, match: object = {}) => ({
      kind: "ValidatingAdmissionPolicy", spec: { failurePolicy: "Fail", matchConstraints: { resourceRules: [rule], ...match }, matchConditions: [{ name: "a", expression: "true" }], ...more },
    });
    const ours = guard({});
    expect(compare(ours, guard({}, { resourceRules: [{ ...rule, scope: "*" }], objectSelector: {} }))).toEqual({ differs: undefined, extras: [] });
    expect(compare(ours, guard({}, { resourceRules: [{ ...rule, scope: "Cluster" }] })).differs).toBe("/spec/matchConstraints/resourceRules/0/scope");
    expect(compare(ours, guard({}, { resourceRules: [{ ...rule, resourceNames: ["mine"] }] })).differs).toBe("/spec/matchConstraints/resourceRules/0/resourceNames");
    expect(compare(ours, guard({}, { excludeResourceRules: [rule] })).differs).toBe("/spec/matchConstraints/excludeResourceRules");
    expect(compare(ours, guard({}, { objectSelector: { matchLabels: { a: "b" } } })).differs).toBe("/spec/matchConstraints/objectSelector");
    expect(compare(ours, guard({ matchConditions: [{ name: "a", expression: "true" }, { name: "mine", expression: "false" }] }))).toEqual({ differs: undefined, extras: ["/spec/matchConditions/1"] });
    const binding = { kind: "ValidatingAdmissionPolicyBinding", spec: { policyName: "a" } };
    expect(compare(binding, { ...binding, spec: { policyName: "a", matchResources: { objectSelector: { matchLabels: { a: "b" } } } } }).differs).toBe("/spec/matchResources");
  });

  it("leaves finalizers and owners of others alone, and misses ours", () => {
    const meta = (finalizers: string[]) => ({ metadata: { finalizers } });
    expect(compare(meta(["ours"]), meta(["theirs", "ours"]))).toEqual({ differs: undefined, extras: [] });
    expect(compare(meta(["ours"]), meta(["theirs"])).differs).toBe("/metadata/finalizers");
  });

  it("sees a false that became true although the server leaves false out", () => {
    expect(compare(deployment({ hostNetwork: false }), deployment({})).differs).toBeUndefined();
    expect(compare(deployment({ hostNetwork: false }), deployment({ hostNetwork: true })).differs).toBe("/spec/template/spec/hostNetwork");
  });

  it("finds no difference between any value and itself, and one wherever a leaf was changed", () => {
    const json = fc.dictionary(fc.stringMatching(/^[a-z]{1,5}$/), fc.jsonValue({ maxDepth: 3 }), { minKeys: 1 });
    fc.assert(fc.property(json, (value) => { expect(compare(value, structuredClone(value))).toEqual({ differs: undefined, extras: [] }); }));
    fc.assert(fc.property(json, fc.string({ minLength: 1 }), (value, other) => {
      const changed = { ...value, zz: other };
      expect(compare({ ...value, zz: `${other}x` }, changed).differs).toBe("/zz");
    }));
  });
});
