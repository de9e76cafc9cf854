/**
 * Folders that take minutes to make, kept outside the checkout by what they were made from and published by rename. The
 * time of a folder says when it was asked for last; what was made from something else and is not asked for any more goes.
 */
import { createHash } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { mkdir, readdir, rename, rm, stat, utimes } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { cacheFolder, type Progress } from "../../hack/cluster/binaries.ts";
import { withLock } from "../../hack/cluster/lock.ts";

export interface Product {
  readonly name: string;
  /** Everything that the contents depend on. */
  readonly inputs: readonly string[];
  /** Fills the empty folder `draft`. */
  make(draft: string, progress: Progress): Promise<void>;
}

/** No run takes so long: what was not asked for since then is in nobody's use. */
const UNUSED_MS = 3 * 60 * 60 * 1000;

/** Where a product is, or would be: `HOHEIT_CACHE/vllm-cpu/NAME-KEY`. */
export function folderOf({ name, inputs }: Pick<Product, "name" | "inputs">): string {
  const key = createHash("sha256").update(JSON.stringify([process.platform, process.arch, ...inputs])).digest("hex").slice(0, 12);
  return join(cacheFolder(), "vllm-cpu", `${name}-${key}`);
}

/** Returns the folder of `product`, made if it is not there. Two processes that ask at the same time make it once. */
export async function ensureProduct(product: Product, progress: Progress): Promise<string> {
  const home = folderOf(product);
  await mkdir(dirname(home), { recursive: true });
  await withLock(`${home}.lock`, () => progress.tick(`Waiting for another process that makes ${product.name}`), async () => {
    if (!existsSync(home)) await makeInto(product, home, progress);
    await utimes(home, new Date(), new Date());
  });
  return home;
}

/**
 * Removes what belongs to none of the folders `current` and was not asked for lately: of other versions of this checkout,
 * gigabytes each, and of runs that were killed. Who asks for a folder meanwhile gets it or makes it anew.
 */
export async function prune(current: readonly string[], progress: Progress): Promise<void> {
  const kept = new Set(current.map((folder) => basename(folder)));
  for (const parent of new Set(current.map(dirname))) {
    const byFolder = Map.groupBy(await readdir(parent), (name) => name.replace(/\.(lock|draft|log)$/, ""));
    for (const [folder, names] of byFolder) if (!kept.has(folder)) await pruneOne(join(parent, folder), names, progress);
  }
}

async function pruneOne(folder: string, names: readonly string[], progress: Progress): Promise<void> {
  const paths = names.map((name) => join(dirname(folder), name));
  // A lock that is held is young; nobody need wait for it here.
  if (!(await Promise.all(paths.map(isUnused))).every(Boolean)) return;
  await withLock(`${folder}.lock`, () => undefined, async () => {
    for (const path of paths) {
      if (!(await isUnused(path))) continue;
      await rm(path, { recursive: true, force: true });
      progress.step(`Removed ${path}, which nobody uses any more`);
    }
  });
}

/** False if it is gone. */
async function isUnused(path: string): Promise<boolean> {
  const { mtimeMs } = await stat(path).catch(() => ({ mtimeMs: Date.now() }));
  return Date.now() - mtimeMs > UNUSED_MS;
}

async function makeInto(product: Product, home: string, progress: Progress): Promise<void> {
  const started = Date.now();
  progress.step(`Making ${product.name}`);
  const draft = `${home}.draft`; // ours alone: we hold the lock
  await rm(draft, { recursive: true, force: true });
  try {
    await mkdir(draft, { recursive: true });
    await product.make(draft, progress);
    await rename(draft, home);
    progress.step(`Made ${product.name} in ${Math.round((Date.now() - started) / 1000)} s`);
  } finally {
    await rm(draft, { recursive: true, force: true });
  }
}

/** A file beside this one, as an input of a product. */
export const source = (name: string): string => readFileSync(join(import.meta.dirname, name), "utf8");
