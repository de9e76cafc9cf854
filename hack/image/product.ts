/** The product image: Node's runtime below, Hoheit above, so that a release changes some megabytes only. */
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { createReadStream, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import manifest from "../../package.json" with { type: "json" };
import { bundle } from "../build.ts";
import { ROOT } from "../run.ts";
import { writeImage, type Image, type Written } from "./archive.ts";
import { bundledPackages, thirdPartyLicenses } from "./packages.ts";
import { NODE_IN_IMAGE, USER_ID, nodeRuntime } from "./runtime.ts";
import { billOfMaterials } from "./sbom.ts";

/** Names no registry: an image that is not there is never asked of somebody's server by accident. */
export const IMAGE_NAME = `localhost/hoheit:${manifest.version}`;

/** The flags halve the memory (docs/benchmarks.md). */
export const ENTRYPOINT = [NODE_IN_IMAGE, "--optimize-for-size", "--v8-pool-size=1", "--single-threaded-gc", "/hoheit/hoheit.mjs"];

export interface Product extends Written {
  /** Path of the archive; `.sha256` and `.cdx.json` lie beside it. */
  readonly archive: string;
}

/** Builds the bundle and writes the image, its checksum and its bill of materials. `gzip: false` is quicker and larger. */
export async function writeProduct(archive: string, options: { gzip: boolean } = { gzip: true }): Promise<Product> {
  const work = mkdtempSync(join(tmpdir(), "hoheit-image-"));
  try {
    const script = join(work, "hoheit.mjs");
    const packages = bundledPackages(ROOT, await bundle(script));
    const { entries: runtime, node, libraries } = nodeRuntime();
    const nodeVersions = JSON.parse(execFileSync(node, ["-p", "JSON.stringify(process.versions)"], { encoding: "utf8" })) as Record<string, string>;
    const bill = `${JSON.stringify(billOfMaterials({ version: manifest.version, node, nodeVersions, libraries, bundle: script, packages }), null, 2)}\n`;
    const own: Image["layers"][number] = [
      { path: "/hoheit/hoheit.mjs", file: script, mode: 0o755 },
      { path: "/hoheit/sbom.cdx.json", content: bill },
      { path: "/hoheit/LICENSE", content: readFileSync(join(ROOT, "LICENSE")) },
      { path: "/hoheit/THIRD-PARTY-LICENSES.txt", content: thirdPartyLicenses(packages) },
    ];
    const written = await writeImage({ name: IMAGE_NAME, layers: [runtime, own], config: config(), ...options }, archive);
    writeFileSync(`${archive}.cdx.json`, bill);
    writeFileSync(`${archive}.sha256`, `${await sha256Of(archive)}  ${archive.split("/").at(-1)}\n`);
    return { ...written, archive };
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

function config(): Image["config"] {
  return {
    User: `${USER_ID}:${USER_ID}`, WorkingDir: "/", Entrypoint: ENTRYPOINT, Cmd: ["--help"],
    Env: ["PATH=/usr/local/bin", "NODE_ENV=production"],
    Labels: {
      "org.opencontainers.image.title": "hoheit",
      "org.opencontainers.image.description": manifest.description,
      "org.opencontainers.image.version": manifest.version,
      "org.opencontainers.image.licenses": manifest.license,
      ...(process.env.HOHEIT_REVISION && { "org.opencontainers.image.revision": process.env.HOHEIT_REVISION }),
    },
  };
}

async function sha256Of(path: string): Promise<string> {
  const hash = createHash("sha256");
  for await (const chunk of createReadStream(path)) hash.update(chunk as Buffer);
  return hash.digest("hex");
}
