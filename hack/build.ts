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
  const bundle = await rolldown({
    input: join(ROOT, "operator", "main.ts"), cwd: ROOT, platform: "node",
    tsconfig: join(ROOT, "tsconfig.json"), logLevel: "warn",
  });
  await bundle.write({
    file: output, format: "esm", codeSplitting: false, minify: false, sourcemap: false,
    // CommonJS packages in the bundle ask for Node's own modules by require().
    banner: `import { createRequire as __createRequire } from "node:module";\nconst require = __createRequire(import.meta.url);`,
  });
  await bundle.close();
  chmodSync(output, 0o755);
  return output;
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
