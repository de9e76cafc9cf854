/** The container runtime: a containerd of our own, all of whose state is in our folder, and the images it is given. */
import { execFile } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { ManagedComponent } from "../../../hack/cluster/component.ts";
import { BRIDGE, PODS } from "./network.ts";
import { CNI_PLUGINS } from "./requirements.ts";
import { PAUSE_IMAGE } from "./pause.ts";

const run = promisify(execFile);

export const socketOf = (folder: string): string => join(folder, "containerd.sock");

export function containerd(folder: string): ManagedComponent {
  const configuration = join(folder, "containerd.toml");
  const cni = join(folder, "cni");
  mkdirSync(cni, { recursive: true });
  writeFileSync(join(cni, "10-bridge.conflist"), JSON.stringify(cniConfiguration(folder)));
  writeFileSync(configuration, toml(folder, cni));
  return new ManagedComponent({
    name: "containerd", command: "containerd", args: [`--config=${configuration}`], folder,
    ready: () => ctr(folder, ["version"]).then(() => true, () => false),
  });
}

/** Puts an image archive (OCI or docker save) where kubelet finds it. */
export async function importImage(folder: string, archive: string): Promise<void> {
  await ctr(folder, ["--namespace=k8s.io", "images", "import", archive]);
}

async function ctr(folder: string, args: readonly string[]): Promise<string> {
  return (await run("ctr", [`--address=${socketOf(folder)}`, ...args], { timeout: 300_000 })).stdout;
}

/** Without CAP_SYS_RESOURCE no process may lower its OOM score: containerd must not try, or no sandbox starts. */
const toml = (folder: string, cni: string): string => `
version = 2
root = "${join(folder, "containerd")}"
state = "/run/containerd"
[grpc]
address = "${socketOf(folder)}"
[plugins."io.containerd.grpc.v1.cri"]
sandbox_image = "${PAUSE_IMAGE}"
disable_apparmor = true
restrict_oom_score_adj = true
disable_tcp_service = true
stream_server_address = "127.0.0.1"
[plugins."io.containerd.grpc.v1.cri".cni]
bin_dir = "${CNI_PLUGINS}"
conf_dir = "${cni}"
[plugins."io.containerd.grpc.v1.cri".containerd]
snapshotter = "overlayfs"
default_runtime_name = "runc"
[plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
runtime_type = "io.containerd.runc.v2"
[plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc.options]
SystemdCgroup = false
`;

function cniConfiguration(folder: string): object {
  return {
    cniVersion: "1.0.0", name: "pods",
    plugins: [{
      type: "bridge", bridge: BRIDGE, isGateway: true, ipMasq: false, hairpinMode: true,
      ipam: {
        type: "host-local", dataDir: join(folder, "addresses"),
        ranges: [[{ subnet: PODS.v4 }], [{ subnet: PODS.v6 }]], routes: [{ dst: "0.0.0.0/0" }, { dst: "::/0" }],
      },
    }, { type: "portmap", capabilities: { portMappings: true } }],
  };
}
