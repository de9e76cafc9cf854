import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Raw, Snapshot } from "../snapshot.ts";
import { VERDICTS } from "../verdict.ts";
import { clusters, networkPolicies, podLabels } from "./arbitraries.ts";
import { createMemo } from "./memo.ts";
import { prove } from "./prove.ts";
import type { Proof, SubjectProof } from "./result.ts";
import { deny, workload } from "./testing.ts";

const subjectsOf = (proof: Proof): SubjectProof[] => proof.namespaces.flatMap(({ workloads, labelSpace }) => [...workloads, ...labelSpace]);
const badness = ({ verdict }: { readonly verdict: (typeof VERDICTS)[number] }): number => VERDICTS.length - VERDICTS.indexOf(verdict);
const bytesOf = (snapshot: Snapshot): string => JSON.stringify(prove(snapshot));

/** Another order of lists whose order means nothing, and of the members of all objects. */
function disorder(snapshot: Snapshot): Snapshot {
  const { namespaces, workloads, networkPolicies: policies, clusterNetworkPolicies, governed } = snapshot;
  const shuffled = <T>(list: readonly T[]): T[] => (turn(list) as T[]).toReversed();
  return {
    ...snapshot, namespaces: shuffled(namespaces), workloads: shuffled(workloads), networkPolicies: shuffled(policies), clusterNetworkPolicies: shuffled(clusterNetworkPolicies), governed: new Map([...governed].toReversed()),
  };
}

/** Members of all objects the other way round, and one more where it means nothing. */
function turn(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(turn);
  if (typeof value !== "object" || value === null) return value;
  const turned = Object.fromEntries(Object.entries(value).toReversed().map(([key, one]) => [key, turn(one)]));
  return "metadata" in turned ? { ...turned, status: { conditions: [] }, metadata: { ...(turned["metadata"] as Raw["metadata"]), annotations: { note: "x" }, resourceVersion: "7" } } : turned;
}

describe("whatever a cluster says", () => {
  test("the order in which it says it, and what means nothing, change no byte", () => {
    fc.assert(fc.property(clusters, (snapshot) => {
      expect(bytesOf(disorder(snapshot))).toBe(bytesOf(snapshot));
    }), { numRuns: 100 });
  });

  test("other names of policies change those names and nothing else", () => {
    fc.assert(fc.property(clusters, (snapshot) => {
      const renamed = JSON.parse(JSON.stringify(snapshot.networkPolicies).replaceAll(/"p(\d)"/g, '"q$1"')) as Raw[];
      expect(bytesOf({ ...snapshot, networkPolicies: renamed })).toBe(bytesOf(snapshot).replaceAll(/\/p(\d)/g, "/q$1"));
    }), { numRuns: 60 });
  });

  test("a proof that goes on from an earlier one is the proof from the beginning", () => {
    fc.assert(fc.property(clusters, networkPolicies, clusters, (before, policies, after) => {
      const memo = createMemo();
      const steps = [before, { ...before, networkPolicies: policies }, { ...before, networkPolicies: [...before.networkPolicies, ...policies.slice(1)] }, after, before];
      for (const step of steps) expect(JSON.stringify(prove(step, memo))).toBe(bytesOf(step));
    }), { numRuns: 30 });
  });

  test("verdicts say why", () => {
    const seen = new Set<string>();
    fc.assert(fc.property(clusters, (snapshot) => {
      for (const one of subjectsOf(prove(snapshot))) {
        seen.add(one.verdict);
        expect([one.verdict, one.counterexample !== undefined, one.missing.length > 0 || one.verdict === "REFUTED"]).toEqual([one.verdict, one.verdict === "REFUTED", one.verdict !== "PROVED"]);
        if (one.verdict === "PROVED") expect([one.allowed?.outside, one.allowed?.cluster, one.allowed?.pods.filter(({ as }) => as === "Relay")]).toEqual([[], [], []]);
        if (one.verdict === "REFUTED") expect(one.allowed?.outside.map((part) => part.class)).toContain(one.counterexample?.addressClass);
      }
    }), { numRuns: 120 });
    expect([...seen].toSorted()).toEqual([...VERDICTS].toSorted());
  });
});

describe("a counterexample", () => {
  /** Takes a rule's peer out of its policy. */
  function without(policies: readonly Raw[], removals: SubjectProof["removals"] = []): Raw[] {
    return policies.map((policy) => {
      const copy = structuredClone(policy) as Raw & { spec: { egress?: ({ to?: unknown[] } | null)[] } };
      const paths = removals.filter(({ object, kind }) => kind === policy.kind && object === [policy.metadata.namespace, policy.metadata.name].filter((part) => part !== undefined).join("/")).map(({ path }) => /^spec\.egress\[(\d+)\](?:\.to\[(\d+)\])?$/.exec(path) ?? []);
      // From behind, so that the numbers stay those of the reference. A rule without peers would be for all of them.
      for (const [, rule, peer] of paths.toSorted((a, b) => Number(b[1]) - Number(a[1]) || Number(b[2]) - Number(a[2]))) {
        const to = copy.spec.egress?.[Number(rule)]?.to;
        if (peer === undefined || to === undefined) copy.spec.egress![Number(rule)] = null;
        else to.splice(Number(peer), 1);
        if (to?.length === 0) copy.spec.egress![Number(rule)] = null;
      }
      if (copy.spec.egress !== undefined) copy.spec.egress = copy.spec.egress.filter((rule) => rule !== null);
      return copy;
    });
  }

  test("is gone when what it names has been removed, and not before", () => {
    let repaired = 0;
    fc.assert(fc.property(clusters, (snapshot) => {
      for (const { workloads } of prove(snapshot).namespaces) for (const one of workloads.filter(({ removals = [] }) => removals.length > 0 && removals.length < 4)) {
        const verdictWithout = (removals: SubjectProof["removals"]): SubjectProof => {
          const changed = { ...snapshot, networkPolicies: without(snapshot.networkPolicies, removals), clusterNetworkPolicies: without(snapshot.clusterNetworkPolicies, removals) };
          return subjectsOf(prove(changed)).find(({ id }) => id === one.id)!;
        };
        if (one.counterexample!.repair.includes("add a NetworkPolicy")) continue;
        repaired++;
        expect(verdictWithout(one.removals).verdict).not.toBe("REFUTED");
        const left = one.removals!.map((kept) => verdictWithout(one.removals!.filter((each) => each !== kept)));
        // Of policies of the same priority nobody can say which comes first: with fewer of them, another may hold.
        const sure = left.filter(({ missing }) => !missing.some(({ kind }) => kind === "Unclear"));
        expect(sure.map(({ verdict }) => verdict)).toEqual(sure.map(() => "REFUTED"));
        expect(left.map(({ verdict }) => verdict)).not.toContain("PROVED");
      }
    }), { numRuns: 150 });
    expect(repaired).toBeGreaterThan(5);
  });

  test("of a label space is one of a pod with its labels", () => {
    let tried = 0;
    fc.assert(fc.property(clusters, (snapshot) => {
      for (const { namespace, labelSpace } of prove(snapshot).namespaces) for (const { role, counterexample } of labelSpace.filter(({ verdict }) => verdict === "REFUTED")) {
        tried++;
        const pod = workload(`${namespace}/Pod/such`, counterexample!.labels);
        const proof = subjectsOf(prove({ ...snapshot, workloads: [pod] })).find(({ id }) => id === pod.id);
        // What its labels leave open, such as those of controllers, can make it less certain; never less open.
        expect([proof?.role, proof?.allowed?.outside.some((part) => part.class === counterexample?.addressClass)]).toEqual([role, true]);
      }
    }), { numRuns: 40 });
    expect(tried).toBeGreaterThan(20);
  });
});

describe("a proof of a label space", () => {
  test("holds for every pod that appears", () => {
    let held = 0;
    fc.assert(fc.property(clusters, podLabels, (snapshot, labels) => {
      const pod = workload("a/Pod/new", labels);
      const [a] = prove({ ...snapshot, workloads: [pod], networkPolicies: [...snapshot.networkPolicies, deny("a")] }).namespaces;
      const proof = a!.workloads[0]!;
      const space = a!.labelSpace.find(({ role }) => role === proof.role)!;
      if (space.verdict !== "PROVED") return;
      held++;
      expect(proof.verdict).toBe("PROVED");
    }), { numRuns: 150 });
    expect(held).toBeGreaterThan(10);
  });
});

describe("NetworkPolicies", () => {
  const without = (snapshot: Snapshot): Snapshot => ({ ...snapshot, networkPolicies: [...snapshot.networkPolicies, deny("a"), deny("b"), deny("c")] });

  test("only add to what an isolated pod may reach", () => {
    fc.assert(fc.property(clusters, networkPolicies, (snapshot, more) => {
      const before = without(snapshot);
      const after = { ...before, networkPolicies: [...before.networkPolicies, ...more.map((one) => ({ ...one, metadata: { ...one.metadata, name: `more-${one.metadata.name}` } }))] };
      const now = subjectsOf(prove(after));
      for (const [i, one] of subjectsOf(prove(before)).entries()) if (one.verdict !== "UNGOVERNED" && one.verdict !== "UNDETERMINED") expect([one.id, badness(now[i]!) >= badness(one)]).toEqual([one.id, true]);
    }), { numRuns: 120 });
  });

  test("are all that holds: without any that isolates it, a pod reaches the world", () => {
    fc.assert(fc.property(clusters, (snapshot) => {
      const open = { ...snapshot, networkPolicies: snapshot.networkPolicies.filter((one) => !(JSON.stringify(one["spec"]).includes("Egress") || JSON.stringify(one["spec"]).includes("egress"))), clusterNetworkPolicies: [], unreadable: [], governed: new Map([...snapshot.governed].map(([name, policy]) => [name, { ...policy, destinations: [] }])) };
      for (const { workloads } of prove(open).namespaces) for (const one of workloads) {
        // A policy that nobody can read may isolate it.
        if (!one.missing.some(({ kind }) => kind === "Unclear")) expect(["REFUTED", "UNGOVERNED"]).toContain(one.verdict);
      }
    }), { numRuns: 60 });
  });
});
