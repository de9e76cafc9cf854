/** Users copy the samples: every object of ours in them must be taken as it stands, by the API server and by `hoheit render`. */
import { globSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { beforeAll, expect, test } from "vitest";
import { fromYaml } from "../../operator/cli/yaml.ts";
import { kinds } from "../../operator/kinds/index.ts";
import { uniqueNamespace } from "../support/control-plane.ts";
import { installCrds, serverVerdict, words, zodVerdict, type Manifest } from "./judge.ts";

let namespace = "";
beforeAll(async () => {
  await installCrds();
  namespace = await uniqueNamespace();
});

const root = join(import.meta.dirname, "../..");
const documents = await Promise.all(globSync("samples/**/*.yaml", { cwd: root }).toSorted().map(async (file) =>
  (fromYaml(await readFile(join(root, file), "utf8"), file) as Manifest[]).map((manifest) => ({ file, manifest }))));
const ours = documents.flat().flatMap(({ file, manifest }) => {
  const kind = kinds.find((candidate) => candidate.kind === manifest.kind);
  return kind === undefined ? [] : [{ file, kind, manifest }];
});

test("every kind is shown by a sample", () => {
  expect(kinds.filter((kind) => !ours.some((one) => one.kind === kind)).map(({ kind }) => kind)).toEqual([]);
});

test.each(ours)("$file, $manifest.kind $manifest.metadata.name", async ({ kind, manifest }) => {
  const here = kind.namespaced ? { ...manifest, metadata: { ...manifest.metadata, namespace } } : manifest;
  expect(words(await serverVerdict(kind, namespace, here))).toBe("");
  expect(words(zodVerdict(kind, manifest))).toBe("");
});
