/**
 * Runs a command in a machine within the machine: network, mounts and processes of its own.
 *
 * Whatever ends us, even kill -9, ends the first process in there (supervise.ts), and with it the kernel ends all others,
 * containers included, and takes back mounts and networks. What the kernel does not take back are empty cgroups: they
 * carry our process id, and the next run removes them. Of the host, nothing is written but those and one temporary folder.
 */
import { existsSync, mkdirSync, readdirSync, rmdirSync } from "node:fs";
import { join } from "node:path";
import { isAlive, supervise, temporaryFolder } from "../../../hack/cluster/supervise.ts";

const CGROUPS = "/sys/fs/cgroup";
const PREFIX = "hoheit-e2e-";

/**
 * First process of the sandbox; it inherits and buries what loses its parent (containerd's shims do). What lies in /run,
 * /var/lib and /var/log stays inside. kubelet sets some of the kernel's switches unless they are set already, and they
 * are the whole machine's: here it finds files in their places that say what it wants to read.
 */
const INIT = `
set -e
for folder in /run /var/lib /var/log; do mount -t tmpfs -o mode=755 tmpfs $folder; done
mkdir -p /run/netns /run/switches
for switch in vm/overcommit_memory=1 vm/panic_on_oom=0 kernel/panic=10 kernel/panic_on_oops=1 kernel/keys/root_maxkeys=1000000 kernel/keys/root_maxbytes=25000000; do
  file=/run/switches/$(echo "\${switch%=*}" | tr / -)
  echo "\${switch#*=}" > "$file"
  mount --bind "$file" "/proc/sys/\${switch%=*}"
done
ip link set lo up
set +e
"$@" &
wait $!
exit $?
`;

export interface Sandboxed {
  readonly command: string;
  readonly args: readonly string[];
  readonly env?: NodeJS.ProcessEnv;
}

/**
 * Runs a command as root in new namespaces and resolves with its exit status. Its network has a loopback and nothing else.
 * TMPDIR is a folder that is removed afterwards; SANDBOX_CGROUP in its environment names the cgroup, in every hierarchy,
 * below which it may make others.
 */
export async function runInSandbox({ command, args, env = {} }: Sandboxed): Promise<number> {
  removeCgroups((owner) => !isAlive(owner));
  const cgroup = `${PREFIX}${process.pid}`;
  const folder = temporaryFolder(PREFIX);
  for (const hierarchy of hierarchies()) mkdirSync(join(hierarchy, cgroup), { recursive: true });
  const child = await supervise({
    command: "unshare",
    args: ["--net", "--mount", "--propagation=private", "--pid", "--fork", "--kill-child=SIGKILL", "--mount-proc", "/bin/sh", "-c", INIT, "init", command, ...args],
    env: { ...process.env, ...env, TMPDIR: folder.path, [SANDBOX_CGROUP]: `/${cgroup}` },
  });
  const stop = (): void => { void child.stop(); };
  process.on("SIGTERM", stop).on("SIGINT", stop);
  try {
    return await child.exited;
  } finally {
    process.off("SIGTERM", stop).off("SIGINT", stop);
    removeCgroups((owner) => owner === process.pid);
    await folder.remove();
  }
}

/** Environment variable by which a process knows that it is in a sandbox. */
export const SANDBOX_CGROUP = "HOHEIT_SANDBOX_CGROUP";

/** Of cgroup v1 each controller's, of v2 the only one. */
function hierarchies(): string[] {
  if (existsSync(join(CGROUPS, "cgroup.controllers"))) return [CGROUPS];
  return readdirSync(CGROUPS, { withFileTypes: true }).filter((entry) => entry.isDirectory()).map(({ name }) => join(CGROUPS, name));
}

function removeCgroups(of: (owner: number) => boolean): void {
  for (const hierarchy of hierarchies()) {
    for (const name of readdirSync(hierarchy).filter((entry) => entry.startsWith(PREFIX))) {
      if (of(Number(name.slice(PREFIX.length)))) removeTree(join(hierarchy, name));
    }
  }
}

/** A cgroup goes when it is empty. One that somebody is still dying in stays for the next run; another run may be quicker. */
function removeTree(folder: string): void {
  try {
    for (const entry of readdirSync(folder, { withFileTypes: true })) if (entry.isDirectory()) removeTree(join(folder, entry.name));
    rmdirSync(folder);
  } catch (error) {
    if (!["EBUSY", "ENOENT"].includes((error as NodeJS.ErrnoException).code ?? "")) throw error;
  }
}
