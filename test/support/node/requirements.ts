/** What a machine must have for a real node: Linux on amd64, root that may make namespaces, and a few Debian packages. */
import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { Sorry } from "../../../hack/cluster/sorry.ts";
import { ensurePackages, type Packages } from "../debian.ts";

const run = promisify(execFile);

/** Where Debian puts them; containernetworking-plugins has no program on the path. */
export const CNI_PLUGINS = "/usr/lib/cni";

const PACKAGES: Packages = {
  containerd: ["containerd", "ctr"], runc: ["runc"], "containernetworking-plugins": [join(CNI_PLUGINS, "bridge"), join(CNI_PLUGINS, "host-local")],
  iptables: ["iptables", "ip6tables"], ipset: ["ipset"], conntrack: ["conntrack"], nftables: ["nft"], iproute2: ["ip"], "util-linux": ["unshare", "nsenter"],
};

/** Throws `Sorry` with one sentence, unless all is there. With `install`, Debian packages that are missing are installed first. */
export async function ensureRequirements({ install }: { install: boolean }): Promise<void> {
  if (process.platform !== "linux" || process.arch !== "x64") throw new Sorry(`A real node needs Linux on amd64; this is ${process.platform} on ${process.arch}.`);
  if (process.getuid?.() !== 0) throw new Sorry("A real node needs root (it makes network namespaces and runs containers): run this as root, in a container of its own if you like (docker run --privileged).");
  await ensurePackages(PACKAGES, { install });
  await run("unshare", ["--net", "--mount", "--pid", "--fork", "--mount-proc", "true"]).catch((error: Error) => {
    throw new Sorry(`This root may not make namespaces (${error.message.trim().split("\n").at(-1)}): give it CAP_SYS_ADMIN and CAP_NET_ADMIN (docker run --privileged).`);
  });
}
