/** kubelet, on a node that has GPUs because its status says so. */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { ManagedComponent } from "../../../hack/cluster/component.ts";
import { call } from "../../../hack/cluster/http.ts";
import { socketOf } from "./containerd.ts";
import { NODE, RESOLVER, SERVICES } from "./network.ts";
import { SANDBOX_CGROUP } from "./sandbox.ts";

/** Who kubelet is for the API server. */
export const KUBELET_IDENTITY = { name: "kubelet", user: `system:node:${NODE.name}`, groups: ["system:nodes", "system:authenticated"] } as const;

const HEALTH_PORT = 10248;

export function kubelet(folder: string, command: string, kubeconfig: string): ManagedComponent {
  const root = join(folder, "kubelet");
  const logs = join(folder, "pod-logs");
  for (const path of [root, logs]) mkdirSync(path, { recursive: true });
  const configuration = join(folder, "kubelet.json");
  const resolvConf = join(folder, "resolv.conf");
  writeFileSync(resolvConf, `nameserver ${RESOLVER.v4}\nnameserver ${RESOLVER.v6}\n`);
  writeFileSync(configuration, JSON.stringify(configurationOf(folder, { logs, resolvConf })));
  return new ManagedComponent({
    name: "kubelet", command, folder,
    args: [`--config=${configuration}`, `--kubeconfig=${kubeconfig}`, `--root-dir=${root}`, `--hostname-override=${NODE.name}`, `--node-ip=${NODE.v4},${NODE.v6}`],
    ready: () => call({ url: `http://127.0.0.1:${HEALTH_PORT}/healthz`, timeoutMs: 1000 }).then(({ status }) => status === 200, () => false),
  });
}

function configurationOf(folder: string, { logs, resolvConf }: { logs: string; resolvConf: string }): object {
  return {
    apiVersion: "kubelet.config.k8s.io/v1beta1", kind: "KubeletConfiguration",
    containerRuntimeEndpoint: `unix://${socketOf(folder)}`, cgroupDriver: "cgroupfs", cgroupRoot: process.env[SANDBOX_CGROUP] ?? "/", failCgroupV1: false,
    clusterDNS: [SERVICES.dns], clusterDomain: "cluster.local", resolvConf, podLogsDir: logs, healthzPort: HEALTH_PORT,
    // The API server shows no certificate; nothing but it and the tests is in this network.
    authentication: { anonymous: { enabled: true }, webhook: { enabled: false } }, authorization: { mode: "AlwaysAllow" },
    failSwapOn: false, imageGCHighThresholdPercent: 100, imageGCLowThresholdPercent: 99,
    evictionHard: { "memory.available": "1Mi", "nodefs.available": "1%", "imagefs.available": "1%", "nodefs.inodesFree": "1%" },
    // Images never come from anywhere, and back-off of ten seconds and more would make tests of failures wait.
    crashLoopBackOff: { maxContainerRestartPeriod: "2s" }, featureGates: { KubeletCrashLoopBackOffMax: true },
    nodeStatusUpdateFrequency: "2s", syncFrequency: "2s", serializeImagePulls: false, enableControllerAttachDetach: true,
    maxPods: 60, shutdownGracePeriod: "0s",
  };
}
