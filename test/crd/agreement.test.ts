/** Random objects: what the arbitraries call valid both judges take; whatever one of them refuses the other refuses too. */
import fc from "fast-check";
import { beforeAll, describe, expect, test } from "vitest";
import { kinds } from "../../operator/kinds/index.ts";
import { uniqueNamespace } from "../support/control-plane.ts";
import { spoilt, valid } from "./arbitraries.ts";
import { withValue } from "./edit.ts";
import { installCrds, serverVerdict, words, zodVerdict } from "./judge.ts";

let namespace = "";
beforeAll(async () => {
  await installCrds();
  namespace = await uniqueNamespace();
});

describe.each(kinds.map((kind) => [kind.kind, kind] as const))("%s", (name, kind) => {
  test("a valid object is taken by both", async () => {
    await fc.assert(fc.asyncProperty(valid[name] ?? fc.constant(undefined), async (manifest) => {
      expect(words(await serverVerdict(kind, namespace, manifest))).toBe("");
      expect(words(zodVerdict(kind, manifest))).toBe("");
    }), { numRuns: 50 });
  });

  test("a spoilt object is refused by both or taken by both", async () => {
    await fc.assert(fc.asyncProperty(spoilt(name), async ({ manifest, place, value }) => {
      const changed = withValue(manifest, place, value);
      const server = words(await serverVerdict(kind, namespace, changed));
      const zod = words(zodVerdict(kind, changed));
      expect(zod !== "", `server: ${server}\nzod: ${zod}`).toBe(server !== "");
    }), { numRuns: 200 });
  });
});
