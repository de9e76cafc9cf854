import { describe, expect, test } from "vitest";
import { allowedFlags } from "./allowed-flags.ts";
import { argumentViolations } from "./arguments.ts";
import { foreignFlags, taskArguments, type Task } from "./tasks.ts";
import { grammarOf, supportedVersions } from "./versions.ts";

const TASKS: readonly Task[] = ["Chat", "Embedding"];
const nameOf = (arg: string): string => arg.replace(/=.*/s, "");

describe("what vLLM is told for a task", () => {
  test("Chat: nothing, as pods that run were told nothing", () => {
    expect(taskArguments("Chat")).toEqual([]);
  });

  test("Embedding, spelt out", () => {
    expect(taskArguments("Embedding")).toEqual(["--convert=embed", '--pooler-config={"task":"embed"}', "--runner=pooling"]);
  });

  test.each(supportedVersions)("is known to %s, and a user cannot say otherwise, whatever the task", (version) => {
    const args = TASKS.flatMap(taskArguments);
    expect(args.filter((arg) => grammarOf(version)?.flags.get(nameOf(arg)) !== "one")).toEqual([]);
    for (const task of TASKS) for (const arg of args) expect(argumentViolations(version, [arg], task)).toMatchObject([{ reason: "Hoheit sets it.", remedy: expect.stringMatching(/^Use spec\.task\./) }]);
  });
});

describe("what a server of task Embedding does not take", () => {
  test.each([
    ["--tool-call-parser=mistral", /answers that are written/], ["--no-enable-chunked-prefill", /wrong vectors/], ["--enable-chunked-prefill", /wrong vectors/],
    ['--speculative-config={"method": "ngram"}', /answers that are written/],
  ])("%s, which one of task Chat takes", (arg, reason) => {
    expect(argumentViolations("0.32", [arg], "Chat")).toEqual([]);
    expect(argumentViolations("0.32", [arg], "Embedding")).toMatchObject([{ index: 0, arg, reason: expect.stringMatching(reason), remedy: expect.stringMatching(/^Remove it/) }]);
  });

  test("is taken by another task: what nobody may set stands in refused-flags.ts", () => {
    expect([...foreignFlags("Embedding").keys()].filter((flag) => !allowedFlags.has(flag))).toEqual([]);
  });

  test("is no more than that", () => {
    expect(argumentViolations("0.32", ["--max-num-seqs=64", "--dtype=bfloat16", "--chat-template=/models/weights/template.jinja"], "Embedding")).toEqual([]);
  });
});
