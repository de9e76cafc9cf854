import { describe, expect, test } from "vitest";
import { announcement } from "./existing-cluster.ts";
import { parseOptions } from "./options.ts";
import type { Sample } from "./samples.ts";
import { terminal } from "./terminal.ts";
import { lacks, type Observed } from "./wait.ts";

const sample = (kind: string, name: string, namespace?: string): Sample =>
  ({ apiVersion: "hoheit.dev/v1alpha1", kind, metadata: { name, ...(namespace !== undefined && { namespace }) } });

function observed(status: "True" | "False", more: { waitingFor?: string; observedGeneration?: number } = {}): Observed {
  const condition = { type: "Ready", status, reason: "Because", message: "of that", observedGeneration: more.observedGeneration ?? 2 };
  return {
    apiVersion: "hoheit.dev/v1alpha1", kind: "LanguageModelDeployment", metadata: { name: "a", namespace: "n", generation: 2 },
    status: { conditions: [condition], ...(more.waitingFor !== undefined && { waitingFor: more.waitingFor }) },
  };
}

describe("what the demo waits for", () => {
  test("is content with an object that is Ready for its newest generation", () => {
    expect(lacks(observed("True"), new Set())).toBeUndefined();
    expect(lacks(observed("True", { observedGeneration: 1 }), new Set())).toBe("LanguageModelDeployment n/a is not observed yet");
  });

  test("names reason and message of what is not Ready", () => {
    expect(lacks(observed("False"), new Set())).toBe("LanguageModelDeployment n/a is not Ready: Because: of that");
  });

  test("wants of one that cannot be placed that it says so, and that it is not Ready", () => {
    const unplaceable = new Set(["n/a"]);
    expect(lacks(observed("False", { waitingFor: "0/3 nodes are available" }), unplaceable)).toBeUndefined();
    expect(lacks(observed("False"), unplaceable)).toContain("does not say yet");
    expect(lacks(observed("True", { waitingFor: "?" }), unplaceable)).toContain("does not say yet");
  });
});

describe("the demo's words", () => {
  function screen(isTTY: boolean): { text: () => string; time: { now: number }; out: ReturnType<typeof terminal> } {
    const time = { now: 0 };
    let text = "";
    return { text: () => text, time, out: terminal({ isTTY, columns: 40, write: (more: string) => { text += more; } }, () => time.now) };
  }

  test("put the time since the start before each step", () => {
    const { text, time, out } = screen(false);
    time.now = 4200;
    out.step("Built etcd");
    expect(text()).toBe("[   4.2 s] Built etcd\n");
  });

  test("overwrite ticks on a terminal and cut them at its width", () => {
    const { text, out } = screen(true);
    out.tick("x".repeat(100));
    out.step("done");
    expect(text()).toBe(`\r\u001b[K[   0.0 s] ${"x".repeat(28)}\r\u001b[K[   0.0 s] done\n`);
  });

  test("show a tick in a log file only every 30 seconds", () => {
    const { text, time, out } = screen(false);
    for (time.now = 0; time.now <= 65_000; time.now += 1000) out.tick(`at ${time.now / 1000}`);
    expect(text()).toBe("[  30.0 s] at 30\n[  60.0 s] at 60\n");
  });

  test("say before they do something to an existing cluster what it is", () => {
    const samples = { namespaces: [sample("Namespace", "assistant")], objects: [sample("LanguageModel", "m", "assistant"), sample("LanguageModel", "o", "assistant"), sample("SovereigntyPolicy", "land")], unplaceable: new Set<string>() };
    const text = announcement("prod", "https://k.example", samples);
    expect(text).toContain("the cluster of context prod (https://k.example)");
    expect(text).toContain("create 1 SovereigntyPolicy, the namespaces assistant and in them 2 LanguageModel:");
  });

  test("explain the command line when it is wrong", () => {
    expect(parseOptions(["--once"])).toMatchObject({ once: true, context: undefined, yes: false });
    expect(() => parseOptions(["--onec"])).toThrow(/Unknown option '--onec'[\s\S]*npm run demo/);
    expect(() => parseOptions(["--timeout", "soon"])).toThrow("--timeout takes a number of seconds, not soon.");
  });
});
