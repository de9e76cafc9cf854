/** While policies become others: what the objects of a namespace let through after each write, packet by packet. */
import fc from "fast-check";
import { expect, test } from "vitest";
import { canonicalJson } from "../../lib/hash.ts";
import type { Live, Namespace, NetworkPolicy } from "../../lib/k8s-types.ts";
import { controllerReference, type Plan } from "../../runtime/execute.ts";
import type { Children } from "./build/index.ts";
import { childrenUnder, packetsThrough, policies, policy } from "./build/testing.ts";
import type { Observed } from "./observe.ts";
import { planChanges, planNew, planRest } from "./plan.ts";

const namespace: Live<Namespace> = { apiVersion: "v1", kind: "Namespace", metadata: { name: "n", uid: "n", resourceVersion: "1" } };
const live = (policy: NetworkPolicy): Live<NetworkPolicy> => ({ ...policy, metadata: { uid: policy.metadata.name, resourceVersion: "1", ...policy.metadata, ownerReferences: [controllerReference(namespace)] } });
const all = ({ defaultDeny, openings }: Children): NetworkPolicy[] => [defaultDeny, ...openings];

/** The objects of the namespace at the beginning and after each write, in the order in which reconcile.ts makes them. */
function moments(before: Children, after: Children): NetworkPolicy[][] {
  const cluster = new Map(all(before).map((policy) => [policy.metadata.name, live(policy)]));
  const governance = { policies: ["p"], unreadable: [], policy: { name: "p", jurisdictions: { profile: "EEA", foreignControl: "Refuse" }, destinations: [], inCluster: [] } } as const;
  const observe = (): Observed => ({ namespace, networkPolicies: new Map(cluster), governance, isExempt: false, clients: [], nameServers: [] });
  const seen = [[...cluster.values()]];
  const write = (plan: Plan): void => {
    for (const step of plan.flat()) {
      if (step.kind === "apply") cluster.set(step.object.metadata.name, live(step.object as NetworkPolicy));
      else if (step.kind === "delete") cluster.delete(step.live.metadata.name);
      seen.push([...cluster.values()]);
    }
  };
  const first = observe();
  write(planNew(first, after));
  write(planChanges(first, after));
  write(planRest(observe(), after));
  return seen;
}

/** Names of what is there before and after and says something else. */
function changed(before: Children, after: Children): string[] {
  const specs = new Map(all(before).map(({ metadata, spec }) => [metadata.name, canonicalJson(spec)]));
  return all(after).filter(({ metadata: { name }, spec }) => specs.has(name) && specs.get(name) !== canonicalJson(spec)).map(({ metadata }) => metadata.name);
}

const both = (a: ReadonlySet<string>, b: ReadonlySet<string>): string[] => [...a].filter((packet) => b.has(packet));
const beyond = (a: ReadonlySet<string>, ...others: readonly ReadonlySet<string>[]): string[] => [...a].filter((packet) => !others.some((other) => other.has(packet)));

/** Of one list of entries another: some have another name, the first is perhaps gone, and others come before and behind it. */
function edited<T extends { readonly name: string }>(entries: readonly T[], more: readonly T[], { renamed, gone }: { renamed: readonly boolean[]; gone: boolean }): T[] {
  const kept = entries.map((entry, index) => (renamed[index] === true ? { ...entry, name: `${entry.name}-anew` } : entry)).slice(gone ? 1 : 0);
  return [...more.map((entry, index) => ({ ...entry, name: `${index === 0 ? "a" : "z"}-${entry.name}` })), ...kept];
}

const edits = fc.record({ renamed: fc.array(fc.boolean(), { minLength: 3, maxLength: 3 }), gone: fc.boolean(), change: fc.boolean() });

test("nothing is let through at any moment that neither the one nor the other lets through, and what both do is cut off at none, unless several entries exchange it", () => {
  const seen = { moments: 0, stays: 0 };
  fc.assert(fc.property(policies, policy, edits, ([first, ...rest], more, edit) => {
    const next = edit.change ? more : { ...first!, destinations: edited(first!.destinations, more.destinations, edit), inCluster: edited(first!.inCluster, more.inCluster, edit) };
    const [before, after] = [childrenUnder([first!, ...rest]), childrenUnder([{ ...next, name: first!.name }, ...rest])];
    const [old, wanted] = [packetsThrough(before.openings), packetsThrough(after.openings)];
    const stays = changed(before, after).length > 1 ? [] : both(old, wanted);
    const states = moments(before, after).map(packetsThrough);
    for (const state of states) expect([beyond(state, old, wanted), stays.filter((packet) => !state.has(packet))]).toEqual([[], []]);
    expect(states.at(-1)).toEqual(wanted);
    seen.moments += states.length;
    seen.stays += Number(stays.length > 0 && states.length > 1);
  }), { numRuns: 400 });
  expect(seen.moments).toBeGreaterThan(500);
  expect(seen.stays).toBeGreaterThan(20);
});
