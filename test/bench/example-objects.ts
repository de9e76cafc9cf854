/** A Pod and a Node as a busy cluster has them: with managedFields, probes, statuses, images, and labels of discovery. */

const hex = (n: number): string => n.toString(16).padStart(10, "0");
const time = "2026-11-22T23:53:22Z";

function managedFields(paths: readonly string[]): object[] {
  return ["kube-controller-manager", "kubelet"].map((manager) => ({
    manager, operation: "Update", apiVersion: "v1", time, fieldsType: "FieldsV1",
    fieldsV1: Object.fromEntries(paths.map((path) => [`f:${path}`, { ".": {}, [`k:{"type":"${path}"}`]: { ".": {}, "f:lastTransitionTime": {}, "f:status": {}, "f:type": {} } }])),
  }));
}

const condition = (type: string): object => ({ type, status: "True", lastProbeTime: null, lastTransitionTime: time });

/** The nth pod of a model server. */
export function examplePod(n: number): object {
  const labels = { "app.kubernetes.io/name": "vllm", "app.kubernetes.io/instance": `chat-${n % 500}`, "app.kubernetes.io/component": "model-server", "app.kubernetes.io/part-of": "hoheit", "app.kubernetes.io/managed-by": "hoheit", "hoheit.dev/deployment": `chat-${n % 500}`, "hoheit.dev/role": "Serving", "pod-template-hash": hex(n) };
  const image = `registry.example/vllm/vllm-openai@sha256:${hex(n).repeat(6)}abcd`;
  const probe = { httpGet: { path: "/health", port: "http", scheme: "HTTP" }, periodSeconds: 10, timeoutSeconds: 5, successThreshold: 1, failureThreshold: 3 };
  return {
    apiVersion: "v1", kind: "Pod",
    metadata: { name: `chat-${n % 500}-${hex(n)}`, namespace: `team-${n % 20}`, uid: `0d8e5374-e614-4e52-ac98-${hex(n)}00`, resourceVersion: String(100_000 + n), creationTimestamp: time, labels, ownerReferences: [{ apiVersion: "apps/v1", kind: "ReplicaSet", name: `chat-${hex(n)}`, uid: `1d8e5374-e614-4e52-ac98-${hex(n)}00`, controller: true, blockOwnerDeletion: true }], managedFields: managedFields(["conditions", "containerStatuses", "hostIP", "phase", "podIP", "podIPs", "startTime"]) },
    spec: {
      containers: [{ name: "vllm", image, args: Array.from({ length: 24 }, (_, i) => `--flag-${i}=value-${n}`), env: Array.from({ length: 12 }, (_, i) => ({ name: `VARIABLE_${i}`, value: `value ${n}` })), ports: [{ name: "http", containerPort: 8000, protocol: "TCP" }], resources: { limits: { "nvidia.com/gpu": "1", memory: "64Gi" }, requests: { "nvidia.com/gpu": "1", cpu: "8", memory: "64Gi" } }, startupProbe: probe, readinessProbe: probe, livenessProbe: probe, volumeMounts: ["model", "shm", "tmp", "cache"].map((name) => ({ name, mountPath: `/${name}` })), securityContext: { runAsNonRoot: true, allowPrivilegeEscalation: false, readOnlyRootFilesystem: true, capabilities: { drop: ["ALL"] } } }],
      volumes: ["shm", "tmp", "cache"].map((name) => ({ name, emptyDir: { sizeLimit: "1Gi" } })), nodeName: `gpu-${n % 100}`, serviceAccountName: "chat", restartPolicy: "Always", dnsPolicy: "ClusterFirst", tolerations: [{ key: "nvidia.com/gpu", operator: "Exists", effect: "NoSchedule" }],
    },
    status: {
      phase: "Running", hostIP: "10.0.0.1", podIP: "10.244.0.1", podIPs: [{ ip: "10.244.0.1" }, { ip: "fd00:244::1" }], startTime: time, qosClass: "Burstable",
      conditions: ["PodReadyToStartContainers", "Initialized", "Ready", "ContainersReady", "PodScheduled"].map(condition),
      containerStatuses: [{ name: "vllm", image, imageID: image, containerID: `containerd://${hex(n).repeat(6)}`, ready: true, started: true, restartCount: 0, state: { running: { startedAt: time } }, lastState: {} }],
    },
  };
}

/** The nth GPU node, with what GPU feature discovery and the kubelet write on it. */
export function exampleNode(n: number): object {
  const discovered = Object.fromEntries(Array.from({ length: 60 }, (_, i) => [`feature.node.kubernetes.io/cpu-feature-${i}`, "true"]));
  const resources = { cpu: "128", memory: "1056662980Ki", "ephemeral-storage": "3750000000Ki", "hugepages-1Gi": "0", "hugepages-2Mi": "0", pods: "110", "nvidia.com/gpu": "8" };
  return {
    apiVersion: "v1", kind: "Node",
    metadata: { name: `gpu-${n}`, uid: `2d8e5374-e614-4e52-ac98-${hex(n)}00`, resourceVersion: String(200_000 + n), creationTimestamp: time, labels: { ...discovered, "kubernetes.io/hostname": `gpu-${n}`, "nvidia.com/gpu.product": "NVIDIA-H100-80GB-HBM3", "nvidia.com/gpu.memory": "81559", "topology.kubernetes.io/zone": "a" }, annotations: { "node.alpha.kubernetes.io/ttl": "0", "volumes.kubernetes.io/controller-managed-attach-detach": "true" }, managedFields: managedFields(["labels", "annotations", "conditions", "allocatable", "capacity", "images", "nodeInfo"]) },
    spec: { podCIDR: "10.244.0.0/24", podCIDRs: ["10.244.0.0/24"], taints: [{ key: "nvidia.com/gpu", effect: "NoSchedule" }] },
    status: {
      capacity: resources, allocatable: resources,
      conditions: ["MemoryPressure", "DiskPressure", "PIDPressure", "Ready"].map((type) => ({ ...condition(type), reason: `Kubelet${type}`, message: "kubelet is posting ready status", lastHeartbeatTime: time })),
      addresses: [{ type: "InternalIP", address: "10.0.0.1" }, { type: "Hostname", address: `gpu-${n}` }],
      images: Array.from({ length: 50 }, (_, i) => ({ names: [`registry.example/image-${i}@sha256:${hex(n + i).repeat(6)}abcd`, `registry.example/image-${i}:v1.${n}`], sizeBytes: 1_000_000 + i })),
      nodeInfo: { machineID: hex(n).repeat(3), systemUUID: hex(n).repeat(3), bootID: hex(n).repeat(3), kernelVersion: "6.18.0", osImage: "Debian GNU/Linux 12", containerRuntimeVersion: "containerd://2.1.0", kubeletVersion: "v1.37.1", operatingSystem: "linux", architecture: "amd64" },
    },
  };
}
