/**
 * Flags that a user may set: each was read and found to open no connection, run no foreign code, write no content and
 * show no secret. What is not listed here is refused, so that a switch that a new version brings is judged before it is used.
 */

/** Says what is wrong with a value, as a sentence, or undefined. */
export type ValueCheck = (value: string) => string | undefined;

const any: ValueCheck = () => undefined;

const oneOf = (...values: string[]): ValueCheck => (value) =>
  values.includes(value) ? undefined : `Its value must be one of ${values.join(", ")}.`;

const atLeastOne: ValueCheck = (value) => (/^[1-9][0-9]{0,9}$/.test(value) ? undefined : "Its value must be a whole number, at least 1.");

const share: ValueCheck = (value) => (/^(0?\.[0-9]{1,4}|1(\.0{1,4})?)$/.test(value) && Number(value) > 0 ? undefined : "Its value must be greater than 0 and at most 1.");

/** A JSON object with no other members than these: the others name files, modules or other models. */
const objectOf = (...members: string[]): ValueCheck => (value) => {
  const parsed = parseObject(value);
  if (parsed === undefined) return "Its value must be a JSON object.";
  const other = Object.keys(parsed).find((member) => !members.includes(member));
  return other === undefined ? undefined : `Member ${JSON.stringify(other)} is not passed on; members that are: ${members.join(", ")}.`;
};

const SPECULATION = objectOf("method", "num_speculative_tokens", "prompt_lookup_max", "prompt_lookup_min", "enforce_eager");

/** Drafts come from the prompt itself or from layers of the same weights. `suffix` keeps the answers of up to 10,000 requests to draft from. */
function speculationMethod(value: string): string | undefined {
  return /^(ngram|ngram_gpu|([a-z0-9_]+_)?mtp)$/.test(value) ? undefined : "Its method must be ngram, ngram_gpu or mtp: others need further weights or keep the answers of earlier requests.";
}

function speculation(value: string): string | undefined {
  const wrong = SPECULATION(value);
  if (wrong !== undefined) return wrong;
  const method = (parseObject(value) as { method?: unknown }).method;
  return speculationMethod(typeof method === "string" ? method : "");
}

function parseObject(text: string): object | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null && !Array.isArray(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

/** Flags that take any value, or none; the parser of vLLM judges the value. */
const FREE = `
  --chat-template --chat-template-content-format --default-chat-template-kwargs --response-role --return-tokens-as-token-ids
  --enable-auto-tool-choice --exclude-tools-when-tool-choice-none --tool-call-parser --tool-strict-level --reasoning-parser
  --reasoning-effort-map --cohere-is-reasoning-model --cohere-format --anthropic-disabled-thinking-effort
  --enable-prompt-tokens-details --enable-per-request-metrics --enable-force-include-usage --enable-server-load-tracking
  --enable-request-id-headers --sse-keep-alive-interval --h11-max-incomplete-event-size --h11-max-header-count
  --fail-on-environ-validation --tokenizer-mode --dtype --seed --quantization --quantization-config
  --allow-deprecated-quantization --enforce-eager
  --max-logprobs --logprobs-mode --return-sampling-mask --use-fp64-gumbel --disable-sliding-window --disable-cascade-attn
  --hf-overrides --override-generation-config --renderer-num-workers --safetensors-load-strategy
  --safetensors-prefetch-num-threads --safetensors-prefetch-block-size --use-tqdm-on-load --attention-backend --mamba-backend
  --mamba-ssu-algorithm --enable-mamba-cache-stochastic-rounding --mamba-cache-philox-rounds --distributed-timeout-seconds
  --cpu-distributed-timeout-seconds --numa-bind --numa-bind-nodes --numa-bind-cpus --decode-context-parallel-size
  --dcp-comm-backend --dcp-q-replicate --dcp-kv-cache-interleave-size --cp-kv-cache-interleave-size --enable-hc-sp
  --enable-expert-parallel --enable-batch-sharded-sampling --enable-ep-weight-filter --all2all-backend --enable-dbo
  --enable-shm-tensor-arena --ubatch-size --dbo-decode-token-threshold --dbo-prefill-token-threshold --enable-eplb
  --expert-placement-strategy --max-parallel-loading-workers --disable-custom-all-reduce --kv-cache-memory-bytes --kv-cache-dtype
  --kv-cache-dtype-skip-layers --kv-sharing-fast-prefill --swa-bounded-replay --num-gpu-blocks-override
  --mamba-cache-dtype --mamba-ssm-cache-dtype --mamba-block-size --replayssm-buffer-len --use-replayssm --offload-backend
  --cpu-offload-gb --cpu-offload-params --offload-group-size --offload-num-in-group --offload-prefetch-step --offload-params
  --language-model-only --limit-mm-per-prompt --mm-processor-kwargs --mm-hasher-algorithm --mm-encoder-only
  --mm-encoder-tp-mode --mm-encoder-attn-backend --mm-encoder-attn-dtype --interleave-mm-strings --skip-mm-profiling
  --video-pruning-rate --video-pruning-method --mm-tensor-ipc --mm-processor-device --mm-ipc-gpu-memory-gb
  --mm-device-do-normalize --show-hidden-metrics-for-version --per-request-spec-decode-metrics --kv-cache-metrics
  --kv-cache-metrics-sample --custom-histogram-buckets --cudagraph-metrics --enable-mfu-metrics --jit-monitor-mode
  --jit-monitor-verbose --max-num-scheduled-tokens --max-num-active-seqs --max-num-queued-reqs --max-num-queued-tokens
  --long-prefill-token-threshold --long-prefill-token-threshold-adaptive --scheduling-policy --enable-chunked-prefill
  --disable-chunked-mm-input --scheduler-reserve-full-isl --watermark --prefill-schedule-interval
  --disable-hybrid-kv-cache-manager --async-scheduling --stream-interval --cudagraph-capture-sizes
  --max-cudagraph-capture-size --ir-op-priority --enable-flashinfer-autotune --moe-backend --linear-backend
  --sparse-indexer-topk-backend --attention-config --kernel-config --optimization-level --performance-mode --monokernel
  --disable-log-stats --aggregate-engine-logging --gdn-prefill-backend --kda-prefill-backend --kda-decode-backend
  --enable-bf16x3-router-gemm
`.trim().split(/\s+/);

const CHECKED: readonly (readonly [string, ValueCheck])[] = [
  ["--config-format", oneOf("auto", "hf", "mistral")],
  // The others read pickles, which run code, or fetch from elsewhere.
  ["--load-format", oneOf("safetensors", "fastsafetensors", "mistral")],
  ["--model-impl", oneOf("auto", "vllm", "transformers")],
  ["--generation-config", oneOf("auto", "vllm")],
  ["--gpu-memory-utilization", share],
  ["--device-memory-utilization", share],
  ["--max-num-seqs", atLeastOne],
  ["--max-num-batched-tokens", atLeastOne],
  ["--block-size", atLeastOne],
  ["--api-server-count", atLeastOne],
  // reasoning_parser_plugin imports a file.
  ["--structured-outputs-config", objectOf("backend", "disable_any_whitespace", "disable_additional_properties", "enable_in_reasoning")],
  ["--reasoning-config", objectOf("reasoning_start_str", "reasoning_end_str")],
  // model, revision and draft_load_config name weights that nobody approved.
  ["--speculative-config", speculation],
  ["--spec-method", speculationMethod],
  ["--spec-tokens", atLeastOne],
  // backend, inductor_passes and the custom passes are import paths; debug_dump_path and cache_dir are written to.
  ["--compilation-config", objectOf("mode", "cudagraph_mode", "cudagraph_capture_sizes", "max_cudagraph_capture_size", "custom_ops", "compile_sizes", "use_inductor_graph_partition")],
  ["--eplb-config", objectOf("window_size", "step_interval", "num_redundant_experts", "use_async", "policy")],
];

export const allowedFlags: ReadonlyMap<string, ValueCheck> = new Map([...FREE.map((name): [string, ValueCheck] => [name, any]), ...CHECKED]);
