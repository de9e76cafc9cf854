/**
 * Flags that a user may not set, grouped by why. `managed` ones are rendered by Hoheit from a field of the object;
 * `refused` ones would open the seal, keep content, run foreign code or show a secret (see allowed-flags.ts for the rest).
 */

export interface Refusal {
  /** A sentence. */
  readonly reason: string;
  /** A sentence that says what to do instead. */
  readonly remedy: string;
}

const OFF = "Remove it; it stays off.";

interface Group extends Refusal {
  readonly flags: string;
}

const MANAGED: readonly (readonly [string, string])[] = [
  ["--model", "Use spec.modelRef."],
  ["--served-model-name", "Use spec.servedNames."],
  ["--max-model-len", "Use spec.contextLength."],
  ["--tensor-parallel-size", "Use spec.parallelism.tensor and spec.accelerators.count."],
  ["--shutdown-timeout", "Use spec.rollout.drainSeconds."],
  ["--enable-prefix-caching", "Use spec.confidentiality.content: CachedInMemory turns it on."],
  ["--prefix-caching-hash-algo", "Use spec.confidentiality.content; the hash is always sha256."],
  ["--mm-processor-cache-gb", "Use spec.confidentiality.content: CachedInMemory turns the cache on."],
  ["--runner", "Use spec.task."],
  ["--convert", "Use spec.task."],
  ["--pooler-config", "Use spec.task. How a model makes its vectors stands beside its weights (modules.json, 1_Pooling/config.json)."],
  ["--host", "Remove it; the server listens on all addresses of its pod, and the network policy decides who gets there."],
  ["--port", "Remove it; the port is always 8000."],
  ["--allowed-media-domains", "Remove it; no address is ever fetched for a request. Clients send images as data: URLs."],
  ["--fingerprint-mode", "Remove it; answers name no version."],
  ["--disable-fastapi-docs", "Remove it; the pages are always off."],
  ["--disable-uvicorn-access-log", "Remove it; the access log is always off."],
];

const GROUPS: readonly Group[] = [
  {
    reason: "It runs code that came with the weights or from elsewhere: nobody approved that code.",
    remedy: "Remove it. Bring code that you trust as part of the image.",
    flags: `--trust-remote-code --code-revision --tool-parser-plugin --reasoning-parser-plugin --io-processor-plugin --logits-processors
      --middleware --worker-cls --worker-extension-cls --scheduler-cls --model-class-overrides --additional-config
      --model-loader-extra-config --pt-load-map-location`,
  },
  {
    reason: "It writes prompts, answers or parts of them into the log.",
    remedy: OFF,
    flags: `--enable-log-requests --enable-log-outputs --enable-log-deltas --max-log-len --log-error-stack --enable-logging-iteration-details`,
  },
  {
    reason: "It changes what is logged, and at level debug vLLM logs prompts.",
    remedy: "Remove it; the level is info.",
    flags: `--log-level --logging-config --log-config-file --uvicorn-log-level --disable-access-log-for-endpoints`,
  },
  {
    reason: "vLLM writes the value into its log in clear text (vllm #52523), and everyone who may read this object reads it.",
    remedy: "Remove it. Who may connect is said in spec.clients; authentication belongs to the gateway before the server.",
    flags: `--api-key --hf-token`,
  },
  {
    reason: "It makes the server connect to other machines; a model server reaches nothing.",
    remedy: "Remove it.",
    flags: `--tool-server --otlp-traces-endpoint --collect-detailed-traces --weight-transfer-config --ec-transfer-config --ec-manager-config`,
  },
  {
    reason: "It copies the KV cache, which is the prompts, out of the accelerator: to other machines, to main memory or to disk, where nothing deletes it.",
    remedy: "Remove it.",
    flags: `--kv-transfer-config --kv-events-config --kv-offloading-size --kv-offloading-backend`,
  },
  {
    reason: "It lets a request change how the server works or reach beyond the model.",
    remedy: OFF,
    flags: `--trust-request-chat-template --trust-request-mm-kwargs --enable-prompt-embeds --enable-mm-embeds --enable-trace-replay
      --enable-return-routed-experts --aux-output-config --enable-tokenizer-info-endpoint --enable-scale-out --tokens-only`,
  },
  {
    reason: "It opens files of the pod to requests, or writes files.",
    remedy: "Remove it.",
    flags: `--allowed-local-media-path --profiler-config --mm-encoder-fp8-scale-path --mm-encoder-fp8-scale-save-path
      --mm-encoder-fp8-scale-save-margin --enable-layerwise-nvtx-tracing --ray-workers-use-nsight`,
  },
  {
    reason: "The bytes that were approved are the folder of the LanguageModel and nothing else; this names others, or fetches them.",
    remedy: "Remove it, and put what the model needs into its folder.",
    flags: `--tokenizer --hf-config-path --revision --tokenizer-revision --download-dir --ignore-patterns --spec-model`,
  },
  {
    reason: "LoRA adapters are weights of their own, and no approval covers them yet.",
    remedy: "Remove it, or serve a model into which the adapter is merged.",
    flags: `--enable-lora --lora-modules --default-mm-loras --max-loras --max-lora-rank --lora-dtype --max-cpu-loras --fully-sharded-loras
      --lora-target-modules --enable-tower-connector-lora --specialize-active-lora --enable-mixed-moe-lora-format
      --enable-moe-shared-loras --max-lora-cls-labels`,
  },
  {
    reason: "It adds or moves a door: the server speaks HTTP on port 8000 to the clients that spec.clients names.",
    remedy: "Remove it.",
    flags: `--uds --grpc --grpc-port --root-path --allow-credentials --allowed-origins --allowed-methods --allowed-headers --enable-offline-docs`,
  },
  {
    reason: "Certificates for model servers are not offered yet: a key would have to lie where nothing mounts it.",
    remedy: "Remove it.",
    flags: `--ssl-keyfile --ssl-certfile --ssl-ca-certs --ssl-cert-reqs --ssl-ciphers --enable-ssl-refresh`,
  },
  {
    reason: "A replica is one pod with tensor parallelism over its accelerators; this spreads it over more.",
    remedy: "Remove it, and use spec.replicas for more throughput or spec.accelerators.count for larger models.",
    flags: `--pipeline-parallel-size --prefill-context-parallel-size --data-parallel-size --data-parallel-rank --data-parallel-start-rank
      --data-parallel-size-local --data-parallel-address --data-parallel-rpc-port --data-parallel-backend --data-parallel-hybrid-lb
      --data-parallel-external-lb --data-parallel-multi-port-external-lb --data-parallel-supervisor-port --dp-sync-interval
      --dp-supervisor-probe-interval-s --dp-supervisor-probe-timeout-s --dp-supervisor-probe-failure-threshold
      --disable-nccl-for-dp-synchronization --distributed-executor-backend --master-addr --master-port --nnodes --node-rank --headless
      --enable-elastic-ep --elastic-ep-max-dp-size --enable-fault-tolerance --fault-tolerance-config --watchdog-config`,
  },
  {
    reason: "Accelerators are given to the pod by the device plugin.",
    remedy: "Remove it, and use spec.accelerators.",
    flags: `--device-ids`,
  },
  {
    reason: "It lets the server be paused or its memory be taken away at run time, which is for development.",
    remedy: OFF,
    flags: `--enable-sleep-mode --sleep-mode-backend --sleep-mode-offload-cudagraph --sleep-preserve-parameter-names --enable-cumem-allocator
      --enable-nccl-comm-suspend`,
  },
  {
    reason: "It sets how parts of prompts are cached across requests.",
    remedy: "Remove it, and use spec.confidentiality.content.",
    flags: `--prefix-cache-retention-interval --prefix-match-unit --mamba-cache-mode --enable-mamba-shared-prefix-checkpoint
      --enable-mamba-fine-grained-prefix-cache --mm-processor-cache-type --mm-shm-cache-max-object-size-mb`,
  },
  {
    reason: "It is for models of a task that is not offered.",
    remedy: "Remove it.",
    flags: `--enable-flash-late-interaction --skip-tokenizer-init --diffusion-config`,
  },
  {
    reason: "It is not needed for any task that is offered, and nobody has examined what it opens.",
    remedy: "Remove it, or ask for it in an issue of Hoheit.",
    flags: `--engram-config --watermark-config --fingerprint-value --media-io-kwargs`,
  },
  {
    reason: "It reads further arguments from a file, where nobody can check them, or prints help and ends.",
    remedy: "Write every argument into spec.engine.args.",
    flags: `--config --help`,
  },
];

export const managedFlags: ReadonlyMap<string, Refusal> = new Map(MANAGED.map(([flag, remedy]) => [flag, { reason: "Hoheit sets it.", remedy }]));

export const refusedFlags: ReadonlyMap<string, Refusal> = new Map(
  GROUPS.flatMap(({ flags, reason, remedy }) => flags.trim().split(/\s+/).map((flag): [string, Refusal] => [flag, { reason, remedy }])),
);

/** Flags that earlier versions had, with what takes their place. Asked only when the version does not know the flag. */
export const replacedFlags: ReadonlyMap<string, string> = new Map([
  ["--disable-log-requests", "Remove it: requests are not logged unless asked for, since 0.11."],
  ["--swap-space", "Remove it: preempted requests are computed again."],
  ["--task", "Remove it; use spec.task."],
  ["--guided-decoding-backend", 'Write --structured-outputs-config={"backend": "..."}.'],
  ["--guided-decoding-disable-any-whitespace", 'Write --structured-outputs-config={"disable_any_whitespace": true}.'],
  ["--guided-decoding-disable-additional-properties", 'Write --structured-outputs-config={"disable_additional_properties": true}.'],
  ["--guided-decoding-disable-fallback", "Remove it: there is no fallback any more."],
  ["--use-v2-block-manager", "Remove it: it is the only block manager."],
  ["--device", "Remove it: the image decides for which device it was built."],
  ["--enable-reasoning", "Write --reasoning-parser=NAME alone."],
  ["--rope-scaling", 'Write --hf-overrides={"rope_scaling": ...}.'],
  ["--rope-theta", 'Write --hf-overrides={"rope_theta": ...}.'],
  ["--max-seq-len-to-capture", "Write --max-cudagraph-capture-size=N."],
  ["--max-context-len-to-capture", "Write --max-cudagraph-capture-size=N."],
  ["--cuda-graph-sizes", "Write --cudagraph-capture-sizes."],
  ["--num-scheduler-steps", "Remove it: there is one scheduler step."],
  ["--multi-step-stream-outputs", "Remove it: there is one scheduler step."],
  ["--preemption-mode", "Remove it: preempted requests are always computed again."],
  ["--num-lookahead-slots", "Remove it."],
  ["--speculative-model", "Write --speculative-config with method ngram or mtp: another model's weights need their own approval."],
  ["--num-speculative-tokens", "Write --spec-tokens=N."],
  ["--disable-mm-preprocessor-cache", "Remove it; use spec.confidentiality.content."],
  ["--enable-multimodal-encoder-data-parallel", "Write --mm-encoder-tp-mode=data."],
  ["--disable-async-output-proc", "Remove it."],
  ["--disable-frontend-multiprocessing", "Remove it."],
  ["--tokenizer-pool-size", "Remove it: tokenizers run in the server."],
  ["--worker-use-ray", "Remove it: a replica is one pod."],
  ["--engine-use-ray", "Remove it: a replica is one pod."],
  ["--override-pooler-config", "Remove it; use spec.task."],
  ["--enable-mamba-fine-grained-prefix-cache", "Remove it; use spec.confidentiality.content."],
  ["--enable-bf16x3-router-gemm", "Remove it."],
]);
