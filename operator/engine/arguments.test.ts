import { describe, expect, test } from "vitest";
import fc from "fast-check";
import { allowedFlags } from "./allowed-flags.ts";
import { argumentViolations } from "./arguments.ts";
import { managedFlags, refusedFlags, replacedFlags } from "./refused-flags.ts";
import type { Task } from "./tasks.ts";
import { grammarOf, supportedVersions, type Grammar } from "./versions.ts";

const reasons = (args: readonly string[], version = "0.32"): string[] => argumentViolations(version, args, "Chat").map((one) => one.reason);

function known(version: string): Grammar {
  const grammar = grammarOf(version);
  if (grammar === undefined) throw new Error(`no grammar for ${version}`);
  return grammar;
}

/** Flags of a version, negated spellings left out. */
const flagsOf = (version: string): string[] => [...known(version).flags.keys()].filter((name) => !known(version).negations.has(name));

describe("the lists", () => {
  test.each(supportedVersions)("every flag of every version has been judged exactly once: %s", (version) => {
    const lists = [allowedFlags, managedFlags, refusedFlags];
    const wrong = flagsOf(version).filter((flag) => lists.filter((list) => list.has(flag)).length !== 1);
    expect(wrong).toEqual([]);
  });

  test("no list names a flag that no version has", () => {
    const all = new Set(supportedVersions.flatMap(flagsOf));
    expect([...allowedFlags.keys(), ...managedFlags.keys(), ...refusedFlags.keys()].filter((flag) => !all.has(flag))).toEqual([]);
  });

  test("a replacement is only given for flags that some version lacks, and never names a refused flag", () => {
    const refused = new Set([...refusedFlags.keys(), ...managedFlags.keys()]);
    for (const [flag, remedy] of replacedFlags) {
      expect(supportedVersions.some((version) => !known(version).flags.has(flag)), flag).toBe(true);
      const named = remedy.match(/--[a-z-]+/g) ?? [];
      expect(named.filter((name) => refused.has(name)), flag).toEqual([]);
    }
  });
});

describe("accepted", () => {
  test.each([
    [["--max-num-seqs=128"]],
    [["--max-num-seqs", "128", "--enforce-eager"]],
    [["--enable-auto-tool-choice", "--tool-call-parser=mistral", "--reasoning-parser=qwen3"]],
    [["--limit-mm-per-prompt={\"image\": 0}", "--no-enable-chunked-prefill"]],
    [["--cudagraph-capture-sizes", "1", "2", "4"]],
    [["--seed", "-1"]],
    [["--chat-template=/models/mistral/chat template.jinja"]],
    [["--config-format=mistral", "--load-format=mistral", "--tokenizer-mode=mistral"]],
    [["--speculative-config={\"method\": \"ngram\", \"num_speculative_tokens\": 4}"]],
    [["--gpu-memory-utilization=.95"]],
    [[]],
  ])("%j", (args) => {
    expect(argumentViolations("0.32", args, "Chat")).toEqual([]);
  });

  test("the negation that 0.33 brought is known to 0.33 alone", () => {
    expect(argumentViolations("0.33", ["--disable-chunked-prefill"], "Chat")).toEqual([]);
    expect(reasons(["--disable-chunked-prefill"])).toEqual(["vLLM 0.32 has no flag --disable-chunked-prefill."]);
  });
});

describe("refused", () => {
  test.each([
    ["--trust-remote-code", /runs code/],
    ["--enable-log-requests", /into the log/],
    ["--enable-log-outputs", /into the log/],
    ["--enable-log-request-prompts", /Switches that log/],
    ["--log-level=debug", /level debug/],
    ["--api-key=s3cr3t", /clear text/],
    ["--tool-server=demo", /connect to other machines/],
    ["--otlp-traces-endpoint=http://a:4317", /connect to other machines/],
    ["--kv-transfer-config={}", /KV cache/],
    ["--allowed-local-media-path=/", /opens files/],
    ["--trust-request-chat-template", /lets a request/],
    ["--enable-sleep-mode", /paused/],
    ["--lora-modules=a=b", /LoRA/],
    ["--ssl-keyfile=/k", /Certificates/],
    ["--config=/etc/x.yaml", /file/],
    ["--uds=/tmp/s", /door/],
    ["--distributed-executor-backend=ray", /one pod/],
    ["--model=/other", /Hoheit sets it/],
    ["--port=99999", /Hoheit sets it/],
    ["--load-format=pt", /one of safetensors/],
    ["--gpu-memory-utilization=5", /at most 1/],
    ["--gpu-memory-utilization=0", /greater than 0/],
    ["--max-num-seqs=0", /at least 1/],
    ["--speculative-config={\"method\": \"suffix\"}", /earlier requests/],
    ["--speculative-config={\"model\": \"other/model\"}", /"model" is not passed on/],
    ["--compilation-config={\"backend\": \"my.module\"}", /"backend" is not passed on/],
    ["--structured-outputs-config={\"reasoning_parser_plugin\": \"/x.py\"}", /not passed on/],
    ["--compilation-config=[1]", /JSON object/],
    ["--frobnicate", /has no flag/],
    ["mistralai/Mistral-7B", /belongs to no flag/],
    ["", /belongs to no flag/],
    ["--max-num-seqs 128", /white space/],
    ["--max-num-seqs", /missing/],
    ["--enforce-eager=true", /takes no value/],
    ["--chat-template=$(HOME)/x", /replaced when the container starts/],
    ["--", /has no flag/],
  ])("%s", (arg, reason) => {
    const violations = argumentViolations("0.32", [arg], "Chat");
    expect(violations[0]).toMatchObject({ index: 0, arg });
    expect(violations[0]?.reason).toMatch(reason);
    expect(violations[0]?.remedy).toMatch(/\.$/);
  });

  test.each([
    ["--disable-log-requests", /Remove it/], ["--swap-space=4", /Remove it/], ["--task=generate", /spec\.task/],
    ["--guided-decoding-backend=xgrammar", /--structured-outputs-config/], ["--use-v2-block-manager", /Remove it/],
    ["--device=cuda", /image decides/], ["--rope_scaling={}", /--hf-overrides/],
  ])("%s is gone, and the remedy says what to write instead", (arg, remedy) => {
    const [first] = argumentViolations("0.32", [arg], "Chat");
    expect(first?.reason).toMatch(/any more/);
    expect(first?.remedy).toMatch(remedy);
  });

  test.each([
    ["--max_num_seqs=4", "--max-num-seqs"], ["--Max-Num-Seqs=4", "--max-num-seqs"], ["--max-num-se=4", "--max-num-seqs"],
    ["-O3", "--optimization-level"], ["-q=fp8", "--quantization"], ["-ac.backend=x", "--attention-config"],
    ["--attention-config.backend=x", "--attention-config"], ["--kernel_config.moe_backend+=x", "--kernel-config"],
  ])("the spelling %s is not taken, and the remedy names %s", (arg, canonical) => {
    expect(argumentViolations("0.32", [arg], "Chat")[0]?.remedy).toContain(canonical);
  });

  test("a flag that is given twice, whatever its polarity", () => {
    expect(reasons(["--enforce-eager", "--seed=1", "--no-enforce-eager"])).toEqual([expect.stringMatching(/given twice/)]);
  });

  test("a version that was not examined, with the versions that were", () => {
    expect(argumentViolations("0.99", [], "Chat")).toEqual([
      { index: undefined, arg: "0.99", reason: "vLLM 0.99 was not examined by this version of Hoheit.", remedy: "Use an image of 0.29, 0.30, 0.31, 0.32 and 0.33, or another version of Hoheit." },
    ]);
  });
});

/** Every way to write a flag that vLLM's parser would take. */
const spelling = (flag: string) => {
  const underscored = `--${flag.slice(2).replaceAll("-", "_")}`;
  return fc.oneof(
    fc.constantFrom(flag, underscored, `${flag}=x`, `${underscored}=x`, `${flag}.member`, `${flag}.member=x`, `--no-${flag.slice(2)}`, `--no_${flag.slice(2)}`),
    fc.integer({ min: Math.max(4, flag.length - 6), max: flag.length }).map((length) => flag.slice(0, length)),
  );
};

const harmless = fc.constantFrom("--max-num-seqs=8", "--enforce-eager", "--seed=3", "--dtype=bfloat16", "--max-logprobs=5", "--async-scheduling", "--quantization=fp8");

describe("properties", () => {
  const version = fc.constantFrom(...supportedVersions);
  const refused = version.chain((which) => fc.tuple(fc.constant(which), fc.constantFrom(...flagsOf(which).filter((flag) => refusedFlags.has(flag) || managedFlags.has(flag)))));

  test("no list with a refused flag in any spelling passes, for any task", () => {
    fc.assert(fc.property(
      refused.chain(([which, flag]) => fc.tuple(fc.constant(which), spelling(flag), fc.uniqueArray(harmless), fc.nat())), fc.constantFrom<Task>("Chat", "Embedding"),
      ([which, bad, rest, at], task) => {
        const place = at % (rest.length + 1);
        return argumentViolations(which, [...rest.slice(0, place), bad, ...rest.slice(place)], task).length > 0;
      },
    ), { numRuns: 3000 });
  });

  test("no short form passes", () => {
    fc.assert(fc.property(version.chain((which) => fc.tuple(fc.constant(which), fc.constantFrom(...known(which).short.keys()))), fc.constantFrom("", "=2", "2"),
      ([which, form], value) => argumentViolations(which, [`${form}${value}`], "Chat").length > 0));
  });

  test("the order of arguments does not change what is found", () => {
    const argument = fc.oneof(harmless, fc.constantFrom("--trust-remote-code", "--frob=1", "--model=/x", "--max_num_seqs=1", "--swap-space=1"));
    const found = (args: readonly string[]) => argumentViolations("0.32", args, "Chat").map(({ arg, reason }) => `${arg} ${reason}`).filter((text) => !text.includes("twice")).toSorted();
    fc.assert(fc.property(fc.uniqueArray(argument, { minLength: 1 }).chain((list) => fc.tuple(fc.constant(list), fc.shuffledSubarray(list, { minLength: list.length }))),
      ([list, shuffled]) => { expect(found(shuffled)).toEqual(found(list)); }));
  });

  test("any list of strings is judged without a throw, the same every time", () => {
    fc.assert(fc.property(fc.array(fc.oneof(fc.string(), fc.string().map((text) => `--${text}`), harmless), { maxLength: 12 }), (args) => {
      const first = argumentViolations("0.32", args, "Chat");
      expect(argumentViolations("0.32", args, "Chat")).toEqual(first);
      for (const { index, arg } of first) expect(args[index ?? -1]).toBe(arg);
    }));
  });
});
