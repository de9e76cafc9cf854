/**
 * What a server offers (`spec.task`): what vLLM is told for it, and which switches mean something to it alone.
 *
 * Chat is told nothing, for what it says goes into revision 1 of the pod template, and pods that run were started without.
 * A new task restarts nothing, so it needs no revision; a change of what an old one is told does (silence.ts).
 */
import type { Refusal } from "./refused-flags.ts";

export type Task = "Chat" | "Embedding";

const ARGUMENTS: Readonly<Record<Task, readonly string[]>> = {
  Chat: [],
  Embedding: [
    // A model that writes text is given a pooler in the place of its head; one that makes vectors by itself stays as it is
    // (vllm/model_executor/models/adapters.py).
    "--convert=embed",
    // Without it a model that makes no vectors, such as a reranker, would start, be Ready and answer every request with 404.
    '--pooler-config={"task":"embed"}',
    "--runner=pooling",
  ],
};

/** Read only while an answer is written, token by token. */
const OF_CHAT = `
  --response-role --enable-auto-tool-choice --exclude-tools-when-tool-choice-none --tool-call-parser
  --tool-strict-level --reasoning-parser --reasoning-effort-map --cohere-is-reasoning-model --anthropic-disabled-thinking-effort
  --enable-force-include-usage --sse-keep-alive-interval --max-logprobs --logprobs-mode --return-sampling-mask --use-fp64-gumbel
  --generation-config --override-generation-config --structured-outputs-config --reasoning-config --speculative-config
  --spec-method --spec-tokens --per-request-spec-decode-metrics --stream-interval
`.trim().split(/\s+/);

const FOREIGN: Readonly<Record<Task, ReadonlyMap<string, Refusal>>> = {
  Chat: new Map(),
  Embedding: new Map([
    ...OF_CHAT.map((flag): [string, Refusal] => [flag, { reason: "It is about answers that are written, and a server of task Embedding writes none.", remedy: "Remove it." }]),
    ["--enable-chunked-prefill", { reason: "With models that read a text in both directions, vLLM would make wrong vectors of its pieces.", remedy: "Remove it: vLLM knows from the model whether it may." }],
  ]),
};

/** Arguments that make vLLM do `task`, sorted. The same for every version. */
export const taskArguments = (task: Task): readonly string[] => ARGUMENTS[task];

/** Flags that other tasks take and `task` does not. */
export const foreignFlags = (task: Task): ReadonlyMap<string, Refusal> => FOREIGN[task];
