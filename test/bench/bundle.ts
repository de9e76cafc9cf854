/** Programs of the benchmarks as the product is shipped: one file. */
import { join } from "node:path";
import { rolldown } from "rolldown";
import { ROOT } from "../../hack/run.ts";

/** Bundles a program of this folder, for example `widget/operator.ts`, and returns the path of the one file. */
export async function bundleProgram(program: string, folder: string): Promise<string> {
  const file = join(folder, "program.mjs");
  const bundle = await rolldown({ input: join(import.meta.dirname, program), cwd: ROOT, platform: "node", tsconfig: join(ROOT, "tsconfig.json"), logLevel: "warn" });
  await bundle.write({ file, format: "esm", codeSplitting: false, minify: false, banner: `import { createRequire as __createRequire } from "node:module";\nconst require = __createRequire(import.meta.url);` });
  await bundle.close();
  return file;
}
