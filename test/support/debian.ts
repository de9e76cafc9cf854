/** Debian packages that a tier of tests needs beside Node. Their absence is one sentence, and under CI they are installed. */
import { existsSync } from "node:fs";
import { delimiter, join } from "node:path";
import { Sorry } from "../../hack/cluster/sorry.ts";
import { run } from "../../hack/run.ts";

const SYSTEM_FOLDERS = ["/usr/sbin", "/usr/bin", "/sbin", "/bin"];

/** Package -> programs of it, by which its absence shows: names to be found on the path, or whole paths. */
export type Packages = Readonly<Record<string, readonly string[]>>;

/** Throws `Sorry` with one sentence, unless all is there. With `install`, what is missing is installed first. */
export async function ensurePackages(packages: Packages, { install }: { install: boolean }): Promise<void> {
  const missing = missingOf(packages);
  if (missing.length === 0) return;
  if (!install) throw new Sorry(`Debian packages are missing: apt-get install ${missing.join(" ")}`);
  await installPackages(missing);
  const still = missingOf(packages);
  if (still.length > 0) throw new Sorry(`After apt-get install, programs of ${still.join(" ")} are still missing.`);
}

const missingOf = (packages: Packages): string[] => Object.entries(packages).filter(([, programs]) => !programs.every(isThere)).map(([name]) => name);

function isThere(program: string): boolean {
  if (program.startsWith("/")) return existsSync(program);
  return [...(process.env.PATH ?? "").split(delimiter), ...SYSTEM_FOLDERS].some((folder) => existsSync(join(folder, program)));
}

async function installPackages(missing: readonly string[]): Promise<void> {
  console.log(`Installing the Debian packages ${missing.join(" ")}`);
  const env = { DEBIAN_FRONTEND: "noninteractive" };
  for (const args of [["update", "-q"], ["install", "-q", "-y", "--no-install-recommends", ...missing]]) {
    const { status, output } = await run("apt-get", args, { env, capture: true });
    if (status !== 0) throw new Sorry(`apt-get ${args.join(" ")} failed with status ${status}: ${output.trim().split("\n").slice(-3).join(" | ")}`);
  }
}
