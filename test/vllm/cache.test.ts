import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { Progress } from "../../hack/cluster/binaries.ts";
import { ensureProduct, folderOf, prune, type Product } from "./cache.ts";

const HOUR_MS = 3_600_000;
const made: string[] = [];
const silent: Progress = { step() {}, tick() {} };
let cache: string;

beforeEach(() => {
  cache = mkdtempSync(join(tmpdir(), "hoheit-cache-"));
  vi.stubEnv("HOHEIT_CACHE", cache);
  made.length = 0;
});
afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(cache, { recursive: true });
});

const product = (input: string): Product => ({
  name: "engine", inputs: [input],
  make: async (draft) => {
    await writeFile(join(draft, "content"), input);
    made.push(input);
  },
});

/** As if it had been asked for so long ago. */
function age(path: string, hours: number): void {
  const time = new Date(Date.now() - hours * HOUR_MS);
  utimesSync(path, time, time);
}

const names = (): string[] => readdirSync(join(cache, "vllm-cpu")).toSorted();

describe("a product", () => {
  it("is made once, however many ask for it", async () => {
    const homes = await Promise.all([1, 2, 3].map(() => ensureProduct(product("a"), silent)));
    expect(new Set(homes)).toEqual(new Set([folderOf(product("a"))]));
    expect(made).toEqual(["a"]);
    expect(names()).toEqual([basename(homes[0]!)]);
  });

  it("that could not be made leaves nothing behind", async () => {
    await expect(ensureProduct({ ...product("a"), make: () => Promise.reject(new Error("no room")) }, silent)).rejects.toThrow("no room");
    expect(names()).toEqual([]);
  });
});

describe("prune", () => {
  it("removes what was made from something else once nobody has asked for it for three hours, and says so", async () => {
    const [old, current] = [await ensureProduct(product("old"), silent), await ensureProduct(product("current"), silent)];
    for (const home of [old, current]) age(home, 4);
    const said: string[] = [];
    await prune([current], { ...silent, step: (text) => void said.push(text) });
    expect(names()).toEqual([basename(current)]);
    expect(said).toEqual([expect.stringContaining(basename(old))]);
  });

  it("leaves what another checkout has just asked for", async () => {
    const [other, current] = [await ensureProduct(product("other"), silent), await ensureProduct(product("current"), silent)];
    age(other, 4);
    await ensureProduct(product("other"), silent);
    await prune([current], silent);
    expect(existsSync(other)).toBe(true);
    expect(made).toEqual(["other", "current"]);
  });

  it("removes what killed runs left, but not what somebody is at", async () => {
    const current = await ensureProduct(product("current"), silent);
    const left = (name: string, hours: number): void => {
      const path = join(dirname(current), name);
      if (name.endsWith(".draft")) mkdirSync(path);
      else writeFileSync(path, String(process.pid));
      age(path, hours);
    };
    for (const suffix of ["draft", "log", "lock"]) left(`engine-killed.${suffix}`, 4);
    left("engine-running.draft", 4);
    left("engine-running.lock", 0);
    await prune([current], silent);
    expect(names()).toEqual([basename(current), "engine-running.draft", "engine-running.lock"].toSorted());
  });

  it("never takes a folder from under somebody who asks for it at that moment", async () => {
    const current = await ensureProduct(product("current"), silent);
    for (let round = 0; round < 20; round += 1) {
      const home = await ensureProduct(product("old"), silent);
      age(home, 4);
      const [, asked] = await Promise.all([prune([current], silent), ensureProduct(product("old"), silent)]);
      expect(existsSync(asked)).toBe(true);
    }
  });
});
