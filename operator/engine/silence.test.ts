import { describe, expect, test } from "vitest";
import { argumentViolations } from "./arguments.ts";
import { silentArguments, silentEnvironment } from "./silence.ts";
import { grammarOf, supportedVersions } from "./versions.ts";

const args = (version: string, content: "NotKept" | "CachedInMemory", own: readonly string[] = []) => silentArguments(version, content, own).map(({ arg }) => arg);

describe("silence", () => {
  test("NotKept in 0.32, spelt out", () => {
    expect(args("0.32", "NotKept")).toEqual([
      "--allowed-media-domains=nothing.invalid", "--disable-fastapi-docs", "--disable-uvicorn-access-log", "--fingerprint-mode=none",
      "--load-format=safetensors", "--mm-processor-cache-gb=0", "--no-enable-log-requests", "--no-enable-prefix-caching",
    ]);
  });

  test("CachedInMemory turns the prefix cache on, with a hash that does not collide", () => {
    expect(args("0.32", "CachedInMemory")).toEqual(expect.arrayContaining(["--enable-prefix-caching", "--prefix-caching-hash-algo=sha256"]));
    expect(args("0.32", "CachedInMemory")).not.toContain("--no-enable-prefix-caching");
  });

  test.each([[["--load-format=mistral"]], [["--load-format", "mistral"]]])("a load format that the user chose is not given twice: %j", (own) => {
    expect(args("0.32", "NotKept", own).filter((arg) => arg.startsWith("--load-format"))).toEqual([]);
  });

  test.each(supportedVersions)("%s knows every switch that is set for it", (version) => {
    const grammar = grammarOf(version);
    for (const content of ["NotKept", "CachedInMemory"] as const) {
      const flags = args(version, content).map((arg) => arg.replace(/=.*/, ""));
      expect(flags.filter((flag) => grammar?.flags.has(flag) !== true)).toEqual([]);
      expect(flags).toHaveLength(8);
    }
    const variables = silentEnvironment(version).map(({ name }) => name).filter((name) => name.startsWith("VLLM_"));
    expect(variables.filter((name) => grammar?.environment.has(name) !== true)).toEqual([]);
  });

  test.each(supportedVersions)("a user cannot set again what keeps %s silent, but for the load format", (version) => {
    const own = args(version, "NotKept").filter((arg) => !arg.startsWith("--load-format"));
    for (const arg of own) expect(argumentViolations(version, [arg], "Chat"), arg).toHaveLength(1);
  });

  test("usage statistics are off in both words, with the one value that counts", () => {
    const env = Object.fromEntries(silentEnvironment("0.32").map(({ name, value }) => [name, value]));
    expect(env).toMatchObject({ VLLM_NO_USAGE_STATS: "1", VLLM_DO_NOT_TRACK: "1", DO_NOT_TRACK: "1", HF_HUB_OFFLINE: "1", TRANSFORMERS_OFFLINE: "1", VLLM_PLUGINS: "" });
  });

  test("order is sorted and stable", () => {
    for (const version of supportedVersions) {
      const names = silentEnvironment(version).map(({ name }) => name);
      expect(names).toEqual(names.toSorted());
      expect(args(version, "NotKept")).toEqual(args(version, "NotKept").toSorted());
    }
  });

  test("a version that was not examined is a bug of the caller", () => {
    expect(() => silentArguments("0.1", "NotKept", [])).toThrow(/not examined/);
  });
});
