/** `npm run bench -- memory`: bytes per object in the caches. A process of its own, because it needs to collect garbage when it says so. */
import { join } from "node:path";
import { run } from "../../hack/run.ts";
import { keep } from "./figures.ts";

export async function memory(): Promise<void> {
  const { status, output } = await run(process.execPath, ["--expose-gc", join(import.meta.dirname, "cache-memory.ts"), "--json"], { capture: true });
  if (status !== 0) throw new Error(output);
  const rows = JSON.parse(output) as Record<string, unknown>[];
  console.table(rows);
  keep("memory", { rows });
}
