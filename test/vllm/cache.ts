/** Folders that take minutes to make, kept outside the checkout by what they were made from and published by rename. */
import { createHash } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { mkdir, rename, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { cacheFolder, type Progress } from "../../hack/cluster/binaries.ts";
import { withLock } from "../../hack/cluster/lock.ts";

export interface Product {
  readonly name: string;
  /** Everything that the contents depend on. */
  readonly inputs: readonly string[];
  /** Fills the empty folder `draft`. */
  make(draft: string, progress: Progress): Promise<void>;
}

/** Where a product is, or would be: `HOHEIT_CACHE/vllm-cpu/NAME-KEY`. */
export function folderOf({ name, inputs }: Pick<Product, "name" | "inputs">): string {
  const key = createHash("sha256").update(JSON.stringify([process.platform, process.arch, ...inputs])).digest("hex").slice(0, 12);
  return join(cacheFolder(), "vllm-cpu", `${name}-${key}`);
}

/** Returns the folder of `product`, made if it is not there. Two processes that ask at the same time make it once. */
export async function ensureProduct(product: Product, progress: Progress): Promise<string> {
  const home = folderOf(product);
  if (existsSync(home)) return home;
  await mkdir(dirname(home), { recursive: true });
  await withLock(`${home}.lock`, () => progress.tick(`Waiting for another process that makes ${product.name}`), async () => {
    if (existsSync(home)) return;
    const started = Date.now();
    progress.step(`Making ${product.name}`);
    await makeInto(product, home, progress);
    progress.step(`Made ${product.name} in ${Math.round((Date.now() - started) / 1000)} s`);
  });
  return home;
}

async function makeInto(product: Product, home: string, progress: Progress): Promise<void> {
  const draft = `${home}.draft`; // ours alone: we hold the lock
  await rm(draft, { recursive: true, force: true });
  try {
    await mkdir(draft, { recursive: true });
    await product.make(draft, progress);
    await rename(draft, home);
  } finally {
    await rm(draft, { recursive: true, force: true });
  }
}

/** A file beside this one, as an input of a product. */
export const source = (name: string): string => readFileSync(join(import.meta.dirname, name), "utf8");
