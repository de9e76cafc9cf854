/**
 * The pod's volumes. The root file system is read-only; what vLLM writes goes to bounded places that end with the pod.
 *
 * `/dev/shm` and `/tmp` are memory: with video, vLLM writes what a request brought to `/tmp`, and that must not reach a
 * disk. Caches hold compiled kernels, nothing of requests; they are too large for memory. emptyDir folders are writable by
 * everyone in the pod, so no fsGroup is needed, which would make the kubelet walk through the weights of some volumes.
 */
import type { Container, PodSpec } from "../../../lib/k8s-types.ts";
import type { EnvironmentVariable } from "../../../engine/index.ts";
import type { ServedModel } from "./input.ts";
import { canonicalQuantity } from "./quantity.ts";

export const MODEL_PATH = "/models/weights";
const HOME = "/home/vllm";
const CACHE = "/cache";

type Volume = NonNullable<PodSpec["volumes"]>[number];
type VolumeMount = NonNullable<Container["volumeMounts"]>[number];

/** Measured: 240 MiB with one accelerator, under 512 MiB with two, for queues between processes; NCCL takes more where accelerators share no link. */
const shmSize = (tensor: number): string => canonicalQuantity(tensor === 1 ? "512Mi" : `${tensor * 1024}Mi`);

export function buildVolumes(model: ServedModel, tensor: number): Volume[] {
  return [
    { name: "model", persistentVolumeClaim: { claimName: model.claimName, readOnly: true } },
    { name: "shm", emptyDir: { medium: "Memory", sizeLimit: shmSize(tensor) } },
    { name: "tmp", emptyDir: { medium: "Memory", sizeLimit: "2Gi" } },
    { name: "home", emptyDir: { sizeLimit: "1Gi" } },
    { name: "cache", emptyDir: { sizeLimit: "32Gi" } },
  ];
}

export function buildVolumeMounts(model: ServedModel): VolumeMount[] {
  const folder = model.path.split("/").filter((part) => part !== "" && part !== ".").join("/");
  return [
    // Only the approved folder, not its neighbours in the volume.
    { name: "model", mountPath: MODEL_PATH, readOnly: true, ...(folder === "" ? {} : { subPath: folder }) },
    { name: "shm", mountPath: "/dev/shm" },
    { name: "tmp", mountPath: "/tmp" },
    { name: "home", mountPath: HOME },
    { name: "cache", mountPath: CACHE },
  ];
}

/** Leads everything that vLLM and the libraries below it write into the volumes above, and what they would fetch to the model's folder. */
export const PATHS: readonly EnvironmentVariable[] = [
  { name: "CUDA_CACHE_PATH", value: `${CACHE}/cuda` },
  { name: "FLASHINFER_WORKSPACE_BASE", value: CACHE },
  { name: "HF_HOME", value: `${CACHE}/huggingface` },
  { name: "HOME", value: HOME },
  { name: "NUMBA_CACHE_DIR", value: `${CACHE}/numba` },
  { name: "OUTLINES_CACHE_DIR", value: `${CACHE}/outlines` },
  // gpt-oss needs o200k_base.tiktoken, which would otherwise be fetched: it belongs beside the weights.
  { name: "TIKTOKEN_ENCODINGS_BASE", value: MODEL_PATH },
  { name: "TMPDIR", value: "/tmp" },
  { name: "TORCH_HOME", value: `${CACHE}/torch` },
  { name: "TORCHINDUCTOR_CACHE_DIR", value: `${CACHE}/inductor` },
  { name: "TRITON_CACHE_DIR", value: `${CACHE}/triton` },
  { name: "VLLM_CACHE_ROOT", value: `${CACHE}/vllm` },
  { name: "VLLM_CONFIG_ROOT", value: `${HOME}/.config/vllm` },
  { name: "XDG_CACHE_HOME", value: `${CACHE}/xdg` },
  { name: "XDG_CONFIG_HOME", value: `${HOME}/.config` },
];
