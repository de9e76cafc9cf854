/** `npm run generate` writes the generated files; with `--check` it writes nothing and exits 1 if one is stale. */
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { generatedFiles } from "./files.ts";

const root = join(import.meta.dirname, "../..");

/** Folders that hold generated files only: whatever else lies there is left over. */
const GENERATED_FOLDERS = ["crds", "charts/hoheit/generated", "charts/hoheit-crds/generated"];

/** Paths that differ from what would be generated, and files that nothing generates any more. */
export function staleFiles(files: ReadonlyMap<string, string> = generatedFiles()): { stale: string[]; leftOver: string[] } {
  const stale = [...files].filter(([path, content]) => contentOf(path) !== content).map(([path]) => path);
  const present = GENERATED_FOLDERS.flatMap((folder) => filesIn(folder).map((name) => `${folder}/${name}`));
  return { stale, leftOver: present.filter((path) => !files.has(path)) };
}

function contentOf(path: string): string | undefined {
  try {
    return readFileSync(join(root, path), "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
}

function filesIn(folder: string): string[] {
  try {
    return readdirSync(join(root, folder));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return [];
    throw error;
  }
}

function write(): void {
  const files = generatedFiles();
  const { stale, leftOver } = staleFiles(files);
  for (const path of stale) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), files.get(path) ?? "");
    console.log(`wrote ${path}`);
  }
  for (const path of leftOver) {
    rmSync(join(root, path));
    console.log(`removed ${path}`);
  }
}

function check(): void {
  const { stale, leftOver } = staleFiles();
  const paths = [...stale, ...leftOver];
  if (paths.length === 0) return;
  console.error(`Generated files are stale: ${paths.join(", ")}.\nRun: npm run generate`);
  process.exitCode = 1;
}

if (import.meta.main) (process.argv.includes("--check") ? check : write)();
