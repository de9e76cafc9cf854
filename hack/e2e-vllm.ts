/**
 * `npm run e2e:vllm [-- --args] [-- WORD...]`: makes the real vLLM if it is not in the cache, then runs the tests that need
 * it: its parser reads what Hoheit renders (vllm-args; nothing else with `--args`, which needs no root), and it serves on a
 * real node (e2e-vllm). Each ends with a line `N passed, N failed`.
 *
 * `--if-cached`, for CI: where the cache is cold and HOHEIT_E2E_VLLM is not 1, say so in one line and end with 0.
 */
import { ensureTree, ensureVllm, isVllmReady } from "../test/vllm/index.ts";
import { terminal } from "./demo/terminal.ts";
import { endAsRunner, runOnNode } from "./on-node.ts";
import { runVitest } from "./test.ts";

const SKIPPED = "e2e:vllm was not run: the real vLLM is not in the cache. `npm run e2e:vllm`, or HOHEIT_E2E_VLLM=1 here, makes it in a few minutes and runs the tests.";

async function main(args: readonly string[]): Promise<boolean> {
  const isOptional = args.includes("--if-cached") && process.env.HOHEIT_E2E_VLLM !== "1";
  if (isOptional && !isVllmReady()) {
    console.log(SKIPPED);
    return true;
  }
  process.env.HOHEIT_VLLM = "1"; // vitest.config.ts has the projects only then
  const progress = terminal(process.stdout);
  await ensureTree(progress);
  const areRead = await runVitest(["--project", "vllm-args"]);
  if (args.includes("--args")) return areRead;
  const words = args.filter((arg) => arg !== "--if-cached");
  return await runOnNode({ project: "e2e-vllm", args: words, images: async () => [(await ensureVllm(progress)).archive], progress }) && areRead;
}

await endAsRunner(main(process.argv.slice(2)));
