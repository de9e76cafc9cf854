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
import { Sorry } from "./cluster/sorry.ts";
import { writeProduct } from "./image/product.ts";
import { ROOT } from "./run.ts";
import { runVitest } from "./test.ts";

export interface NodeTier {
  /** Of vitest.config.ts. */
  readonly project: string;
  /** For vitest: words of file names, options. */
  readonly args: readonly string[];
  /** Makes archives of the images that its pods use, once it is clear that a node can be had; the product's is always there. */
  images(): Promise<readonly string[]>;
  readonly env?: NodeJS.ProcessEnv;
  readonly progress: Progress;
}

/** Ends with the line of counts. Throws `Sorry` where this machine cannot do it; under CI that must be a failure, too. */
export async function runOnNode({ project, args, images, env = {}, progress }: NodeTier): Promise<boolean> {
  await ensureRequirements({ install: (process.env.CI ?? "") !== "" });
  await ensureBinaries(NODE_BINARIES, progress);
  // The very archive that is released (npm run image).
  const { archive } = await writeProduct(join(ROOT, "build", "hoheit-image.tar"));
  const inside = { ...env, [NODE_IMAGES]: JSON.stringify([archive, ...await images()]) };
  return runVitest(["--project", project, ...args], (command, vitestArgs, more) => runInSandbox({ command, args: vitestArgs, env: { ...inside, ...more } }));
}

/** Ends this process as a runner ends. What keeps it from beginning is one sentence, and a failure: nothing is skipped. */
export async function endAsRunner(main: Promise<boolean>): Promise<void> {
  try {
    process.exitCode = await main ? 0 : 1;
  } catch (error) {
    if (!(error instanceof Sorry)) throw error;
    console.error(error.message);
    console.log("0 passed, 1 failed");
    process.exitCode = 1;
  }
}
