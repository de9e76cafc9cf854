import { expect, it } from "vitest";
import { svp } from "../../../../test/support/makers.ts";
import { NAMESPACES, NETWORK_POLICIES } from "../../../kube/resources.ts";
import type { Live } from "../../../lib/k8s-types.ts";
import type { Context } from "../../../runtime/kind.ts";
import { sovereigntyPolicy } from "../schema.ts";
import { isAbout, stampOf } from "./stamp.ts";

const object = (name: string, resourceVersion: string): Live => ({ apiVersion: "v1", kind: "X", metadata: { name, uid: `uid-of-${name}`, resourceVersion } });
const [a, b] = [object("a", "7"), object("b", "9")];
const land = svp("land").live();

interface Cluster {
  readonly rules: readonly Live[];
  readonly namespaces: readonly Live[];
  readonly policies: readonly Live[];
}
const BEFORE: Cluster = { rules: [a, b], namespaces: [a, b], policies: [land, svp("other").live()] };

function stamp(over: Partial<Cluster>): string {
  const { rules, namespaces, policies } = { ...BEFORE, ...over };
  const lists = new Map<unknown, readonly Live[]>([[NETWORK_POLICIES, rules], [NAMESPACES, namespaces], [sovereigntyPolicy.resource, policies]]);
  return stampOf({ cache: (of: unknown) => ({ list: () => lists.get(of) }) } as unknown as Pick<Context, "cache">);
}

it.each<[string, Partial<Cluster>]>([
  ["a rule has come", { rules: [a, b, object("c", "10")] }],
  ["a rule has gone, be it not the newest", { rules: [b] }],
  ["a rule has changed", { rules: [object("a", "10"), b] }],
  ["a rule has changed to a version with one digit more", { rules: [a, object("b", "10")] }],
  ["a namespace has come", { namespaces: [a, b, object("c", "10")] }],
  ["a namespace has gone", { namespaces: [a] }],
  ["a namespace has changed", { namespaces: [a, object("b", "11")] }],
  ["a policy has gone", { policies: [land] }],
  ["a policy is written anew", { policies: [{ ...land, metadata: { ...land.metadata, generation: 2 } }, BEFORE.policies[1]!] }],
  ["a policy is another one of that name", { policies: [{ ...land, metadata: { ...land.metadata, uid: "other" } }, BEFORE.policies[1]!] }],
])("is another one when %s", (_what, after) => {
  expect(stamp(after)).not.toBe(stamp({}));
});

it("is the same in whatever order things are listed, and whatever the status of a policy says", () => {
  expect(stamp({ rules: [b, a], namespaces: [b, a], policies: [...BEFORE.policies].reverse() })).toBe(stamp({}));
  expect(stamp({ policies: [{ ...land, metadata: { ...land.metadata, resourceVersion: "2000" } }, BEFORE.policies[1]!] })).toBe(stamp({}));
});

it("says which policies it is about, as they were written", () => {
  expect(isAbout(stamp({}), [land])).toBe(true);
  expect(isAbout(stamp({}), [])).toBe(true);
  for (const [key, value] of [["generation", 11], ["uid", "uid-of-lan"]] as const) expect(isAbout(stamp({}), [land, { ...land, metadata: { ...land.metadata, [key]: value } }])).toBe(false);
});
