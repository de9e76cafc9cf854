import { describe, expect, test } from "vitest";
import { environmentViolations } from "./environment.ts";
import { silentEnvironment } from "./silence.ts";
import { grammarOf, supportedVersions } from "./versions.ts";

const judge = (name: string, value = "1", version = "0.32") => environmentViolations(version, [{ name, value }]);

describe("environment", () => {
  test.each(["VLLM_MAX_N_SEQUENCES", "VLLM_USE_DEEP_GEMM", "VLLM_CPU_OMP_THREADS_BIND", "OMP_NUM_THREADS", "NCCL_P2P_DISABLE", "TORCHDYNAMO_DISABLE", "TZ",
    "VLLM_ROCM_USE_AITER", "VLLM_MULTI_STREAM_GEMM_TOKEN_THRESHOLD", "VLLM_ENGINE_READY_TIMEOUT_S", "PYTORCH_CUDA_ALLOC_CONF"])("%s may be set", (name) => {
    expect(judge(name)).toEqual([]);
  });

  test.each([
    ["VLLM_SERVER_DEV_MODE", /development/], ["VLLM_ALLOW_RUNTIME_LORA_UPDATING", /development/], ["VLLM_LOGGING_LEVEL", /log more/],
    ["VLLM_DEBUG_LOG_API_SERVER_RESPONSE", /log more/], ["VLLM_USAGE_STATS_SERVER", /other machines/], ["DO_NOT_TRACK", /other machines/],
    ["HF_ENDPOINT", /other machines/], ["HF_HUB_OFFLINE", /other machines/], ["TRANSFORMERS_OFFLINE", /other machines/],
    ["OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", /other machines/], ["HTTP_PROXY", /other machines/], ["https_proxy", /other machines/], ["no_proxy", /other machines/],
    ["AWS_REGION", /other machines/], ["AWS_SECRET_ACCESS_KEY", /secret/], ["VLLM_API_KEY", /secret/], ["HF_TOKEN", /secret/], ["S3_ENDPOINT_URL", /secret/],
    ["VLLM_PLUGINS", /other code/], ["LD_PRELOAD", /other code/], ["LD_LIBRARY_PATH", /other code/], ["PYTHONPATH", /other code/], ["PYTHONSTARTUP", /other code/],
    ["VLLM_NCCL_SO_PATH", /other code/], ["NCCL_NET_PLUGIN", /other code/], ["PATH", /other code/], ["VLLM_MEDIA_CACHE", /content/],
    ["VLLM_ENABLE_RESPONSES_API_STORE", /content/], ["CUDA_VISIBLE_DEVICES", /device plugin/], ["NVIDIA_VISIBLE_DEVICES", /device plugin/],
    ["HOME", /Hoheit sets it/], ["VLLM_PORT", /Hoheit sets it/], ["VLLM_HOST_IP", /Hoheit sets it/], ["KUBERNETES_SERVICE_HOST", /Hoheit sets it/],
    ["SOMETHING_ELSE", /not among/], ["VLLM_USE_NOTHING", /does not read/], ["VLLM_CPU_CI_ENV", /not examined/], ["", /not among/],
  ])("%s is refused", (name, reason) => {
    const [first] = judge(name);
    expect(first?.reason).toMatch(reason);
    expect(first?.remedy).toMatch(/\.$/);
  });

  test("a variable that only another version reads is refused with that version's number", () => {
    expect(judge("VLLM_ROCM_MONO_DECODE", "1", "0.32")).toEqual([]);
    expect(judge("VLLM_ROCM_MONO_DECODE", "1", "0.33")[0]?.reason).toBe("vLLM 0.33 does not read VLLM_ROCM_MONO_DECODE.");
  });

  test("a reference to another variable is refused: it is expanded after the check", () => {
    expect(judge("TZ", "$(SECRET)")[0]?.reason).toMatch(/replaced when the container starts/);
  });

  test.each(supportedVersions)("nothing that keeps %s silent can be set", (version) => {
    for (const { name } of silentEnvironment(version)) expect(judge(name, "1", version), name).toHaveLength(1);
  });

  test.each(supportedVersions)("no variable of %s passes that sounds like an address, a path, a log, a store or a plugin", (version) => {
    const passed = [...(grammarOf(version)?.environment ?? [])].filter((name) => judge(name, "1", version).length === 0);
    expect(passed.length).toBeGreaterThan(100);
    const suspicious = /(_PATH|_DIR(?!ECT)|_FOLDER|_URL|_HOST|_IP(?!C)|_PORT|_SERVER|ENDPOINT|DEBUG|TRACE|DUMP|PLUGIN|OFFLOAD(?!ING_DISABLE)|SECRET|KEY$|USAGE|TRACK|LORA_RESOLVER|REDIRECT|CONNECTOR)/;
    expect(passed.filter((name) => suspicious.test(name))).toEqual([]);
  });
});
