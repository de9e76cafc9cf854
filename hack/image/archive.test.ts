import { createHash } from "node:crypto";
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { afterAll, describe, expect, it } from "vitest";
import { writeImage, type Image } from "./archive.ts";
import { entriesOf, layerOrder, type ImageEntry } from "./entries.ts";
import { tarHeader } from "./tar.ts";

const folder = mkdtempSync(join(tmpdir(), "hoheit-image-test-"));
afterAll(() => rmSync(folder, { recursive: true }));

/** tar of the system reads what we wrote: a second opinion. */
const tar = (...args: string[]): string => execFileSync("tar", args, { encoding: "utf8", env: { ...process.env, LC_ALL: "C", TZ: "UTC" } });
const sha256 = (bytes: string | Buffer): string => createHash("sha256").update(bytes).digest("hex");

interface Opened {
  readonly path: string;
  file(name: string): Buffer;
  json<T>(name: string): T;
  /** Path of an unpacked layer's tar, counted from the bottom. */
  layer(at: number): string;
}
interface Manifest { config: { digest: string; size: number }; layers: { mediaType: string; digest: string; size: number }[] }
interface Index { manifests: { digest: string; annotations: Record<string, string> }[] }

let count = 0;

async function written(image: Partial<Image>): Promise<Opened & { digest: string; manifest: Manifest }> {
  const path = join(folder, `image-${count += 1}.tar`);
  const { digest } = await writeImage({ name: "localhost/test:1", layers: [], config: {}, created: 0, ...image }, path);
  const file = (name: string): Buffer => execFileSync("tar", ["-xOf", path, name]);
  const json = <T>(name: string): T => JSON.parse(file(name).toString()) as T;
  const manifest = json<Manifest>(`blobs/${digest.replace(":", "/")}`);
  const layer = (at: number): string => {
    const blob = file(`blobs/${manifest.layers[at]!.digest.replace(":", "/")}`);
    const plain = join(folder, `layer-${count += 1}.tar`);
    writeFileSync(plain, image.gzip ? gunzipSync(blob) : blob);
    return plain;
  };
  return { path, file, json, layer, digest, manifest };
}

const SMALL: ImageEntry[] = [
  { path: "/app/run", content: "#!/bin/true\n", mode: 0o755 },
  { path: "/app/data", content: "0123456789" },
  { path: "/app-old", folder: true },
  { path: "/lib", link: "usr/lib" },
  { path: "/tmp", folder: true, mode: 0o1777 },
];

describe("an image archive", () => {
  it("holds entries in order, with the folders that nobody named, owned by root, of one time", async () => {
    const { layer } = await written({ layers: [SMALL], created: 86_400 });
    expect(tar("-tvf", layer(0), "--numeric-owner").trim().split("\n").map((line) => line.replaceAll(/ +/g, " "))).toEqual([
      "drwxr-xr-x 0/0 0 1970-01-02 00:00 app/",
      "drwxr-xr-x 0/0 0 1970-01-02 00:00 app-old/",
      "-rw-r--r-- 0/0 10 1970-01-02 00:00 app/data",
      "-rwxr-xr-x 0/0 12 1970-01-02 00:00 app/run",
      "lrwxrwxrwx 0/0 0 1970-01-02 00:00 lib -> usr/lib",
      "drwxrwxrwt 0/0 0 1970-01-02 00:00 tmp/",
    ]);
  });

  it.each([false, true])("names every blob by its digest and size (gzip: %s)", async (gzip) => {
    const { path, file, json, manifest, layer } = await written({ layers: [SMALL, [{ path: "/second", content: "2" }]], gzip });
    const blobs = tar("-tf", path).trim().split("\n").filter((name) => name.startsWith("blobs/"));
    expect(blobs).toHaveLength(4);
    for (const name of blobs) expect(sha256(file(name))).toBe(name.replace("blobs/sha256/", ""));
    for (const { digest, size } of [manifest.config, ...manifest.layers]) expect(file(`blobs/${digest.replace(":", "/")}`)).toHaveLength(size);
    const config = json<{ rootfs: { diff_ids: string[] } }>(`blobs/${manifest.config.digest.replace(":", "/")}`);
    expect(config.rootfs.diff_ids).toEqual([0, 1].map((at) => `sha256:${sha256(readFileSync(layer(at)))}`));
    expect(manifest.layers[0]!.mediaType).toBe(`application/vnd.oci.image.layer.v1.tar${gzip ? "+gzip" : ""}`);
  });

  it("tells its name to containerd, podman and docker", async () => {
    const { json, digest, manifest } = await written({ layers: [SMALL], name: "localhost:5000/hoheit:0.1.0" });
    const [only] = json<Index>("index.json").manifests;
    expect(only).toMatchObject({ digest, annotations: { "io.containerd.image.name": "localhost:5000/hoheit:0.1.0", "org.opencontainers.image.ref.name": "0.1.0" } });
    const [docker] = json<{ Config: string; RepoTags: string[]; Layers: string[] }[]>("manifest.json");
    expect(docker).toEqual({ Config: `blobs/${manifest.config.digest.replace(":", "/")}`, RepoTags: ["localhost:5000/hoheit:0.1.0"], Layers: manifest.layers.map(({ digest: layer }) => `blobs/${layer.replace(":", "/")}`) });
  });

  it("is the same bytes whatever the order, the times and the owners of its files", async () => {
    const file = join(folder, "same");
    writeFileSync(file, "same");
    const layer: ImageEntry[] = [...SMALL, { path: "/same", file }];
    const first = await written({ layers: [layer], gzip: true });
    utimesSync(file, 1, 1);
    const second = await written({ layers: [layer.toReversed()], gzip: true });
    expect(readFileSync(second.path).equals(readFileSync(first.path))).toBe(true);
    const other = await written({ layers: [[...SMALL, { path: "/same", content: "Same" }]], gzip: true });
    expect(other.digest).not.toBe(first.digest);
  });

  it("keeps a layer that is there twice once", async () => {
    const { path, manifest } = await written({ layers: [SMALL, SMALL, [{ path: "/last", content: "" }]] });
    expect(manifest.layers.map(({ digest }) => digest === manifest.layers[0]!.digest)).toEqual([true, true, false]);
    expect(tar("-tf", path).trim().split("\n").filter((name) => name.startsWith("blobs/"))).toHaveLength(4);
  });

  it("carries names of any length and alphabet", async () => {
    const long = `/${"very-long-folder-name/".repeat(14)}file`;
    const halves = `/${"a".repeat(90)}/${"b".repeat(90)}`;
    const lone = `/${"c".repeat(180)}`;
    const unicode = "/straße/日本";
    const paths = [long, halves, lone, unicode];
    const { layer } = await written({ layers: [[...paths.map((path) => ({ path, content: path })), { path: "/link", link: long }]] });
    const plain = layer(0);
    for (const path of paths) expect(execFileSync("tar", ["-xOf", plain, path.slice(1)], { encoding: "utf8", env: { ...process.env, LC_ALL: "C.UTF-8" } })).toBe(path);
    expect(tar("-tvf", plain)).toContain(`link -> ${long}`);
  });

  it("leaves the old archive and no draft when a file cannot be read", async () => {
    const output = join(folder, "kept.tar");
    writeFileSync(output, "old");
    const layers = [[{ path: "/missing", file: join(folder, "missing") }]];
    await expect(writeImage({ name: "localhost/x:1", layers, config: {} }, output)).rejects.toThrow("ENOENT");
    expect(readFileSync(output, "utf8")).toBe("old");
    expect(readdirSync(folder).filter((name) => name.includes("draft"))).toEqual([]);
  });

  it("refuses a file of another length than it said", async () => {
    // The kernel says 0 bytes of these and gives more: as a file does that grows while it is read.
    const layers: ImageEntry[][] = [[{ path: "/a", file: "/proc/self/status" }]];
    await expect(writeImage({ name: "localhost/x:1", layers, config: {} }, join(folder, "torn.tar"))).rejects.toThrow(/\/a had 0 bytes and \d+ were read/);
  });
});

describe("the entries of a layer", () => {
  it.each([
    ["a relative path", [{ path: "a", content: "" }], "absolute"],
    ["a path that climbs", [{ path: "/a/../b", content: "" }], "absolute"],
    ["the same path twice", [{ path: "/a", content: "" }, { path: "/a", link: "b" }], "/a is in the layer twice"],
    ["something below a file", [{ path: "/a", content: "" }, { path: "/a/b", content: "" }], "/a is a file of the layer"],
    ["something below a link", [{ path: "/a", link: "b" }, { path: "/a/b", content: "" }], "/a is a link of the layer"],
  ])("refuse %s", (_what, entries, why) => {
    expect(() => layerOrder(entries)).toThrow(why);
  });

  it("of a folder are its files, links and empty folders, without what is skipped", () => {
    const source = join(folder, "tree");
    mkdirSync(join(source, "empty"), { recursive: true });
    mkdirSync(join(source, "cache"));
    writeFileSync(join(source, "cache", "x"), "");
    writeFileSync(join(source, "tool"), "", { mode: 0o700 });
    writeFileSync(join(source, "note"), "", { mode: 0o600 });
    symlinkSync("tool", join(source, "alias"));
    expect(entriesOf(source, "/opt", (relative) => relative === "cache")).toEqual([
      { path: "/opt/alias", link: "tool" },
      { path: "/opt/empty", folder: true },
      { path: "/opt/note", file: join(source, "note"), mode: 0o644 },
      { path: "/opt/tool", file: join(source, "tool"), mode: 0o755 },
    ]);
  });
});

it("a header says sizes beyond 8 GiB", () => {
  const size = 20 * 1024 ** 3 + 1;
  const path = join(folder, "large.tar");
  writeFileSync(path, tarHeader({ path: "large", type: "file", mode: 0o644, size }, 0));
  // The content is missing, which tar complains about after it has listed the header.
  const listed = (() => { try { return execFileSync("tar", ["-tvf", path], { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] }); } catch (error) { return String((error as { stdout?: string }).stdout); } })();
  expect(listed).toContain(` ${size} `);
});
