/**
 * `npm run e2e [-- WORD...] [-- vitest options]`: the tests on a real node, all of them or the files whose names contain a
 * word. Ends with a line `N passed, N failed`.
 *
 * `--write-docs`: writes docs/reachability.md from what the packets did; without it a difference is a failure.
 */
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { writeEngineImages } from "../test/support/node/engine/image.ts";
import type { Progress } from "./cluster/binaries.ts";
import { endAsRunner, runOnNode } from "./on-node.ts";
import { ROOT } from "./run.ts";

const WRITE_DOCS = "--write-docs";
const progress: Progress = { step: (text) => console.log(text), tick: () => undefined };

function images(): Promise<readonly string[]> {
  const folder = join(ROOT, "build", "e2e");
  mkdirSync(folder, { recursive: true });
  return writeEngineImages(folder);
}

function main(args: readonly string[]): Promise<boolean> {
  return runOnNode({
    project: "e2e", args: args.filter((arg) => arg !== WRITE_DOCS), images, progress,
    ...(args.includes(WRITE_DOCS) && { env: { HOHEIT_WRITE_DOCS: "1" } }),
  });
}

await endAsRunner(main(process.argv.slice(2)));
