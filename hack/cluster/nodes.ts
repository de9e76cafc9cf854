/**
 * Three GPU nodes that exist only in the API, and volumes with nothing in them. kwok plays their kubelets; the scheduler
 * and the volume binder that deal with them are the real ones.
 */

const GIB = 1024 ** 3;

interface NodeShape {
  readonly name: string;
  readonly product: string;
  /** MiB per GPU, as the NVIDIA feature discovery labels it. */
  readonly gpuMemory: number;
  readonly devices: Readonly<Record<string, string>>;
  readonly cpu: number;
  readonly memoryGiB: number;
  readonly migStrategy?: string;
}

/** Shapes of machines that are bought: HGX H100, a 4-GPU L40S server, an A100 cut by MIG (mixed strategy). */
export const NODE_SHAPES: readonly NodeShape[] = [
  { name: "gpu-h100", product: "NVIDIA-H100-80GB-HBM3", gpuMemory: 81_559, devices: { "nvidia.com/gpu": "8" }, cpu: 192, memoryGiB: 2048 },
  { name: "gpu-l40s", product: "NVIDIA-L40S", gpuMemory: 46_068, devices: { "nvidia.com/gpu": "4" }, cpu: 64, memoryGiB: 512 },
  {
    name: "gpu-a100-mig", product: "NVIDIA-A100-SXM4-80GB", gpuMemory: 81_920, cpu: 32, memoryGiB: 256, migStrategy: "mixed",
    devices: { "nvidia.com/mig-3g.40gb": "2", "nvidia.com/mig-1g.10gb": "1" },
  },
];

const VOLUMES = 12;
export const WEIGHTS_STORAGE_CLASS = "weights";

type Create = (path: string, object: object) => Promise<void>;

/** Creates the nodes and the volumes; on an API server that has none of them yet. */
export async function createNodes(create: Create): Promise<void> {
  await Promise.all(NODE_SHAPES.map((shape) => create("/api/v1/nodes", nodeOf(shape))));
  await create("/apis/storage.k8s.io/v1/storageclasses", {
    apiVersion: "storage.k8s.io/v1", kind: "StorageClass", metadata: { name: WEIGHTS_STORAGE_CLASS },
    provisioner: "kubernetes.io/no-provisioner", volumeBindingMode: "Immediate",
  });
  await Promise.all(Array.from({ length: VOLUMES }, (_, index) => create("/api/v1/persistentvolumes", volumeOf(index))));
}

function nodeOf(shape: NodeShape): object {
  const resources = {
    cpu: String(shape.cpu), memory: String(shape.memoryGiB * GIB), "ephemeral-storage": String(1000 * GIB), pods: "250", ...shape.devices,
  };
  return {
    apiVersion: "v1", kind: "Node",
    metadata: { name: shape.name, annotations: { "kwok.x-k8s.io/node": "fake" }, labels: nodeLabels(shape) },
    status: { capacity: resources, allocatable: resources },
  };
}

/** What kubelet and NVIDIA's GPU feature discovery write on a real node. */
function nodeLabels(shape: NodeShape): Record<string, string> {
  return {
    "kubernetes.io/hostname": shape.name, "kubernetes.io/os": "linux", "kubernetes.io/arch": "amd64",
    "node.kubernetes.io/instance-type": shape.name, "topology.kubernetes.io/zone": "rz1",
    "nvidia.com/gpu.present": "true", "nvidia.com/gpu.product": shape.product, "nvidia.com/gpu.memory": String(shape.gpuMemory),
    "nvidia.com/gpu.count": shape.devices["nvidia.com/gpu"] ?? "1", "nvidia.com/mig.strategy": shape.migStrategy ?? "none",
  };
}

function volumeOf(index: number): object {
  const name = `weights-${index}`;
  return {
    apiVersion: "v1", kind: "PersistentVolume", metadata: { name },
    spec: {
      capacity: { storage: "200Gi" }, accessModes: ["ReadOnlyMany"], storageClassName: WEIGHTS_STORAGE_CLASS,
      persistentVolumeReclaimPolicy: "Retain", nfs: { server: "192.0.2.10", path: `/weights/${index}`, readOnly: true },
    },
  };
}
