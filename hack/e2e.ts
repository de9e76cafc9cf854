/**
 * `npm run e2e [-- WORD...] [-- vitest options]`: the tests on a real node, all of them or the files whose names contain a
 * word. Ends with a line `N passed, N failed`.
 *
 * What needs the network or a compiler happens first, outside: packages, programs, images. Then vitest itself runs in a
 * sandbox whose network is the node's. So tests reach the API server, pods and Services as a process on the node does,
 * nothing in there can reach anything of this machine, and the end of vitest is the end of everything that it started.
 */
import { ensureBinaries, type Progress } from "./cluster/binaries.ts";
import { Sorry } from "./cluster/sorry.ts";
import { runVitest } from "./test.ts";
import { NODE_IMAGES } from "../test/support/node/global-setup.ts";
import { ensureRequirements } from "../test/support/node/requirements.ts";
import { runInSandbox } from "../test/support/node/sandbox.ts";
import { NODE_BINARIES } from "../test/support/node/start.ts";

const progress: Progress = { step: (text) => console.log(text), tick: () => undefined };

async function main(args: readonly string[]): Promise<boolean> {
  await ensureRequirements({ install: (process.env.CI ?? "") !== "" });
  await ensureBinaries(NODE_BINARIES, progress);
  const env = { [NODE_IMAGES]: JSON.stringify([]) };
  return runVitest(["--project", "e2e", ...args], (command, vitestArgs, more) => runInSandbox({ command, args: vitestArgs, env: { ...env, ...more } }));
}

/** The first line that a person reads says what to do; where to look comes only with what nobody foresaw. */
async function orSayWhy(work: Promise<boolean>): Promise<boolean> {
  try {
    return await work;
  } catch (error) {
    if (!(error instanceof Sorry)) throw error;
    console.error(error.message);
    console.log("0 passed, 1 failed");
    return false;
  }
}

if (import.meta.main) process.exitCode = await orSayWhy(main(process.argv.slice(2))) ? 0 : 1;
