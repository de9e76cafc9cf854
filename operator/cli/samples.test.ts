import { globSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { OPERATOR } from "../../test/support/makers.ts";
import { proveCommand } from "./prove/prove.ts";
import { renderCommand } from "./render.ts";
import { fromYaml } from "./yaml.ts";

const ROOT = join(import.meta.dirname, "..", "..");
const folders = [...new Set(globSync("samples/*/*.yaml", { cwd: ROOT }).map((file) => file.split("/")[1] ?? ""))].toSorted();
/** A policy belongs to the cluster: it brings no namespace and no pods. */
const withPods = folders.filter((folder) => folder !== "sovereignty-policy");
const systems = withPods.filter((folder) => folder !== "found-open");
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
    expect(folders).toEqual(["cannot-be-placed", "coding-assistance", "found-open", "sovereignty-policy", "text-assistant"]);
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

  test.each(withPods)("%s brings a namespace that enforces Pod Security restricted, for everything in it", (folder) => {
    const objects = filesOf(folder).flatMap((file) => fromYaml(readFileSync(join(ROOT, file), "utf8"), file)) as { kind: string; metadata: { name: string; namespace?: string; labels?: object } }[];
    const [namespace, ...others] = objects.filter(({ kind }) => kind === "Namespace");
    expect(others).toEqual([]);
    expect(namespace?.metadata.labels).toMatchObject({ "pod-security.kubernetes.io/enforce": "restricted" });
    const elsewhere = objects.filter(({ kind, metadata }) => kind !== "Namespace" && metadata.namespace !== namespace?.metadata.name);
    expect(elsewhere).toEqual([]);
  });

  test.each(withPods)("%s names its images by digest", (folder) => {
    const images = filesOf(folder).flatMap((file) => readFileSync(join(ROOT, file), "utf8").match(/^ *image: .*$/gm) ?? []);
    expect(images.length).toBeGreaterThan(0);
    for (const image of images) expect(image).toMatch(/@sha256:[0-9a-f]{64}$/);
  });

  test("found-open has one program that is proved, and one that its rule lets out, once it is governed", async () => {
    const folder = mkdtempSync(join(tmpdir(), "hoheit-samples-"));
    const files = [...filesOf("found-open"), ...filesOf("sovereignty-policy")].map((file) => readFileSync(join(ROOT, file), "utf8"));
    writeFileSync(join(folder, "all.yaml"), files.join("---\n").replace("enforce: restricted", '$&\n    hoheit.dev/governed: "true"'));
    let out = "";
    const surroundings = { cluster: { pods: [], services: [], nodes: [] }, nameServers: [], operatorNamespace: OPERATOR.namespace };
    const source = { manifests: [folder], defaultNamespace: "default", access: {}, surroundings };
    const code = await proveCommand({ source, output: "text", focus: { namespace: "library" }, explain: false, connections: false, dataSets: [] }, { out: (chunk) => { out += chunk; }, err: (chunk) => { out += chunk; }, now: () => Date.now() });
    rmSync(folder, { recursive: true });
    expect(code).toBe(1);
    expect(out).toContain("PROVED        library/Deployment/catalogue\n");
    expect(out).toContain("REFUTED       library/Deployment/crawler\n");
    expect(out).toContain("Remove spec.egress[0] of NetworkPolicy library/crawler.");
  });
});
