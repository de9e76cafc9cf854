/**
 * `npm run build`: the operator and its command line as one file, dist/hoheit.js, which needs Node 24 and nothing else.
 * It is what goes into the image.
 */
import { chmodSync, copyFileSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { rolldown } from "rolldown";
import { ROOT, run } from "./run.ts";

const OUTPUT = join(ROOT, "dist", "hoheit.js");

/** Writes the bundle and returns its path. */
export async function build(output = OUTPUT): Promise<string> {
  await bundle(output);
  return output;
}

/** Writes the bundle and returns the folders of all npm packages of which something is in it, sorted. */
export async function bundle(output: string): Promise<string[]> {
  const plan = await rolldown({
    input: join(ROOT, "operator", "main.ts"), cwd: ROOT, platform: "node",
    tsconfig: join(ROOT, "tsconfig.json"), logLevel: "warn",
    // What cannot be resolved would be missing in the image, where nothing can be installed.
    onLog: (_level, { message }) => { throw new Error(message); },
  });
  const written = await plan.write({
    file: output, format: "esm", codeSplitting: false, minify: false, sourcemap: false,
    // CommonJS packages in the bundle ask for Node's own modules by require().
    banner: `import { createRequire as __createRequire } from "node:module";\nconst require = __createRequire(import.meta.url);`,
  });
  await plan.close();
  chmodSync(output, 0o755);
  return packagesOf(written.output.flatMap((chunk) => (chunk.type === "chunk" ? chunk.moduleIds : [])));
}

/** `.../node_modules/a/node_modules/@b/c/index.js` -> `.../node_modules/a/node_modules/@b/c`. */
function packagesOf(modules: readonly string[]): string[] {
  const folders = modules.flatMap((path) => /^.*\/node_modules\/(?:@[^/]+\/)?[^/]+(?=\/)/.exec(path)?.[0] ?? []);
  return [...new Set(folders)].toSorted();
}

/** Runs a copy of the bundle where no node_modules is in reach; undefined if it works, else what it said. */
export async function whyItDoesNotRun(bundle: string): Promise<string | undefined> {
  const folder = mkdtempSync(join(tmpdir(), "hoheit-bundle-"));
  try {
    copyFileSync(bundle, join(folder, "hoheit.mjs"));
    const { status, output } = await run(process.execPath, [join(folder, "hoheit.mjs"), "--help"], { capture: true, cwd: folder });
    return status === 0 ? undefined : output;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

if (import.meta.main) console.log(await build());
