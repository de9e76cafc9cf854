/**
 * `npm run browser [-- vitest options]`: the report as a browser draws it, in headless Chromium. Ends with a line
 * `N passed, N failed`; where there is no Chromium, that is a failure (under CI it is installed, which takes root).
 */
import { ensurePackages } from "../test/support/debian.ts";
import { endAsRunner } from "./on-node.ts";
import { run } from "./run.ts";
import { runVitest } from "./test.ts";

const PROGRAM = "chromium";

async function main(args: readonly string[]): Promise<boolean> {
  await ensurePackages({ [PROGRAM]: [PROGRAM] }, { install: (process.env.CI ?? "") !== "" });
  return runVitest(["--project", "browser", ...args], async (command, vitestArgs, env) => (await run(command, vitestArgs, { env: { ...env, HOHEIT_CHROMIUM: PROGRAM } })).status);
}

await endAsRunner(main(process.argv.slice(2)));
