/**
 * Runs a vitest project on a real node with Hoheit installed: what `npm run e2e` and `npm run e2e:vllm` share.
 *
 * What needs the network or a compiler happens first, outside: packages, programs, images. Then vitest itself runs in a
 * sandbox whose network is the node's. So tests reach the API server, pods and Services as a process on the node does,
 * nothing in there can reach anything of this machine, and the end of vitest is the end of everything that it started.
 */
import { join } from "node:path";
import { ensureRequirements } from "../test/support/node/requirements.ts";
import { runInSandbox } from "../test/support/node/sandbox.ts";
import { NODE_BINARIES, NODE_IMAGES } from "../test/support/node/start.ts";
import { ensureBinaries, type Progress } from "./cluster/binaries.ts";
import { writeProduct } from "./image/product.ts";
import { ROOT } from "./run.ts";
import { runVitest } from "./test.ts";

export interface NodeTier {
  /** Of vitest.config.ts. */
  readonly project: string;
  /** For vitest: words of file names, options. */
  readonly args: readonly string[];
  /** Archives of the images that its pods use; the product's is always there. */
  readonly images: readonly string[];
  readonly env?: NodeJS.ProcessEnv;
  readonly progress: Progress;
}

/** Ends with the line of counts. Throws `Sorry` where this machine cannot do it; under CI that must be a failure, too. */
export async function runOnNode({ project, args, images, env = {}, progress }: NodeTier): Promise<boolean> {
  await ensureRequirements({ install: (process.env.CI ?? "") !== "" });
  await ensureBinaries(NODE_BINARIES, progress);
  // The very archive that is released (npm run image).
  const { archive } = await writeProduct(join(ROOT, "build", "hoheit-image.tar"));
  const inside = { ...env, [NODE_IMAGES]: JSON.stringify([archive, ...images]) };
  return runVitest(["--project", project, ...args], (command, vitestArgs, more) => runInSandbox({ command, args: vitestArgs, env: { ...inside, ...more } }));
}
