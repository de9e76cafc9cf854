import { execFileSync } from "node:child_process";
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ROOT } from "../run.ts";
import { ENTRYPOINT, writeProduct, type Product } from "./product.ts";
import { librariesOf } from "./runtime.ts";
import type { Bill } from "./sbom.ts";

const folder = mkdtempSync(join(tmpdir(), "hoheit-product-test-"));
let product: Product;

beforeAll(async () => {
  product = await writeProduct(join(folder, "image.tar"), { gzip: false });
});
afterAll(() => rmSync(folder, { recursive: true }));

/** A file of an archive inside the archive. */
const unpack = (archive: string, name: string): Buffer => execFileSync("tar", ["-xOf", archive, name], { maxBuffer: 1 << 30 });

const byName = (a: string, b: string): number => (a < b ? -1 : 1);

describe("the product image", () => {
  it("is the same bytes when it is built in another folder", () => {
    const other = copyOfRepository();
    execFileSync(process.execPath, ["-e", `await (await import("./hack/image/product.ts")).writeProduct("again.tar", { gzip: false })`], { cwd: other });
    expect(readFileSync(join(other, "again.tar")).equals(readFileSync(product.archive))).toBe(true);
    expect(readFileSync(join(other, "again.tar.cdx.json"), "utf8")).toBe(readFileSync(`${product.archive}.cdx.json`, "utf8"));
  });

  it("has a checksum that sha256sum accepts", () => {
    expect(execFileSync("sha256sum", ["-c", "image.tar.sha256"], { cwd: folder, encoding: "utf8" })).toBe("image.tar: OK\n");
  });

  it("has Node, its libraries and Hoheit in it, and no program besides", () => {
    const [manifest] = JSON.parse(unpack(product.archive, "manifest.json").toString()) as { Layers: string[] }[];
    const files = manifest!.Layers.flatMap((layer) => {
      const list = execFileSync("tar", ["-tf", "-"], { input: unpack(product.archive, layer), encoding: "utf8" });
      return list.trim().split("\n").filter((name) => !name.endsWith("/")).map((name) => `/${name}`);
    });
    const documents = /^\/(etc|usr\/share\/doc|hoheit\/(LICENSE|THIRD-PARTY|sbom))/;
    const expected = [...ENTRYPOINT.filter((part) => part.startsWith("/")), ...librariesOf(process.execPath).map(({ path }) => path)];
    expect(files.filter((path) => !documents.test(path)).toSorted(byName)).toEqual(expected.toSorted(byName));
    expect(files.filter((path) => path.startsWith("/etc/"))).toEqual(["/etc/group", "/etc/nsswitch.conf", "/etc/passwd", "/etc/ssl/certs/ca-certificates.crt"]);
  });

  it("has a bill of materials that names Node, what is built into it, its libraries and the npm packages of the bundle", () => {
    const bill = JSON.parse(readFileSync(`${product.archive}.cdx.json`, "utf8")) as Bill;
    const named = (name: string): Bill["components"][number] | undefined => bill.components.find((component) => component.name === name);
    expect(named("node")).toMatchObject({ version: process.versions.node, hashes: [{ alg: "SHA-256", content: expect.stringMatching(/^[0-9a-f]{64}$/) as string }] });
    expect(named("node")?.components).toContainEqual(expect.objectContaining({ name: "openssl", version: process.versions.openssl }));
    expect(named("libc.so.6")).toBeDefined();
    expect(named("@kubernetes/client-node")).toMatchObject({ purl: "pkg:npm/%40kubernetes/client-node@2.0.1", licenses: [{ license: { id: "Apache-2.0" } }] });
    // In the lockfile, not in the bundle.
    expect(named("typescript")).toBeUndefined();
    const refs = new Set(bill.components.map((component) => component["bom-ref"]));
    expect(refs.size).toBe(bill.components.length);
    for (const { ref, dependsOn } of bill.dependencies) for (const each of [ref, ...dependsOn]) expect(each === "image:hoheit" || refs.has(each), each).toBe(true);
    const reached = new Set(bill.dependencies.flatMap(({ dependsOn }) => dependsOn));
    expect([...refs].filter((ref) => !reached.has(ref))).toEqual([]);
  });

  it("passes on the licence of every package in it", () => {
    const [manifest] = JSON.parse(unpack(product.archive, "manifest.json").toString()) as { Layers: string[] }[];
    const text = execFileSync("tar", ["-xOf", "-", "hoheit/THIRD-PARTY-LICENSES.txt"], { input: unpack(product.archive, manifest!.Layers[1]!), encoding: "utf8" });
    const bill = JSON.parse(readFileSync(`${product.archive}.cdx.json`, "utf8")) as Bill;
    for (const { name, version, purl } of bill.components) if (purl?.startsWith("pkg:npm/") && name !== "hoheit") expect(text).toContain(`${name} ${version ?? ""} (`);
  });
});

/** What the image is made of, elsewhere. Packages are linked file by file: a link to their folder would be seen through. */
function copyOfRepository(): string {
  const other = join(folder, "elsewhere", "deeper");
  mkdirSync(other, { recursive: true });
  for (const name of ["operator", "hack", "package.json", "tsconfig.json", "LICENSE"]) cpSync(join(ROOT, name), join(other, name), { recursive: true });
  const { packages } = JSON.parse(readFileSync(join(ROOT, "package-lock.json"), "utf8")) as { packages: Record<string, { dev?: boolean; optional?: boolean }> };
  const shipped = Object.entries(packages).filter(([path, { dev, optional }]) => path !== "" && dev !== true && optional !== true).map(([path]) => path);
  for (const path of [...shipped, "node_modules/node"]) cpSync(join(ROOT, path), join(other, path), { recursive: true });
  // The bundler itself is a tool: where it lies leaves no trace.
  for (const name of ["rolldown", "@rolldown", "@oxc-project"]) if (existsSync(join(ROOT, "node_modules", name))) symlinkSync(join(ROOT, "node_modules", name), join(other, "node_modules", name));
  return other;
}

it("a program whose library is missing is named", () => {
  expect(() => librariesOf(join(ROOT, "package.json"))).toThrow();
});
