/** What a machine must have for a real node: Linux on amd64, root that may make namespaces, and a few Debian packages. */
import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { delimiter, join } from "node:path";
import { promisify } from "node:util";
import { Sorry } from "../../../hack/cluster/sorry.ts";
import { run as runProgram } from "../../../hack/run.ts";

const run = promisify(execFile);

/** Where Debian puts them; containernetworking-plugins has no program on the path. */
export const CNI_PLUGINS = "/usr/lib/cni";
const SYSTEM_FOLDERS = ["/usr/sbin", "/usr/bin", "/sbin", "/bin"];

/** A program of each package, by which its absence shows. */
const PACKAGES: Readonly<Record<string, readonly string[]>> = {
  containerd: ["containerd", "ctr"], runc: ["runc"], "containernetworking-plugins": [join(CNI_PLUGINS, "bridge"), join(CNI_PLUGINS, "host-local")],
  iptables: ["iptables", "ip6tables"], ipset: ["ipset"], conntrack: ["conntrack"], nftables: ["nft"], iproute2: ["ip"], "util-linux": ["unshare", "nsenter"],
};

/** Throws `Sorry` with one sentence, unless all is there. With `install`, Debian packages that are missing are installed first. */
export async function ensureRequirements({ install }: { install: boolean }): Promise<void> {
  if (process.platform !== "linux" || process.arch !== "x64") throw new Sorry(`A real node needs Linux on amd64; this is ${process.platform} on ${process.arch}.`);
  if (process.getuid?.() !== 0) throw new Sorry("A real node needs root (it makes network namespaces and runs containers): run this as root, in a container of its own if you like (docker run --privileged).");
  const missing = missingPackages();
  if (missing.length > 0 && !install) throw new Sorry(`Debian packages are missing: apt-get install ${missing.join(" ")}`);
  if (missing.length > 0) await installPackages(missing);
  await run("unshare", ["--net", "--mount", "--pid", "--fork", "--mount-proc", "true"]).catch((error: Error) => {
    throw new Sorry(`This root may not make namespaces (${error.message.trim().split("\n").at(-1)}): give it CAP_SYS_ADMIN and CAP_NET_ADMIN (docker run --privileged).`);
  });
}

const missingPackages = (): string[] => Object.entries(PACKAGES).filter(([, programs]) => !programs.every(isThere)).map(([name]) => name);

function isThere(program: string): boolean {
  if (program.startsWith("/")) return existsSync(program);
  return [...(process.env.PATH ?? "").split(delimiter), ...SYSTEM_FOLDERS].some((folder) => existsSync(join(folder, program)));
}

async function installPackages(missing: readonly string[]): Promise<void> {
  console.log(`Installing the Debian packages ${missing.join(" ")}`);
  const env = { DEBIAN_FRONTEND: "noninteractive" };
  for (const args of [["update", "-q"], ["install", "-q", "-y", "--no-install-recommends", ...missing]]) {
    const { status, output } = await runProgram("apt-get", args, { env, capture: true });
    if (status !== 0) throw new Sorry(`apt-get ${args.join(" ")} failed with status ${status}: ${output.trim().split("\n").slice(-3).join(" | ")}`);
  }
  const still = missingPackages();
  if (still.length > 0) throw new Sorry(`After apt-get install, programs of ${still.join(" ")} are still missing.`);
}
