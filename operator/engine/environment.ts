/**
 * Judges `spec.engine.env`. A variable reaches every library in the process, so names are allowed one by one or by the
 * prefix of a tuning family; everything else is refused, with the reason where there is a particular one.
 */
import { EXPANSION } from "./arguments.ts";
import { silentEnvironmentNames } from "./silence.ts";
import { grammarOf, type Grammar } from "./versions.ts";

export interface EnvironmentVariable {
  readonly name: string;
  readonly value: string;
}

export interface EnvironmentViolation {
  readonly name: string;
  /** A sentence: what is wrong. */
  readonly reason: string;
  /** A sentence: what to do. */
  readonly remedy: string;
}

interface Refusal {
  readonly names: RegExp;
  readonly reason: string;
  readonly remedy: string;
}

const REMOVE = "Remove it.";

/** Looked through in order, before the allowed names. */
const REFUSED: readonly Refusal[] = [
  { names: /^(VLLM_API_KEY|S3_.*|(?!VLLM_).*(PASSWORD|SECRET|CREDENTIAL|TOKEN$|ACCESS_KEY|API_KEY).*)$/i,
    reason: "It is a secret, and everyone who may read this object reads it.", remedy: "Remove it: a model server authenticates to nobody, and clients are authenticated before it." },
  { names: /^VLLM_(SERVER_DEV_MODE|ALLOW_RUNTIME_LORA_UPDATING|LORA_RESOLVER_.*|ALLOW_INSECURE_SERIALIZATION|ENABLE_STARTUP_PLAN)$/,
    reason: "It opens development interfaces that change the server at run time or run code.", remedy: REMOVE },
  { names: /^VLLM_(DEBUG_.*|LOGGING_.*|CONFIGURE_LOGGING|TRACE_FUNCTION|REQUEST_BODY_LOG_LEVEL|GC_DEBUG|LOG_MODEL_INSPECTION|MOONCAKE_STORE_TIER_LOG|PATTERN_MATCH_DEBUG)$/,
    reason: "It makes vLLM log more, prompts included.", remedy: "Remove it; the level is info." },
  { names: /^(VLLM_(ENABLE_RESPONSES_API_STORE|MEDIA_CACHE.*|ASSETS_CACHE.*|USE_SIMPLE_KV_OFFLOAD|V1_USE_OUTLINES_CACHE|PREFIX_CACHE_.*|XLA_CACHE_PATH))$/,
    reason: "It keeps content of requests in memory or on disk.", remedy: REMOVE },
  { names: /^(VLLM_PLUGINS|VLLM_MEDIA_CONNECTOR|VLLM_MODEL_REDIRECT_PATH|VLLM_TEST_FORCE_LOAD_FORMAT|VLLM_.*_(SO|INCLUDE|FRONTEND)_PATH|VLLM_CUDA_COMPATIBILITY_PATH|VLLM_TUNED_CONFIG_FOLDER|VLLM_USE_RUST_FRONTEND|VLLM_USE_PRECOMPILED.*|LD_.*|PYTHON.*|PATH|BASH_ENV|ENV|GCONV_PATH|GLIBC_TUNABLES|.*_PRELOAD|CUDA_INJECTION.*|NCCL_(NET_PLUGIN|TUNER_PLUGIN|PROFILER_PLUGIN|CONF_FILE|ENV_PLUGIN).*)$/,
    reason: "It loads other code or other weights than those of the image and of the approved model.", remedy: "Remove it. Bring what you need as part of the image." },
  { names: /^(VLLM_(USAGE_.*|NO_USAGE_STATS|DO_NOT_TRACK|GPT_OSS_SYSTEM_TOOL_MCP_LABELS|USE_MODELSCOPE|MEDIA_URL_ALLOW_REDIRECTS|MEDIA_FETCH_.*|.*_FETCH_TIMEOUT|NIXL_.*|MOONCAKE_.*|P2P_.*|EC_.*|KV_EVENTS_.*|RAY_.*|USE_RAY.*|DP_.*)|DO_NOT_TRACK|HF_.*|HUGGINGFACE_.*|TRANSFORMERS_.*|OTEL_.*|.*_PROXY|MODELSCOPE_.*|FLASHINFER_.*|AWS_.*|AZURE_.*|GOOGLE_.*|GCS_.*|RAY_.*|WANDB_.*|SENTRY_.*|REQUESTS_.*|CURL_.*|SSL_.*)$/i,
    reason: "It governs connections to other machines; a model server has none.", remedy: REMOVE },
  { names: /^(VLLM_(HOST_IP|LOOPBACK_IP|PORT|RPC_BASE_PATH|CACHE_ROOT|CONFIG_ROOT|FLASHINFER_AUTOTUNE_CACHE_DIR)|HOME|TMPDIR|XDG_.*|TRITON_CACHE_DIR|TIKTOKEN_.*|TORCHINDUCTOR_CACHE_DIR|CUDA_CACHE_PATH|USER|HOSTNAME|KUBERNETES_.*)$/,
    reason: "Hoheit sets it, or the place is fixed.", remedy: REMOVE },
  { names: /^(CUDA_VISIBLE_DEVICES|NVIDIA_.*|HIP_VISIBLE_DEVICES|ROCR_VISIBLE_DEVICES|ZE_AFFINITY_MASK|LOCAL_RANK|RANK|WORLD_SIZE|MASTER_.*)$/,
    reason: "Accelerators are given to the pod by the device plugin.", remedy: "Remove it, and use spec.accelerators." },
];

/** Families of tuning variables of vLLM; each name must be one that the version knows. */
const TUNING = new RegExp(`^VLLM_(${[
  "ADAPTIVE_VERIFICATION_.*", "ALLOW_CHUNKED_LOCAL_ATTN_.*", "ALLOW_LONG_MAX_MODEL_LEN", "ALLREDUCE_.*", "B12X_.*", "BATCH_INVARIANT",
  "BEAM_.*", "BLOCKSCALE_.*", "CHAT_TEMPLATE_.*", "COHERE2_.*", "COMPUTE_NANS_IN_LOGITS", "CPU_(?!CI_ENV).*", "DBO_.*", "DCP_.*", "DEEPEP.*",
  "DEEP_GEMM_.*", "DISABLE(D)?_.*", "DISTRIBUTED_USE_SPLIT_GROUP", "ENABLE_(CUDAGRAPH_GC|CUDA_COMPATIBILITY|FLA_.*|GEMM_RS|HPC_OPS|INDUCTOR_.*|PREGRAD_PASSES|V1_MULTIPROCESSING)",
  "ENFORCE_STRICT_TOOL_CALLING", "ENGINE_READY_TIMEOUT_S", "ENGINE_ITERATION_TIMEOUT_S", "EXECUTE_MODEL_TIMEOUT_SECONDS", "FASTSAFETENSORS_.*", "FLASHINFER_.*",
  "FLOAT32_.*", "FORCE_AOT_LOAD", "GDN_.*", "HAS_FLASHINFER_CUBIN", "HTTP_.*", "HUMMING_.*", "KEEP_ALIVE_.*", "KIMI_.*", "KV_CACHE_LAYOUT",
  "LOG_STATS_INTERVAL", "LOG_BATCHSIZE_INTERVAL", "LORA_(DISABLE_PDL|ENABLE_DUAL_STREAM)", "MARLIN_.*", "MAX_.*", "MEDIA_LOADING_THREAD_COUNT",
  "MEMORY_PROFILER_.*", "MLA_DISABLE", "MOE_.*", "MQ_.*", "MSGPACK_.*", "MULTI_STREAM_.*", "MXFP.*", "PP_.*", "PROCESS_NAME_PREFIX",
  "RAISE_ON_LOGIT_NANS", "REGEX_.*", "REPLICATE_EMBED", "RINGBUFFER_.*", "ROCM_.*", "SHARED_EXPERTS_.*", "SKIP_P2P_CHECK", "SPARSE_.*", "SSM_.*", "STEP5_.*",
  "TARGET_DEVICE", "TOOL_.*", "TRITON_.*", "USE_.*", "V1_OUTPUT_.*", "VIDEO_LOADER_BACKEND", "WEIGHT_OFFLOADING_.*", "WORKER_.*", "WSL2_.*", "XGRAMMAR_.*", "XPU_.*", "ZENTORCH_.*",
].join("|")})$`);

/** Variables of the libraries below vLLM that only tune. */
const LIBRARIES = new RegExp(`^(${[
  "TZ", "LANG", "LC_ALL", "NO_COLOR", "FORCE_COLOR", "OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS", "TOKENIZERS_PARALLELISM",
  "PYTORCH_(CUDA_|HIP_)?ALLOC_CONF", "TORCHDYNAMO_DISABLE", "TORCH_COMPILE_DISABLE", "TORCH_NCCL_(AVOID_RECORD_STREAMS|BLOCKING_WAIT|ASYNC_ERROR_HANDLING)", "TORCH_BLAS_PREFER_HIPBLASLT",
  "CUDA_(DEVICE_ORDER|LAUNCH_BLOCKING|MODULE_LOADING|DEVICE_MAX_CONNECTIONS)", "NCCL_(DEBUG|P2P_DISABLE|P2P_LEVEL|IB_DISABLE|SHM_DISABLE|ALGO|PROTO|NVLS_ENABLE|CUMEM_ENABLE|MIN_NCHANNELS|MAX_NCHANNELS|BUFFSIZE|LAUNCH_MODE|NTHREADS)",
  "HSA_(NO_SCRATCH_RECLAIM|ENABLE_SDMA|FORCE_FINE_GRAIN_PCIE)", "HIP_FORCE_DEV_KERNARG", "MIOPEN_FIND_MODE",
].join("|")})$`);

/** Everything that is wrong with `env` for vLLM `version`, in the order of the list. Empty: they may be used. A version that was not examined is the business of `argumentViolations`. */
export function environmentViolations(version: string, env: readonly EnvironmentVariable[]): readonly EnvironmentViolation[] {
  const grammar = grammarOf(version);
  if (grammar === undefined) return [];
  return env.flatMap((variable) => violationsOf(grammar, variable));
}

function violationsOf(grammar: Grammar, { name, value }: EnvironmentVariable): EnvironmentViolation[] {
  const found = nameViolation(grammar, name);
  if (found !== undefined) return [{ name, ...found }];
  if (EXPANSION.test(value)) return [{ name, reason: "$(...) is replaced when the container starts, after this check.", remedy: "Write the value itself." }];
  return [];
}

function nameViolation(grammar: Grammar, name: string): Omit<EnvironmentViolation, "name"> | undefined {
  const refusal = REFUSED.find(({ names }) => names.test(name));
  if (refusal !== undefined) return { reason: refusal.reason, remedy: refusal.remedy };
  if (silentEnvironmentNames.has(name)) return { reason: "Hoheit sets it.", remedy: REMOVE };
  if (LIBRARIES.test(name)) return undefined;
  if (!name.startsWith("VLLM_")) return { reason: "It is not among the variables that are passed on to the engine.", remedy: "Remove it, or set it in the image." };
  if (!grammar.environment.has(name)) return { reason: `vLLM ${grammar.version} does not read ${name}.`, remedy: "Correct or remove it." };
  return TUNING.test(name) ? undefined : { reason: "It was not examined for what it opens.", remedy: REMOVE };
}
