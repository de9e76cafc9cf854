/** Every CEL rule, and bounds that deserve a name: one valid and one invalid manifest each, for the API server and for zod. */
import { beforeAll, describe, expect, test } from "vitest";
import { rulesOf } from "../../hack/generate/conventions.ts";
import { crdOf } from "../../hack/generate/crd.ts";
import { kinds } from "../../operator/kinds/index.ts";
import { rawCall, sharedPlane, uniqueNamespace } from "../support/control-plane.ts";
import { edited } from "./edit.ts";
import { fixture, installCrds, pathOf, serverVerdict, words, zodVerdict, type Manifest } from "./judge.ts";

interface Case {
  readonly title: string;
  /** Present for a rule over a change: what `full.yaml` looked like before. The manifest's own zod cannot know it. */
  readonly from?: Readonly<Record<string, unknown>>;
  readonly invalid: Readonly<Record<string, unknown>>;
  readonly at: string;
  readonly says: string;
  readonly valid: Readonly<Record<string, unknown>>;
}

let namespace = "";
beforeAll(async () => {
  await installCrds();
  namespace = await uniqueNamespace();
});

const fixtures = await Promise.all(kinds.map(async (kind) => ({
  kind, full: await fixture(kind, "full.yaml") as Manifest, cases: await fixture(kind, "cases.yaml") as Case[],
})));

for (const { kind, full, cases } of fixtures) {
  describe(kind.kind, () => {
    const create = cases.filter(({ from }) => from === undefined);
    test.each(create)("$title: the API server refuses it and takes the correction", async ({ invalid, valid, at, says }) => {
      const refused = await serverVerdict(kind, namespace, edited(full, invalid));
      expect(words(refused.filter(({ path }) => path === at)), words(refused)).toContain(says);
      expect(words(await serverVerdict(kind, namespace, edited(full, valid)))).toBe("");
    });

    test.each(create)("$title: zod says the same", ({ invalid, valid, at, says }) => {
      const refused = zodVerdict(kind, edited(full, invalid));
      expect(words(refused.filter(({ path }) => path === at)), words(refused)).toContain(says);
      expect(words(zodVerdict(kind, edited(full, valid)))).toBe("");
    });

    const update = cases.filter(({ from }) => from !== undefined);
    test.each(update)("$title: the API server refuses the change and takes another", async ({ from = {}, invalid, valid, at, says }) => {
      const before = edited(full, from);
      await rawCall(sharedPlane(), "POST", pathOf(kind, namespace), { body: before });
      const { metadata } = await rawCall<Manifest>(sharedPlane(), "GET", pathOf(kind, namespace, full.metadata.name));
      const now = { ...before, metadata: { ...before.metadata, resourceVersion: metadata["resourceVersion"] } };
      const refused = await serverVerdict(kind, namespace, edited(now, invalid), full.metadata.name);
      expect(words(refused.filter(({ path }) => path === at)), words(refused)).toContain(says);
      expect(words(await serverVerdict(kind, namespace, edited(now, valid), full.metadata.name))).toBe("");
    });

    test("every CEL rule has a pair of manifests", () => {
      const tried = cases.map(({ at, says }) => ({ at: at.replaceAll(/\[\d+\]/g, "[]"), says }));
      const untried = rulesOf(crdOf(kind).spec.versions[0].schema.openAPIV3Schema)
        .map(({ path, rule: { message, fieldPath = "" } }) => ({ at: `${path}${fieldPath}`.replace(/^\./, ""), message }))
        .filter(({ at, message }) => !tried.some((one) => one.at === at && message.startsWith(one.says)));
      expect(untried).toEqual([]);
    });
  });
}
