import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { OPERATOR } from "../../test/support/makers.ts";
import { renderCommand } from "./render.ts";
import { fromYaml } from "./yaml.ts";

const ROOT = join(import.meta.dirname, "..", "..");
const folders = [...new Set(globSync("samples/*/*.yaml", { cwd: ROOT }).map((file) => file.split("/")[1] ?? ""))].toSorted();
/** A policy belongs to the cluster: it brings no namespace and no deployment. */
const systems = folders.filter((folder) => folder !== "sovereignty-policy");
const filesOf = (folder: string): string[] => globSync(`samples/${folder}/*.yaml`, { cwd: ROOT }).toSorted();

async function render(files: readonly string[]): Promise<{ code: number; out: string; err: string }> {
  const printed = { out: "", err: "" };
  const code = await renderCommand({ files, namespace: "default", operator: OPERATOR }, {
    read: async (file) => readFileSync(join(ROOT, file), "utf8"),
    out: (chunk) => { printed.out += chunk; },
    err: (chunk) => { printed.err += chunk; },
    now: () => Date.now(),
  });
  return { code, ...printed };
}

describe("samples", () => {
  test("are those that the demo and the README name", () => {
    expect(folders).toEqual(["cannot-be-placed", "coding-assistance", "sovereignty-policy", "text-assistant"]);
    const readme = readFileSync(join(ROOT, "samples", "README.md"), "utf8");
    for (const folder of folders) expect(readme).toContain(`](${folder}/)`);
  });

  test.each(systems)("%s stands on its own: every reference is met, every rule is kept, and it becomes a Deployment", async (folder) => {
    const { code, out, err } = await render(filesOf(folder));
    expect({ code, err }).toEqual({ code: 0, err: "" });
    expect(out).toContain("becomes this Deployment");
  });

  test("can be applied together", async () => {
    expect(await render(folders.flatMap(filesOf))).toMatchObject({ code: 0, err: "" });
  });

  test.each(systems)("%s brings a namespace that enforces Pod Security restricted, for everything in it", (folder) => {
    const objects = filesOf(folder).flatMap((file) => fromYaml(readFileSync(join(ROOT, file), "utf8"), file)) as { kind: string; metadata: { name: string; namespace?: string; labels?: object } }[];
    const [namespace, ...others] = objects.filter(({ kind }) => kind === "Namespace");
    expect(others).toEqual([]);
    expect(namespace?.metadata.labels).toMatchObject({ "pod-security.kubernetes.io/enforce": "restricted" });
    const elsewhere = objects.filter(({ kind, metadata }) => kind !== "Namespace" && metadata.namespace !== namespace?.metadata.name);
    expect(elsewhere).toEqual([]);
  });

  test.each(systems)("%s names its image by digest", (folder) => {
    const images = filesOf(folder).flatMap((file) => readFileSync(join(ROOT, file), "utf8").match(/^ *image: .*$/gm) ?? []);
    expect(images.length).toBeGreaterThan(0);
    for (const image of images) expect(image).toMatch(/@sha256:[0-9a-f]{64}$/);
  });
});
