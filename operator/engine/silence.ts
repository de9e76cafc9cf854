/**
 * The switches that keep vLLM silent: no report home, no look-up outside, no content in logs, nothing kept between
 * requests. Most repeat a default of vLLM on purpose: an image may carry other defaults in its environment, and a later
 * version may change them. The network policy stands behind all of it.
 *
 * Pods that run were started with what stands here. A change is a new revision of the pod template
 * (kinds/language-model-deployment/build/template.ts), which keeps the old list for the old one.
 */
import { grammarOf } from "./versions.ts";

/** One switch as it is rendered, and why. */
export interface Silence {
  /** `--flag=value` for an argument. */
  readonly arg: string;
  readonly reason: string;
}

export interface SilentVariable {
  readonly name: string;
  readonly value: string;
  readonly reason: string;
}

/** What may stay of prompts between requests (`spec.confidentiality.content`). */
export type Content = "NotKept" | "CachedInMemory";

const ALWAYS: readonly Silence[] = [
  // An empty list means every domain (vllm/multimodal/media/connector.py); .invalid never resolves (RFC 2606).
  { arg: "--allowed-media-domains=nothing.invalid", reason: "no picture or sound is fetched from an address in a request" },
  { arg: "--disable-fastapi-docs", reason: "the pages make a visitor's browser load scripts from a content network" },
  { arg: "--disable-uvicorn-access-log", reason: "addresses of clients stay out of the log" },
  { arg: "--fingerprint-mode=none", reason: "answers tell neither version nor layout of the server" },
  { arg: "--no-enable-log-requests", reason: "prompts and sampling parameters stay out of the log" },
];

const LOAD_FORMAT: Silence = { arg: "--load-format=safetensors", reason: "other formats hold pickles, which run code" };

const BY_CONTENT: Readonly<Record<Content, readonly Silence[]>> = {
  NotKept: [
    { arg: "--mm-processor-cache-gb=0", reason: "pictures are not kept for later requests" },
    { arg: "--no-enable-prefix-caching", reason: "prompts are not kept for later requests" },
  ],
  CachedInMemory: [
    { arg: "--enable-prefix-caching", reason: "asked for by confidentiality.content: prompts stay in accelerator memory until room is needed" },
    { arg: "--prefix-caching-hash-algo=sha256", reason: "a collision would answer one client from another's prompt" },
  ],
};

const variable = (name: string, value: string, reason: string): SilentVariable => ({ name, value, reason });

const VARIABLES: readonly SilentVariable[] = [
  variable("DO_NOT_TRACK", "1", "usage statistics off; libraries beside vLLM honour it too"),
  // Port 9 answers nothing: the look-up at NVIDIA's server would otherwise wait five seconds for packets that are dropped.
  variable("FLASHINFER_CUBINS_REPOSITORY", "http://127.0.0.1:9/", "kernels come with the image; none are looked up at their publisher"),
  variable("HF_DATASETS_OFFLINE", "1", "nothing is looked up at a model hub"),
  variable("HF_HUB_DISABLE_TELEMETRY", "1", "the hub library reports nothing"),
  variable("HF_HUB_OFFLINE", "1", "nothing is looked up at a model hub"),
  variable("OTEL_SDK_DISABLED", "true", "no traces are sent, whatever the image configures"),
  variable("TRANSFORMERS_OFFLINE", "1", "nothing is looked up at a model hub"),
  variable("VLLM_ALLOW_INSECURE_SERIALIZATION", "0", "no pickles between processes"),
  variable("VLLM_ALLOW_RUNTIME_LORA_UPDATING", "0", "no request loads further weights"),
  variable("VLLM_DEBUG_LOG_API_SERVER_RESPONSE", "false", "answers stay out of the log"),
  variable("VLLM_DO_NOT_TRACK", "1", "usage statistics off; only the value 1 counts"),
  variable("VLLM_ENABLE_RESPONSES_API_STORE", "0", "answers are not kept for later requests"),
  variable("VLLM_HOST_IP", "127.0.0.1", "the processes of a pod talk over the loopback only"),
  variable("VLLM_LOGGING_LEVEL", "INFO", "at DEBUG vLLM logs prompts"),
  variable("VLLM_MEDIA_CACHE", "", "media of requests are not written to disk"),
  variable("VLLM_MEDIA_URL_ALLOW_REDIRECTS", "0", "an allowed address cannot forward to another"),
  variable("VLLM_NO_USAGE_STATS", "1", "usage statistics off"),
  variable("VLLM_PLUGINS", "", "no plugin of the image is loaded; unset would load all"),
  variable("VLLM_REQUEST_BODY_LOG_LEVEL", "DEBUG", "bodies of requests are below the level that is logged"),
  variable("VLLM_SERVER_DEV_MODE", "0", "no interfaces that pause, profile or rewrite the server"),
  variable("VLLM_USE_MODELSCOPE", "False", "nothing is looked up at a model hub"),
];

/** Names that a user cannot set, for any version. */
export const silentEnvironmentNames: ReadonlySet<string> = new Set(VARIABLES.map(({ name }) => name));

/**
 * Arguments that keep vLLM `version` silent, sorted. A flag that the version does not have is left out, and so is the load
 * format where `args` choose one (only safe ones pass `argumentViolations`). Throws for a version that was not examined.
 */
export function silentArguments(version: string, content: Content, args: readonly string[]): readonly Silence[] {
  const grammar = examined(version);
  const choosesFormat = args.some((arg) => /^--load-format(=|$)/.test(arg));
  const all = [...ALWAYS, ...BY_CONTENT[content], ...(choosesFormat ? [] : [LOAD_FORMAT])];
  return all.filter(({ arg }) => grammar.flags.has(arg.replace(/=.*$/s, ""))).toSorted((a, b) => (a.arg < b.arg ? -1 : 1));
}

/** Variables that keep vLLM `version` silent, sorted by name. Throws for a version that was not examined. */
export function silentEnvironment(version: string): readonly SilentVariable[] {
  const grammar = examined(version);
  return VARIABLES.filter(({ name }) => !name.startsWith("VLLM_") || grammar.environment.has(name));
}

function examined(version: string): NonNullable<ReturnType<typeof grammarOf>> {
  const grammar = grammarOf(version);
  if (grammar === undefined) throw new Error(`vLLM ${version} was not examined: argumentViolations must be asked first`);
  return grammar;
}
