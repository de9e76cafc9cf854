/**
 * `npm run containers [-- --if-engine] [-- vitest options]`: the product image under a Docker engine: read-only, not root,
 * without a network. Where there is no engine nothing is tested, which is no pass: the exit code is 1, and 0 only for who
 * said `--if-engine`. Else it ends with the line `N passed, N failed`.
 */
import { join } from "node:path";
import { getContainerRuntimeClient } from "testcontainers";
import { writeProduct } from "./image/product.ts";
import { ROOT, run } from "./run.ts";
import { runVitest } from "./test.ts";

const IF_ENGINE = "--if-engine";

/** Nothing is pulled, not even the container with which testcontainers tidies up. */
process.env.TESTCONTAINERS_RYUK_DISABLED = "true";
/** No container of ours has a network, so that nobody needs to find out at which address the engine's host is. */
process.env.TESTCONTAINERS_HOST_OVERRIDE ??= "localhost";

async function hasEngine(): Promise<boolean> {
  return getContainerRuntimeClient().then(() => true, () => false);
}

async function main(args: readonly string[]): Promise<boolean> {
  if (!await hasEngine()) {
    console.log("No Docker engine answers (DOCKER_HOST, /var/run/docker.sock): the image was not tested in containers. Install one and start it.");
    return args.includes(IF_ENGINE);
  }
  const { archive } = await writeProduct(join(ROOT, "build", "hoheit-image.tar"));
  const rest = args.filter((arg) => arg !== IF_ENGINE);
  return runVitest(["--project", "containers", ...rest], async (command, vitestArgs, env) => (await run(command, vitestArgs, { env: { ...env, HOHEIT_IMAGE_ARCHIVE: archive } })).status);
}

process.exitCode = await main(process.argv.slice(2)) ? 0 : 1;
